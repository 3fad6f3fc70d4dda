//! What happened to somebody's account, in words for them.

use towergate_core::Timestamp;

/// Something that happened, as its person is shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its place in the log, which the next page begins before.
    pub place: u64,
    /// When.
    pub at: Timestamp,
    /// What, in words.
    pub words: &'static str,
}

/// The words for an event of the audit log; `None` for what concerns operators alone. `signed_in_with_cookie` and its like are
/// told apart by the action, never by details.
#[must_use]
pub fn words(action: &str) -> Option<&'static str> {
    WORDS.iter().find(|(there, _)| *there == action).map(|(_, words)| *words)
}

/// Every action that is shown.
pub fn shown() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|(action, _)| *action)
}

const WORDS: [(&str, &str); 29] = [
    ("backup_codes.renewed", "New backup codes were made"),
    ("browser.trust_used", "Signed in without a second factor, in a trusted browser"),
    ("browser.trusted", "A browser was trusted not to ask for the second factor"),
    ("browsers.forgotten", "Trusted browsers were forgotten"),
    ("credential.blocked", "Too many wrong tries: the credential opens nothing any more"),
    ("device.new", "Signed in where nobody had signed in before"),
    ("email.changed", "The e-mail address was changed"),
    ("email.confirmed", "The e-mail address was confirmed"),
    ("factor.enrolled", "An authenticator app was added"),
    ("factor.refused", "A wrong code was typed"),
    ("factor.removed", "The authenticator app was removed"),
    ("identity.linked", "An account elsewhere was linked"),
    ("identity.unlinked", "A linked account was removed"),
    ("login.failed", "A sign-in failed"),
    ("login.half", "The first of two factors was proven"),
    ("login.succeeded", "Signed in"),
    ("passkey.added", "A passkey was added"),
    ("passkey.count_went_back", "A passkey may have been copied"),
    ("passkey.removed", "A passkey was removed"),
    ("passkey.renamed", "A passkey was renamed"),
    ("password.reset", "A forgotten password was set anew"),
    ("password.set", "The password was set"),
    ("remembered.begun", "A browser stays signed in"),
    ("remembered.ended", "A browser no longer stays signed in"),
    ("remembered.stolen", "A copied cookie was used: that browser was signed out"),
    ("remembered.used", "Signed in again by a browser that stays signed in"),
    ("session.revoked", "Signed out"),
    ("user.disabled", "The account was closed"),
    ("user.registered", "The account was made"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_its_words_once() {
        assert!(WORDS.is_sorted_by(|(left, _), (right, _)| left < right));
        assert_eq!(words("login.succeeded"), Some("Signed in"));
        assert_eq!(words("mail.sent"), None);
    }
}
