//! What a session is when it begins, changes its identifier, or is recognised: decided from facts alone.

use std::sync::Arc;

use towergate_core::{Timestamp, audit::Attempted, token::OpaqueToken};
use towergate_identity::rules::{
    login_proof::LoginProof,
    session::{SessionId, SessionLifetime, SessionRecord, SessionStage, SignInId},
};

use crate::handle::{Claimed, Who};

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
        methods: proof.methods().into(),
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

/// Whose a request is that came with a cookie, and what it tried to get around. A store that forgot to look at the time is caught
/// here.
#[inline]
pub(crate) fn recognise(
    loaded: Option<Arc<SessionRecord>>,
    claimed: Claimed,
    now: Timestamp,
) -> (Who, Option<Attempted>) {
    match loaded {
        Some(record) if !record.digest.matches(&claimed.digest) => {
            (Who::Unknown(claimed), Some(Attempted("session_secret_wrong")))
        }
        Some(record) if record.is_alive(now) => (Who::Known(record), None),
        Some(_) | None => (Who::Unknown(claimed), None),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use towergate_core::{Digest, random::InsecureSeededRandom};
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
            methods: [Method::Password].into(),
            passkey: None,
            authenticated_at: BEGIN,
            created_at: BEGIN,
            last_seen_at: BEGIN,
            idle_expires_at: after(1800),
            absolute_expires_at: after(3600),
        }
    }

    fn recognised(session: SessionRecord, secret: &[u8], now: Timestamp) -> (Who, Option<Attempted>) {
        let claimed = Claimed { id: session.id, digest: Digest::of(secret) };
        recognise(Some(Arc::new(session)), claimed, now)
    }

    #[test]
    fn a_dead_session_is_nobody_even_when_the_store_hands_it_out() {
        assert!(matches!(recognised(session(), b"secret", after(1799)), (Who::Known(_), None)));
        assert!(matches!(recognised(session(), b"secret", after(1800)), (Who::Unknown(_), None)));
        let mut old = session();
        old.idle_expires_at = after(9999);
        assert!(matches!(recognised(old, b"secret", after(3600)), (Who::Unknown(_), None)));
    }

    #[test]
    fn a_wrong_secret_is_nobody_and_is_noticed() {
        let (who, tried) = recognised(session(), b"guess", BEGIN);
        assert!(matches!(who, Who::Unknown(_)));
        assert_eq!(tried, Some(Attempted("session_secret_wrong")));
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
