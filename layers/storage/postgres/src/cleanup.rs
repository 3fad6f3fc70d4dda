//! Throwing away what can no longer matter, a little at a time.

use towergate_core::{StoreError, Timestamp, clock::KEPT_PAST_END, outbox::STRAY_AFTER};

use crate::{params::params, query, store::PostgresStore};

pub(crate) mod identity;
pub(crate) mod oauth;

/// Rows that one step removes at most, so that nobody waits long behind it.
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
    /// Tries at addresses that nobody has.
    pub tries: u64,
    /// Sign-ins whose end need not be remembered any more.
    pub ended_sign_ins: u64,
    /// Clients that were known only by a document which is read no more.
    pub client_documents: u64,
    /// Clients of sign-ins that need not be remembered any more.
    pub sign_in_clients: u64,
    /// Notices of the end of a sign-in that need not be remembered any more.
    pub logout_notices: u64,
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

/// Removes at most `$2` rows of a table, oldest first, of which something is true at `$1`. One of which somebody else
/// has a hold waits for another round, so that any number of instances may clean at once.
macro_rules! clean_out {
    ($table:literal, $which:literal, $oldest:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ctid = ANY(ARRAY(SELECT ctid FROM ",
            $table,
            " WHERE ",
            $which,
            " ORDER BY ",
            $oldest,
            " LIMIT $2 FOR UPDATE SKIP LOCKED))"
        )
    };
}
use clean_out;

pub(crate) const RATE_LIMITS: &str = clean_out!("towergate_rate_limits", "empty_at <= $1", "empty_at");

impl PostgresStore {
    /// Removes what can no longer matter at `now`, nor at any instance whose clock is behind by [`KEPT_PAST_END`] at most, in steps of
    /// at most 100 rows between which others may write. Several instances may do so at once. What a clock that stood far ahead
    /// left behind, and would hold others up until then, is put right.
    ///
    /// # Errors
    /// When the store fails; what was removed until then stays removed.
    pub async fn cleanup(&self, now: Timestamp) -> Result<Cleaned, StoreError> {
        self.put_right(now).await?;
        let now = now.minus(KEPT_PAST_END);
        let mut cleaned = Cleaned { rate_limits: self.clean(RATE_LIMITS, now).await?, ..Cleaned::default() };
        self.clean_identity(now, &mut cleaned).await?;
        self.clean_oauth(now, &mut cleaned).await?;
        Ok(cleaned)
    }

    /// Makes messages due that no message could be, and gives back room that no interaction could take up.
    async fn put_right(&self, now: Timestamp) -> Result<(), StoreError> {
        for sql in [oauth::STRAY_NOTICES, identity::STRAY_MAILS] {
            let step = self.write_by_locks(now, move |step, now| {
                let key = params![*now, now.plus(STRAY_AFTER), BATCH];
                Box::pin(query::change(&mut step.connection, sql, key))
            });
            step.await?;
        }
        self.clean(oauth::STRAY_ROOM, now.plus(STRAY_AFTER)).await?;
        self.clean(oauth::STRAY_PUSHED_ROOM, now.plus(STRAY_AFTER)).await?;
        Ok(())
    }

    async fn clean(&self, sql: &'static str, now: Timestamp) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let gone = self.write_by_locks(now, move |step, now| {
                Box::pin(query::change(&mut step.connection, sql, params![*now, BATCH]))
            });
            let gone = gone.await?;
            total += gone;
            if gone < u64::from(BATCH) {
                return Ok(total);
            }
        }
    }
}
