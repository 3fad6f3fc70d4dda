//! The pages of the account.

use askama::Template;
use towergate_login::account::{AccountPage, AccountPages, AccountView, DeleteState, DeleteView, ExportView};

use crate::default_pages::{DefaultPages, render};

impl AccountPages for DefaultPages {
    fn account(&self, view: &AccountView) -> String {
        render(&Account { look: self, view })
    }

    fn delete(&self, view: &DeleteView) -> String {
        render(&Delete { look: self, view })
    }

    fn export(&self, view: &ExportView) -> String {
        render(&Export { look: self, view })
    }
}

#[derive(Template)]
#[template(path = "account.html")]
struct Account<'a> {
    look: &'a DefaultPages,
    view: &'a AccountView,
}

#[derive(Template)]
#[template(path = "delete.html")]
struct Delete<'a> {
    look: &'a DefaultPages,
    view: &'a DeleteView,
}

#[derive(Template)]
#[template(path = "export.html")]
struct Export<'a> {
    look: &'a DefaultPages,
    view: &'a ExportView,
}

#[cfg(test)]
mod tests {
    use towergate_login::account::AccountLink;

    use super::*;

    const EVIL: &str = "\"><script>alert(1)</script>";

    fn delete(state: DeleteState) -> String {
        DefaultPages::new().delete(&DeleteView {
            action: String::from("/account/delete"),
            state,
            account: String::from("/account"),
            export: String::from("/account/export"),
            logout: String::from("/logout"),
            message: Some(String::from("<i>no</i>")),
        })
    }

    fn account() -> String {
        let link = |page: AccountPage| AccountLink { page, path: format!("/account/{}", page.as_str()) };
        DefaultPages::new().account(&AccountView {
            email: String::from(EVIL),
            is_confirmed: false,
            links: vec![link(AccountPage::Security), link(AccountPage::Delete)],
            logout: String::from("/logout"),
        })
    }

    #[test]
    fn the_forms_have_their_fields_and_ids() {
        let may = delete(DeleteState::May { email: String::from("a@b.example"), grace_days: 14 });
        let leaving = delete(DeleteState::Leaving { until: String::from("2000-01-01 00:00") });
        let export = DefaultPages::new().export(&ExportView {
            action: String::from("/account/export"),
            account: String::from("/account"),
        });
        for (html, parts) in [
            (&may, ["name=\"action\" value=\"delete\"", "name=\"confirmation\"", "id=\"delete-submit\""]),
            (
                &leaving,
                [
                    "name=\"action\" value=\"delete-cancel\"",
                    "id=\"delete-cancel-submit\"",
                    "id=\"logout-submit\"",
                ],
            ),
            (&export, ["method=\"post\"", "action=\"/account/export\"", "id=\"export-submit\""]),
            (
                &account(),
                [
                    "id=\"account-security\" href=\"/account/security\"",
                    "id=\"logout-submit\"",
                    "id=\"account-unconfirmed\"",
                ],
            ),
        ] {
            for part in parts {
                assert!(html.contains(part), "{part}");
            }
        }
        assert!(!account().contains("/account/devices"));
        assert!(may.contains("For 14 days") && !leaving.contains("delete-submit\""));
        let at_once = delete(DeleteState::May { email: String::new(), grace_days: 0 });
        assert!(at_once.contains("at once") && !at_once.contains("days you can"));
    }

    #[test]
    fn nothing_typed_becomes_markup_and_nothing_is_script() {
        let may = delete(DeleteState::May { email: String::from(EVIL), grace_days: 1 });
        assert!(may.contains("role=\"alert\""));
        for html in [account(), may, delete(DeleteState::Gone)] {
            for never in ["<script", "<i>", "style=\"", "onclick"] {
                assert!(!html.contains(never), "{never}");
            }
        }
    }
}
