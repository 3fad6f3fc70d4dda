//! What was begun rightly, and is no longer right when it is gone on with: a client that is shut out or deletes itself.

use http::Method;
use towergate::{
    core::{Clock, audit::Origin, system::OsRandom},
    oauth::{ports::ClientStore, rules::client::ClientId},
};

use crate::{
    house::{
        CLIENT, CLIENT_SECRET,
        steps::{VERIFIER, encode, exchange, refresh},
    },
    refusal::Refusal,
    request::{Asked, bearer, form, get, of_alice, post, request},
    stage::Stage,
};

const FAILED: &str = "client.authentication_failed client_disabled";

/// The shop was shut out a moment ago: all that it holds is worth nothing, everywhere and at once.
pub(crate) async fn shut_out(stage: &mut Stage) -> Vec<Refusal> {
    let origin = Origin::detached(stage.house.clock.now(), &OsRandom::new()).unwrap();
    stage.store.disable_client(ClientId::parse(CLIENT).unwrap(), origin).await.unwrap();
    stage.is_late = true;
    let proof = form(&[("client_id", CLIENT), ("client_secret", CLIENT_SECRET)]);
    let mut rows = Vec::new();
    for (law, path, fields) in [
        ("its code", "/oauth/token", exchange(&stage.code, VERIFIER)),
        ("its refresh token", "/oauth/token", refresh(&stage.token("refresh_token"))),
        ("an unknown grant", "/oauth/token", String::from("grant_type=x")),
        (
            "a question about its token",
            "/oauth/introspect",
            format!("token={}", encode(&stage.token("access_token"))),
        ),
        ("its token given back", "/oauth/revoke", format!("token={}", encode(&stage.token("refresh_token")))),
    ] {
        let sent = post(path, &format!("{proof}&{fields}"));
        rows.push(Refusal::json(law, sent, 401, "invalid_client").wrote(FAILED));
    }
    let invalid = [("error", "invalid_token")];
    let token = stage.token("access_token");
    let userinfo =
        Refusal::json("its token at userinfo", bearer(get("/oauth/userinfo"), &token), 401, "invalid_token");
    rows.push(userinfo.challenge("Bearer", &invalid));
    let metadata = ("resource_metadata", "https://id.example/.well-known/oauth-protected-resource");
    let api = Refusal::json("its token at an API", bearer(get("/api"), &token), 401, "invalid_token");
    rows.push(api.challenge("Bearer", &[invalid[0], metadata]));
    for (law, sent) in [
        ("a request of its own", Asked::good().get()),
        ("a request of its own, in silence", Asked::good().and("prompt", "none").get()),
        ("a look at its question", get(&stage.asked)),
        ("yes to its question", post(&stage.asked, "decision=allow")),
        ("no to its question", post(&stage.asked, "decision=deny")),
    ] {
        rows.push(Refusal::page(law, of_alice(stage, sent), 400, "invalid_client"));
    }
    let ask = get(&format!("/oauth/end_session?id_token_hint={}", stage.token("id_token")));
    rows.push(Refusal::page("signing out for it", of_alice(stage, ask), 400, "invalid_request"));
    rows
}

/// Alice signed out a moment ago: what hangs on her sign-in is gone with it.
pub(crate) async fn signed_out(stage: &mut Stage) -> Vec<Refusal> {
    let cookies = stage.alice.cookies.clone();
    let path = format!("/oauth/end_session?id_token_hint={}", stage.token("id_token"));
    assert_eq!(stage.alice.get(&path).await.status, 303);
    stage.is_late = true;
    // Whoever kept her old cookies is nobody.
    stage.alice.cookies = cookies;
    let proof = form(&[("client_id", CLIENT), ("client_secret", CLIENT_SECRET)]);
    let silent = of_alice(stage, Asked::good().and("prompt", "none").get());
    let mut rows =
        vec![Refusal::redirect("a silent request", silent, "login_required").forgets("__Host-tgs")];
    for (law, fields) in [
        ("a code of the sign-in", exchange(&stage.code, VERIFIER)),
        ("a refresh token of the sign-in", refresh(&stage.token("refresh_token"))),
    ] {
        rows.push(Refusal::json(
            law,
            post("/oauth/token", &format!("{proof}&{fields}")),
            400,
            "invalid_grant",
        ));
    }
    let userinfo = bearer(request(Method::GET, "/oauth/userinfo", ""), &stage.token("access_token"));
    let userinfo = Refusal::json("an access token of the sign-in", userinfo, 401, "invalid_token");
    rows.push(userinfo.challenge("Bearer", &[("error", "invalid_token")]));
    rows
}
