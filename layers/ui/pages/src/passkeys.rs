//! The page of passkeys.

use askama::Template;
use towergate_passkey::pages::{PasskeyPages, PasskeysView};

use crate::default_pages::{DefaultPages, render};

impl PasskeyPages for DefaultPages {
    fn passkeys(&self, view: &PasskeysView) -> String {
        render(&Passkeys { look: self, view })
    }
}

#[derive(Template)]
#[template(path = "passkeys.html")]
struct Passkeys<'a> {
    look: &'a DefaultPages,
    view: &'a PasskeysView,
}

#[cfg(test)]
mod tests {
    use towergate_passkey::pages::{PasskeyItem, SignalView};

    use super::*;

    const EVIL: &str = "\"><script>alert(1)</script>";

    fn view(passkeys: Vec<PasskeyItem>, may_add: bool) -> PasskeysView {
        PasskeysView {
            action: String::from("/account/passkeys"),
            create: String::from("/account/passkeys/new"),
            script: String::from("/passkey/script.js"),
            passkeys,
            may_add,
            signal: SignalView {
                rp_id: String::from("id.example.com"),
                user_id: String::from("AAAA"),
                name: String::from(EVIL),
                credentials: String::from("BBBB CCCC"),
            },
            message: Some(String::from("<i>no</i>")),
        }
    }

    fn item(verifies: bool) -> PasskeyItem {
        PasskeyItem {
            id: String::from("0197"),
            name: String::from(EVIL),
            created_on: String::from("2026-11-20"),
            last_used_on: Some(String::from("2026-11-21")),
            synced: true,
            verifies,
        }
    }

    #[test]
    fn each_passkey_has_its_forms_and_a_new_one_its_place() {
        let html = DefaultPages::new().passkeys(&view(vec![item(false)], true));
        for part in [
            "name=\"action\" value=\"rename\"",
            "name=\"action\" value=\"remove\"",
            "name=\"passkey\" value=\"0197\"",
            "id=\"passkey-rename-submit-0197\"",
            "id=\"passkey-remove-submit-0197\"",
            "<label for=\"name-0197\">",
            "Made on 2026-11-20, last used on 2026-11-21",
            "alone it is one factor",
            "id=\"passkey\" data-kind=\"create\" data-path=\"/account/passkeys/new\" hidden",
            "id=\"passkey-name\"",
            "id=\"passkey-submit\"",
            "data-rp-id=\"id.example.com\" data-user-id=\"AAAA\"",
            "data-credentials=\"BBBB CCCC\" hidden",
            "<script src=\"/passkey/script.js\" defer></script>",
            "role=\"alert\"",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert_eq!(html.matches("<script").count(), 1);
        for never in ["<i>", "style=\"", "onclick"] {
            assert!(!html.contains(never), "{never}");
        }
    }

    #[test]
    fn whoever_has_enough_is_offered_no_more() {
        let html = DefaultPages::new().passkeys(&view(vec![item(true)], false));
        assert!(html.contains("Remove one first") && !html.contains("data-kind=\"create\""));
        assert!(!html.contains("one factor"));
        let none = DefaultPages::new().passkeys(&view(Vec::new(), true));
        assert!(none.contains("passkeys-none") && !none.contains("value=\"remove\""));
    }
}
