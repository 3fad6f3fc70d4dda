//! The ports of signing in.

pub(crate) mod api_token;
pub(crate) mod browser;
pub(crate) mod cache;
pub(crate) mod ceremony;
pub(crate) mod deletion;
pub(crate) mod device;
pub(crate) mod device_row;
pub(crate) mod email_change;
pub(crate) mod email_token;
pub(crate) mod email_token_row;
pub(crate) mod ending;
pub(crate) mod establish;
pub(crate) mod factor;
pub(crate) mod in_vain;
pub(crate) mod linked_identity;
pub(crate) mod mail;
pub(crate) mod mail_sign_in;
pub(crate) mod passkey;
pub(crate) mod passkey_factor;
pub(crate) mod passkey_row;
pub(crate) mod password;
pub(crate) mod provider_visit;
#[cfg(test)]
mod query_plans;
pub(crate) mod remember;
pub(crate) mod remembered_row;
pub(crate) mod replaced_session;
pub(crate) mod session;
pub(crate) mod session_mark;
pub(crate) mod session_row;
pub(crate) mod tries;
pub(crate) mod turn;
pub(crate) mod user;
