//! The page of signing in by mail.

use askama::Template;
use towergate_login::magic::{MagicPages, MagicView};

use crate::default_pages::{DefaultPages, render};

impl MagicPages for DefaultPages {
    fn magic(&self, view: &MagicView) -> String {
        render(&Magic { look: self, view })
    }
}

#[derive(Template)]
#[template(path = "magic.html")]
struct Magic<'a> {
    look: &'a DefaultPages,
    view: &'a MagicView,
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: &str = "\"><script>alert(1)</script>";

    fn magic(token: Option<&str>, asks_address: bool, sent: bool) -> String {
        DefaultPages::new().magic(&MagicView {
            action: String::from("/magic"),
            token: token.map(str::to_owned),
            asks_address,
            asked_at: Some(String::from("2000-02-29 01:01")),
            email: String::from(EVIL),
            return_to: String::from("/interaction/1?a=b&c=\"d"),
            login: String::from("/login"),
            sent,
            offers_remembering: true,
            message: Some(String::from("<i>no</i>")),
        })
    }

    #[test]
    fn the_forms_have_their_fields_and_ids() {
        let html = magic(None, false, false);
        assert!(!html.contains("id=\"remember\""), "nobody signs in by it");
        for part in ["method=\"post\" action=\"/magic\"", "name=\"email\"", "id=\"magic-submit\""] {
            assert!(html.contains(part), "{part}");
        }
        assert!(!html.contains("name=\"code\"") && !html.contains("name=\"token\""));
        let html = magic(None, false, true);
        for part in
            ["id=\"code\" name=\"code\"", "one-time-code", "id=\"magic-submit\"", "id=\"resend-submit\""]
        {
            assert!(html.contains(part), "{part}");
        }
        let html = magic(Some("tgm_x"), false, false);
        assert!(html.contains("name=\"token\" value=\"tgm_x\"") && html.contains("id=\"magic-submit\""));
        assert!(!html.contains("name=\"email\"") && !html.contains("another browser"));
        for html in [&html, &magic(None, false, true), &magic(Some("tgm_x"), true, false)] {
            assert_eq!(html.matches("id=\"remember\" name=\"remember\"").count(), 1);
        }
        let html = magic(Some("tgm_x"), true, false);
        for part in
            ["another browser", "2000-02-29 01:01 (UTC)", "name=\"email\" type=\"text\"", "value=\"\""]
        {
            assert!(html.contains(part), "{part}");
        }
    }

    #[test]
    fn nothing_typed_becomes_markup_and_nothing_is_script() {
        for html in
            [magic(None, false, true), magic(Some(EVIL), true, false), magic(Some(EVIL), false, false)]
        {
            assert!(html.contains("role=\"alert\""));
            for never in ["<script", "<i>", "style=\"", "onclick", "&c=\"d"] {
                assert!(!html.contains(never), "{never}");
            }
        }
    }
}
