//! The pages of changing an address.

use askama::Template;
use towergate_login::email_change::{EmailChangePages, EmailUndoView, EmailView};

use crate::default_pages::{DefaultPages, render};

impl EmailChangePages for DefaultPages {
    fn email(&self, view: &EmailView) -> String {
        render(&Email { look: self, view })
    }

    fn email_undo(&self, view: &EmailUndoView) -> String {
        render(&EmailUndo { look: self, view })
    }
}

#[derive(Template)]
#[template(path = "email.html")]
struct Email<'a> {
    look: &'a DefaultPages,
    view: &'a EmailView,
}

#[derive(Template)]
#[template(path = "email_undo.html")]
struct EmailUndo<'a> {
    look: &'a DefaultPages,
    view: &'a EmailUndoView,
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: &str = "\"><script>alert(1)</script>";

    fn email(pending: Option<&str>, token: Option<&str>) -> String {
        DefaultPages::new().email(&EmailView {
            action: String::from("/account/email"),
            account: String::from("/account"),
            current: String::from(EVIL),
            pending: pending.map(str::to_owned),
            token: token.map(str::to_owned),
            changed: false,
            message: Some(String::from("<i>no</i>")),
        })
    }

    fn undo(token: Option<&str>, undone: bool) -> String {
        DefaultPages::new().email_undo(&EmailUndoView {
            action: String::from("/account/email"),
            token: token.map(str::to_owned),
            email: String::from(EVIL),
            undone,
            forgot: String::from("/forgot"),
        })
    }

    #[test]
    fn the_forms_have_their_fields_and_ids() {
        let html = email(None, None);
        assert!(html.contains("id=\"email-submit\"") && html.contains("name=\"email\""));
        assert!(!html.contains("name=\"code\""));
        let html = email(Some("new@example.com"), None);
        for part in [
            "name=\"code\"",
            "id=\"email-confirm-submit\"",
            "id=\"email-cancel-submit\"",
            "id=\"email-submit\"",
        ] {
            assert!(html.contains(part), "{part}");
        }
        let html = email(Some("new@example.com"), Some("tgm_x"));
        assert!(html.contains("name=\"token\" value=\"tgm_x\"") && !html.contains("name=\"code\""));
        assert!(undo(Some("tgm_x"), false).contains("name=\"undo\" value=\"tgm_x\""));
        assert!(undo(Some("tgm_x"), false).contains("id=\"email-undo-submit\""));
        assert!(undo(None, true).contains("href=\"/forgot\""));
        assert!(undo(None, false).contains("role=\"alert\""));
    }

    #[test]
    fn nothing_typed_becomes_markup_and_nothing_is_script() {
        let all = [
            email(Some(EVIL), None),
            email(Some(EVIL), Some(EVIL)),
            undo(Some(EVIL), false),
            undo(None, true),
        ];
        for html in all {
            for never in ["<script", "<i>", "style=\"", "onclick"] {
                assert!(!html.contains(never), "{never}");
            }
        }
    }
}
