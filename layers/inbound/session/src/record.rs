//! What a session is when it begins, changes its identifier, or is recognised: decided from facts alone.

use towergate_core::{Digest, Timestamp, token::OpaqueToken};
use towergate_identity::rules::{
    login_proof::LoginProof,
    session::{SessionId, SessionLifetime, SessionRecord, SessionStage, SignInId},
};

/// The session that `proof` gives a right to, under a fresh `token`.
pub(crate) fn begin(
    proof: &LoginProof,
    token: &OpaqueToken,
    sign_in: SignInId,
    now: Timestamp,
    lifetime: &SessionLifetime,
) -> SessionRecord {
    let absolute_expires_at = now.plus(lifetime.absolute);
    SessionRecord {
        id: SessionId::from_uuid(token.id()),
        digest: token.digest(),
        sign_in,
        user: proof.user(),
        stage: if proof.second_factor_due() {
            SessionStage::AwaitsSecondFactor
        } else {
            SessionStage::Complete
        },
        methods: proof.methods().to_vec(),
        passkey: proof.passkey(),
        authenticated_at: proof.at(),
        created_at: now,
        last_seen_at: now,
        idle_expires_at: absolute_expires_at.min(now.plus(lifetime.idle)),
        absolute_expires_at,
    }
}

/// The same sign-in under a fresh `token`: nobody proved anything, so it does not live longer.
pub(crate) fn renew(
    record: &SessionRecord,
    token: &OpaqueToken,
    now: Timestamp,
    lifetime: &SessionLifetime,
) -> SessionRecord {
    SessionRecord {
        id: SessionId::from_uuid(token.id()),
        digest: token.digest(),
        ..touch(record.clone(), now, lifetime)
    }
}

/// The session after activity at `now`.
pub(crate) fn touch(mut record: SessionRecord, now: Timestamp, lifetime: &SessionLifetime) -> SessionRecord {
    record.last_seen_at = record.last_seen_at.max(now);
    record.idle_expires_at =
        record.idle_expires_at.max(now.plus(lifetime.idle)).min(record.absolute_expires_at);
    record
}

/// The loaded session, if the bearer holds its secret and it is alive. A store that forgot to look at the time is
/// caught here.
pub(crate) fn recognise(
    loaded: Option<SessionRecord>,
    digest: &Digest,
    now: Timestamp,
) -> Option<SessionRecord> {
    loaded.filter(|record| record.digest.matches(digest) && record.is_alive(now))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use towergate_core::random::InsecureSeededRandom;
    use towergate_identity::rules::{login_proof::Method, user::UserId};

    use super::*;

    const BEGIN: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn after(seconds: u64) -> Timestamp {
        BEGIN.plus(Duration::from_secs(seconds))
    }

    fn session() -> SessionRecord {
        let random = InsecureSeededRandom::new(1);
        SessionRecord {
            id: SessionId::fresh(BEGIN, &random).unwrap(),
            digest: Digest::of(b"secret"),
            sign_in: SignInId::fresh(BEGIN, &random).unwrap(),
            user: UserId::fresh(BEGIN, &random).unwrap(),
            stage: SessionStage::Complete,
            methods: vec![Method::Password],
            passkey: None,
            authenticated_at: BEGIN,
            created_at: BEGIN,
            last_seen_at: BEGIN,
            idle_expires_at: after(1800),
            absolute_expires_at: after(3600),
        }
    }

    #[test]
    fn a_dead_session_is_nobody_even_when_the_store_hands_it_out() {
        let right = Digest::of(b"secret");
        assert!(recognise(Some(session()), &right, after(1799)).is_some());
        assert!(recognise(Some(session()), &right, after(1800)).is_none());
        let mut old = session();
        old.idle_expires_at = after(9999);
        assert!(recognise(Some(old), &right, after(3600)).is_none());
    }

    #[test]
    fn a_wrong_secret_is_nobody() {
        assert!(recognise(Some(session()), &Digest::of(b"guess"), BEGIN).is_none());
    }

    #[test]
    fn activity_moves_the_idle_end_never_beyond_the_absolute_one_and_never_back() {
        let lifetime = SessionLifetime::default();
        assert_eq!(touch(session(), after(600), &lifetime).idle_expires_at, after(2400));
        assert_eq!(touch(session(), after(1799), &lifetime).idle_expires_at, after(3599));
        assert_eq!(touch(session(), after(1801), &lifetime).idle_expires_at, after(3600));
        let back = touch(session(), BEGIN.minus(Duration::from_secs(60)), &lifetime);
        assert_eq!((back.last_seen_at, back.idle_expires_at), (BEGIN, after(1800)));
    }
}
