//! The pages of registering.

use askama::Template;
use towergate_login::register::{ConfirmView, ConfirmedView, RegisterPages, RegisterView};

use crate::default_pages::{DefaultPages, render};

impl RegisterPages for DefaultPages {
    fn register(&self, view: &RegisterView) -> String {
        render(&Register { look: self, view })
    }

    fn confirm(&self, view: &ConfirmView) -> String {
        render(&Confirm { look: self, view })
    }

    fn confirmed(&self, view: &ConfirmedView) -> String {
        render(&Confirmed { look: self, view })
    }
}

#[derive(Template)]
#[template(path = "register.html")]
struct Register<'a> {
    look: &'a DefaultPages,
    view: &'a RegisterView,
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm<'a> {
    look: &'a DefaultPages,
    view: &'a ConfirmView,
}

#[derive(Template)]
#[template(path = "confirmed.html")]
struct Confirmed<'a> {
    look: &'a DefaultPages,
    view: &'a ConfirmedView,
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: &str = "\"><script>alert(1)</script>";

    fn confirm(token: Option<&str>, asks_password: bool) -> String {
        DefaultPages::new().confirm(&ConfirmView {
            action: String::from("/confirm"),
            token: token.map(str::to_owned),
            email: String::from(EVIL),
            return_to: String::from("/interaction/1?a=b&c=\"d"),
            login: String::from("/login"),
            asks_password,
            sent: true,
            message: Some(String::from("<i>no</i>")),
        })
    }

    fn register() -> String {
        DefaultPages::new().register(&RegisterView {
            action: String::from("/register"),
            email: String::from(EVIL),
            return_to: String::from("/"),
            login: String::from("/login"),
            minimum: 15,
            message: Some(String::from("<i>no</i>")),
        })
    }

    #[test]
    fn the_forms_have_their_fields_and_ids() {
        let html = register();
        for part in [
            "method=\"post\" action=\"/register\"",
            "id=\"email\" name=\"email\"",
            "autocomplete=\"new-password\"",
            "id=\"register-submit\"",
            "At least 15 characters",
        ] {
            assert!(html.contains(part), "{part}");
        }
        let html = confirm(None, false);
        for part in
            ["id=\"code\" name=\"code\"", "one-time-code", "id=\"confirm-submit\"", "id=\"resend-submit\""]
        {
            assert!(html.contains(part), "{part}");
        }
        assert!(!html.contains("name=\"password\"") && !html.contains("name=\"token\""));
        let html = confirm(Some("tgm_x"), true);
        for part in ["name=\"token\" value=\"tgm_x\"", "name=\"password\"", "id=\"confirm-submit\""] {
            assert!(html.contains(part), "{part}");
        }
        assert!(!html.contains("name=\"code\""));
    }

    #[test]
    fn nothing_typed_becomes_markup_and_nothing_is_script() {
        for html in [register(), confirm(None, true), confirm(Some(EVIL), true)] {
            assert!(html.contains("role=\"alert\""));
            for never in ["<script", "<i>", "style=\"", "onclick", "&c=\"d"] {
                assert!(!html.contains(never), "{never}");
            }
        }
    }
}
