//! Each verdict beside that of `webauthn-rs-core`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use webauthn_rs_core::{
    error::WebauthnError,
    proto::{Credential, PublicKeyCredential, UserVerificationPolicy},
};

use super::{Host, ORIGIN};
use crate::{
    credential,
    soft::{Make, SoftPasskey, client_data},
    verify::{Judge, Verified},
};

/// A key, the credential that was made of it, and what it was asked.
struct Bench {
    host: Host,
    soft: SoftPasskey,
    known: Credential,
    options: Value,
    state: Value,
}

impl Bench {
    async fn of(make: Make) -> Self {
        let host = Host::new().await;
        let cookie = host.password("alice").await;
        let soft = host.passkey(&cookie, make).await;
        let [passkey] = &host.passkeys.of(host.user("alice").await.id).await.unwrap()[..] else {
            panic!("one passkey")
        };
        let known = credential::of(passkey).unwrap();
        let core = &host.passkeys.core;
        let builder =
            core.new_challenge_authenticate_builder(Vec::new(), Some(UserVerificationPolicy::Preferred));
        let builder = builder.unwrap().allow_backup_eligible_upgrade(true);
        let (options, state) = core.generate_challenge_authenticate(builder).unwrap();
        let options = serde_json::to_value(options.public_key).unwrap();
        Self { soft, known, options, state: serde_json::to_value(state).unwrap(), host }
    }

    fn signed(&mut self) -> Value {
        self.soft.sign(&self.options, ORIGIN).unwrap()
    }

    fn challenge(&self) -> &str {
        self.options["challenge"].as_str().unwrap()
    }

    /// Ours, which must be theirs too.
    fn verdict(&self, signed: &Value) -> Result<Verified, String> {
        let signed: PublicKeyCredential = serde_json::from_value(signed.clone()).unwrap();
        let state = || serde_json::from_value(self.state.clone()).map_err(WebauthnError::ParseJSONFailure);
        let core = &*self.host.passkeys.core;
        let theirs = core.authenticate_single_credential(&signed, &state().unwrap(), &self.known);
        let theirs = theirs.map_err(|error| word(&error)).map(|result| Verified {
            count: result.counter(),
            user_verified: result.user_verified(),
            backup_eligible: result.backup_eligible(),
            backed_up: result.backup_state(),
        });
        let judge = Judge { core, party: self.host.passkeys.party().identifier() };
        let asked = serde_json::from_value(self.state.clone()).unwrap();
        let ours = judge.judge(&signed, &asked, || panic!("it is of ES256"), &self.known);
        let ours = ours.map_err(|error| word(&error));
        assert_eq!(ours, theirs, "{signed:?}");
        ours
    }
}

/// Theirs tells a signature that is none from one that is another's.
fn word(error: &WebauthnError) -> String {
    match error {
        WebauthnError::SignatureInvalid => WebauthnError::AuthenticationFailure.to_string(),
        error => error.to_string(),
    }
}

fn bytes(signed: &Value, member: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(signed["response"][member].as_str().unwrap()).unwrap()
}

fn with(signed: &Value, member: &str, bytes: &[u8]) -> Value {
    let mut changed = signed.clone();
    changed["response"][member] = json!(URL_SAFE_NO_PAD.encode(bytes));
    changed
}

#[tokio::test]
async fn an_honest_signature_says_the_same() {
    for make in [Make::PHONE, Make::BARE_KEY] {
        let mut bench = Bench::of(make).await;
        let signed = bench.signed();
        let verified = bench.verdict(&signed).unwrap();
        assert_eq!((verified.count, verified.user_verified), (bench.soft.count, make.verifies));
        assert_eq!((verified.backup_eligible, verified.backed_up), (make.synced, make.synced));
    }
}

#[tokio::test]
async fn whatever_is_changed_after_signing_is_refused_for_the_same_reason() {
    let mut bench = Bench::of(Make::PHONE).await;
    let signed = bench.signed();
    for (member, step) in [("authenticatorData", 5), ("signature", 9), ("clientDataJSON", 7)] {
        let whole = bytes(&signed, member);
        for place in (0..whole.len()).step_by(step) {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            assert!(bench.verdict(&with(&signed, member, &changed)).is_err(), "{member} {place}");
        }
        for other in [&[][..], &whole[..whole.len() - 1], &[&whole[..], &[0]].concat()] {
            assert!(bench.verdict(&with(&signed, member, other)).is_err(), "{member} {other:?}");
        }
    }
    let data = bytes(&signed, "authenticatorData");
    for bit in 0..8 {
        let mut changed = data.clone();
        changed[32] ^= 1 << bit;
        assert!(bench.verdict(&with(&signed, "authenticatorData", &changed)).is_err(), "flag {bit}");
    }
}

#[tokio::test]
async fn what_another_page_or_another_key_signed_is_refused_for_the_same_reason() {
    let mut bench = Bench::of(Make::PHONE).await;
    let challenge = bench.challenge().to_owned();
    let other = URL_SAFE_NO_PAD.encode([7; 32]);
    let said = |kind: &str, challenge: &str, origin: &str| client_data(kind, challenge, origin);
    for (said, good) in [
        (said("webauthn.get", &challenge, ORIGIN), true),
        (said("webauthn.get", &challenge, &format!("{ORIGIN}/")), true),
        (said("webauthn.get", &challenge, &format!("{ORIGIN}/path")), true),
        (said("webauthn.get", &challenge, &format!("{ORIGIN}:443")), true),
        (said("webauthn.create", &challenge, ORIGIN), false),
        (said("webauthn.get", &other, ORIGIN), false),
        (said("webauthn.get", "", ORIGIN), false),
        (said("webauthn.get", &format!("{challenge}="), ORIGIN), true),
        (said("webauthn.get", &challenge, "https://evil.example"), false),
        (said("webauthn.get", &challenge, "https://sub.id.example.com"), false),
        (said("webauthn.get", &challenge, "http://id.example.com"), false),
        (said("webauthn.get", &challenge, "https://id.example.com:8443"), false),
        (said("webauthn.get", &challenge, "null"), false),
        (b"{}".to_vec(), false),
        (b"[".to_vec(), false),
    ] {
        let signed = bench.soft.sign_client_data(&said).unwrap();
        assert_eq!(bench.verdict(&signed).is_ok(), good, "{}", String::from_utf8_lossy(&said));
    }

    let stranger = Bench::of(Make::PHONE).await;
    let honest = bench.signed();
    let known = std::mem::replace(&mut bench.known, stranger.known);
    assert!(bench.verdict(&honest).is_err(), "another credential");
    bench.known.cred_id.clone_from(&known.cred_id);
    assert!(bench.verdict(&honest).is_err(), "another key");
    bench.known = known;
    bench.soft.rp_id = String::from("evil.example");
    let elsewhere = bench.signed();
    assert!(bench.verdict(&elsewhere).is_err(), "bound to another host");
}

#[tokio::test]
async fn flags_are_judged_alike_whatever_was_asked_and_known() {
    use UserVerificationPolicy::{Preferred, Required};

    let mut bench = Bench::of(Make::PHONE).await;
    let mut passed = 0;
    for bits in 0..64_u8 {
        let bit = |place: u8| bits >> place & 1 == 1;
        bench.soft.make = Make { verifies: bit(0), synced: bit(1), ..Make::PHONE };
        bench.known.user_verified = bit(2);
        bench.known.registration_policy = if bit(3) { Required } else { Preferred };
        bench.known.backup_eligible = bit(4);
        bench.state["policy"] = json!(if bit(3) != bit(5) { Required } else { Preferred });
        bench.state["allow_backup_eligible_upgrade"] = json!(bit(5));
        let signed = bench.signed();
        passed += u32::from(bench.verdict(&signed).is_ok());
    }
    assert!((1..64).contains(&passed), "{passed}");
}
