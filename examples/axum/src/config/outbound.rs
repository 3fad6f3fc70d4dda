//! `[outbound]`: how the host speaks to addresses that clients register.

use std::path::PathBuf;

use super::reader::Section;

/// The section as a whole; without it, only what is public is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outbound {
    /// A PEM file of certificate authorities to trust beside the public ones.
    pub extra_ca: Option<PathBuf>,
    /// Whether this machine may be asked as well: for tests of callbacks, never for production.
    pub danger_allow_loopback: bool,
}

pub(super) fn read(section: Section<'_>) -> Outbound {
    let outbound = Outbound {
        extra_ca: section.text("extra_ca").map(|text| PathBuf::from(text.value)),
        danger_allow_loopback: section.flag("danger_allow_loopback").unwrap_or(false),
    };
    section.finish();
    outbound
}
