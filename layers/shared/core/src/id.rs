//! Time-ordered identifiers: UUID version 7, [RFC 9562 section 5.7](https://www.rfc-editor.org/rfc/rfc9562#section-5.7).
//!
//! Rows that are born together lie together in an index, which is what makes group commit pay.

pub use uuid::Uuid;

use crate::{Random, RandomUnavailable, Timestamp, random};

/// A fresh identifier that sorts after those of earlier milliseconds.
///
/// # Errors
/// When no randomness is to be had.
pub fn time_ordered(now: Timestamp, random: &dyn Random) -> Result<Uuid, RandomUnavailable> {
    Ok(of_moment(now, &random::bytes(random)?))
}

/// The identifier that these random bytes make at this moment.
pub(crate) fn of_moment(now: Timestamp, drawn: &[u8; 10]) -> Uuid {
    let millis = u64::try_from(now.unix_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, drawn).into_uuid()
}

/// Declares an identifier of its own type over a time-ordered UUID.
#[macro_export]
macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($crate::id::Uuid);

        impl $name {
            /// A fresh identifier, time-ordered.
            ///
            /// # Errors
            /// When no randomness is to be had.
            pub fn fresh(
                now: $crate::Timestamp,
                random: &dyn $crate::Random,
            ) -> Result<Self, $crate::RandomUnavailable> {
                $crate::id::time_ordered(now, random).map(Self)
            }

            /// The identifier with this UUID.
            #[must_use]
            pub const fn from_uuid(uuid: $crate::id::Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            #[must_use]
            pub const fn as_uuid(&self) -> &$crate::id::Uuid {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::id::ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::id::parse(text).map(Self)
            }
        }
    };
}

/// The text is not a hyphenated UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier: expected a hyphenated UUID of 36 characters")]
pub struct ParseIdError;

/// Reads the hyphenated form of 36 characters, and only that form.
///
/// # Errors
/// When the text is anything else.
pub fn parse(text: &str) -> Result<Uuid, ParseIdError> {
    if text.len() != 36 {
        return Err(ParseIdError);
    }
    Uuid::try_parse(text).map_err(|_| ParseIdError)
}
