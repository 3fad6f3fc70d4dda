//! The ports of signing in.

pub(crate) mod ceremony;
pub(crate) mod deletion;
pub(crate) mod email_token;
pub(crate) mod email_token_row;
pub(crate) mod factor;
pub(crate) mod linked_identity;
pub(crate) mod mail;
pub(crate) mod mail_sign_in;
pub(crate) mod passkey;
pub(crate) mod passkey_row;
pub(crate) mod provider_visit;
pub(crate) mod replaced_session;
pub(crate) mod session;
pub(crate) mod session_row;
pub(crate) mod tries;
pub(crate) mod user;
