//! The five steps, and what each leaves.

use std::time::Duration;

use http::StatusCode;
use towergate::{
    core::{Clock, id::Uuid, token::OpaqueToken},
    identity::{
        ports::IdentityStore,
        rules::session::{self, SessionId},
    },
    oauth::{
        ports::OAuthStore,
        rules::{
            client::ClientId,
            code,
            grant::Subject,
            interaction::{InteractionId, InteractionState},
            refresh_token::{self, RefreshTokenState},
        },
    },
};

use crate::house::{
    CALLBACK, CLIENT, CLIENT_SECRET, House, ISSUER, PASSWORD,
    browser::{Browser, token_request, with_token},
    rows::{Log, Watch},
    steps::{AUTHORIZE, VERIFIER, encode, exchange, login_form, parameter},
};
use crate::tables::{Tables, hex, time};

pub(crate) async fn the_whole_way<I: IdentityStore + Log, O: OAuthStore + Log>(
    people: I,
    grants: O,
    mut tables: Tables,
) {
    let house = House::on(people.clone(), grants.clone()).await;
    let alice = hex(house.alice.as_uuid().as_bytes());
    tables.look();
    let mut watch = Watch::over(&people, &grants);
    let mut browser = Browser::new(house.app.clone());
    let subject = Subject::parse(&house.alice.to_string()).unwrap();
    let client = ClientId::parse(CLIENT).unwrap();

    // 1. Authorize: nobody is signed in, so the request waits, tied to this browser.
    let answer = browser.get(AUTHORIZE).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let interaction: InteractionId = parameter(&answer.location, "interaction_id").parse().unwrap();
    let news = watch.news();
    assert_eq!(news, ["interaction.begun succeeded"]);
    tables.grew(&news, &[("interactions", 1), ("interaction_room", 1)]);
    let interaction_row = hex(interaction.as_uuid().as_bytes());
    let asked = "SELECT lower(hex(id)), state, subject, json_extract(request, '$.redirect_uri'),
        expires_at - created_at, created_at FROM towergate_interactions";
    let begun = time(house.clock.now());
    tables.hold(asked, &[&interaction_row, "open", "-", CALLBACK, "900000", &begun]);
    let waiting = grants.find_interaction(interaction).await.unwrap().unwrap();
    assert_eq!((waiting.state, waiting.subject), (InteractionState::Open, None));
    assert_eq!(waiting.request.redirect_uri, CALLBACK);
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["__Host-tgib"]);

    // 2. Sign in: a session with an identifier of its own, and home by the path that was kept.
    house.later(5);
    let return_to = parameter(&answer.location, "return_to");
    assert!(browser.get(&answer.location).await.text.contains("login-submit"));
    assert!(watch.news().is_empty(), "to look at a page leaves nothing");
    tables.grew(&[], &[]);
    let form = format!("{}&return_to={}", login_form(), encode(&return_to));
    let answer = browser.post("/login", &form).await;
    assert_eq!((answer.status, answer.location.as_str()), (StatusCode::SEE_OTHER, return_to.as_str()));
    let news = watch.news();
    assert_eq!(news, ["login.succeeded succeeded", "session.created succeeded"]);
    let cookie = OpaqueToken::parse(session::PREFIX, &browser.cookies["__Host-tgs"]).unwrap();
    let session = SessionId::from_uuid(cookie.id());
    let session = people.load_session(session, house.clock.now()).await.unwrap().unwrap();
    assert_eq!((session.user, session.authenticated_at), (house.alice, house.clock.now()));
    tables.grew(&news, &[("sessions", 1)]);
    tables.hold(
        "SELECT lower(hex(id)), lower(hex(digest)), lower(hex(sign_in)), lower(hex(user_id)), stage, methods,
            authenticated_at, idle_expires_at - authenticated_at, absolute_expires_at - authenticated_at
            FROM towergate_sessions",
        &[
            &hex(cookie.id().as_bytes()),
            &hex(cookie.digest().as_bytes()),
            &hex(session.sign_in.as_uuid().as_bytes()),
            &alice,
            "complete",
            r#"["pwd"]"#,
            &time(house.clock.now()),
            "1800000",
            "86400000",
        ],
    );

    // 3. Resume: same browser, somebody signed in; they are asked.
    house.later(5);
    let page = browser.get(&return_to).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("consent-allow") && page.text.contains("Alice"));
    assert!(watch.news().is_empty());
    tables.grew(&[], &[]);
    tables.hold(asked, &[&interaction_row, "open", subject.as_str(), CALLBACK, "900000", &begun]);
    let waiting = grants.find_interaction(interaction).await.unwrap().unwrap();
    assert_eq!((waiting.state, waiting.subject), (InteractionState::Open, Some(subject.clone())));

    // 4. Decide: one step closes the interaction, keeps consent, grant and code.
    house.later(5);
    let answer = browser.post(&return_to, "decision=allow&remember=on").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert!(answer.location.starts_with(CALLBACK));
    assert_eq!(parameter(&answer.location, "state"), "st");
    assert_eq!(parameter(&answer.location, "iss"), ISSUER);
    let news = watch.news();
    assert_eq!(news, ["code.issued succeeded", "consent.given succeeded"]);
    let closed = grants.find_interaction(interaction).await.unwrap().unwrap();
    assert_eq!(closed.state, InteractionState::Approved);
    assert!(grants.find_consent(&subject, &client).await.unwrap().is_some());
    let code_text = parameter(&answer.location, "code");
    let code = OpaqueToken::parse(code::PREFIX, &code_text).unwrap();
    let stored = grants.find_code(code.id()).await.unwrap().unwrap();
    assert!(stored.code.digest.matches(&code.digest()) && !stored.spent && !stored.revoked);
    assert_eq!(stored.grant.sign_in.sid, Some(session.sign_in.to_string()));
    tables.grew(&news, &[("consents", 1), ("grants", 1), ("codes", 1), ("sign_in_clients", 1)]);
    let decided = time(house.clock.now());
    tables.hold(asked, &[&interaction_row, "approved", subject.as_str(), CALLBACK, "900000", &begun]);
    let consent = "SELECT subject, client, scope, given_at FROM towergate_consents";
    tables.hold(consent, &[subject.as_str(), CLIENT, "email openid", &decided]);
    let grant = hex(stored.grant.id.as_uuid().as_bytes());
    let sid = session.sign_in.to_string();
    let given =
        "SELECT lower(hex(id)), client, subject, scope, sid, offline, auth_time, created_at, revoked_at
        FROM towergate_grants";
    let auth_time = time(session.authenticated_at);
    let mut given_row =
        [&grant, CLIENT, subject.as_str(), "email openid", &sid, "0", &auth_time, &decided, "-"];
    tables.hold(given, &given_row);
    let served = "SELECT sid, client, subject, seen_at FROM towergate_sign_in_clients";
    tables.hold(served, &[&sid, CLIENT, subject.as_str(), &decided]);
    let issued = "SELECT lower(hex(id)), lower(hex(digest)), lower(hex(grant_id)), redirect_uri,
        redirect_uri_was_sent, length(code_challenge), nonce, expires_at, spent_at FROM towergate_codes";
    let (code_id, code_digest) = (hex(code.id().as_bytes()), hex(code.digest().as_bytes()));
    let code_end = time(house.clock.now().plus(Duration::from_secs(60)));
    let mut issued_row = [code_id.as_str(), &code_digest, &grant, CALLBACK, "1", "32", "no", &code_end, "-"];
    tables.hold(issued, &issued_row);

    // 5. Token: a wrong verifier leaves the code unspent, the right one spends it.
    house.later(5);
    let refused = token_request(&house.app, &exchange(&code_text, &VERIFIER.replace('d', "e"))).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (StatusCode::BAD_REQUEST, &"invalid_grant".into())
    );
    assert!(!grants.find_code(code.id()).await.unwrap().unwrap().spent);
    assert!(watch.news().is_empty());
    tables.grew(&[], &[]);
    tables.hold(issued, &issued_row);
    let answer = token_request(&house.app, &exchange(&code_text, VERIFIER)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let news = watch.news();
    assert_eq!(news, ["code.redeemed succeeded", "token.issued succeeded"]);
    tables.grew(&news, &[("access_tokens", 1), ("refresh_tokens", 1)]);
    let redeemed = time(house.clock.now());
    issued_row[8] = &redeemed;
    tables.hold(issued, &issued_row);
    let tokens = answer.json();
    let access = tokens["access_token"].as_str().unwrap();
    let jti: Uuid = claims(access)["jti"].as_str().unwrap().parse().unwrap();
    let kept = grants.find_access_token(jti).await.unwrap().unwrap();
    assert_eq!((kept.token.subject.as_ref(), kept.revoked), (Some(&subject), false));
    tables.hold(
        "SELECT lower(hex(id)), digest, lower(hex(grant_id)), client, subject, scope, issued_at, expires_at - issued_at,
            revoked_at FROM towergate_access_tokens",
        &[&hex(jti.as_bytes()), "-", &grant, CLIENT, subject.as_str(), "email openid", &redeemed, "600000", "-"],
    );
    let refresh_text = tokens["refresh_token"].as_str().unwrap();
    let refresh = OpaqueToken::parse(refresh_token::PREFIX, refresh_text).unwrap();
    let rotates =
        "SELECT lower(hex(digest)), lower(hex(grant_id)), generation, issued_at, expires_at - issued_at,
        absolute_expires_at - issued_at, rotated_at, lower(hex(successor)), sealed_answer IS NULL
        FROM towergate_refresh_tokens ORDER BY generation";
    let refresh_digest = hex(refresh.digest().as_bytes());
    let (month, quarter) = ("2592000000", "7776000000");
    let mut rotates_row = [&refresh_digest, &grant, "0", &redeemed, month, quarter, "-", "", "1"];
    tables.hold(rotates, &rotates_row);
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
    let form = format!("grant_type=refresh_token&refresh_token={refresh_text}");
    let first = token_request(&house.app, &form).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let news = watch.news();
    assert_eq!(news, ["token.issued succeeded", "token.refreshed succeeded"]);
    tables.grew(&news, &[("access_tokens", 1), ("refresh_tokens", 1)]);
    let rotated = time(house.clock.now());
    let next_text = first.json()["refresh_token"].as_str().unwrap().to_owned();
    let next = OpaqueToken::parse(refresh_token::PREFIX, &next_text).unwrap();
    let next_id = hex(next.id().as_bytes());
    rotates_row[6..].copy_from_slice(&[&rotated, &next_id, "0"]);
    let presented = rotates.replace("ORDER BY", "WHERE rotated_at IS NOT NULL ORDER BY");
    tables.hold(&presented, &rotates_row);
    let successor = "SELECT lower(hex(id)), lower(hex(digest)), generation, issued_at, rotated_at
        FROM towergate_refresh_tokens WHERE rotated_at IS NULL";
    tables.hold(successor, &[&next_id, &hex(next.digest().as_bytes()), "1", &rotated, "-"]);
    house.later(9);
    assert_eq!(token_request(&house.app, &form).await.text, first.text);
    assert!(watch.news().is_empty());
    tables.grew(&[], &[]);
    let kept = grants.find_refresh_token(refresh.id()).await.unwrap().unwrap();
    assert!(matches!(kept.state, RefreshTokenState::Rotated { successor_used: false, .. }));

    // A second use of the code ends all that came from it, at once and everywhere.
    let replay = token_request(&house.app, &exchange(&code_text, VERIFIER)).await;
    assert_eq!((replay.status, &replay.json()["error"]), (StatusCode::BAD_REQUEST, &"invalid_grant".into()));
    assert!(grants.find_code(code.id()).await.unwrap().unwrap().revoked);
    let news = watch.news();
    assert!(news.contains(&String::from("grant.revoked succeeded")));
    tables.grew(&news, &[]);
    let revoked = time(house.clock.now());
    given_row[8] = &revoked;
    tables.hold(given, &given_row);
    let last = "SELECT outcome, target_kind, target_id, reason FROM towergate_audit_events
        WHERE action = 'grant.revoked'";
    tables.hold(last, &["succeeded", "grant", &stored.grant.id.to_string(), "code_replayed"]);
    let newer = first.json()["access_token"].as_str().unwrap().to_owned();
    for path in ["/oauth/userinfo", "/api"] {
        assert_eq!(with_token(&house.app, path, &newer).await.status, StatusCode::UNAUTHORIZED);
    }

    // Whoever steals the file holds nothing that opens anything.
    let cookies = browser.cookies.values().map(|value| value.rsplit('.').next().unwrap());
    let mut texts: Vec<_> = cookies.chain([PASSWORD, CLIENT_SECRET, VERIFIER, access, &newer]).collect();
    texts.extend([&code_text, refresh_text, &next_text].map(|text| text.rsplit('.').next().unwrap()));
    tables.hold_nowhere(&texts, &[&cookie, &code, &refresh, &next]);
}

/// The claims of a JWT, read without checking: this is the test's own look inside.
fn claims(jwt: &str) -> serde_json::Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
