//! A store that lives in memory and dies with the process: for tests, and for trying things out.
//!
//! The events of a step are written with it, in order; the sink hears of them afterwards.

mod api_token;
mod browser;
mod deletion;
mod device;
mod email_change;
mod email_token;
mod ending;
mod factor;
mod in_vain;
mod linked_identity;
mod mail;
mod mail_sign_in;
mod passkey;
mod passkey_factor;
mod password;
mod remember;
mod session;
mod session_rows;
mod tries;
mod user;

use std::fmt;

use towergate_core::memory::{Log, Memory, already_there};

/// Everything in memory; a clone is another handle on the same store.
pub type MemoryStore = Memory<Tables>;

/// What a [`MemoryStore`] keeps.
#[derive(Default)]
pub struct Tables {
    api_tokens: api_token::ApiTokens,
    deletions: deletion::Deletions,
    browsers: browser::Browsers,
    factors: factor::Factors,
    email_tokens: email_token::EmailTokens,
    in_vain: in_vain::InVainRows,
    linked_identities: linked_identity::LinkedIdentities,
    mails: mail::Mails,
    passkeys: passkey::Passkeys,
    remembered: remember::Families,
    sessions: session::Sessions,
    tries: tries::TryCounts,
    users: user::Users,
    log: Log,
}

impl towergate_core::memory::Tables for Tables {
    fn log(&mut self) -> &mut Log {
        &mut self.log
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tables").finish_non_exhaustive()
    }
}
