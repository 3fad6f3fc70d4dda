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
