//! What an assurance profile sets: each setting, which of two values is the stricter, and the rows that rule it.

use std::time::Duration;

use super::{adjust::Adjust, told::Told};

/// How many sessions a person may have at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionCount {
    /// So many.
    AtMost(u32),
    /// As many as they like.
    Any,
}

/// Whether there is a way to sign in that cannot be led astray to another site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PhishingResistance {
    /// Nobody asks.
    NotAsked,
    /// It is there for whoever wants it.
    Offered,
    /// Nobody signs in without it.
    Required,
}

/// One setting of a profile, for a page or a report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Its value in words.
    pub value: String,
    /// The rows of the standards that rule it; none where the house alone does.
    pub ruled_by: &'static [&'static str],
}

/// Takes each setting as a field with its `$wins` (`min` where less is stricter, `max` where more is), the two ways to change
/// it, and the rows that rule it.
macro_rules! settings {
    ($(
        $(#[$doc:meta])*
        $name:ident: $kind:ty, $wins:ident, $stricter:ident, $insecure:ident, [$($row:literal),*];
    )*) => {
        /// Every number and switch that a [profile](super::Profile) sets.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Settings {
            $(
                $(#[$doc])*
                #[doc = concat!("\n\nRuled by:", $(" `", $row, "`",)* ".")]
                pub $name: $kind,
            )*
        }

        impl Settings {
            /// Of each setting the stricter.
            #[must_use]
            pub fn strictest(self, other: Self) -> Self {
                Self { $($name: self.$name.$wins(other.$name),)* }
            }

            /// Each setting in words.
            #[must_use]
            pub fn in_words(&self) -> Vec<Setting> {
                vec![$(Setting {
                    name: stringify!($name),
                    value: self.$name.told(),
                    ruled_by: &[$($row),*],
                },)*]
            }

            /// The names of those that are weaker here than in `other`.
            pub(super) fn weaker_than(&self, other: &Self) -> Vec<&'static str> {
                let mut weaker = Vec::new();
                $(if self.$name.$wins(other.$name) != self.$name {
                    weaker.push(stringify!($name));
                })*
                weaker
            }
        }

        impl Adjust {
            $(
                #[doc = concat!("Asks for this [`", stringify!($name), "`](Settings::", stringify!($name), "), ")]
                /// which is as strict as the profile's or stricter.
                pub fn $stricter(mut self, value: $kind) -> Self {
                    let kept = self.settings.$name;
                    if value.$wins(kept) == value {
                        self.settings.$name = value;
                    } else {
                        let rows = &[$($row),*];
                        self.refuse_weaker(stringify!($name), value.told(), kept.told(), rows);
                    }
                    self
                }

                #[doc = concat!("Asks for this [`", stringify!($name), "`](Settings::", stringify!($name), "), ")]
                /// however weak: the host then does not keep what the profile stands for.
                pub fn $insecure(mut self, value: $kind) -> Self {
                    self.settings.$name = value;
                    self
                }
            )*
        }
    };
}

settings! {
    /// How long a session may lie unused.
    session_idle: Duration, min, stricter_session_idle, insecure_session_idle, ["7.3.1", "N2.1a", "N2.2e"];
    /// How long a session may live at all.
    session_absolute: Duration, min, stricter_session_absolute, insecure_session_absolute, ["7.3.2", "N2.1a", "N2.2e"];
    /// How many sessions a person may have at once. The host keeps it: no layer counts them.
    concurrent_sessions: SessionCount, min, stricter_concurrent_sessions, insecure_concurrent_sessions, ["7.1.2"];
    /// How old the last proof may be at a sensitive change.
    step_up_within: Duration, min, stricter_step_up_within, insecure_step_up_within, ["7.5.1", "7.5.3"];
    /// The fewest characters of a password.
    password_minimum: usize, max, stricter_password_minimum, insecure_password_minimum, ["6.2.1", "N3.1.1a"];
    /// The fewest characters of a password that never opens anything by itself.
    password_minimum_beside_factor: usize, max, stricter_password_minimum_beside_factor,
        insecure_password_minimum_beside_factor, ["6.2.1", "N3.1.1a"];
    /// Whether a password that everybody tries first is refused.
    password_blocklist: bool, max, stricter_password_blocklist, insecure_password_blocklist, ["6.2.4", "N3.1.1k"];
    /// Whether a password made of words around its person and site is refused.
    password_context_words: bool, max, stricter_password_context_words, insecure_password_context_words,
        ["6.2.11", "N3.1.1k"];
    /// Whether a new password is looked up among those that leaked.
    password_breach_check: bool, max, stricter_password_breach_check, insecure_password_breach_check, ["6.2.12"];
    /// How many failures in a row cost nothing but the try.
    free_tries: u32, min, stricter_free_tries, insecure_free_tries, ["6.3.1", "N3.2.2a"];
    /// The first wait after them.
    first_wait: Duration, max, stricter_first_wait, insecure_first_wait, ["6.3.1", "N3.2.2a"];
    /// After how many failures in a row a credential opens nothing any more.
    failure_limit: u32, min, stricter_failure_limit, insecure_failure_limit, ["6.3.1", "N3.2.2a"];
    /// Whether everybody needs a second factor.
    second_factor: bool, max, stricter_second_factor, insecure_second_factor, ["6.3.3", "N2.2a"];
    /// Whether there is a way to sign in that cannot be led astray. The host keeps it, by what it mounts.
    phishing_resistance: PhishingResistance, max, stricter_phishing_resistance, insecure_phishing_resistance,
        ["6.3.3@L3", "N2.2d"];
    /// Whether a mailed link or code may be the first factor.
    mail_sign_in: bool, min, stricter_mail_sign_in, insecure_mail_sign_in, ["6.3.6", "N3.1.3a"];
    /// How long a browser may be remembered that signs its person in by itself.
    remember_me: Option<Duration>, min, stricter_remember_me, insecure_remember_me, ["7.3.2", "N5.1b"];
    /// How long a browser may be trusted to stand for the second factor.
    trusted_browser: Option<Duration>, min, stricter_trusted_browser, insecure_trusted_browser, ["6.3.3", "N2.2a"];
    /// How long a mailed link or code signs somebody in.
    mailed_sign_in_lifetime: Duration, min, stricter_mailed_sign_in_lifetime, insecure_mailed_sign_in_lifetime,
        ["6.5.5", "N3.1.3b"];
    /// How many steps of 30 seconds a code of an app may be early or late: none, or one.
    totp_drift: u32, min, stricter_totp_drift, insecure_totp_drift, ["6.5.5"];
    /// Whether a person is told by mail of each sensitive change to their account.
    change_notices: bool, max, stricter_change_notices, insecure_change_notices, ["6.3.7", "N4.1b", "N4.2c"];
    /// Whether a person is told by mail of a sign-in from a device that is not known.
    sign_in_notices: bool, max, stricter_sign_in_notices, insecure_sign_in_notices, ["6.3.5"];
}
