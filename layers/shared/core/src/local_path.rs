//! Where a browser goes after signing in: a path on this very host, or nowhere.

use std::{fmt, str::FromStr};

/// The longest path that is kept, in bytes.
pub const MAX_LENGTH: usize = 2048;

/// The text is not a path of this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a path of this host: expected one slash, then at most {MAX_LENGTH} visible ASCII characters without a \
     backslash or a dot segment"
)]
pub struct InvalidLocalPath;

/// A path with an optional query on this host. It cannot leave the host: no scheme, no authority, no backslash,
/// no control character, however a browser would read it.
///
/// ```
/// use towergate_core::LocalPath;
///
/// assert!(LocalPath::parse("/interaction/42?x=1").is_some());
/// assert!(LocalPath::parse("//evil.example").is_none());
/// assert!(LocalPath::parse("https://evil.example").is_none());
///
/// let login: LocalPath = "/login".parse()?;
/// # Ok::<(), towergate_core::local_path::InvalidLocalPath>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LocalPath(String);

impl LocalPath {
    /// The path, when it is one that stays on this host.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let second = text.as_bytes().get(1);
        let stays = text.len() <= MAX_LENGTH
            && text.starts_with('/')
            && !matches!(second, Some(b'/' | b'\\'))
            && text.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
        // A browser removes dot segments before it reads the authority, so `/.//host` would leave.
        let dotted = text.split(['?', '#']).next().is_some_and(|path| {
            path.split('/').any(|segment| {
                let plain = segment.to_ascii_lowercase().replace("%2e", ".");
                plain == "." || plain == ".."
            })
        });
        (stays && !dotted).then(|| Self(text.to_owned()))
    }

    /// `/`, the front page.
    #[must_use]
    pub fn root() -> Self {
        Self(String::from("/"))
    }

    /// The path and query, ready for a `Location` header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LocalPath {
    type Err = InvalidLocalPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or(InvalidLocalPath)
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_host_pass() {
        for good in ["/", "/a", "/a/b?c=d%20e", "/a?u=https://x", "/a//b", "/.well-known/x", "/a?x=.."] {
            assert!(LocalPath::parse(good).is_some(), "{good}");
        }
        let long = format!("/{}", "a".repeat(MAX_LENGTH));
        for bad in [
            "",
            "a",
            "//x",
            "/\\x",
            "\\/x",
            "https://x",
            "javascript:x",
            "/a\nb",
            "/a\tb",
            "/a b",
            "/é",
            "/a\\b",
            "/.//x",
            "/..//x",
            "/%2e//x",
            "/a/../b",
            "/a/./b",
            "/%2E%2e/x",
            long.as_str(),
        ] {
            assert!(LocalPath::parse(bad).is_none(), "{bad}");
        }
    }
}
