//! The page of devices.

use askama::Template;
use towergate_login::device_pages::{DevicePages, DevicesView};

use crate::default_pages::{DefaultPages, render};

impl DevicePages for DefaultPages {
    fn devices(&self, view: &DevicesView) -> String {
        render(&Devices { look: self, view })
    }
}

#[derive(Template)]
#[template(path = "devices.html")]
struct Devices<'a> {
    look: &'a DefaultPages,
    view: &'a DevicesView,
}

#[cfg(test)]
mod tests {
    use towergate_login::device_pages::{ActivityView, DeviceView};

    use super::*;

    #[test]
    fn each_place_has_its_form_and_what_a_browser_says_is_text() {
        let place = DeviceView {
            device: String::from("abc"),
            words: String::from("<i>evil</i>"),
            from: Some(String::from("203.0.113.0/24")),
            first_seen: String::from("2026-01-01 00:00"),
            last_seen: String::from("2026-01-02 00:00"),
            is_current: true,
            stays_signed_in: true,
        };
        let trusted = DeviceView { device: String::from("def"), ..place.clone() };
        let activity = ActivityView { when: String::from("2026"), what: String::from("Signed in") };
        let view = DevicesView {
            action: String::from("/account/devices"),
            places: vec![place],
            trusted: vec![trusted],
            activity: vec![activity],
            older: Some(String::from("/account/devices?before=7")),
        };
        let html = DefaultPages::new().devices(&view);
        for part in [
            "value=\"abc\"",
            "value=\"def\"",
            "&#60;i&#62;evil",
            "(here), stays signed in",
            "devices-end-others-submit",
            "devices-end-all-submit",
            "browsers-forget-submit",
            "href=\"/account/devices?before=7\"",
        ] {
            assert!(html.contains(part), "{part}");
        }
        assert!(!html.contains("<i>") && !html.contains("style=\"") && !html.contains("<script"));
    }
}
