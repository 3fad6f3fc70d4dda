//! What people see of the places where they are signed in, as plain views that any template engine can render.

use serde::Serialize;

use crate::pages::LoginPages;

/// Renders the page of devices, beside those of signing in and under the same policy.
pub trait DevicePages: LoginPages {
    /// The page on which people see and end what they have elsewhere: forms that post to `view.action`, each with a hidden
    /// `action`: `device-end` with the `device` of a view, `devices-end-others` (button `devices-end-others-submit`),
    /// `devices-end-all` (`devices-end-all-submit`), `browsers-forget` (`browsers-forget-submit`).
    fn devices(&self, view: &DevicesView) -> String;
}

/// Where somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DevicesView {
    /// The path the forms post to.
    pub action: String,
    /// Sessions, and browsers that stay signed in; the one in which this is read comes first.
    pub places: Vec<DeviceView>,
    /// Browsers that are not asked for the second factor.
    pub trusted: Vec<DeviceView>,
    /// What happened lately, newest first.
    pub activity: Vec<ActivityView>,
    /// Where older things are to be seen.
    pub older: Option<String>,
}

/// One place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceView {
    /// What a form names it by. It means something in this sign-in alone.
    pub device: String,
    /// Which browser on which system.
    pub words: String,
    /// From which network, and near which place, as far as anybody knows.
    pub from: Option<String>,
    /// Since when.
    pub first_seen: String,
    /// When there was last something to see of it.
    pub last_seen: String,
    /// Whether this is read in it.
    pub is_current: bool,
    /// Whether it stays signed in.
    pub stays_signed_in: bool,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActivityView {
    /// When.
    pub when: String,
    /// What.
    pub what: String,
}
