//! What a request is, as far as a token may speak of it.

use std::net::IpAddr;

use http::Method;
use towergate_core::Timestamp;

use crate::path::is_plain;

/// What a token is asked to be good for.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// When.
    pub at: Timestamp,
    /// By which method.
    pub method: &'a Method,
    /// At which path, as it came: percent-encoded, without its query.
    pub path: &'a str,
    /// From which address, where it is known. A token that was narrowed to addresses is refused where it is not.
    pub address: Option<IpAddr>,
}

impl Asked<'_> {
    /// The path, if everybody reads it alike.
    pub(crate) fn plain_path(&self) -> Option<&str> {
        Some(self.path).filter(|path| is_plain(path))
    }
}
