//! Paths that everybody reads alike.

use std::fmt;

/// The longest prefix, in bytes.
const MAX_PREFIX: usize = 512;

/// A part of a site: a path and whatever is below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPrefix(String);

/// What is no part of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a path begins with '/', has neither query nor fragment, and reads the same to everybody")]
pub struct BadPathPrefix;

impl PathPrefix {
    /// The part of a site at and below `path`; a slash at its end makes no difference.
    ///
    /// # Errors
    /// When it does not begin with `/`, is longer than 512 bytes, has a query or a fragment, or could be read in two ways.
    pub fn parse(path: &str) -> Result<Self, BadPathPrefix> {
        let visible = path.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'"'));
        if !path.starts_with('/') || path.len() > MAX_PREFIX || !visible || !is_plain(path) {
            return Err(BadPathPrefix);
        }
        Ok(Self(path.strip_suffix('/').unwrap_or(path).to_owned()))
    }

    /// The path, without a slash at its end; nothing for the whole site.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the path of a request lies at or below it.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        is_plain(path)
            && path.strip_prefix(self.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "/" } else { &self.0 })
    }
}

/// Whether every reader of a path comes to the same: no empty segment, none that leads up, no slash or dot in disguise, no
/// encoding of an encoding.
pub(crate) fn is_plain(path: &str) -> bool {
    let leads_up = |segment: &str| {
        // Some servers throw away what follows a semicolon.
        let name = segment.split(';').next().unwrap_or(segment);
        name == "." || name == ".."
    };
    let in_disguise = |pair: &[u8]| {
        matches!(pair.to_ascii_lowercase().as_slice(), b"%2e" | b"%2f" | b"%5c" | b"%25" | b"%00" | b"%3b")
    };
    !path.contains("//")
        && !path.contains('\\')
        && !path.split('/').any(leads_up)
        && !path.as_bytes().windows(3).any(in_disguise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_covers_what_lies_below_it() {
        let reports = PathPrefix::parse("/api/reports/").unwrap();
        assert_eq!(reports.to_string(), "/api/reports");
        for below in ["/api/reports", "/api/reports/", "/api/reports/7"] {
            assert!(reports.covers(below), "{below}");
        }
        for beside in ["/api/reports2", "/api", "/", "/api/reports/../admin", "/api/reports/%2E%2e/admin"] {
            assert!(!reports.covers(beside), "{beside}");
        }
        assert!(PathPrefix::parse("/").unwrap().covers("/anything"));
    }

    #[test]
    fn a_path_that_reads_in_two_ways_is_no_prefix() {
        for bad in
            ["", "api", "/a//b", "/a/../b", "/a?b", "/a#b", "/a\\b", "/a/..;x/b", "/%252e", "/\u{e9}", "/a b"]
        {
            assert!(PathPrefix::parse(bad).is_err(), "{bad}");
        }
        assert!(PathPrefix::parse(&format!("/{}", "a".repeat(512))).is_err());
    }
}
