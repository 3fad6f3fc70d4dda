//! What signing in leaves behind.

use std::time::Duration;

use towergate_core::{StoreError, Timestamp, outbox::DEAD_LETTER_KEPT};

use super::{Cleaned, clean_out};
use crate::store::PostgresStore;

pub(crate) const SESSIONS: &str =
    clean_out!("towergate_sessions", "idle_expires_at <= $1", "idle_expires_at");

pub(crate) const REPLACED_SESSIONS: &str =
    clean_out!("towergate_replaced_sessions", "expires_at <= $1", "expires_at");

/// Tries at accounts count for as long as the account is there; at an address that nobody has, a quiet day is enough.
pub(crate) const TRIES_OF_NOBODY: &str =
    clean_out!("towergate_tries", "octet_length(whose) = 32 AND last_at <= $1", "last_at");

/// How long tries at an address that nobody has are remembered, as the rules of signing in have it.
const TRIES_KEPT: Duration = Duration::from_secs(24 * 3600);

pub(crate) const EMAIL_TOKENS: &str = clean_out!("towergate_email_tokens", "expires_at <= $1", "expires_at");

pub(crate) const EMAIL_TOKENS_IN_VAIN: &str =
    clean_out!("towergate_email_tokens_in_vain", "expires_at <= $1", "expires_at");

pub(crate) const MAILS_IN_VAIN: &str =
    clean_out!("towergate_mails_in_vain", "counts_until <= $1", "counts_until");

pub(crate) const PASSKEY_CEREMONIES: &str =
    clean_out!("towergate_passkey_ceremonies", "expires_at <= $1", "expires_at");

pub(crate) const API_TOKENS: &str = clean_out!("towergate_api_tokens", "expires_at <= $1", "expires_at");

pub(crate) const PROVIDER_VISITS: &str =
    clean_out!("towergate_provider_visits", "expires_at <= $1", "expires_at");

pub(crate) const REMEMBERED: &str = clean_out!("towergate_remembered", "expires_at <= $1", "expires_at");

/// The one in which somebody was last stays: by it, a sign-in after years is known to be none of the first.
pub(crate) const BROWSERS: &str = clean_out!(
    "towergate_browsers",
    "last_seen_at <= $1 AND EXISTS (SELECT 1 FROM towergate_browsers AS newer
     WHERE newer.user_id = towergate_browsers.user_id
     AND (newer.last_seen_at, newer.id) > (towergate_browsers.last_seen_at, towergate_browsers.id))",
    "last_seen_at"
);

/// How long a browser is known, as the rules of signing in have it.
const BROWSER_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

pub(crate) const MAILS: &str = clean_out!("towergate_mails", "finished_at <= $1", "finished_at");

pub(crate) const STRAY_MAILS: &str = "UPDATE towergate_mails SET due_at = $1 WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM towergate_mails WHERE due_at > $2 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED))";

pub(crate) const DEAD_MAILS: &str = clean_out!("towergate_mails", "died_at <= $1", "died_at");

/// How long a finished mail is remembered, without its text: whoever wants another is counted by it.
const MAIL_KEPT: Duration = Duration::from_secs(24 * 3600);

impl PostgresStore {
    /// Removes what signing in needs no more at `now`.
    pub(super) async fn clean_identity(
        &self,
        now: Timestamp,
        cleaned: &mut Cleaned,
    ) -> Result<(), StoreError> {
        cleaned.sessions = self.clean(SESSIONS, now).await?;
        cleaned.replaced_sessions = self.clean(REPLACED_SESSIONS, now).await?;
        cleaned.tries = self.clean(TRIES_OF_NOBODY, now.minus(TRIES_KEPT)).await?;
        cleaned.email_tokens = self.clean(EMAIL_TOKENS, now).await?;
        cleaned.in_vain = self.clean(EMAIL_TOKENS_IN_VAIN, now).await?;
        cleaned.in_vain += self.clean(MAILS_IN_VAIN, now).await?;
        cleaned.passkey_ceremonies = self.clean(PASSKEY_CEREMONIES, now).await?;
        cleaned.api_tokens = self.clean(API_TOKENS, now).await?;
        cleaned.provider_visits = self.clean(PROVIDER_VISITS, now).await?;
        cleaned.remembered = self.clean(REMEMBERED, now).await?;
        cleaned.browsers = self.clean(BROWSERS, now.minus(BROWSER_KEPT)).await?;
        cleaned.dead_letters += self.clean(DEAD_MAILS, now.minus(DEAD_LETTER_KEPT)).await?;
        cleaned.mails = self.clean(MAILS, now.minus(MAIL_KEPT)).await?;
        Ok(())
    }
}
