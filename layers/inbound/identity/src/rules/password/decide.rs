//! Whether a password proves who somebody is, at the same cost whoever asks.

use towergate_core::{Random, Secret, Timestamp};

use super::{HashMemory, HashParams, HashingFailed, Password, Peppers, VerifyFailure, hash, verify_in};
use crate::rules::{fact::LoginFailure, login_proof::LoginProof, user::User};

/// A hash that no password is known to come to, to spend on those who have none. Made once, with today's parameters.
#[derive(Debug, Clone)]
pub struct DummyHash {
    phc: Secret<String>,
    params: HashParams,
    peppers: Peppers,
}

impl DummyHash {
    /// Draws a hash as `params` would make it, those that new passwords are hashed with. It takes no time to make, and to be
    /// compared with all the time that any other takes.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(params: HashParams, random: &dyn Random) -> Result<Self, HashingFailed> {
        Self::peppered(params, Peppers::default(), random)
    }

    /// The same, where passwords are hashed under `peppers`.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn peppered(
        params: HashParams,
        peppers: Peppers,
        random: &dyn Random,
    ) -> Result<Self, HashingFailed> {
        let phc = hash::of_nobody(params, &peppers, random)?;
        Ok(Self { phc, params, peppers })
    }

    /// The peppers that passwords are hashed under.
    #[must_use]
    pub const fn peppers(&self) -> &Peppers {
        &self.peppers
    }

    /// The parameters it was made with.
    #[must_use]
    pub const fn params(&self) -> HashParams {
        self.params
    }
}

/// What a password is worth.
#[derive(Debug)]
pub enum Decision {
    /// The person proved who they are.
    Proven {
        /// What a session can be had for.
        proof: LoginProof,
        /// Whether their hash was made in another way than new ones are.
        rehash_due: bool,
    },
    /// They did not. The reason is for operators; the person learns only that it failed.
    Failed(LoginFailure),
}

/// Decides whether `password` is that of `user`, at `now`.
///
/// Nobody, somebody without a password, somebody shut out and somebody with an unreadable hash cost the same single
/// verification as a wrong password, so the time taken does not tell who has an account.
#[must_use]
pub fn decide(user: Option<&User>, password: &Password, now: Timestamp, dummy: &DummyHash) -> Decision {
    decide_in(&mut HashMemory::new(), user, password, now, dummy)
}

/// The same, in `memory` that is kept from one hash to the next.
#[must_use]
pub fn decide_in(
    memory: &mut HashMemory,
    user: Option<&User>,
    password: &Password,
    now: Timestamp,
    dummy: &DummyHash,
) -> Decision {
    let stored = user.and_then(|user| user.password.as_ref());
    let mut verify = |phc| verify_in(memory, password, phc, &dummy.peppers);
    let verified = match verify(stored.unwrap_or(&dummy.phc)) {
        // Nothing was spent on it yet.
        Err(VerifyFailure::Unreadable) => match verify(&dummy.phc) {
            Err(VerifyFailure::Exhausted) => Err(VerifyFailure::Exhausted),
            _ => Err(VerifyFailure::Unreadable),
        },
        verified => verified,
    };

    // Told apart first, so that a machine without memory treats everybody alike.
    if matches!(verified, Err(VerifyFailure::Exhausted)) {
        return Decision::Failed(LoginFailure::Exhausted);
    }
    let Some(user) = user else { return Decision::Failed(LoginFailure::UnknownUser) };
    if !user.state.may_prove() {
        return Decision::Failed(LoginFailure::Disabled);
    }
    if stored.is_none() {
        return Decision::Failed(LoginFailure::NoPassword);
    }
    match verified {
        Ok(verified) => Decision::Proven {
            proof: LoginProof::by_password(user.id, now, false),
            rehash_due: verified.rehash_due(dummy.params),
        },
        Err(VerifyFailure::Mismatch) => Decision::Failed(LoginFailure::WrongPassword),
        Err(VerifyFailure::Unreadable) => Decision::Failed(LoginFailure::UnreadableHash),
        Err(VerifyFailure::Exhausted) => Decision::Failed(LoginFailure::Exhausted),
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::random::InsecureSeededRandom;

    use super::*;
    use crate::rules::user::UserState;
    use crate::rules::{
        email::EmailAddress,
        password::{Pepper, hash, hash::count, hash_with, verify_with},
        user::UserId,
    };

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn random() -> InsecureSeededRandom {
        InsecureSeededRandom::new(7)
    }

    fn cheap(memory_kib: u32) -> HashParams {
        HashParams::insecure_new(memory_kib, 1, 1).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::parse(&Secret::from(text)).unwrap()
    }

    fn user(phc: Option<Secret<String>>, state: UserState) -> User {
        User {
            id: UserId::fresh(NOW, &random()).unwrap(),
            email: EmailAddress::parse("alice@example.com").unwrap(),
            password: phc,
            state,
            created_at: NOW,
            confirmed_at: None,
        }
    }

    fn hashed(memory_kib: u32) -> Option<Secret<String>> {
        Some(hash(&password("right"), cheap(memory_kib), &random()).unwrap())
    }

    #[test]
    fn whoever_asks_costs_one_verification() {
        let dummy = DummyHash::new(cheap(16), &random()).unwrap();
        let absurd = "$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA";
        let cases = [
            (None, LoginFailure::UnknownUser),
            (Some(user(None, UserState::Active)), LoginFailure::NoPassword),
            (Some(user(hashed(16), UserState::Disabled)), LoginFailure::Disabled),
            (Some(user(None, UserState::Disabled)), LoginFailure::Disabled),
            (Some(user(hashed(16), UserState::Active)), LoginFailure::WrongPassword),
            (Some(user(Some(absurd.into()), UserState::Active)), LoginFailure::UnreadableHash),
            (Some(user(Some("".into()), UserState::Active)), LoginFailure::UnreadableHash),
        ];
        for (user, expected) in cases {
            count::take();
            let Decision::Failed(reason) = decide(user.as_ref(), &password("wrong"), NOW, &dummy) else {
                panic!("{expected:?} was let in");
            };
            assert_eq!((reason, count::take()), (expected, 1));
        }
    }

    #[test]
    fn what_nobody_has_is_made_as_what_somebody_has() {
        let pepper = Pepper::new("2026", &Secret::new([7; 32])).unwrap();
        for peppers in [Peppers::default(), Peppers::new(pepper)] {
            let made = hash_with(&password("right"), cheap(16), &peppers, &random()).unwrap();
            let dummy = DummyHash::peppered(cheap(16), peppers.clone(), &random()).unwrap();
            let shape = |phc: &str| phc.rsplitn(3, '$').map(str::len).collect::<Vec<_>>();
            let kind = |phc: &str| phc.rsplitn(3, '$').last().map(str::to_owned);
            assert_eq!(shape(dummy.phc.expose()), shape(made.expose()));
            assert_eq!(kind(dummy.phc.expose()), kind(made.expose()));
            count::take();
            let verified = verify_with(&password("right"), &dummy.phc, &peppers);
            assert!(matches!(verified, Err(VerifyFailure::Mismatch)));
            assert_eq!(count::take(), 1);
        }
    }

    #[test]
    fn the_right_password_proves_who_somebody_is() {
        let dummy = DummyHash::new(cheap(16), &random()).unwrap();
        let alice = user(hashed(16), UserState::Active);
        let Decision::Proven { proof, rehash_due } = decide(Some(&alice), &password("right"), NOW, &dummy)
        else {
            panic!("the right password was refused");
        };
        assert_eq!((proof.user(), proof.at(), rehash_due), (alice.id, NOW, false));
    }

    #[test]
    fn a_disabled_person_is_refused_with_the_right_password() {
        let dummy = DummyHash::new(cheap(16), &random()).unwrap();
        let alice = user(hashed(16), UserState::Disabled);
        let decision = decide(Some(&alice), &password("right"), NOW, &dummy);
        assert!(matches!(decision, Decision::Failed(LoginFailure::Disabled)));
    }

    #[test]
    fn a_hash_made_with_other_parameters_is_due_for_a_new_one() {
        let dummy = DummyHash::new(cheap(32), &random()).unwrap();
        let alice = user(hashed(16), UserState::Active);
        let decision = decide(Some(&alice), &password("right"), NOW, &dummy);
        assert!(matches!(decision, Decision::Proven { rehash_due: true, .. }));
    }
}
