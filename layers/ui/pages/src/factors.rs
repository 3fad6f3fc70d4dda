//! The pages of second factors.

use askama::Template;
use qrcode::{EcLevel, QrCode, render::svg};
use towergate_login::factor_pages::{AppView, FactorPages, SecondFactorView, SecurityView};

use crate::default_pages::{DefaultPages, render};

impl FactorPages for DefaultPages {
    fn second_factor(&self, view: &SecondFactorView) -> String {
        render(&SecondFactor { look: self, view })
    }

    fn security(&self, view: &SecurityView) -> String {
        let picture = match &view.app {
            AppView::Waiting { address, .. } => picture(address),
            AppView::Nothing | AppView::App => String::new(),
        };
        render(&Security { look: self, view, picture })
    }
}

#[derive(Template)]
#[template(path = "mfa.html")]
struct SecondFactor<'a> {
    look: &'a DefaultPages,
    view: &'a SecondFactorView,
}

#[derive(Template)]
#[template(path = "security.html")]
struct Security<'a> {
    look: &'a DefaultPages,
    view: &'a SecurityView,
    picture: String,
}

/// The address as an SVG element, dark on light whatever the page looks like: cameras want it so. Nothing when it is too long for
/// one, which leaves the text.
fn picture(address: &str) -> String {
    let Ok(code) = QrCode::with_error_correction_level(address, EcLevel::M) else { return String::new() };
    let svg = code
        .render::<svg::Color<'_>>()
        .min_dimensions(240, 240)
        .dark_color(svg::Color("#000000"))
        .light_color(svg::Color("#ffffff"))
        .build();
    let element = svg.find("<svg").and_then(|at| svg.get(at..)).unwrap_or_default();
    element.replacen("<svg ", "<svg role=\"img\" aria-label=\"QR code of the secret\" ", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn security(app: AppView, codes: Vec<String>) -> String {
        let message = Some(String::from("<i>no</i>"));
        let (action, return_to) = (String::from("/account/security"), String::from("/"));
        let backup_codes = (app == AppView::App).then_some(7);
        let view = SecurityView {
            action,
            return_to,
            is_due: false,
            app,
            passkeys: None,
            asks_for_passkey: None,
            backup_codes,
            codes,
            message,
        };
        DefaultPages::new().security(&view)
    }

    #[test]
    fn whoever_has_a_passkey_may_be_asked_for_it() {
        let with = |asks_for_passkey: Option<bool>| {
            DefaultPages::new().security(&SecurityView {
                action: String::from("/account/security"),
                return_to: String::from("/"),
                is_due: false,
                app: AppView::Nothing,
                passkeys: Some(String::from("/account/passkeys")),
                asks_for_passkey,
                backup_codes: asks_for_passkey.filter(|asks| *asks).map(|_| 9),
                codes: Vec::new(),
                message: None,
            })
        };
        let (none, off, on) = (with(None), with(Some(false)), with(Some(true)));
        assert!(!none.contains("passkey-ask") && none.contains("security-passkeys"));
        assert!(off.contains("id=\"passkey-ask-submit\"") && !off.contains("backup-codes-submit"));
        assert!(on.contains("id=\"passkey-ask-no-more-submit\"") && !on.contains("passkey-ask-submit"));
        assert!(on.contains("have 9 left") && on.contains("backup-codes-submit"));
    }

    #[test]
    fn the_form_for_a_code_has_its_fields_and_ids() {
        let view = SecondFactorView {
            action: String::from("/mfa"),
            return_to: String::from("/x?a=\"b"),
            message: None,
            offers_trust: true,
            code: true,
            backup_code: false,
            passkeys: None,
            start_over: String::from("/logout"),
        };
        let html = DefaultPages::new().second_factor(&view);
        for part in [
            "method=\"post\" action=\"/mfa\"",
            "id=\"code\" name=\"code\"",
            "autocomplete=\"one-time-code\"",
            "<label for=\"code\">",
            "id=\"mfa-submit\"",
            "name=\"return_to\" value=\"/x?a=&#34;b\"",
            "action=\"/logout\"",
            "id=\"trust\" name=\"trust\"",
        ] {
            assert!(html.contains(part), "{part}");
        }
        assert!(!html.contains("<script") && !html.contains("role=\"alert\""));
    }

    #[test]
    fn whoever_has_only_a_passkey_is_asked_for_no_code() {
        let passkeys = towergate_login::PasskeyView {
            script: String::from("/passkey/script.js"),
            path: String::from("/passkey/second-factor"),
        };
        let view = SecondFactorView {
            action: String::from("/mfa"),
            return_to: String::from("/x"),
            message: None,
            offers_trust: false,
            code: false,
            backup_code: false,
            passkeys: Some(passkeys),
            start_over: String::from("/logout"),
        };
        let html = DefaultPages::new().second_factor(&view);
        assert!(html.contains("data-path=\"/passkey/second-factor\"") && html.contains("passkey-submit"));
        assert!(!html.contains("mfa-submit") && !html.contains("id=\"code\""));
        let both = DefaultPages::new().second_factor(&SecondFactorView { code: true, ..view.clone() });
        assert!(both.contains("mfa-submit") && both.contains("passkey-submit"));
        let nothing = DefaultPages::new().second_factor(&SecondFactorView { passkeys: None, ..view });
        assert!(nothing.contains("mfa-nothing") && nothing.contains("id=\"start-over\""));
    }

    #[test]
    fn a_passkey_comes_first_and_one_box_counts_for_both() {
        let passkeys = towergate_login::PasskeyView {
            script: String::from("/passkey/script.js"),
            path: String::from("/mfa/passkey"),
        };
        for (code, passkeys) in
            [(false, Some(passkeys.clone())), (false, None), (true, Some(passkeys)), (true, None)]
        {
            let html = DefaultPages::new().second_factor(&SecondFactorView {
                action: String::from("/mfa"),
                return_to: String::from("/"),
                message: None,
                offers_trust: true,
                code,
                backup_code: !code,
                passkeys: passkeys.clone(),
                start_over: String::from("/logout"),
            });
            let at = |part: &str| html.find(part);
            assert_eq!(html.matches("id=\"trust\"").count(), 1, "{html}");
            assert_eq!(html.matches("id=\"mfa-submit\"").count(), 1);
            let first = !code && passkeys.is_some();
            assert_eq!(at("passkey-submit") < at("mfa-submit"), first || passkeys.is_none());
            assert_eq!(html.contains("value=\"1\" form=\"mfa\""), first);
            assert_eq!(html.contains("Backup code</label>"), !code);
        }
    }

    #[test]
    fn each_state_has_its_forms_and_nothing_is_script_or_inline_style() {
        let waiting = AppView::Waiting {
            secret: String::from("ABCD EFGH"),
            address: String::from("otpauth://totp/x:y?secret=ABCDEFGH&issuer=x"),
        };
        for (app, parts) in [
            (AppView::Nothing, &["totp-enrol-submit"][..]),
            (waiting, &["totp-confirm-submit", "<svg role=\"img\"", "ABCD EFGH", "totp-enrol-submit"]),
            (AppView::App, &["totp-remove-submit", "backup-codes-submit", "have 7 left"]),
        ] {
            let html = security(app, Vec::new());
            for part in parts {
                assert!(html.contains(part), "{part}");
            }
            for never in ["<script", "<i>", "style=\"", "<?xml"] {
                assert!(!html.contains(never), "{never}");
            }
        }
    }

    #[test]
    fn codes_are_shown_alone() {
        let html = security(AppView::App, vec![String::from("abcd-efgh")]);
        assert!(html.contains("<code>abcd-efgh</code>") && html.contains("shown only now"));
        assert!(!html.contains("totp-remove-submit"));
    }

    #[test]
    fn an_address_that_no_picture_can_hold_leaves_the_text() {
        assert_eq!(picture(&"x".repeat(5000)), "");
    }
}
