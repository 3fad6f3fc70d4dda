//! What the authorization server leaves behind.
//!
//! A spent code stays as long as a token of its grant does, and a rotated refresh token until its family has
//! expired, so that a second use of either is still noticed.

use std::time::Duration;

use towergate_core::{StoreError, Timestamp, id::Uuid, outbox::DEAD_LETTER_KEPT};

use super::{BATCH, Cleaned, clean_out};
use crate::{failure::Failure, params::params, query, step::Step, store::PostgresStore};

pub(crate) const INTERACTIONS: &str = clean_out!("towergate_interactions", "expires_at <= $1", "expires_at");

pub(crate) const PUSHED_REQUESTS: &str =
    clean_out!("towergate_pushed_requests", "expires_at <= $1", "expires_at");

pub(crate) const INTERACTION_ROOM: &str =
    clean_out!("towergate_interaction_room", "minute <= $1 / 60000", "minute");

/// Nobody may take so long to sign in.
pub(crate) const STRAY_ROOM: &str = clean_out!("towergate_interaction_room", "minute > $1 / 60000", "minute");

pub(crate) const PUSHED_ROOM: &str = clean_out!("towergate_pushed_room", "minute <= $1 / 60000", "minute");

pub(crate) const STRAY_PUSHED_ROOM: &str =
    clean_out!("towergate_pushed_room", "minute > $1 / 60000", "minute");

pub(crate) const STRAY_NOTICES: &str = "UPDATE towergate_logout_notices SET due_at = $1 WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM towergate_logout_notices WHERE due_at > $2 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED))";

pub(crate) const ENDED_SIGN_INS: &str = clean_out!("towergate_ended_sign_ins", "ended_at <= $1", "ended_at");

/// A client that was shut out stays shut out, whatever its document comes to say.
pub(crate) const CLIENT_DOCUMENTS: &str =
    clean_out!("towergate_clients", "document_ends_at <= $1 AND state = 'active'", "document_ends_at");

pub(crate) const SINGLE_USE: &str = clean_out!("towergate_single_use", "until <= $1", "until");

/// How long the end of a sign-in is remembered, as the rules of the authorization server have it.
const ENDED_SIGN_IN_KEPT: Duration = Duration::from_secs(24 * 3600);

pub(crate) const SIGN_IN_CLIENTS: &str = clean_out!("towergate_sign_in_clients", "seen_at <= $1", "seen_at");

/// How long the clients of a sign-in are remembered after their last grant, as the rules of the authorization server have
/// it.
const SIGN_IN_CLIENT_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

pub(crate) const LOGOUT_NOTICES: &str =
    clean_out!("towergate_logout_notices", "finished_at <= $1", "finished_at");

pub(crate) const DEAD_LOGOUT_NOTICES: &str =
    clean_out!("towergate_logout_notices", "died_at <= $1", "died_at");

/// How long a finished notice is remembered, as the rules of the authorization server have it.
const LOGOUT_NOTICE_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// What hangs from grants, and how it goes: what is old, and away with it as far as its grant is ours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnderGrants {
    pub(crate) old: &'static str,
    pub(crate) away: &'static str,
}

pub(crate) const ACCESS_TOKENS: UnderGrants = UnderGrants {
    old: "SELECT id, grant_id FROM towergate_access_tokens WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2",
    away: "DELETE FROM towergate_access_tokens
        WHERE id = ANY($2) AND expires_at <= $1 AND (grant_id IS NULL OR grant_id = ANY($3))",
};

pub(crate) const REFRESH_TOKENS: UnderGrants = UnderGrants {
    old: "SELECT id, grant_id FROM towergate_refresh_tokens WHERE absolute_expires_at <= $1
        ORDER BY absolute_expires_at LIMIT $2",
    away: "DELETE FROM towergate_refresh_tokens
        WHERE id = ANY($2) AND absolute_expires_at <= $1 AND grant_id = ANY($3)",
};

/// Nobody may repeat a refresh of so long ago; that its token is spent stays known.
pub(crate) const OLD_ANSWERS: &str =
    "UPDATE towergate_refresh_tokens SET sealed_answer = '' WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM towergate_refresh_tokens WHERE sealed_answer <> '' AND rotated_at <= $1
    ORDER BY rotated_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

/// A code that was never spent has no tokens, so its grant goes with it.
pub(crate) const UNSPENT_CODES: UnderGrants = UnderGrants {
    old: "SELECT id, grant_id FROM towergate_codes WHERE spent_at IS NULL AND expires_at <= $1
        ORDER BY expires_at LIMIT $2",
    away: "DELETE FROM towergate_codes
        WHERE id = ANY($2) AND spent_at IS NULL AND expires_at <= $1 AND grant_id = ANY($3)",
};

/// Nothing new comes to hang from these until the end of the step. One of which somebody else has a hold waits for
/// another round.
pub(crate) const LOCK_GRANTS: &str =
    "SELECT id FROM towergate_grants WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED";

pub(crate) const CODES_OF_BARE_GRANTS: &str = "DELETE FROM towergate_codes c WHERE c.grant_id = ANY($2)
    AND (c.spent_at IS NOT NULL OR c.expires_at <= $1)
    AND NOT EXISTS (SELECT 1 FROM towergate_access_tokens t WHERE t.grant_id = c.grant_id)
    AND NOT EXISTS (SELECT 1 FROM towergate_refresh_tokens t WHERE t.grant_id = c.grant_id)";

pub(crate) const BARE_GRANTS: &str = "DELETE FROM towergate_grants g WHERE g.id = ANY($1)
    AND NOT EXISTS (SELECT 1 FROM towergate_codes c WHERE c.grant_id = g.id)
    AND NOT EXISTS (SELECT 1 FROM towergate_access_tokens t WHERE t.grant_id = g.id)
    AND NOT EXISTS (SELECT 1 FROM towergate_refresh_tokens t WHERE t.grant_id = g.id)";

impl PostgresStore {
    /// Removes what the authorization server needs no more at `now`.
    pub(super) async fn clean_oauth(&self, now: Timestamp, cleaned: &mut Cleaned) -> Result<(), StoreError> {
        self.clean(INTERACTION_ROOM, now).await?;
        self.clean(PUSHED_ROOM, now).await?;
        cleaned.interactions = self.clean(INTERACTIONS, now).await?;
        cleaned.pushed_requests = self.clean(PUSHED_REQUESTS, now).await?;
        cleaned.client_documents = self.clean(CLIENT_DOCUMENTS, now).await?;
        cleaned.ended_sign_ins = self.clean(ENDED_SIGN_INS, now.minus(ENDED_SIGN_IN_KEPT)).await?;
        cleaned.single_use = self.clean(SINGLE_USE, now).await?;
        cleaned.sign_in_clients = self.clean(SIGN_IN_CLIENTS, now.minus(SIGN_IN_CLIENT_KEPT)).await?;
        cleaned.dead_letters += self.clean(DEAD_LOGOUT_NOTICES, now.minus(DEAD_LETTER_KEPT)).await?;
        cleaned.logout_notices = self.clean(LOGOUT_NOTICES, now.minus(LOGOUT_NOTICE_KEPT)).await?;
        cleaned.access_tokens = self.clean_under_grants(ACCESS_TOKENS, now, cleaned).await?;
        cleaned.refresh_tokens = self.clean_under_grants(REFRESH_TOKENS, now, cleaned).await?;
        cleaned.codes += self.clean_under_grants(UNSPENT_CODES, now, cleaned).await?;
        cleaned.old_answers = self.clean(OLD_ANSWERS, now).await?;
        Ok(())
    }

    /// Removes rows that hang from grants, and with the last one the code and the grant.
    async fn clean_under_grants(
        &self,
        what: UnderGrants,
        now: Timestamp,
        cleaned: &mut Cleaned,
    ) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let step =
                self.write_by_locks((what, now), |step, (what, now)| Box::pin(batch(step, *what, *now)));
            let (gone, codes, grants) = step.await?;
            total += gone;
            cleaned.codes += codes;
            cleaned.grants += grants;
            if gone < u64::from(BATCH) {
                return Ok(total);
            }
        }
    }
}

/// A batch of rows, then the codes, then the grants, of which so many went.
async fn batch(step: &mut Step, what: UnderGrants, now: Timestamp) -> Result<(u64, u64, u64), Failure> {
    let connection = &mut step.connection;
    let old = query::all(connection, what.old, params![now, BATCH], |fields| {
        Ok((fields.uuid("id")?, fields.optional_uuid("grant_id")?))
    })
    .await?;
    let (rows, grants): (Vec<Uuid>, Vec<Option<Uuid>>) = old.into_iter().unzip();
    let mut grants: Vec<Uuid> = grants.into_iter().flatten().collect();
    grants.sort_unstable();
    grants.dedup();
    let ours = query::all(connection, LOCK_GRANTS, params![grants], |fields| fields.uuid("id")).await?;
    let gone = query::change(connection, what.away, params![now, rows, ours.clone()]).await?;
    let codes = query::change(connection, CODES_OF_BARE_GRANTS, params![now, ours.clone()]).await?;
    let grants = query::change(connection, BARE_GRANTS, params![ours]).await?;
    Ok((gone, codes, grants))
}
