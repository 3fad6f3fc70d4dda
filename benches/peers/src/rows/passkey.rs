//! Signing in with a passkey, beside one verification of its signature, and beside webauthn-rs' own ceremony.

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
};

use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
    },
};
use tokio::runtime::Runtime;
use towergate::{
    core::{Digest, Secret, Timestamp, audit::Origin, clock::ManualClock, system::OsRandom},
    identity::{
        ports::{UserStore, memory::MemoryStore, passkey::PasskeyStore},
        rules::{
            email::EmailAddress,
            passkey::{Ceremony, Passkey as Kept, PasskeyName},
            password::{Decision, DummyHash, HashParams, Password, decide, hash},
            user::{User, UserId, UserState},
        },
    },
    passkey::{
        Answer, Passkeys, RelyingParty,
        soft::{Make, SoftPasskey},
    },
    session::SessionLayer,
};
use webauthn_rs::{
    Webauthn, WebauthnBuilder,
    prelude::{Passkey, PasskeyAuthentication, PublicKeyCredential, Url, Uuid},
};

use crate::{
    goals,
    measure::{Effort, Rounds, Took},
    row::{Part, Row},
    visit::Visit,
};

const NAME: &str = "id.example.com";
const ORIGIN: &str = "https://id.example.com";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

pub(super) fn measure(effort: Effort, part: &mut Part) {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random);
    let pair = pair.expect("a key");
    let message = [7_u8; 69];
    let signature = pair.sign(&random, &message).expect("a signature");
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, pair.public_key().as_ref().to_vec());
    let (ours, theirs) = (Ours::new(), Theirs::new());

    let mut rounds = Rounds::new();
    rounds.way("verify", || public.verify(&message, signature.as_ref()).expect("a signature"));
    rounds.prepared(
        "ours",
        || ours.taken(),
        |(answer, ceremony)| {
            let verifies = ours.passkeys.verifies(&answer, &ceremony, &ours.passkey);
            assert!(verifies.expect("what is stored can be read"));
        },
    );
    rounds.prepared(
        "whole",
        || ours.signed(),
        |(visit, answer, browser)| ours.sign_in(visit, &answer, &browser),
    );
    rounds.prepared("webauthn-rs", || theirs.signed(), |(answer, state)| theirs.finish(answer, &state));
    let samples = rounds.measure(effort);
    let [verify, ours, whole, theirs] =
        ["verify", "ours", "whole", "webauthn-rs"].map(|name| samples.of(name));
    let detail = |ours: Took| format!("{} against {}", ours.micros(), verify.micros());
    let faster = format!("its ceremony {}, from the same JSON to the same verdict", theirs.micros());
    part.rows.extend([
        Row::new(goals::PASSKEY, "", ours.over(verify), detail(ours)),
        Row::new(goals::PASSKEY_WHOLE, "", whole.over(verify), detail(whole)),
        Row::new(goals::PASSKEY_PEER, "", theirs.over(ours), faster),
    ]);
}

/// The house, with a person who has a passkey.
struct Ours {
    runtime: Runtime,
    passkeys: Passkeys<MemoryStore>,
    layer: SessionLayer<MemoryStore>,
    soft: RefCell<SoftPasskey>,
    passkey: Kept,
    store: MemoryStore,
    browsers: Cell<u64>,
}

impl Ours {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (store, random) = (MemoryStore::new(), OsRandom::new());
        let password = Password::parse(&Secret::from("correct horse battery staple")).expect("a password");
        let params = HashParams::insecure_new(8, 1, 1).expect("parameters");
        let alice = User {
            id: UserId::fresh(NOW, &random).expect("an identifier"),
            email: EmailAddress::parse("alice@example.com").expect("an address"),
            password: Some(hash(&password, params, &random).expect("a hash")),
            state: UserState::Active,
            created_at: NOW,
            confirmed_at: Some(NOW),
        };
        let clock = Arc::new(ManualClock::at(NOW));
        let layer = SessionLayer::new(store.clone()).clock(clock);
        let party = RelyingParty::new("Example", ORIGIN).expect("a site");
        let passkeys = Passkeys::new(store.clone(), party);
        let (soft, passkey) = runtime.block_on(async {
            store.add_user(alice.clone(), origin()).await.expect("a person");
            let dummy = DummyHash::new(params, &random).expect("a hash");
            let Decision::Proven { proof, .. } = decide(Some(&alice), &password, NOW, &dummy) else {
                unreachable!("the password is right")
            };
            let visit = Visit::to(&layer).await;
            let session = &visit.session;
            session.establish(proof).await.expect("a session");
            let asked =
                passkeys.begin_registration(session, &browser(), origin()).await.expect("a challenge");
            let (soft, made) = SoftPasskey::create(Make::PHONE, &asked.public_key, ORIGIN).expect("a key");
            let answer = Answer::new(&asked.ceremony.to_string(), made).expect("an answer");
            let name = PasskeyName::default();
            let kept = passkeys.finish_registration(&answer, name, session, Some(&browser()), origin()).await;
            kept.expect("a passkey");
            (soft, passkeys.of(alice.id).await.expect("passkeys").remove(0))
        });
        let soft = RefCell::new(soft);
        Self { runtime, passkeys, layer, soft, passkey, store, browsers: Cell::new(0) }
    }

    /// A signed answer, and the visit of the browser that it comes from; a browser has one ceremony at a time.
    fn signed(&self) -> (Visit, Answer, Digest) {
        let browser = Digest::of(&self.browsers.replace(self.browsers.get() + 1).to_be_bytes());
        self.runtime.block_on(async {
            let asked = self.passkeys.begin_sign_in(&browser, origin()).await.expect("a challenge");
            let signed = self.soft.borrow_mut().sign(&asked.public_key, ORIGIN).expect("a signature");
            let answer = Answer::new(&asked.ceremony.to_string(), signed).expect("an answer");
            (Visit::to(&self.layer).await, answer, browser)
        })
    }

    /// A signed answer, and what it answers to.
    fn taken(&self) -> (Answer, Ceremony) {
        let (_, answer, _) = self.signed();
        let taken = self.runtime.block_on(self.store.take_ceremony(answer.ceremony, NOW));
        (answer, taken.expect("a store").expect("a ceremony"))
    }

    fn sign_in(&self, visit: Visit, answer: &Answer, browser: &Digest) -> Visit {
        let signing_in = self.passkeys.finish_sign_in(answer, &visit.session, Some(browser), origin());
        self.runtime.block_on(signing_in).expect("signed in");
        visit
    }
}

fn browser() -> Digest {
    Digest::of(b"a browser")
}

fn origin() -> Origin {
    Origin::detached(NOW, &OsRandom::new()).expect("an origin")
}

/// The same by webauthn-rs, as its own ceremonies have it.
struct Theirs {
    webauthn: Webauthn,
    soft: RefCell<SoftPasskey>,
    passkey: Passkey,
}

impl Theirs {
    fn new() -> Self {
        let origin = Url::parse(ORIGIN).expect("an address");
        let webauthn = WebauthnBuilder::new(NAME, &origin).and_then(WebauthnBuilder::build).expect("a site");
        let begun = webauthn.start_passkey_registration(Uuid::from_bytes([7; 16]), "alice", "Alice", None);
        let (asked, state) = begun.expect("a challenge");
        let options = serde_json::to_value(asked.public_key).expect("JSON");
        let (soft, made) = SoftPasskey::create(Make::PHONE, &options, ORIGIN).expect("a key");
        let made = serde_json::from_value(made).expect("an answer");
        let passkey = webauthn.finish_passkey_registration(&made, &state).expect("a passkey");
        Self { webauthn, soft: RefCell::new(soft), passkey }
    }

    fn signed(&self) -> (serde_json::Value, PasskeyAuthentication) {
        let begun = self.webauthn.start_passkey_authentication(std::slice::from_ref(&self.passkey));
        let (asked, state) = begun.expect("a challenge");
        let options = serde_json::to_value(asked.public_key).expect("JSON");
        let signed = self.soft.borrow_mut().sign(&options, ORIGIN).expect("a signature");
        (signed, state)
    }

    fn finish(&self, answer: serde_json::Value, state: &PasskeyAuthentication) {
        let answer: PublicKeyCredential = serde_json::from_value(answer).expect("an answer");
        self.webauthn.finish_passkey_authentication(&answer, state).expect("signed in");
    }
}
