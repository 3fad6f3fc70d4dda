use serde_json::json;

use super::*;

fn parse(text: &str) -> ClaimsRequest {
    ClaimsRequest::parse(text).unwrap()
}

#[test]
fn oidc_core_5_5_null_essential_value_and_values_are_told_apart() {
    let asked = parse(
        r#"{"userinfo":{"given_name":{"essential":true},"nickname":null,"picture":{"value":"x","odd":1}},
            "id_token":{"auth_time":{"essential":false},"acr":{"value":"a","values":["b","c"]}},"odd":7}"#,
    );
    assert_eq!(asked.userinfo["given_name"], ClaimRequest { essential: true, values: vec![] });
    assert_eq!(asked.userinfo["nickname"], ClaimRequest::default());
    assert_eq!(asked.userinfo["picture"].values, [json!("x")]);
    assert_eq!(asked.id_token["auth_time"], ClaimRequest::default());
    assert_eq!(asked.id_token["acr"].values, [json!("a"), json!("b"), json!("c")]);
    assert_eq!(asked.names(), ["acr", "auth_time", "given_name", "nickname", "picture"].into());
    assert!(asked.essential_acr().is_empty(), "voluntary");
}

#[test]
fn oidc_core_5_5_what_is_not_of_that_form_is_refused() {
    let many: Vec<String> = (0..=MAX_CLAIMS).map(|n| format!("\"c{n}\":null")).collect();
    let many = format!("{{\"userinfo\":{{{}}}}}", many.join(","));
    let values = format!(r#"{{"userinfo":{{"a":{{"values":{:?}}}}}}}"#, vec![1; MAX_VALUES + 1]);
    let deep = format!(r#"{{"userinfo":{{"a":{{"value":{}{}}}}}}}"#, "[".repeat(9), "]".repeat(9));
    for bad in [
        "",
        "null",
        "[]",
        "7",
        "{",
        r#"{"userinfo":null}"#,
        r#"{"userinfo":[]}"#,
        r#"{"id_token":{"a":true}}"#,
        r#"{"id_token":{"a":"x"}}"#,
        r#"{"id_token":{"a":{"essential":"yes"}}}"#,
        r#"{"id_token":{"a":{"values":"x"}}}"#,
        r#"{"id_token":{"a":null,"a":null}}"#,
        r#"{"id_token":{},"id_token":{}}"#,
        r#"{"id_token":{"sub":{"values":["a","b"]}}}"#,
        r#"{"id_token":{"sub":{"value":7}}}"#,
        r#"{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}"#,
        // Control characters: a store of JSON chokes on the first of them.
        r#"{"id_token":{"acr":{"value":"\u0000"}}}"#,
        r#"{"id_token":{"acr":{"values":["a",["b",{"c":"\n"}]]}}}"#,
        r#"{"userinfo":{"email":{"value":{"\u0000":1}}}}"#,
        r#"{"userinfo":{"email#\u0000":null}}"#,
        &many,
        &values,
        &deep,
    ] {
        assert_eq!(ClaimsRequest::parse(bad), Err(InvalidClaims), "{bad:.60}");
    }
}

#[test]
fn oidc_core_5_5_1_1_an_essential_acr_names_its_levels() {
    let asked = parse(r#"{"id_token":{"acr":{"essential":true,"values":["2","3"]}}}"#);
    assert_eq!(asked.essential_acr(), ["2", "3"]);
    assert!(parse(r#"{"id_token":{"acr":{"essential":true}}}"#).essential_acr().is_empty());
    let elsewhere = parse(r#"{"userinfo":{"acr":{"essential":true,"values":["2"]}}}"#);
    assert!(elsewhere.essential_acr().is_empty(), "only the ID token's acr counts");
}

#[test]
fn oidc_core_5_5_1_a_sub_is_one_person() {
    let asked = parse(r#"{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"values":["a","a"]}}}"#);
    assert_eq!(asked.sub(), Ok(Some("a")));
    assert_eq!(parse(r#"{"id_token":{"sub":null}}"#).sub(), Ok(None));
}

#[test]
fn oidc_core_5_5_1_a_sub_that_is_asked_for_is_the_only_one() {
    let alice = Subject::parse("alice-1").unwrap();
    let asked = |values: &[&str]| ClaimRequest {
        essential: false,
        values: values.iter().map(|value| Value::from(*value)).collect(),
    };
    let at_id_token = |values: &[&str]| ClaimsRequest {
        id_token: [(String::from("sub"), asked(values))].into(),
        ..ClaimsRequest::default()
    };
    assert!(ClaimsRequest::default().is_of(&alice) && at_id_token(&[]).is_of(&alice));
    assert!(at_id_token(&["bob-2", "alice-1"]).is_of(&alice));
    assert!(!at_id_token(&["bob-2"]).is_of(&alice));
    let mut both = at_id_token(&["alice-1"]);
    both.userinfo.insert(String::from("sub"), asked(&["bob-2"]));
    assert!(!both.is_of(&alice));
}

proptest::proptest! {
    #[test]
    fn whatever_is_asked_is_read_without_a_panic(text in "\\PC{0,80}") {
        let _ = ClaimsRequest::parse(&text);
    }

    #[test]
    fn what_is_read_is_small_and_reads_back_where_it_is_kept(
        text in r#"\{"(userinfo|id_token)":\{"[a-z]{1,4}":(null|\{"essential":(true|false)\}|\{"value":[\[]{0,8}1[\]]{0,8}\})\}\}"#,
    ) {
        if let Ok(asked) = ClaimsRequest::parse(&text) {
            let kept = serde_json::to_string(&json!({ "request": { "claims": asked } })).unwrap();
            let back: Value = serde_json::from_str(&kept).unwrap();
            let back: ClaimsRequest = serde_json::from_value(back["request"]["claims"].clone()).unwrap();
            proptest::prop_assert_eq!(back, asked);
        }
    }
}
