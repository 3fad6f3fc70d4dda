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
            AppView::Nothing | AppView::App { .. } => String::new(),
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
        let view = SecurityView { action, return_to, is_due: false, app, passkeys: None, codes, message };
        DefaultPages::new().security(&view)
    }

    #[test]
    fn the_form_for_a_code_has_its_fields_and_ids() {
        let view = SecondFactorView {
            action: String::from("/mfa"),
            return_to: String::from("/x?a=\"b"),
            message: None,
            offers_trust: true,
            code: true,
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
            passkeys: Some(passkeys),
            start_over: String::from("/logout"),
        };
        let html = DefaultPages::new().second_factor(&view);
        assert!(html.contains("data-path=\"/passkey/second-factor\"") && html.contains("passkey-submit"));
        assert!(!html.contains("mfa-submit") && !html.contains("id=\"code\""));
        let both = DefaultPages::new().second_factor(&SecondFactorView { code: true, ..view });
        assert!(both.contains("mfa-submit") && both.contains("passkey-submit"));
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
            (AppView::App { backup_codes: 7 }, &["totp-remove-submit", "backup-codes-submit", "have 7 left"]),
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
        let html = security(AppView::App { backup_codes: 1 }, vec![String::from("abcd-efgh")]);
        assert!(html.contains("<code>abcd-efgh</code>") && html.contains("shown only now"));
        assert!(!html.contains("totp-remove-submit"));
    }

    #[test]
    fn an_address_that_no_picture_can_hold_leaves_the_text() {
        assert_eq!(picture(&"x".repeat(5000)), "");
    }
}
