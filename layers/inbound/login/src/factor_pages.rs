//! What people see of second factors, as plain views that any template engine can render.

use serde::Serialize;

use crate::{pages::LoginPages, passkey_offer::PasskeyView};

/// Renders the pages of second factors, beside those of signing in and under the same policy.
pub trait FactorPages: LoginPages {
    /// The page that asks for a second factor: where `view.code` or `view.backup_code`, a form that posts `code` and `return_to`
    /// to `view.action`, with a button of id `mfa-submit`; a passkey where `view.passkeys`; and a box of id `trust` to be ticked
    /// where `view.offers_trust`, which the form posts as `trust`.
    fn second_factor(&self, view: &SecondFactorView) -> String;

    /// The page on which people enrol and remove their authenticator app: forms that post to `view.action`, each with a
    /// hidden `action` and a button: `totp-enrol` (`totp-enrol-submit`), `totp-confirm` with a `code`
    /// (`totp-confirm-submit`), `backup-codes` (`backup-codes-submit`), `totp-remove` (`totp-remove-submit`), `passkey-ask` (`passkey-ask-submit`),
    /// `passkey-ask-no-more` (`passkey-ask-no-more-submit`).
    fn security(&self, view: &SecurityView) -> String;
}

/// The page that asks for a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecondFactorView {
    /// The path the form posts to.
    pub action: String,
    /// Where to go afterwards, a path of this host.
    pub return_to: String,
    /// What went wrong with the last try; the same words whatever it was.
    pub message: Option<String>,
    /// Whether the browser may be trusted not to ask again for a while.
    pub offers_trust: bool,
    /// Whether there is an app to ask for a code of.
    pub code: bool,
    /// Whether a backup code may be typed by whoever has no app.
    pub backup_code: bool,
    /// How passkeys are offered, to whoever has one.
    pub passkeys: Option<PasskeyView>,
    /// Where a form posts to for whoever would rather sign out and begin again.
    pub start_over: String,
}

/// A person's second factors.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct SecurityView {
    /// The path the forms post to.
    pub action: String,
    /// Where to go in the end, a path of this host; each form posts it along.
    pub return_to: String,
    /// Whether this must be done before all else.
    pub is_due: bool,
    /// What there is.
    pub app: AppView,
    /// Where passkeys are kept, where they are offered.
    pub passkeys: Option<String>,
    /// Whether a passkey is asked for after whatever else they sign in by; `None` for whoever has none.
    pub asks_for_passkey: Option<bool>,
    /// How many backup codes are left to whoever has a second factor.
    pub backup_codes: Option<usize>,
    /// Backup codes that were made just now, to be shown this once.
    pub codes: Vec<String>,
    /// What went wrong with the last try.
    pub message: Option<String>,
}

/// What there is of an authenticator app.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub enum AppView {
    /// Nothing.
    Nothing,
    /// A secret that waits for its first code: to be shown as text, and its address as a picture.
    Waiting {
        /// The secret in base32, in groups of four.
        secret: String,
        /// The `otpauth` address.
        address: String,
    },
    /// An app that counts.
    App,
}

impl std::fmt::Debug for SecurityView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecurityView").field("action", &self.action).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for AppView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Waiting { .. } => "Waiting",
            Self::App => "App",
        })
    }
}
