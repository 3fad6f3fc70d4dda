//! What OWASP ASVS 5.0 and NIST SP 800-63B-4 ask of signing in, row by row, and what shows that it is so.
//!
//! Each [`Requirement`] is met, which tests or pages of the manual show; or a duty of the host; or a gap, which says what is
//! missing. The identifiers of ASVS are its own; NIST numbers no sentences, so that those beginning with `N` are a section
//! of SP 800-63B-4 and a letter of ours. Chapters 6 and 7 of ASVS are there whole, of the others what touches people who sign
//! in. The texts are ours and short: the standards themselves count.
//!
//! [`report`] takes from the table what an [assurance profile](crate::identity::rules::assurance) asks for;
//! `towergate verify --assurance aal2` prints it.

mod asvs_authentication;
mod asvs_crypto_logs;
mod asvs_session;
mod asvs_tokens;
mod asvs_web;
mod chapter;
mod nist_authenticators;
mod nist_events;
mod nist_levels;
mod nist_passwords;
mod nist_sessions;
mod report;
mod requirement;

pub use chapter::Chapter;
pub use report::{Count, Report, report, whole_report};
pub use requirement::{Level, Proof, Requirement, Status, Weight};

/// Both standards, chapter by chapter.
pub const CHAPTERS: &[Chapter] = &[
    Chapter { standard: ASVS, title: "6: authentication", rows: asvs_authentication::ROWS },
    Chapter { standard: ASVS, title: "7: sessions", rows: asvs_session::ROWS },
    Chapter { standard: ASVS, title: "of 2, 3, 8, 14 and 15: flows, browsers, access", rows: asvs_web::ROWS },
    Chapter { standard: ASVS, title: "of 9 and 10: tokens, clients and APIs", rows: asvs_tokens::ROWS },
    Chapter {
        standard: ASVS,
        title: "of 11, 13 and 16: cryptography, secrets, logs",
        rows: asvs_crypto_logs::ROWS,
    },
    Chapter { standard: NIST, title: "2: levels", rows: nist_levels::ROWS },
    Chapter { standard: NIST, title: "3.1.1: passwords", rows: nist_passwords::ROWS },
    Chapter { standard: NIST, title: "3.1.2 to 3.2 and B: codes and keys", rows: nist_authenticators::ROWS },
    Chapter { standard: NIST, title: "4: gains and losses", rows: nist_events::ROWS },
    Chapter { standard: NIST, title: "5: sessions", rows: nist_sessions::ROWS },
];

const ASVS: &str = "OWASP ASVS 5.0";
const NIST: &str = "NIST SP 800-63B-4";
