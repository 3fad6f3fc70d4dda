//! The pages of passwords.

use askama::Template;
use towergate_login::password_pages::{ForgotView, PasswordDoneView, PasswordPages, PasswordView, ResetView};

use crate::default_pages::{DefaultPages, render};

impl PasswordPages for DefaultPages {
    fn forgot(&self, view: &ForgotView) -> String {
        render(&Forgot { look: self, view })
    }

    fn reset(&self, view: &ResetView) -> String {
        render(&Reset { look: self, view })
    }

    fn password(&self, view: &PasswordView) -> String {
        render(&Password { look: self, view })
    }

    fn password_done(&self, view: &PasswordDoneView) -> String {
        render(&Done { look: self, view })
    }
}

#[derive(Template)]
#[template(path = "forgot.html")]
struct Forgot<'a> {
    look: &'a DefaultPages,
    view: &'a ForgotView,
}

#[derive(Template)]
#[template(path = "reset.html")]
struct Reset<'a> {
    look: &'a DefaultPages,
    view: &'a ResetView,
}

#[derive(Template)]
#[template(path = "password.html")]
struct Password<'a> {
    look: &'a DefaultPages,
    view: &'a PasswordView,
}

#[derive(Template)]
#[template(path = "password_done.html")]
struct Done<'a> {
    look: &'a DefaultPages,
    view: &'a PasswordDoneView,
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: &str = "\"><script>alert(1)</script>";

    fn forgot(sent: bool) -> String {
        DefaultPages::new().forgot(&ForgotView {
            action: String::from("/forgot"),
            email: String::from(EVIL),
            return_to: String::from("/x?a=b&c=\"d"),
            login: String::from("/login"),
            sent,
            message: Some(String::from("<i>no</i>")).filter(|_| !sent),
        })
    }

    fn reset(token: Option<&str>, asks_code: bool) -> String {
        DefaultPages::new().reset(&ResetView {
            action: String::from("/reset"),
            token: token.map(str::to_owned),
            email: String::from(EVIL),
            return_to: String::from("/x?a=b&c=\"d"),
            forgot: String::from("/forgot"),
            asks_code,
            minimum: 15,
            message: Some(String::from("<i>no</i>")),
        })
    }

    fn password(asks_current: bool) -> String {
        DefaultPages::new().password(&PasswordView {
            action: String::from("/account/password"),
            email: String::from(EVIL),
            asks_current,
            minimum: 8,
            message: Some(String::from("<i>no</i>")),
        })
    }

    fn has(html: &str, parts: &[&str]) {
        for part in parts {
            assert!(html.contains(part), "{part}: {html}");
        }
    }

    #[test]
    fn the_forms_have_their_fields_and_ids() {
        let address =
            ["method=\"post\" action=\"/forgot\"", "id=\"email\" name=\"email\"", "id=\"forgot-submit\""];
        has(&forgot(false), &address);
        has(&forgot(true), &["role=\"status\"", "id=\"forgot-submit\"", "If there is an account"]);
        let fields =
            ["name=\"token\" value=\"tgm_x\"", "name=\"new_password\"", "id=\"reset-submit\"", "At least 15"];
        has(&reset(Some("tgm_x"), false), &fields);
        assert!(!reset(Some("tgm_x"), false).contains("name=\"code\""));
        has(&reset(Some("tgm_x"), true), &["id=\"code\" name=\"code\"", "one-time-code"]);
        let dead = reset(None, false);
        assert!(!dead.contains("reset-submit") && dead.contains("href=\"/forgot\""));
        let fields =
            ["name=\"password\"", "current-password", "name=\"new_password\"", "id=\"password-submit\""];
        has(&password(true), &fields);
        assert!(!password(false).contains("name=\"password\""));
    }

    /// ASVS 6.2.6 and 6.2.7: passwords are typed into password fields, which managers may fill and people may paste into.
    #[test]
    fn every_field_of_a_password_is_one_and_takes_what_managers_fill_in() {
        for html in [reset(Some("tgm_x"), true), password(true)] {
            for field in html.split("<input ").filter(|field| field.contains("password\" name=\"")) {
                let field = field.split('>').next().unwrap();
                assert!(field.contains("type=\"password\"") && field.contains("autocomplete=\""), "{field}");
                for never in ["onpaste", "maxlength", "pattern", "autocomplete=\"off\""] {
                    assert!(!field.contains(never), "{field}");
                }
            }
        }
    }

    #[test]
    fn nothing_typed_becomes_markup_and_nothing_is_script() {
        for html in [forgot(false), forgot(true), reset(Some(EVIL), true), reset(None, false), password(true)]
        {
            for never in ["<script", "<i>", "style=\"", "onclick", "&c=\"d"] {
                assert!(!html.contains(never), "{never}");
            }
        }
    }
}
