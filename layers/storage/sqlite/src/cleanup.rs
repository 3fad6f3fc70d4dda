//! Throwing away what can no longer matter, a little at a time.
//!
//! A spent code stays as long as a token of its grant does, and a rotated refresh token until its family has
//! expired, so that a second use of either is still noticed.

use std::time::Duration;

use rusqlite::params;
use towergate_core::{
    StoreError, Timestamp,
    clock::KEPT_PAST_END,
    outbox::{DEAD_LETTER_KEPT, STRAY_AFTER},
};

use crate::{query, store::SqliteStore};

/// Rows that one write step removes at most, so that nobody waits long behind it.
const BATCH: u16 = 100;

/// How many rows were removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cleaned {
    /// Sessions that had ended.
    pub sessions: u64,
    /// Identifiers of sessions that need not be remembered any more.
    pub replaced_sessions: u64,
    /// Mailed proofs that had expired.
    pub email_tokens: u64,
    /// Ceremonies with passkeys that nobody answered in time.
    pub passkey_ceremonies: u64,
    /// Tokens of programs that had ended by themselves.
    pub api_tokens: u64,
    /// Visits to providers from which nobody came back in time.
    pub provider_visits: u64,
    /// Browsers that had stayed signed in for long enough.
    pub remembered: u64,
    /// Browsers that nobody signed in in for long.
    pub browsers: u64,
    /// What was written for addresses that nobody may prove, and neither counts nor could be good any more.
    pub in_vain: u64,
    /// Mails that were sent.
    pub mails: u64,
    /// Messages that were given up long ago.
    pub dead_letters: u64,
    /// Sign-ins whose end need not be remembered any more.
    pub ended_sign_ins: u64,
    /// Clients that were known only by a document which is read no more.
    pub client_documents: u64,
    /// Clients of sign-ins that need not be remembered any more.
    pub sign_in_clients: u64,
    /// Notices of the end of a sign-in that need not be remembered any more.
    pub logout_notices: u64,
    /// Tries at addresses that nobody has.
    pub tries: u64,
    /// Rate limits that nobody has used for long enough.
    pub rate_limits: u64,
    /// Interactions that had expired.
    pub interactions: u64,
    /// Requests that clients pushed, and that nobody answered in time.
    pub pushed_requests: u64,
    /// Identifiers that counted once, and stood in what has expired.
    pub single_use: u64,
    /// Access tokens that had expired.
    pub access_tokens: u64,
    /// Refresh tokens whose family had expired.
    pub refresh_tokens: u64,
    /// Answers to refreshes that nobody may repeat any more.
    pub old_answers: u64,
    /// Codes that had expired unused, or from which nothing is left.
    pub codes: u64,
    /// Grants from which nothing is left.
    pub grants: u64,
}

pub(crate) const SESSIONS: &str = "DELETE FROM towergate_sessions WHERE id IN
    (SELECT id FROM towergate_sessions WHERE idle_expires_at <= ?1 ORDER BY idle_expires_at LIMIT ?2)";

pub(crate) const REPLACED_SESSIONS: &str = "DELETE FROM towergate_replaced_sessions WHERE id IN
    (SELECT id FROM towergate_replaced_sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

/// Tries at accounts count for as long as the account is there; at an address that nobody has, a quiet day is enough.
pub(crate) const TRIES_OF_NOBODY: &str = "DELETE FROM towergate_tries WHERE (class, whose) IN
    (SELECT class, whose FROM towergate_tries WHERE length(whose) = 32 AND last_at <= ?1
     ORDER BY last_at LIMIT ?2)";

/// How long tries at an address that nobody has are remembered, as the rules of signing in have it.
const TRIES_KEPT: Duration = Duration::from_secs(24 * 3600);

pub(crate) const RATE_LIMITS: &str = "DELETE FROM towergate_rate_limits WHERE (name, scope, whose) IN
    (SELECT name, scope, whose FROM towergate_rate_limits WHERE empty_at <= ?1 ORDER BY empty_at LIMIT ?2)";

pub(crate) const EMAIL_TOKENS: &str = "DELETE FROM towergate_email_tokens WHERE id IN
    (SELECT id FROM towergate_email_tokens WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

pub(crate) const EMAIL_TOKENS_IN_VAIN: &str = "DELETE FROM towergate_email_tokens_in_vain WHERE id IN
    (SELECT id FROM towergate_email_tokens_in_vain WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

pub(crate) const MAILS_IN_VAIN: &str = "DELETE FROM towergate_mails_in_vain WHERE id IN
    (SELECT id FROM towergate_mails_in_vain WHERE counts_until <= ?1 ORDER BY counts_until LIMIT ?2)";

pub(crate) const PROVIDER_VISITS: &str = "DELETE FROM towergate_provider_visits WHERE id IN
    (SELECT id FROM towergate_provider_visits WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

pub(crate) const API_TOKENS: &str = "DELETE FROM towergate_api_tokens WHERE id IN
    (SELECT id FROM towergate_api_tokens WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

pub(crate) const PASSKEY_CEREMONIES: &str = "DELETE FROM towergate_passkey_ceremonies WHERE id IN
    (SELECT id FROM towergate_passkey_ceremonies WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

pub(crate) const REMEMBERED: &str = "DELETE FROM towergate_remembered WHERE id IN
    (SELECT id FROM towergate_remembered WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

/// The one in which somebody was last stays: by it, a sign-in after years is known to be none of the first.
pub(crate) const BROWSERS: &str = "DELETE FROM towergate_browsers WHERE id IN
    (SELECT id FROM towergate_browsers AS old WHERE last_seen_at <= ?1 AND EXISTS
     (SELECT 1 FROM towergate_browsers AS newer WHERE newer.user_id = old.user_id
      AND (newer.last_seen_at, newer.id) > (old.last_seen_at, old.id))
     ORDER BY last_seen_at LIMIT ?2)";

/// How long a browser is known, as the rules of signing in have it.
const BROWSER_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

pub(crate) const MAILS: &str = "DELETE FROM towergate_mails WHERE id IN
    (SELECT id FROM towergate_mails WHERE finished_at <= ?1 ORDER BY finished_at LIMIT ?2)";

pub(crate) const DEAD_MAILS: &str = "DELETE FROM towergate_mails WHERE id IN
    (SELECT id FROM towergate_mails WHERE died_at <= ?1 ORDER BY died_at LIMIT ?2)";

/// How long a finished mail is remembered, without its text: whoever wants another is counted by it.
const MAIL_KEPT: Duration = Duration::from_secs(24 * 3600);

pub(crate) const INTERACTIONS: &str = "DELETE FROM towergate_interactions WHERE id IN
    (SELECT id FROM towergate_interactions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

pub(crate) const PUSHED_REQUESTS: &str = "DELETE FROM towergate_pushed_requests WHERE id IN
    (SELECT id FROM towergate_pushed_requests WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

pub(crate) const INTERACTION_ROOM: &str = "DELETE FROM towergate_interaction_room WHERE minute IN
    (SELECT minute FROM towergate_interaction_room WHERE minute <= ?1 / 60000 ORDER BY minute LIMIT ?2)";

/// Nobody may take so long to sign in.
pub(crate) const STRAY_ROOM: &str = "DELETE FROM towergate_interaction_room WHERE minute IN
    (SELECT minute FROM towergate_interaction_room WHERE minute > ?1 / 60000 ORDER BY minute LIMIT ?2)";

pub(crate) const PUSHED_ROOM: &str = "DELETE FROM towergate_pushed_room WHERE (client, minute) IN
    (SELECT client, minute FROM towergate_pushed_room WHERE minute <= ?1 / 60000 ORDER BY minute LIMIT ?2)";

pub(crate) const STRAY_PUSHED_ROOM: &str = "DELETE FROM towergate_pushed_room WHERE (client, minute) IN
    (SELECT client, minute FROM towergate_pushed_room WHERE minute > ?1 / 60000 ORDER BY minute LIMIT ?2)";

pub(crate) const STRAY_NOTICES: &str =
    "UPDATE towergate_logout_notices SET due_at = ?1 WHERE (sid, client) IN
    (SELECT sid, client FROM towergate_logout_notices WHERE due_at > ?2 ORDER BY due_at LIMIT ?3)";

pub(crate) const STRAY_MAILS: &str = "UPDATE towergate_mails SET due_at = ?1 WHERE id IN
    (SELECT id FROM towergate_mails WHERE due_at > ?2 ORDER BY due_at LIMIT ?3)";

pub(crate) const ENDED_SIGN_INS: &str = "DELETE FROM towergate_ended_sign_ins WHERE sid IN
    (SELECT sid FROM towergate_ended_sign_ins WHERE ended_at <= ?1 ORDER BY ended_at LIMIT ?2)";

/// A client that was shut out stays shut out, whatever its document comes to say.
pub(crate) const CLIENT_DOCUMENTS: &str = "DELETE FROM towergate_clients WHERE id IN
    (SELECT id FROM towergate_clients WHERE document_ends_at <= ?1 AND state = 'active'
     ORDER BY document_ends_at LIMIT ?2)";
pub(crate) const SINGLE_USE: &str = "DELETE FROM towergate_single_use WHERE (kind, digest) IN
    (SELECT kind, digest FROM towergate_single_use WHERE until <= ?1 ORDER BY until LIMIT ?2)";

/// How long the end of a sign-in is remembered, as the rules of the authorization server have it.
const ENDED_SIGN_IN_KEPT: Duration = Duration::from_secs(24 * 3600);

pub(crate) const SIGN_IN_CLIENTS: &str = "DELETE FROM towergate_sign_in_clients WHERE (sid, client) IN
    (SELECT sid, client FROM towergate_sign_in_clients WHERE seen_at <= ?1 ORDER BY seen_at LIMIT ?2)";

/// How long the clients of a sign-in are remembered after their last grant, as the rules of the authorization server have
/// it.
const SIGN_IN_CLIENT_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

pub(crate) const LOGOUT_NOTICES: &str = "DELETE FROM towergate_logout_notices WHERE (sid, client) IN
    (SELECT sid, client FROM towergate_logout_notices WHERE finished_at <= ?1 ORDER BY finished_at LIMIT ?2)";

pub(crate) const DEAD_LOGOUT_NOTICES: &str = "DELETE FROM towergate_logout_notices WHERE (sid, client) IN
    (SELECT sid, client FROM towergate_logout_notices WHERE died_at <= ?1 ORDER BY died_at LIMIT ?2)";

/// How long a finished notice is remembered, as the rules of the authorization server have it.
const LOGOUT_NOTICE_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

pub(crate) const ACCESS_TOKENS: &str = "DELETE FROM towergate_access_tokens WHERE id IN
    (SELECT id FROM towergate_access_tokens WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
    RETURNING grant_id";

pub(crate) const REFRESH_TOKENS: &str = "DELETE FROM towergate_refresh_tokens WHERE id IN
    (SELECT id FROM towergate_refresh_tokens WHERE absolute_expires_at <= ?1
     ORDER BY absolute_expires_at LIMIT ?2)
    RETURNING grant_id";

/// Nobody may repeat a refresh of so long ago; that its token is spent stays known.
pub(crate) const OLD_ANSWERS: &str = "UPDATE towergate_refresh_tokens SET sealed_answer = x'' WHERE id IN
    (SELECT id FROM towergate_refresh_tokens WHERE sealed_answer <> x'' AND rotated_at <= ?1
     ORDER BY rotated_at LIMIT ?2)";

/// A code that was never spent has no tokens, so its grant goes with it.
pub(crate) const UNSPENT_CODES: &str = "DELETE FROM towergate_codes WHERE id IN
    (SELECT id FROM towergate_codes WHERE spent_at IS NULL AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
    RETURNING grant_id";

pub(crate) const CODES_OF_BARE_GRANT: &str = "DELETE FROM towergate_codes WHERE grant_id = ?1
    AND (spent_at IS NOT NULL OR expires_at <= ?2)
    AND NOT EXISTS (SELECT 1 FROM towergate_access_tokens t WHERE t.grant_id = ?1)
    AND NOT EXISTS (SELECT 1 FROM towergate_refresh_tokens t WHERE t.grant_id = ?1)";

pub(crate) const BARE_GRANT: &str = "DELETE FROM towergate_grants WHERE id = ?1
    AND NOT EXISTS (SELECT 1 FROM towergate_codes c WHERE c.grant_id = ?1)
    AND NOT EXISTS (SELECT 1 FROM towergate_access_tokens t WHERE t.grant_id = ?1)
    AND NOT EXISTS (SELECT 1 FROM towergate_refresh_tokens t WHERE t.grant_id = ?1)";

impl SqliteStore {
    /// Removes what can no longer matter at `now`, nor by a clock that is behind by [`KEPT_PAST_END`] at most, in steps of at most 100
    /// rows between which others may write. What a clock that stood far ahead left behind, and would hold others up until
    /// then, is put right.
    ///
    /// # Errors
    /// When the store fails; what was removed until then stays removed.
    pub async fn cleanup(&self, now: Timestamp) -> Result<Cleaned, StoreError> {
        self.put_right(now).await?;
        let now = now.minus(KEPT_PAST_END);
        self.clean(INTERACTION_ROOM, now).await?;
        self.clean(PUSHED_ROOM, now).await?;
        Ok(Cleaned {
            sessions: self.clean(SESSIONS, now).await?,
            replaced_sessions: self.clean(REPLACED_SESSIONS, now).await?,
            tries: self.clean(TRIES_OF_NOBODY, now.minus(TRIES_KEPT)).await?,
            rate_limits: self.clean(RATE_LIMITS, now).await?,
            email_tokens: self.clean(EMAIL_TOKENS, now).await?,
            passkey_ceremonies: self.clean(PASSKEY_CEREMONIES, now).await?,
            api_tokens: self.clean(API_TOKENS, now).await?,
            provider_visits: self.clean(PROVIDER_VISITS, now).await?,
            remembered: self.clean(REMEMBERED, now).await?,
            browsers: self.clean(BROWSERS, now.minus(BROWSER_KEPT)).await?,
            in_vain: self.clean(EMAIL_TOKENS_IN_VAIN, now).await? + self.clean(MAILS_IN_VAIN, now).await?,
            mails: self.clean(MAILS, now.minus(MAIL_KEPT)).await?,
            dead_letters: self.clean(DEAD_MAILS, now.minus(DEAD_LETTER_KEPT)).await?
                + self.clean(DEAD_LOGOUT_NOTICES, now.minus(DEAD_LETTER_KEPT)).await?,
            interactions: self.clean(INTERACTIONS, now).await?,
            pushed_requests: self.clean(PUSHED_REQUESTS, now).await?,
            client_documents: self.clean(CLIENT_DOCUMENTS, now).await?,
            ended_sign_ins: self.clean(ENDED_SIGN_INS, now.minus(ENDED_SIGN_IN_KEPT)).await?,
            single_use: self.clean(SINGLE_USE, now).await?,
            sign_in_clients: self.clean(SIGN_IN_CLIENTS, now.minus(SIGN_IN_CLIENT_KEPT)).await?,
            logout_notices: self.clean(LOGOUT_NOTICES, now.minus(LOGOUT_NOTICE_KEPT)).await?,
            ..self.clean_grants(now).await?
        })
    }

    /// Makes messages due that no message could be, and gives back room that no interaction could take up.
    async fn put_right(&self, now: Timestamp) -> Result<(), StoreError> {
        let stray = now.plus(STRAY_AFTER);
        for sql in [STRAY_NOTICES, STRAY_MAILS] {
            let key = (now.unix_millis(), stray.unix_millis(), BATCH);
            self.write(move |step| query::change(step.connection, sql, params![key.0, key.1, key.2])).await?;
        }
        self.clean(STRAY_ROOM, stray).await?;
        self.clean(STRAY_PUSHED_ROOM, stray).await?;
        Ok(())
    }

    async fn clean_grants(&self, now: Timestamp) -> Result<Cleaned, StoreError> {
        let mut cleaned = Cleaned::default();
        cleaned.access_tokens = self.clean_under_grants(ACCESS_TOKENS, now, &mut cleaned).await?;
        cleaned.refresh_tokens = self.clean_under_grants(REFRESH_TOKENS, now, &mut cleaned).await?;
        cleaned.codes += self.clean_under_grants(UNSPENT_CODES, now, &mut cleaned).await?;
        cleaned.old_answers = self.clean(OLD_ANSWERS, now).await?;
        Ok(cleaned)
    }

    async fn clean(&self, sql: &'static str, now: Timestamp) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let key = (now.unix_millis(), BATCH);
            let gone =
                self.write(move |step| query::change(step.connection, sql, params![key.0, key.1])).await?;
            total += count(gone);
            if gone < usize::from(BATCH) {
                return Ok(total);
            }
        }
    }

    /// Removes rows that hang from grants, and with the last one the code and the grant.
    async fn clean_under_grants(
        &self,
        sql: &'static str,
        now: Timestamp,
        cleaned: &mut Cleaned,
    ) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let now = now.unix_millis();
            let (gone, codes, grants) = self
                .write(move |step| {
                    let connection = step.connection;
                    let mut bare = query::all(connection, sql, params![now, BATCH], |fields| {
                        fields.get::<Option<[u8; 16]>>("grant_id")
                    })?;
                    let gone = bare.len();
                    bare.sort_unstable();
                    bare.dedup();
                    let (mut codes, mut grants) = (0, 0);
                    for grant in bare.into_iter().flatten() {
                        codes += query::change(connection, CODES_OF_BARE_GRANT, params![grant, now])?;
                        grants += query::change(connection, BARE_GRANT, params![grant])?;
                    }
                    Ok((gone, codes, grants))
                })
                .await?;
            total += count(gone);
            cleaned.codes += count(codes);
            cleaned.grants += count(grants);
            if gone < usize::from(BATCH) {
                return Ok(total);
            }
        }
    }
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
