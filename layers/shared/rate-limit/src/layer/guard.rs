//! Which requests are counted, and how.

use http::Method;
use towergate_client_address::ClientAddress;

use crate::rules::{bucket::Bucket, limit::Limit};

/// What is guarded, by method and path.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) limit: Limit,
}

impl Guard {
    pub(super) fn names(&self, method: &Method, path: &str) -> bool {
        let is_path = match self.path.strip_suffix('*') {
            Some(above) => above.ends_with('/') && path.starts_with(above),
            None => path == self.path,
        };
        is_path && *method == self.method
    }
}

/// The buckets of all `guards`, each once.
pub(super) fn buckets<'g>(guards: impl Iterator<Item = &'g Guard>, address: ClientAddress) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = Vec::new();
    for bucket in guards.flat_map(|guard| guard.limit.buckets(address)) {
        if buckets.iter().all(|other| other.key != bucket.key) {
            buckets.push(bucket);
        }
    }
    buckets
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn guard(path: &str, name: &'static str) -> Guard {
        Guard {
            method: Method::POST,
            path: path.to_owned(),
            limit: Limit::new(name, 1, Duration::from_secs(1)),
        }
    }

    #[test]
    fn a_path_matches_whole_or_all_that_is_below_it() {
        for (path, asked, expected) in [
            ("/login", "/login", true),
            ("/login", "/login/", false),
            ("/login", "/login/x", false),
            ("/passkey/*", "/passkey/begin", true),
            ("/passkey/*", "/passkey/a/b", true),
            ("/passkey/*", "/passkey", false),
            ("/passkey/*", "/passkeys", false),
            ("/pass*", "/passkey", false),
        ] {
            assert_eq!(guard(path, "x").names(&Method::POST, asked), expected, "{path} {asked}");
            assert!(!guard(path, "x").names(&Method::GET, asked));
        }
    }

    #[test]
    fn a_name_is_counted_once_however_many_guards_have_it() {
        let guards = [guard("/a", "x"), guard("/*", "x"), guard("/*", "y")];
        let address = ClientAddress::from(std::net::IpAddr::from([192, 0, 2, 1]));
        assert_eq!(buckets(guards.iter(), address).len(), 4);
    }
}
