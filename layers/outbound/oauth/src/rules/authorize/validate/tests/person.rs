//! Who is to sign in, and how.

use serde_json::json;
use towergate_jose::{Algorithm, SigningKey, generate};

use super::*;
use crate::rules::interaction::Prompt;

#[test]
fn oidc_core_3_1_2_1_what_is_asked_of_the_sign_in_is_kept() {
    let query = format!(
        "{GOOD}&acr_values=2%201&ui_locales=nl%20fr-CA%20%3B&claims_locales=nl&display=popup&max_age=0"
    );
    let request = asked(&query).unwrap();
    assert_eq!(request.acr_values, ["2", "1"]);
    assert_eq!(request.ui_locales, ["nl", "fr-CA"]);
    assert_eq!(request.max_age, Some(0));
}

#[test]
fn oidc_registration_2_what_the_client_registered_counts_when_the_request_does_not_say() {
    let client = client_with(|metadata| {
        metadata.default_max_age = Some(3600);
        metadata.default_acr_values = vec![String::from("mfa")];
    });
    let request = asked_by(&client, GOOD).unwrap();
    assert_eq!((request.max_age, request.acr_values), (Some(3600), vec![String::from("mfa")]));
    let request = asked_by(&client, &format!("{GOOD}&max_age=60&acr_values=pwd")).unwrap();
    assert_eq!((request.max_age, request.acr_values), (Some(60), vec![String::from("pwd")]));
}

#[test]
fn oidc_core_5_5_claims_are_read_and_a_sub_among_them_names_the_person() {
    let claims = r#"{"id_token":{"sub":{"value":"alice"},"acr":{"essential":true,"values":["2"]}}}"#;
    let request = asked(&with("claims", Some(claims))).unwrap();
    assert_eq!(request.required_sub.as_deref(), Some("alice"));
    assert_eq!(request.claims.essential_acr(), ["2"]);
}

#[test]
fn oidc_core_3_1_2_1_a_hint_is_an_id_token_of_ours_for_this_client() {
    let key = || {
        SigningKey::from_pkcs8(Algorithm::ES256, generate(Algorithm::ES256).unwrap().expose(), None).unwrap()
    };
    let (ours, foreign) = (key(), key());
    let keys = JwkSet::new(vec![ours.public_jwk().clone()]);
    let hint = |key: &SigningKey, iss: &str, aud: &str| {
        key.sign_jwt("JWT", &json!({ "iss": iss, "aud": aud, "sub": "alice", "exp": 1 })).unwrap()
    };
    let asked = |hint: &str| asked_of(&client(), &format!("{GOOD}&id_token_hint={hint}"), &keys, false);
    let good = hint(&ours, "https://id.example", "shop");
    assert_eq!(asked(&good).unwrap().required_sub.as_deref(), Some("alice"));
    for bad in [
        hint(&foreign, "https://id.example", "shop"),
        hint(&ours, "https://other.example", "shop"),
        hint(&ours, "https://id.example", "other"),
        String::from("x"),
    ] {
        assert_eq!(told_to_client(asked(&bad)).0, ErrorCode::InvalidRequest, "{bad}");
    }
    let two = format!(r#"{good}&claims={{"userinfo":{{"sub":{{"value":"bob"}}}}}}"#);
    assert_eq!(told_to_client(asked(&two)).0, ErrorCode::InvalidRequest, "two people");
}

#[test]
fn prompt_create_4_is_refused_where_no_account_can_be_made() {
    let asked = |prompt: &str, offered| {
        asked_of(&client(), &with("prompt", Some(prompt)), &JwkSet::default(), offered)
    };
    assert_eq!(told_to_client(asked("create", false)).0, ErrorCode::InvalidRequest);
    for good in ["create", "create consent", "consent create create"] {
        assert!(asked(good, true).unwrap().prompt.contains(&Prompt::Create), "{good}");
    }
    for bad in ["none create", "create login", "select_account create", "CREATE"] {
        assert_eq!(told_to_client(asked(bad, true)).0, ErrorCode::InvalidRequest, "{bad}");
    }
}

#[test]
fn a_locale_is_as_long_as_a_language_tag_may_be() {
    let asked = |tag: &str| asked(&with("ui_locales", Some(tag))).unwrap().ui_locales;
    assert_eq!(asked(&"x".repeat(35)).len(), 1);
    assert_eq!(asked(&"x".repeat(36)), [""; 0]);
}
