//! The five steps, and what each leaves.

use http::StatusCode;
use towergate::{
    core::{Clock, id::Uuid, token::OpaqueToken},
    identity::{ports::IdentityStore, rules::session::SessionId},
    oauth::{
        ports::OAuthStore,
        rules::{
            client::ClientId, code, grant::Subject, interaction::InteractionState, refresh_token,
            refresh_token::RefreshTokenState,
        },
    },
};

use crate::house::{
    CALLBACK, CLIENT, House, ISSUER,
    browser::{Browser, token_request, with_token},
    rows::{Log, Watch},
    steps::{AUTHORIZE, VERIFIER, encode, exchange, login_form, parameter},
};

pub(crate) async fn the_whole_way<I: IdentityStore + Log, O: OAuthStore + Log>(people: I, grants: O) {
    let house = House::on(people.clone(), grants.clone()).await;
    let mut watch = Watch::over(&people, &grants);
    let mut browser = Browser::new(house.app.clone());
    let subject = Subject::parse(&house.alice.to_string()).unwrap();
    let client = ClientId::parse(CLIENT).unwrap();

    // 1. Authorize: nobody is signed in, so the request waits, tied to this browser.
    let answer = browser.get(AUTHORIZE).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let interaction = parameter(&answer.location, "interaction_id").parse().unwrap();
    assert_eq!(watch.news(), ["interaction.begun succeeded"]);
    let waiting = grants.find_interaction(interaction).await.unwrap().unwrap();
    assert_eq!((waiting.state, waiting.subject), (InteractionState::Open, None));
    assert_eq!(waiting.request.redirect_uri, CALLBACK);
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["__Host-tgib"]);

    // 2. Sign in: a session with an identifier of its own, and home by the path that was kept.
    house.later(5);
    let return_to = parameter(&answer.location, "return_to");
    assert!(browser.get(&answer.location).await.text.contains("login-submit"));
    assert!(watch.news().is_empty(), "to look at a page leaves nothing");
    let form = format!("{}&return_to={}", login_form(), encode(&return_to));
    let answer = browser.post("/login", &form).await;
    assert_eq!((answer.status, answer.location.as_str()), (StatusCode::SEE_OTHER, return_to.as_str()));
    assert_eq!(watch.news(), ["login.succeeded succeeded", "session.created succeeded"]);
    let cookie =
        OpaqueToken::parse(towergate::identity::rules::session::PREFIX, &browser.cookies["__Host-tgs"]);
    let session = SessionId::from_uuid(cookie.unwrap().id());
    let session = people.load_session(session, house.clock.now()).await.unwrap().unwrap();
    assert_eq!((session.user, session.authenticated_at), (house.alice, house.clock.now()));

    // 3. Resume: same browser, somebody signed in; they are asked.
    house.later(5);
    let page = browser.get(&return_to).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("consent-allow") && page.text.contains("Alice"));
    assert!(watch.news().is_empty());
    let waiting = grants.find_interaction(interaction).await.unwrap().unwrap();
    assert_eq!((waiting.state, waiting.subject), (InteractionState::Open, Some(subject.clone())));

    // 4. Decide: one step closes the interaction, keeps consent, grant and code.
    house.later(5);
    let answer = browser.post(&return_to, "decision=allow&remember=on").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert!(answer.location.starts_with(CALLBACK));
    assert_eq!(parameter(&answer.location, "state"), "st");
    assert_eq!(parameter(&answer.location, "iss"), ISSUER);
    assert_eq!(watch.news(), ["code.issued succeeded", "consent.given succeeded"]);
    let closed = grants.find_interaction(interaction).await.unwrap().unwrap();
    assert_eq!(closed.state, InteractionState::Approved);
    assert!(grants.find_consent(&subject, &client).await.unwrap().is_some());
    let code_text = parameter(&answer.location, "code");
    let code = OpaqueToken::parse(code::PREFIX, &code_text).unwrap();
    let stored = grants.find_code(code.id()).await.unwrap().unwrap();
    assert!(stored.code.digest.matches(&code.digest()) && !stored.spent && !stored.revoked);
    assert_eq!(stored.grant.sign_in.sid, Some(session.sign_in.to_string()));

    // 5. Token: a wrong verifier leaves the code unspent, the right one spends it.
    house.later(5);
    let refused = token_request(&house.app, &exchange(&code_text, &VERIFIER.replace('d', "e"))).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (StatusCode::BAD_REQUEST, &"invalid_grant".into())
    );
    assert!(!grants.find_code(code.id()).await.unwrap().unwrap().spent);
    assert!(watch.news().is_empty());
    let answer = token_request(&house.app, &exchange(&code_text, VERIFIER)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(watch.news(), ["code.redeemed succeeded", "token.issued succeeded"]);
    let tokens = answer.json();
    let access = tokens["access_token"].as_str().unwrap();
    let jti: Uuid = claims(access)["jti"].as_str().unwrap().parse().unwrap();
    let kept = grants.find_access_token(jti).await.unwrap().unwrap();
    assert_eq!((kept.token.subject.as_ref(), kept.revoked), (Some(&subject), false));
    let id_token = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(id_token["nonce"], "no");
    assert_eq!(id_token["auth_time"], session.authenticated_at.unix_seconds());
    assert_eq!(id_token["sid"], session.sign_in.to_string());

    // The tokens open what they are for, and the host's claims do not replace the protocol's.
    let person = with_token(&house.app, "/oauth/userinfo", access).await.json();
    assert_eq!((&person["sub"], &person["email"]), (&subject.as_str().into(), &"alice@example.com".into()));
    assert_eq!(with_token(&house.app, "/api", access).await.text, subject.as_str());

    // Refreshing rotates; the same request again within ten seconds gets the same answer.
    house.later(60);
    let refresh_text = tokens["refresh_token"].as_str().unwrap();
    let form = format!("grant_type=refresh_token&refresh_token={refresh_text}");
    let first = token_request(&house.app, &form).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    assert_eq!(watch.news(), ["token.issued succeeded", "token.refreshed succeeded"]);
    house.later(9);
    assert_eq!(token_request(&house.app, &form).await.text, first.text);
    assert!(watch.news().is_empty());
    let refresh = OpaqueToken::parse(refresh_token::PREFIX, refresh_text).unwrap();
    let kept = grants.find_refresh_token(refresh.id()).await.unwrap().unwrap();
    assert!(matches!(kept.state, RefreshTokenState::Rotated { successor_used: false, .. }));

    // A second use of the code ends all that came from it, at once and everywhere.
    let replay = token_request(&house.app, &exchange(&code_text, VERIFIER)).await;
    assert_eq!((replay.status, &replay.json()["error"]), (StatusCode::BAD_REQUEST, &"invalid_grant".into()));
    assert!(grants.find_code(code.id()).await.unwrap().unwrap().revoked);
    assert!(watch.news().contains(&String::from("grant.revoked succeeded")));
    let newer = first.json()["access_token"].as_str().unwrap().to_owned();
    for path in ["/oauth/userinfo", "/api"] {
        assert_eq!(with_token(&house.app, path, &newer).await.status, StatusCode::UNAUTHORIZED);
    }
}

/// The claims of a JWT, read without checking: this is the test's own look inside.
fn claims(jwt: &str) -> serde_json::Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
