//! What may happen, decided from facts alone.

pub mod access_token;
pub mod authorize;
pub mod birth;
pub mod claims;
pub mod claims_request;
pub mod client;
pub mod code;
pub mod consent;
pub mod discovery;
pub mod fact;
pub mod grant;
pub mod id_token_hint;
pub mod interaction;
pub mod issuer;
pub mod key;
pub mod logout;
pub mod pushed_request;
pub mod refresh_token;
pub mod resource;
pub mod single_use;
pub mod subject;
pub mod token;
pub mod userinfo;
