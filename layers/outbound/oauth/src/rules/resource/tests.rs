use super::*;

fn with_targets<T>(look: impl FnOnce(Targets<'_>) -> T) -> T {
    let issuer = Issuer::https("https://id.example").unwrap();
    let default_audience = [String::from("https://id.example"), String::from("plain-name")];
    let servers = [
        ResourceServer::new("https://mail.example/api")
            .unwrap()
            .guarded_by(ClientId::parse("mail").unwrap())
            .with_scope(Scope::parse("mail.read mail.send").unwrap()),
        ResourceServer::new("urn:example:files").unwrap().with_scope(Scope::parse("files").unwrap()),
        ResourceServer::new("https://open.example").unwrap(),
    ];
    look(Targets { issuer: &issuer, default_audience: &default_audience, servers: &servers })
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn rfc8707_2_a_resource_is_an_absolute_uri_without_a_fragment() {
    for good in ["https://api.example/v1?x=1", "urn:example:files", "http://127.0.0.1:8080"] {
        assert!(ResourceServer::new(good).is_ok(), "{good}");
    }
    let long = format!("https://api.example/{}", "x".repeat(MAX_LENGTH));
    for bad in
        ["", "/api", "api.example", "https://api.example/#", "https://api.example/a b", "https://é/", &long]
    {
        assert_eq!(ResourceServer::new(bad), Err(InvalidResource), "{bad}");
    }
}

#[test]
fn rfc8707_2_only_what_is_known_may_be_named_letter_for_letter() {
    with_targets(|targets| {
        for good in ["https://id.example", "plain-name", "https://mail.example/api", "urn:example:files"] {
            assert_eq!(targets.admit([good]), Ok(owned(&[good])));
        }
        for bad in ["https://mail.example/api/", "https://MAIL.example/api", "https://evil.example", "", "#"]
        {
            let refused = targets.admit(["https://id.example", bad]).unwrap_err();
            assert_eq!(refused.code, ErrorCode::InvalidTarget, "{bad}");
        }
    });
}

#[test]
fn rfc8707_2_the_audience_is_what_was_named_once_each_or_else_the_usual_one() {
    with_targets(|targets| {
        let admitted = targets.admit(["https://open.example", "plain-name", "https://open.example"]).unwrap();
        assert_eq!(targets.audience(&admitted), ["https://open.example", "plain-name"]);
        assert_eq!(targets.audience(&[]), ["https://id.example", "plain-name"]);
        let nobody = Targets { default_audience: &[], ..targets };
        assert_eq!(nobody.audience(&[]), ["https://id.example"]);
    });
}

#[test]
fn a_token_for_other_apis_alone_is_not_good_at_userinfo() {
    with_targets(|targets| {
        for (audience, good) in [
            (&["https://id.example"][..], true),
            (&["plain-name"], true),
            (&["https://mail.example/api", "https://id.example"], true),
            (&["https://mail.example/api", "urn:example:files"], false),
            (&[], true),
        ] {
            assert_eq!(targets.is_for_userinfo(&owned(audience)), good, "{audience:?}");
        }
    });
}

#[test]
fn rfc8707_2_2_a_token_request_narrows_and_never_widens() {
    let granted = owned(&["https://a.example", "https://b.example"]);
    assert_eq!(narrow(&granted, []), Ok(granted.clone()));
    let one = narrow(&granted, ["https://b.example", "https://b.example"]);
    assert_eq!(one, Ok(owned(&["https://b.example"])));
    let wider = narrow(&granted, ["https://b.example", "https://c.example"]).unwrap_err();
    assert_eq!(wider.code, ErrorCode::InvalidTarget);
}

#[test]
fn a_scope_value_goes_only_where_it_means_something() {
    with_targets(|targets| {
        let asked = Scope::parse("openid mail.read files").unwrap();
        let at = |names: &[&str]| targets.scope_at(&owned(names), asked.clone()).to_string();
        assert_eq!(at(&["https://mail.example/api"]), "mail.read");
        assert_eq!(at(&["https://mail.example/api", "urn:example:files"]), "files mail.read");
        assert_eq!(at(&["https://mail.example/api", "https://open.example"]), asked.to_string());
        assert_eq!(at(&["https://mail.example/api", "https://id.example"]), asked.to_string());
    });
}

#[test]
fn rfc7662_2_1_only_the_guard_of_an_api_may_ask_about_its_tokens() {
    with_targets(|targets| {
        let guarded = |client: &str, audience: &[&str]| {
            targets.guarded_by(&ClientId::parse(client).unwrap(), &owned(audience))
        };
        let both = ["https://open.example", "https://mail.example/api"];
        assert_eq!(guarded("mail", &both), ["https://mail.example/api"]);
        assert!(guarded("mail", &["urn:example:files"]).is_empty());
        assert!(guarded("other", &both).is_empty());
    });
}
