//! The ports of the authorization server.

pub(crate) mod access_token;
pub(crate) mod client;
pub(crate) mod code;
pub(crate) mod consent;
pub(crate) mod grant;
pub(crate) mod grant_row;
pub(crate) mod interaction;
pub(crate) mod key;
pub(crate) mod logout;
pub(crate) mod pushed_request;
pub(crate) mod refresh_token;
pub(crate) mod replay;
pub(crate) mod room;
pub(crate) mod unused_client;
