//! A chapter of a standard.

use super::Requirement;

/// A chapter of a standard, or what is taken of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chapter {
    /// The standard.
    pub standard: &'static str,
    /// Which, and what it is about.
    pub title: &'static str,
    /// Its rows.
    pub rows: &'static [Requirement],
}
