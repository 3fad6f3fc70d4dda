//! The page of tokens for programs.

use askama::Template;
use towergate_api_token::pages::{ApiTokenPages, ApiTokensView};

use crate::default_pages::{DefaultPages, render};

impl ApiTokenPages for DefaultPages {
    fn api_tokens(&self, view: &ApiTokensView) -> String {
        render(&ApiTokens { look: self, view })
    }
}

#[derive(Template)]
#[template(path = "api_tokens.html")]
struct ApiTokens<'a> {
    look: &'a DefaultPages,
    view: &'a ApiTokensView,
}

#[cfg(test)]
mod tests {
    use towergate_api_token::pages::{ApiTokenItem, MadeView, PermissionItem};

    use super::*;

    const EVIL: &str = "\"><script>alert(1)</script>";

    fn view() -> ApiTokensView {
        ApiTokensView {
            action: String::from("/account/tokens"),
            tokens: vec![ApiTokenItem {
                id: String::from("0197"),
                name: EVIL.to_owned(),
                permissions: vec![String::from("reports:read"), String::from("reports:write")],
                created_on: String::from("2026-11-20"),
                expires_on: String::from("2027-02-18"),
                last_used_on: Some(String::from("2026-11-21")),
            }],
            permissions: vec![PermissionItem {
                name: String::from("reports:read"),
                label: EVIL.to_owned(),
                chosen: true,
            }],
            may_add: true,
            name: EVIL.to_owned(),
            days: 90,
            made: Some(MadeView { name: EVIL.to_owned(), text: String::from("tg_api_AAAA") }),
            message: Some(EVIL.to_owned()),
        }
    }

    #[test]
    fn the_forms_have_their_fields_and_ids_and_nothing_becomes_markup() {
        let html = DefaultPages::new().api_tokens(&view());
        for part in [
            "<pre id=\"token-text\" tabindex=\"0\">tg_api_AAAA</pre>",
            "May: reports:read, reports:write.",
            "Made on 2026-11-20, good until 2027-02-18, last used on 2026-11-21",
            "name=\"token\" value=\"0197\"",
            "id=\"token-revoke-submit-0197\"",
            "id=\"token-revoke-all-submit\"",
            "name=\"action\" value=\"make\"",
            "name=\"permission\" type=\"checkbox\" value=\"reports:read\" checked",
            "name=\"days\" type=\"number\" value=\"90\"",
            "id=\"token-submit\"",
            "role=\"alert\"",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert!(!html.contains("<script") && !html.contains("style=\""));
    }

    #[test]
    fn whoever_has_enough_is_offered_no_more() {
        let html = DefaultPages::new().api_tokens(&ApiTokensView { may_add: false, made: None, ..view() });
        assert!(html.contains("Revoke one first") && !html.contains("token-submit"));
        assert!(!html.contains("id=\"token-text\""));
    }
}
