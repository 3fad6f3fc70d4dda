use proptest::prelude::*;
use serde_json::json;

use super::{super::ApplicationType, *};

fn read_json(value: &Value) -> Reading {
    read(value.as_object().unwrap())
}

fn blamed(value: &Value) -> Vec<String> {
    read_json(value).problems.iter().map(ToString::to_string).collect()
}

fn everything() -> Value {
    let text = r#"{
        "client_name": "Shop", "client_name#ja-Jpan-JP": "クライアント名", "client_uri": "https://app.example",
        "logo_uri": "https://app.example/logo.png", "logo_uri#fr": "https://app.example/logo.fr.png",
        "policy_uri": "https://app.example/policy", "tos_uri": "https://app.example/tos",
        "contacts": ["ve7jtb@example.org"], "software_id": "4NRB1-0XZABZI9E6-5SM3R",
        "software_version": "2.1", "software_statement": "a.b.c",
        "initiate_login_uri": "https://app.example/login", "application_type": "web",
        "redirect_uris": ["https://app.example/cb", "https://app.example/cb2"],
        "post_logout_redirect_uris": ["https://app.example/out"], "response_types": ["code"],
        "grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile",
        "insecure_pkce_optional": false, "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "EdDSA",
        "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]},
        "jwks_uri": "https://app.example/jwks", "request_object_signing_alg": "PS256",
        "require_signed_request_object": true, "require_pushed_authorization_requests": true, "id_token_signed_response_alg": "ES256",
        "id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A128GCM",
        "userinfo_signed_response_alg": "RS256", "userinfo_encrypted_response_alg": "RSA-OAEP-256",
        "userinfo_encrypted_response_enc": "A256GCM", "introspection_signed_response_alg": "EdDSA",
        "introspection_encrypted_response_alg": "ECDH-ES+A256KW",
        "introspection_encrypted_response_enc": "A128CBC-HS256", "subject_type": "pairwise",
        "sector_identifier_uri": "https://app.example/uris.json", "access_token_format": "opaque",
        "default_max_age": 3600, "require_auth_time": true, "default_acr_values": ["2", "1"],
        "backchannel_logout_uri": "https://app.example/bc", "backchannel_logout_session_required": true,
        "frontchannel_logout_uri": "https://app.example/fc", "frontchannel_logout_session_required": true
    }"#;
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_field_is_read_kept_and_told_again() {
    let reading = read_json(&everything());
    assert_eq!(reading.unknown, [""; 0]);
    let metadata = reading.metadata().unwrap();
    assert_eq!(Value::Object(metadata.to_json()), everything());
    // Nothing is left as it was by default, but for the two fields that have to agree with others.
    let default = serde_json::to_value(ClientMetadata::default()).unwrap();
    for (name, value) in serde_json::to_value(&metadata).unwrap().as_object().unwrap() {
        let usual = matches!(name.as_str(), "application_type" | "insecure_pkce_optional");
        assert!(usual || default.get(name) != Some(value), "{name}");
    }
}

#[test]
fn all_that_cannot_be_read_is_told_by_its_name() {
    for (field, wrong, said) in [
        ("client_name", json!(7), "client_name must be a text"),
        ("client_name", json!(""), "client_name must not be empty: leave it out"),
        ("client_name", json!(" \u{200b}\u{feff}"), "client_name must not be empty: leave it out"),
        ("client_name", json!("a\nb"), "client_name must not hold control characters"),
        ("client_name", json!("Your \u{202e}knab"), "client_name must not hold control characters"),
        ("client_name#en", json!("Your \u{2067}bank"), "client_name#en must not hold control characters"),
        ("client_name", json!("x".repeat(256)), "client_name must have at most 255 bytes"),
        ("client_name#fr", json!([]), "client_name#fr must be a text"),
        ("redirect_uris", json!("https://app.example"), "redirect_uris must be a list of texts"),
        ("redirect_uris", json!([1]), "redirect_uris must be a text"),
        ("redirect_uris", json!(vec!["x"; 65]), "redirect_uris must have at most 64 entries"),
        (
            "grant_types",
            json!(["implicit"]),
            "grant_types must be one of authorization_code, client_credentials, refresh_token",
        ),
        ("response_types", json!(["id_token"]), "response_types must be one of code"),
        ("application_type", json!("desktop"), "application_type must be one of web, native"),
        ("subject_type", json!("transient"), "subject_type must be one of public, pairwise"),
        (
            "id_token_signed_response_alg",
            json!("none"),
            "id_token_signed_response_alg must be one of ES256, EdDSA, PS256, RS256",
        ),
        ("default_max_age", json!("1"), "default_max_age must be a whole number of seconds"),
        ("default_max_age", json!(1.5), "default_max_age must be a whole number of seconds"),
        ("default_max_age", json!(u64::MAX), "default_max_age must be at most 316224000"),
        ("require_auth_time", json!("true"), "require_auth_time must be true or false"),
        ("scope", json!(["openid"]), "scope must be a text"),
        (
            "scope",
            json!("a\"b"),
            "scope must be words of visible ASCII without quotes and backslashes, in all at most 2048 bytes",
        ),
        ("jwks", json!([]), "jwks must be a JSON Web Key Set of at most 64 keys"),
        (
            "jwks",
            json!({"keys": [{"kty": "oct", "k": "AA"}]}),
            "jwks holds a private or symmetric key: a client keeps those to itself",
        ),
    ] {
        assert_eq!(blamed(&json!({field: wrong})), [said]);
    }
    let two = blamed(&json!({"require_auth_time": 1, "contacts": [1, "a", ""], "unknown": 1}));
    assert_eq!(two.len(), 3, "{two:?}");
}

#[test]
fn what_is_null_is_not_there() {
    let mut nothing = everything();
    nothing.as_object_mut().unwrap().values_mut().for_each(|value| *value = Value::Null);
    assert_eq!(read_json(&nothing).metadata().unwrap(), ClientMetadata::default());
}

#[test]
fn rfc7591_2_unknown_fields_are_left_out_and_told() {
    let reading = read_json(&json!({"x": 1, "request_uris": [], "client_name#": "a", "scope#en": "b"}));
    assert_eq!(reading.unknown, ["client_name#", "request_uris", "scope#en", "x"]);
    assert_eq!(reading.metadata().unwrap(), ClientMetadata::default());
}

#[test]
fn fields_with_a_language_tag_are_bounded() {
    let field = |n: usize| (format!("client_name#x-{n}"), Value::from("a"));
    let many: Map<String, Value> = (0..=MAX_LOCALIZED).map(field).collect();
    assert_eq!(read(&many).problems.len(), 1);
    let few: Map<String, Value> = many.into_iter().skip(1).collect();
    assert_eq!(read(&few).metadata().unwrap().localized.len(), MAX_LOCALIZED);
}

#[test]
fn whoever_has_a_scheme_of_its_own_and_does_not_say_is_native() {
    let kind = |value: Value| read_json(&value).metadata().unwrap().application_type;
    let own = json!(["https://app.example/cb", "com.example.app:/cb"]);
    assert_eq!(kind(json!({ "redirect_uris": own })), ApplicationType::Native);
    assert_eq!(kind(json!({"redirect_uris": own, "application_type": "web"})), ApplicationType::Web);
    assert_eq!(kind(json!({"redirect_uris": ["http://localhost/cb"]})), ApplicationType::Web);
}

#[test]
fn what_cannot_be_read_is_blamed_once() {
    let id = ClientId::parse("c").unwrap();
    let sent =
        json!({"redirect_uris": 7, "token_endpoint_auth_method": "none", "insecure_pkce_optional": true});
    let invalid = read_json(&sent).register(id, None).unwrap_err();
    let blamed: Vec<_> = invalid.problems.iter().map(MetadataProblem::blames).collect();
    assert_eq!(blamed, ["redirect_uris", "insecure_pkce_optional"]);
}

/// Some JSON, often under names that are known.
fn any_json() -> impl Strategy<Value = Value> {
    let known: Vec<String> = everything().as_object().unwrap().keys().cloned().collect();
    let known_texts = ["code", "web", "none", "openid", "https://a.example/", "RS256", "ECDH-ES", "a.b:/c"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        proptest::sample::select(known_texts.to_vec()).prop_map(Value::from),
    ];
    let name = prop_oneof![proptest::sample::select(known), "[a-z_#]{0,12}"];
    leaf.prop_recursive(3, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(name.clone(), inner, 0..12)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_without_a_panic_and_reads_back(sent in any_json()) {
        let Some(fields) = sent.as_object() else { return Ok(()) };
        let Ok(metadata) = read(fields).metadata() else { return Ok(()) };
        let told = metadata.to_json();
        let again = read(&told);
        prop_assert_eq!(&again.unknown, &[""; 0]);
        prop_assert_eq!(again.metadata().unwrap(), metadata);
    }
}
