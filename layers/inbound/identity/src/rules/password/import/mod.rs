//! Hashes that people bring along from elsewhere. They verify within bounds on the work, and are due for a hash of our own when
//! their person signs in next. None are made here.
//!
//! | kind | written as | at most |
//! |---|---|---|
//! | bcrypt | `$2a$`, `$2b$`, `$2y$` | cost 14 |
//! | scrypt | `$scrypt$ln=16,r=8,p=1$salt$hash` | 128 MiB (`ln=17,r=8,p=1`), and twice the work of it |
//! | PBKDF2 | `$pbkdf2-sha256$i=600000$salt$hash`, `$pbkdf2-sha512$…`; passlib's, which leaves out `i=`; Django's `pbkdf2_sha256$600000$salt$hash` | 2 million rounds |
//!
//! What would cost more, is torn, or ends in less than 128 bits, is not worked with at all.

mod bcrypt;
mod pbkdf2;
mod phc;
mod scrypt;

use super::{Password, VerifyFailure};

/// Whether a hash of elsewhere is whole and within bounds; `None` where `stored` is of no kind that is known here.
pub(super) fn is_workable(stored: &str) -> Option<bool> {
    if bcrypt::is_bcrypt(stored) {
        return Some(bcrypt::is_workable(stored));
    }
    if let Some(rest) = stored.strip_prefix(scrypt::PREFIX) {
        return Some(scrypt::is_workable(rest));
    }
    pbkdf2::Kind::of(stored).map(|(kind, rest)| pbkdf2::is_workable(kind, rest))
}

/// Compares `password` with a hash of elsewhere; `None` where `stored` is of no kind that is known here.
pub(super) fn verify(password: &Password, stored: &str) -> Option<Result<(), VerifyFailure>> {
    if bcrypt::is_bcrypt(stored) {
        return Some(bcrypt::verify(password, stored));
    }
    if let Some(rest) = stored.strip_prefix(scrypt::PREFIX) {
        return Some(scrypt::verify(password, rest));
    }
    pbkdf2::Kind::of(stored).map(|(kind, rest)| pbkdf2::verify(password, kind, rest))
}
