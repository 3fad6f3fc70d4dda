//! The pages of accounts elsewhere.

use askama::Template;
use towergate_login::social::{IdentitiesView, SocialPages, SocialView};

use crate::default_pages::{DefaultPages, render};

impl SocialPages for DefaultPages {
    fn social(&self, view: &SocialView) -> String {
        render(&Social { look: self, view })
    }

    fn identities(&self, view: &IdentitiesView) -> String {
        render(&Identities { look: self, view })
    }
}

#[derive(Template)]
#[template(path = "social.html")]
struct Social<'a> {
    look: &'a DefaultPages,
    view: &'a SocialView,
}

#[derive(Template)]
#[template(path = "identities.html")]
struct Identities<'a> {
    look: &'a DefaultPages,
    view: &'a IdentitiesView,
}

#[cfg(test)]
mod tests {
    use towergate_core::LocalPath;
    use towergate_login::{pages::ProviderView, social::IdentityView};

    use super::*;

    const EVIL: &str = "\"><script>alert(1)</script>";

    #[test]
    fn the_forms_have_their_fields_and_ids_and_nothing_becomes_markup() {
        let identity = IdentityView {
            id: String::from("0190"),
            provider: String::from("Example"),
            label: EVIL.to_owned(),
            linked_at: String::from("2026-11-21T18:30:00Z"),
            last_used_at: None,
        };
        let html = DefaultPages::new().identities(&IdentitiesView {
            action: String::from("/account/identities"),
            identities: vec![identity],
            providers: vec![ProviderView::at(&LocalPath::parse("/social").unwrap(), "example", EVIL)],
            message: Some(EVIL.to_owned()),
        });
        for part in [
            "action=\"/account/identities\"",
            "name=\"identity\" value=\"0190\"",
            "name=\"action\" value=\"unlink\"",
            "action=\"/social/example\"",
            "id=\"link-example-submit\"",
            "role=\"alert\"",
        ] {
            assert!(html.contains(part), "{part}");
        }
        let told = DefaultPages::new().social(&SocialView {
            message: EVIL.to_owned(),
            next: String::from("/login?return_to=%2Fx"),
            next_label: "Begin again",
        });
        assert!(told.contains("id=\"social-next\" href=\"/login?return_to=%2Fx\""), "{told}");
        for html in [html, told] {
            assert!(!html.contains("<script") && !html.contains("style=\""));
        }
    }
}
