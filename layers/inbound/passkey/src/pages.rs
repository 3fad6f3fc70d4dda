//! What people see of their passkeys, as plain views that any template engine can render.

use serde::Serialize;
use towergate_login::pages::LoginPages;

/// Renders the page of passkeys, beside those of signing in and under the same policy, but with its one script.
pub trait PasskeyPages: LoginPages {
    /// The page on which people keep their passkeys. For each: a form that posts `action=rename`, `passkey` and `name`, and
    /// one that posts `action=remove` and `passkey`, to `view.action`.
    ///
    /// For a new one: an element of id `passkey`, with the word `hidden`, and `data-kind="create"`, `data-path` of
    /// `view.create`; in it a field of id `passkey-name`, a button of id `passkey-submit` and a paragraph of id
    /// `passkey-message`. For authenticators that can be told what is still good: an element of id `passkey-signal` with
    /// `data-rp-id`, `data-user-id`, `data-name` and `data-credentials`, those of `view.signal`.
    fn passkeys(&self, view: &PasskeysView) -> String;
}

/// A person's passkeys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PasskeysView {
    /// The path that the forms post to.
    pub action: String,
    /// The path that the script asks for a new one and brings it to.
    pub create: String,
    /// The path of the script.
    pub script: String,
    /// What they have, oldest first.
    pub passkeys: Vec<PasskeyItem>,
    /// Whether they may have one more.
    pub may_add: bool,
    /// What authenticators are told.
    pub signal: SignalView,
    /// What went wrong with the last try.
    pub message: Option<String>,
}

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PasskeyItem {
    /// Its identifier, for the forms.
    pub id: String,
    /// What its person calls it.
    pub name: String,
    /// The day it was made, as `2026-11-21`, in UTC.
    pub created_on: String,
    /// The day it was last used.
    pub last_used_on: Option<String>,
    /// Whether it goes with its person from device to device.
    pub synced: bool,
    /// Whether it verifies its person.
    pub verifies: bool,
}

/// What authenticators are told, so that they offer no key that is gone and show the name of today:
/// [Web Authentication section 5.1.10](https://www.w3.org/TR/webauthn-3/#sctn-signal-methods).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignalView {
    /// What keys are bound to.
    pub rp_id: String,
    /// Whose they are, in base64url.
    pub user_id: String,
    /// Their address.
    pub name: String,
    /// Those that are good, in base64url, with spaces between them.
    pub credentials: String,
}
