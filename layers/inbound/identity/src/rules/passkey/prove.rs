//! What a passkey proves.

use towergate_core::Timestamp;

use super::{CeremonyFailure, PasskeyId};
use crate::rules::{
    level::Level,
    login_proof::{LoginProof, Method},
    session::SessionRecord,
    user::UserId,
};

/// A signature of a passkey that was checked: against the challenge of a ceremony that was open, for this host, under the key
/// that is kept, by a count that the store took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assertion {
    /// Whose key it is.
    pub user: UserId,
    /// Which key.
    pub passkey: PasskeyId,
    /// Whether the authenticator verified its person, by a PIN, a finger or a face.
    pub verified: bool,
}

/// The proof that a passkey is at `now`: by the key, and by what verified its person; and by what `first` had proven before,
/// where it is the same person's session.
///
/// # Errors
/// [`CeremonyFailure::OtherUser`] where that session is somebody else's; [`CeremonyFailure::Unverified`] where it rests on a cookie
/// alone and the key verified nobody: that would be a first factor, which is proven by signing in.
pub fn prove(
    assertion: &Assertion,
    first: Option<&SessionRecord>,
    now: Timestamp,
) -> Result<LoginProof, CeremonyFailure> {
    let Assertion { user, passkey, verified } = *assertion;
    if first.is_some_and(|first| first.user != user) {
        return Err(CeremonyFailure::OtherUser);
    }
    if !verified && first.is_some_and(|first| Level::of(&first.methods) <= Some(Level::Remembered)) {
        return Err(CeremonyFailure::Unverified);
    }
    let mut methods = first.map(|first| first.methods).unwrap_or_default();
    let by = [Some(Method::Passkey), verified.then_some(Method::UserVerified)];
    by.into_iter().flatten().for_each(|method| methods.push(method));
    Ok(LoginProof::by_passkey(user, now, methods, passkey, first.is_some()))
}

#[cfg(test)]
mod tests {
    use towergate_core::{Digest, id::Uuid};

    use super::*;
    use crate::rules::session::{SessionId, SessionStage, SignInId};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn assertion(verified: bool) -> Assertion {
        let (user, passkey) = (UserId::from_uuid(Uuid::from_u128(7)), PasskeyId::from_uuid(Uuid::nil()));
        Assertion { user, passkey, verified }
    }

    fn session(methods: &[Method]) -> SessionRecord {
        SessionRecord {
            id: SessionId::from_uuid(Uuid::nil()),
            digest: Digest::of(b""),
            sign_in: SignInId::from_uuid(Uuid::nil()),
            user: assertion(true).user,
            stage: SessionStage::Complete,
            methods: methods.into(),
            passkey: None,
            authenticated_at: NOW,
            created_at: NOW,
            last_seen_at: NOW,
            idle_expires_at: NOW,
            absolute_expires_at: NOW,
        }
    }

    #[test]
    fn a_key_alone_is_one_factor_and_one_that_verified_its_person_is_two() {
        for (verified, methods, level) in [
            (false, &[Method::Passkey][..], Level::OneFactor),
            (true, &[Method::Passkey, Method::UserVerified], Level::TwoFactors),
        ] {
            let proof = prove(&assertion(verified), None, NOW).unwrap();
            assert_eq!((proof.user(), proof.at(), proof.methods()), (assertion(true).user, NOW, methods));
            assert_eq!(proof.passkey(), Some(assertion(true).passkey));
            assert_eq!(Level::of(proof.methods()), Some(level));
        }
    }

    #[test]
    fn a_key_completes_what_its_person_knows() {
        use Method::{Otp, Passkey, Password, UserVerified};
        for (before, verified, after, level) in [
            (&[Password][..], false, &[Password, Passkey][..], Level::TwoFactors),
            (&[Password, Passkey], false, &[Password, Passkey], Level::TwoFactors),
            (&[Otp], false, &[Otp, Passkey], Level::OneFactor),
            (&[Passkey], true, &[Passkey, UserVerified], Level::TwoFactors),
        ] {
            let proof = prove(&assertion(verified), Some(&session(before)), NOW).unwrap();
            assert_eq!(proof.methods(), after);
            assert_eq!(Level::of(proof.methods()), Some(level));
        }
    }

    #[test]
    fn a_key_proves_nothing_in_somebody_elses_session() {
        let other = UserId::from_uuid(Uuid::from_u128(8));
        let theirs = SessionRecord { user: other, ..session(&[Method::Password]) };
        assert_eq!(prove(&assertion(true), Some(&theirs), NOW).unwrap_err(), CeremonyFailure::OtherUser);
    }

    #[test]
    fn beside_a_cookie_alone_a_key_must_verify_its_person() {
        let remembered = session(&[Method::Remembered]);
        let bare = prove(&assertion(false), Some(&remembered), NOW);
        assert_eq!(bare.unwrap_err(), CeremonyFailure::Unverified);
        let proof = prove(&assertion(true), Some(&remembered), NOW).unwrap();
        assert_eq!(Level::of(proof.methods()), Some(Level::TwoFactors));
    }
}
