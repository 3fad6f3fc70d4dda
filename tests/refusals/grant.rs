//! At the token endpoint, with a client that has proven itself: each grant wrong in each way.

use towergate::core::id::Uuid;

use crate::{
    house::{
        CALLBACK, CLIENT, CLIENT_SECRET, FILES, RIVAL, RIVAL_SECRET,
        browser::token_request,
        clients::{PUBLIC, ROBOT},
        steps::{AUTHORIZE, VERIFIER, exchange, refresh, to_code_for},
    },
    refusal::Refusal,
    request::{form, post},
    stage::{Stage, text},
};

const PATH: &str = "/oauth/token";

type Field<'a> = (&'a str, &'a str);

/// As the shop.
fn shop(law: &str, fields: &[Field<'_>], error: &'static str) -> Refusal {
    of(CLIENT, CLIENT_SECRET, law, fields, error)
}

fn of(client: &str, secret: &str, law: &str, fields: &[Field<'_>], error: &'static str) -> Refusal {
    let proof = [("client_id", client), ("client_secret", secret)];
    Refusal::json(law, post(PATH, &form(&[&proof, fields].concat())), 400, error)
}

fn posted(law: &str, fields: &str, error: &'static str) -> Refusal {
    let proof = form(&[("client_id", CLIENT), ("client_secret", CLIENT_SECRET)]);
    Refusal::json(law, post(PATH, &format!("{proof}&{fields}")), 400, error)
}

pub(crate) async fn types(_: &mut Stage) -> Vec<Refusal> {
    let grant = |name| [("grant_type", name)];
    let mut rows = vec![
        shop("no grant_type", &[], "invalid_request"),
        shop("an empty grant_type", &grant(""), "invalid_request"),
        posted("grant_type twice", "grant_type=refresh_token&grant_type=refresh_token", "invalid_request"),
        shop("a grant that is not registered", &grant("client_credentials"), "unauthorized_client"),
    ];
    for name in [
        "password",
        "implicit",
        "Authorization_Code",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ] {
        rows.push(shop(&format!("grant_type {name}"), &grant(name), "unsupported_grant_type"));
    }
    let robot = |law, fields: &[Field<'_>], error| of(ROBOT, CLIENT_SECRET, law, fields, error);
    let itself = ("grant_type", "client_credentials");
    rows.extend([
        robot(
            "a code, of one that acts for itself",
            &[("grant_type", "authorization_code"), ("code", "x")],
            "unauthorized_client",
        ),
        robot(
            "a refresh token, of one that acts for itself",
            &[("grant_type", "refresh_token"), ("refresh_token", "x")],
            "unauthorized_client",
        ),
        robot(
            "for itself, beyond the registration",
            &[itself, ("scope", "read write admin")],
            "invalid_scope",
        ),
        robot("for itself, as a person", &[itself, ("scope", "openid")], "invalid_scope"),
        robot("for itself, while it is away", &[itself, ("scope", "offline_access")], "invalid_scope"),
        robot("for itself, a malformed scope", &[itself, ("scope", "re\\ad")], "invalid_scope"),
        robot(
            "for itself, at an unknown API",
            &[itself, ("resource", "https://evil.example/")],
            "invalid_target",
        ),
        robot(
            "for itself, at a known API and an unknown one",
            &[itself, ("resource", FILES), ("resource", "x")],
            "invalid_target",
        ),
        robot("for itself, scope twice", &[itself, ("scope", "read"), ("scope", "read")], "invalid_request"),
    ]);
    let public = post(PATH, &form(&[("client_id", PUBLIC), itself]));
    rows.push(Refusal::json("for itself, of a public client", public, 400, "unauthorized_client"));
    rows
}

pub(crate) async fn codes(stage: &mut Stage) -> Vec<Refusal> {
    let code = stage.code.clone();
    let public =
        to_code_for(&mut stage.alice, &AUTHORIZE.replace("client_id=shop", &format!("client_id={PUBLIC}")))
            .await;
    stage.secrets.push(public.clone());
    let with = |code: &str, changes: &[(&'static str, Option<&str>)]| {
        let mut fields = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", CALLBACK.to_owned()),
            ("code_verifier", VERIFIER.to_owned()),
        ];
        for (name, value) in changes {
            fields.retain(|(known, _)| known != name);
            fields.extend(value.map(|value| (*name, value.to_owned())));
        }
        fields
    };
    let row = |law: &str, code: &str, changes: &[(&'static str, Option<&str>)], error| {
        let fields = with(code, changes);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        shop(law, &fields, error)
    };
    let wrong =
        |law: &str, changes: &[(&'static str, Option<&str>)]| row(law, &code, changes, "invalid_grant");
    let (prefix, secret) = code.rsplit_once('.').unwrap();
    let unknown = format!("tgcode_{}.{secret}", Uuid::nil().simple());
    let forged = format!("{prefix}.{}", "A".repeat(secret.len()));
    let mut rows = vec![
        row("no code", &code, &[("code", None)], "invalid_request"),
        row("an empty code", "", &[], "invalid_request"),
        row("a code that is none of ours", "SplxlOBeZQQYbYS6WxSbIA", &[], "invalid_grant"),
        row("a code of nobody", &unknown, &[], "invalid_grant"),
        row("a code with another secret", &forged, &[], "invalid_grant"),
        row("a code without its secret", prefix, &[], "invalid_grant"),
        row("a refresh token as a code", &stage.token("refresh_token"), &[], "invalid_grant"),
        row("an access token as a code", &stage.token("access_token"), &[], "invalid_grant"),
        wrong("no redirect_uri where one was sent", &[("redirect_uri", None)]),
        wrong("another redirect_uri", &[("redirect_uri", Some("https://shop.example/other"))]),
        wrong("nearly the redirect_uri", &[("redirect_uri", Some("https://shop.example/callback/"))]),
        wrong("no code_verifier", &[("code_verifier", None)]),
        wrong("another code_verifier", &[("code_verifier", Some(&VERIFIER.replace('d', "e")))]),
        wrong(
            "the challenge as the verifier",
            &[("code_verifier", Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"))],
        ),
        wrong("a code_verifier of 42 characters", &[("code_verifier", Some(VERIFIER.split_at(42).0))]),
        wrong("a code_verifier of 129 characters", &[("code_verifier", Some(&"v".repeat(129)))]),
        wrong("a code_verifier of other characters", &[("code_verifier", Some(&VERIFIER.replace('d', "+")))]),
        row("an API that was not granted", &code, &[("resource", Some(FILES))], "invalid_target"),
        posted("code twice", &format!("{}&code={code}", exchange(&code, VERIFIER)), "invalid_request"),
        posted(
            "code_verifier twice",
            &format!("{}&code_verifier={VERIFIER}", exchange(&code, VERIFIER)),
            "invalid_request",
        ),
    ];
    let fields = with(&code, &[]);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    rows.push(of(RIVAL, RIVAL_SECRET, "another client's code", &fields, "invalid_grant"));
    let exposed = [exchange(&code, VERIFIER), form(&[("client_id", PUBLIC)])].join("&");
    rows.push(Refusal::json(
        "a confidential client's code, by a public one",
        post(PATH, &exposed),
        400,
        "invalid_grant",
    ));
    let unproven = [exchange(&public, &VERIFIER.replace('d', "e")), form(&[("client_id", PUBLIC)])].join("&");
    rows.push(Refusal::json(
        "a public client's code without its verifier",
        post(PATH, &unproven),
        400,
        "invalid_grant",
    ));
    rows
}

pub(crate) async fn refresh_tokens(stage: &mut Stage) -> Vec<Refusal> {
    let token = stage.token("refresh_token");
    let grant = ("grant_type", "refresh_token");
    let row = |law: &str, token: &str, more: &[Field<'_>], error| {
        shop(law, &[&[grant, ("refresh_token", token)], more].concat(), error)
    };
    let (prefix, secret) = token.rsplit_once('.').unwrap();
    let forged = format!("{prefix}.{}", "A".repeat(secret.len()));
    let unknown = format!("{}_{}.{secret}", prefix.split_once('_').unwrap().0, Uuid::nil().simple());
    vec![
        shop("no refresh token", &[grant], "invalid_request"),
        row("an empty refresh token", "", &[], "invalid_request"),
        row("a refresh token that is none of ours", "tGzv3JOkF0XG5Qx2TlKWIA", &[], "invalid_grant"),
        row("a refresh token of nobody", &unknown, &[], "invalid_grant"),
        row("a refresh token with another secret", &forged, &[], "invalid_grant"),
        row("an access token to refresh by", &stage.token("access_token"), &[], "invalid_grant"),
        row("a code to refresh by", &stage.code, &[], "invalid_grant"),
        row("a scope wider than was granted", &token, &[("scope", "openid email profile")], "invalid_scope"),
        row("a scope of quotes", &token, &[("scope", "\"openid\"")], "invalid_scope"),
        row("an API beyond the grant", &token, &[("resource", FILES)], "invalid_target"),
        row("a refresh token twice", &token, &[("refresh_token", &token)], "invalid_request"),
        of(
            RIVAL,
            RIVAL_SECRET,
            "another client's refresh token",
            &[grant, ("refresh_token", &token)],
            "invalid_grant",
        ),
    ]
}

/// What was used before ends all that came from it, RFC 6749 section 4.1.2 and RFC 9700 section 4.14.2.
pub(crate) async fn replays(stage: &mut Stage) -> Vec<Refusal> {
    let app = stage.house.app.clone();
    let spent = to_code_for(&mut stage.alice, AUTHORIZE).await;
    let first = token_request(&app, &exchange(&spent, VERIFIER)).await.json();
    let tokens = stage.more_tokens(AUTHORIZE).await;
    let rotated = text(&tokens, "refresh_token");
    let successor = token_request(&app, &refresh(&rotated)).await.json();
    let again = token_request(&app, &refresh(&text(&successor, "refresh_token"))).await.json();
    stage.secrets.extend([&first, &successor, &again].map(|answer| text(answer, "refresh_token")));
    stage.secrets.extend([spent.clone(), rotated.clone()]);
    let by_code = |law| posted(law, &exchange(&spent, VERIFIER), "invalid_grant");
    let by_token = |law, token: &str| posted(law, &refresh(token), "invalid_grant");
    vec![
        by_code("a code for the second time")
            .wrote("code.replayed already_redeemed")
            .wrote("grant.revoked code_replayed")
            .changed("grants"),
        by_code("a code for the third time"),
        by_token("a refresh token of a code that came twice", &text(&first, "refresh_token")),
        by_token("a refresh token whose successor was used", &rotated)
            .wrote("grant.revoked refresh_token_reused")
            .wrote("token.reused already_rotated")
            .changed("grants"),
        by_token("the same once more", &rotated),
        by_token("the last of a family that has ended", &text(&again, "refresh_token")),
    ]
}

/// A minute later codes have expired, a month later refresh tokens have.
pub(crate) async fn expired_code(stage: &mut Stage) -> Vec<Refusal> {
    stage.later(60);
    vec![posted("a code of a minute ago", &exchange(&stage.code, VERIFIER), "invalid_grant")]
}

pub(crate) async fn expired_refresh_token(stage: &mut Stage) -> Vec<Refusal> {
    stage.later(30 * 24 * 3600);
    vec![posted("a refresh token of a month ago", &refresh(&stage.token("refresh_token")), "invalid_grant")]
}
