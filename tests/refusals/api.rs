//! At an API, and where it and the server tell of themselves: RFC 6750 section 3.1, with what RFC 9470 and RFC 9728 add.

use http::{Method, header};

use crate::{
    house::ISSUER,
    refusal::Refusal,
    request::{and, bearer, form, get, post, request},
    stage::Stage,
    userinfo::bad_tokens,
};

const METADATA: &str = "/.well-known/oauth-protected-resource";

/// With the challenge of an API that says where it is described.
fn challenged(row: Refusal, parameters: &[(&str, &str)]) -> Refusal {
    let metadata = format!("{ISSUER}{METADATA}");
    row.challenge("Bearer", &[parameters, &[("resource_metadata", &metadata)]].concat())
}

pub(crate) async fn tokens(stage: &mut Stage) -> Vec<Refusal> {
    let good = stage.token("access_token");
    let mut rows = Vec::new();
    for (law, sent) in [
        ("no token", get("/api")),
        ("no token where more is asked for", get("/api/strong")),
        ("a token in the query", get(&format!("/api?access_token={good}"))),
        ("a token in the body", post("/api", &form(&[("access_token", &good)]))),
        ("another scheme", and(get("/api"), header::AUTHORIZATION, "Basic c2hvcDp4")),
    ] {
        rows.push(challenged(Refusal::empty(law, sent, 401), &[]));
    }
    for (law, sent) in [
        ("two headers", bearer(bearer(get("/api"), &good), &good)),
        ("a scheme without a token", and(get("/api"), header::AUTHORIZATION, "Bearer ")),
        ("a token with a space in it", bearer(get("/api"), "a b")),
    ] {
        let row = Refusal::json(law, sent, 400, "invalid_request");
        rows.push(challenged(row, &[("error", "invalid_request")]));
    }
    for (law, token) in bad_tokens(stage).await {
        let row = Refusal::json(law, bearer(get("/api"), &token), 401, "invalid_token");
        rows.push(challenged(row, &[("error", "invalid_token")]));
    }
    let sent = bearer(get("/api/write"), &good);
    let row = Refusal::json("a token that may not write", sent, 403, "insufficient_scope");
    rows.push(challenged(row, &[("error", "insufficient_scope"), ("scope", "write")]));
    let error = "insufficient_user_authentication";
    for (law, token) in [("a sign-in that is too weak", &good), ("no sign-in at all", &stage.own)] {
        let row = Refusal::json(law, bearer(get("/api/strong"), token), 401, error);
        rows.push(challenged(row, &[("error", error), ("acr_values", "2"), ("max_age", "300")]));
    }
    let posted = Refusal::plain("its metadata, posted", request(Method::POST, METADATA, ""), 405);
    rows.push(posted.header(header::ALLOW, "GET, HEAD"));
    rows
}

/// A minute later.
pub(crate) async fn stale(stage: &mut Stage) -> Vec<Refusal> {
    stage.later(61);
    let sent = bearer(get("/api/fresh"), &stage.token("access_token"));
    let error = "insufficient_user_authentication";
    let old = challenged(
        Refusal::json("a sign-in that is too old", sent, 401, error),
        &[("error", error), ("max_age", "60")],
    );
    vec![old]
}

/// Ten minutes later.
pub(crate) async fn expired(stage: &mut Stage) -> Vec<Refusal> {
    stage.later(600);
    [("a JWT", stage.token("access_token")), ("an opaque token", stage.own.clone())]
        .map(|(law, token)| {
            let law = format!("{law} of ten minutes ago");
            let row = Refusal::json(law, bearer(get("/api"), &token), 401, "invalid_token");
            challenged(row, &[("error", "invalid_token")])
        })
        .into()
}

/// What anybody may read, and nobody may write.
pub(crate) async fn documents(_: &mut Stage) -> Vec<Refusal> {
    let mut rows = Vec::new();
    for path in
        ["/oauth/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]
    {
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let sent = request(method.clone(), path, "");
            let row = Refusal::json(format!("{method} {path}"), sent, 405, "invalid_request");
            rows.push(row.header(header::ALLOW, "GET, HEAD"));
        }
    }
    rows
}
