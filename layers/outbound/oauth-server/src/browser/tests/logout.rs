//! Signing out through the layers.

use http::{HeaderMap, Request, StatusCode, header};
use serde_json::json;
use towergate_core::{audit::Origin, id::Uuid, random::InsecureSeededRandom};
use towergate_oauth::{
    ports::{ClientStore, InteractionStore, LogoutStore},
    rules::{
        client::{Client, ClientId, ClientMetadata, SubjectType},
        code::Code,
        grant::{Grant, GrantId, SignIn, Subject},
    },
};
use towergate_oauth_types::Scope;
use url::form_urlencoded::Serializer;

use super::house::{Answer, Browser, Failure, House};
use crate::logout::Farewell;

const BYE: &str = "https://shop.example/bye";
const END: &str = "/oauth/end_session";
const CONFIRM: &str = "/oauth/end_session/confirm";
const DONE: &str = "/oauth/end_session/done";

/// A house whose shop is told of logouts in every way, and where Alice let it in.
async fn house() -> House {
    house_with(|_| ()).await
}

async fn house_with(change: impl FnOnce(&mut ClientMetadata)) -> House {
    let house = House::with(|config| config.session_management = true).await;
    house
        .register(|shop| {
            shop.post_logout_redirect_uris = vec![BYE.to_owned()];
            shop.backchannel_logout_uri = Some(String::from("https://shop.example/told"));
            change(shop);
        })
        .await;
    house.sign_in("alice");
    let_in(&house, "shop", 1).await;
    house
}

/// Alice gives the client a grant in her sign-in.
async fn let_in(house: &House, client: &str, n: u128) {
    let now = house.server.now();
    let sign_in = SignIn { auth_time: now, acr: None, amr: Vec::new(), sid: Some(String::from("sid-alice")) };
    let grant = Grant {
        id: GrantId::from_uuid(Uuid::from_u128(n)),
        client: ClientId::parse(client).unwrap(),
        subject: Subject::parse("alice").unwrap(),
        scope: Scope::parse("openid").unwrap(),
        audience: Vec::new(),
        claims: Default::default(),
        sign_in,
        created_at: now,
    };
    let code = Code {
        id: Uuid::from_u128(n),
        digest: towergate_core::Digest::of(b"code"),
        grant: grant.id,
        redirect_uri: String::from("https://shop.example/cb"),
        redirect_uri_was_sent: true,
        code_challenge: None,
        nonce: None,
        expires_at: now,
    };
    house.store.issue_code(grant, code, None, origin(house)).await.unwrap();
}

fn origin(house: &House) -> Origin {
    Origin::detached(house.server.now(), &InsecureSeededRandom::new(1)).unwrap()
}

fn hint(house: &House, sub: &str, sid: &str) -> String {
    let claims =
        json!({ "iss": "https://id.example", "sub": sub, "aud": "shop", "sid": sid, "exp": 1, "iat": 0 });
    signed(house, "JWT", &claims)
}

fn signed(house: &House, typ: &str, claims: &serde_json::Value) -> String {
    house.server.keys().preferred().unwrap().sign_jwt(typ, claims).unwrap()
}

fn query(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn end(pairs: &[(&str, &str)]) -> String {
    format!("{END}?{}", query(pairs))
}

fn policy(answer: &Answer) -> &str {
    answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap()
}

fn set_cookies(headers: &HeaderMap) -> Vec<&str> {
    headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect()
}

async fn queued(house: &House) -> usize {
    house.facts().iter().filter(|fact| **fact == "logout.queued").count()
}

fn revoked(house: &House) -> bool {
    house.facts().contains(&"grant.revoked")
}

/// What the question sends along when it is answered so.
fn answered(page: &Answer, decision: &str) -> String {
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let mut pairs = vec![(String::from("decision"), decision.to_owned())];
    for part in page.body.split("<input type=\"hidden\" name=\"").skip(1) {
        let (name, rest) = part.split_once("\" value=\"").unwrap();
        let value = rest.split_once("\">").unwrap().0.replace("&amp;", "&");
        pairs.push((name.to_owned(), value));
    }
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn ask(browser: &mut Browser<'_>, pairs: &[(&str, &str)]) -> Answer {
    let page = browser.get(&end(pairs)).await;
    assert!(page.body.contains("logout-confirm") && page.body.contains("logout-cancel"), "{}", page.body);
    page
}

#[tokio::test]
async fn rp_initiated_2_an_id_token_of_this_sign_in_ends_it_unasked() {
    for by_post in [false, true] {
        let house = house().await;
        let hint = hint(&house, "alice", "sid-alice");
        let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "a b")];
        let mut browser = house.browser();
        let answer = match by_post {
            false => browser.get(&end(&pairs)).await,
            true => browser.post(END, &query(&pairs)).await,
        };
        assert_eq!(answer.location(), "https://shop.example/bye?state=a+b");
        assert!(!house.is_signed_in());
        assert!(revoked(&house));
        assert_eq!(queued(&house).await, 1);
    }
}

#[tokio::test]
async fn rp_initiated_2_anything_less_asks_the_person_first() {
    let house = house().await;
    let other_session = hint(&house, "alice", "sid-old");
    let other_person = hint(&house, "bob", "sid-alice");
    let app = [("client_id", "shop"), ("post_logout_redirect_uri", BYE)];
    for pairs in [
        vec![],
        vec![("state", "s")],
        vec![("logout_hint", "alice"), ("ui_locales", "nl")],
        app.to_vec(),
        vec![("id_token_hint", other_session.as_str()), ("post_logout_redirect_uri", BYE)],
        vec![("id_token_hint", other_person.as_str())],
    ] {
        let mut browser = house.browser();
        let page = ask(&mut browser, &pairs).await;
        assert!(page.body.contains("alice@example.com"));
        assert!(policy(&page).contains("form-action 'self' https:"));
        assert!(house.is_signed_in() && !revoked(&house) && queued(&house).await == 0);
    }
    let mut browser = house.browser();
    let page = ask(&mut browser, &[app[0], app[1], ("state", "s")]).await;
    let stayed = browser.post(CONFIRM, &answered(&page, "stay")).await;
    assert_eq!(stayed.location(), "/");
    assert!(house.is_signed_in() && !revoked(&house));
    let gone = browser.post(CONFIRM, &answered(&page, "logout")).await;
    assert_eq!(gone.location(), "https://shop.example/bye?state=s");
    assert!(!house.is_signed_in() && revoked(&house));
    assert_eq!(queued(&house).await, 1);
    // The button pressed twice.
    let again = browser.post(CONFIRM, &answered(&page, "logout")).await;
    assert_eq!(again.location(), "https://shop.example/bye?state=s");
    assert_eq!(queued(&house).await, 1);
}

#[tokio::test]
async fn only_who_was_asked_can_say_yes() {
    let house = house().await;
    let mut browser = house.browser();
    let page = ask(&mut browser, &[]).await;
    let yes = answered(&page, "logout");
    let proofless = query(&[("decision", "logout")]);
    let wrong = query(&[("decision", "logout"), ("proof", &"A".repeat(43))]);
    let torn = query(&[("decision", "logout"), ("proof", "%")]);
    for form in [&proofless, &wrong, &torn] {
        assert_eq!(browser.post(CONFIRM, form).await.status, StatusCode::FORBIDDEN, "{form}");
    }
    let elsewhere = house.browser().post(CONFIRM, &yes).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN, "another browser");
    let mut other = house.browser();
    ask(&mut other, &[]).await;
    assert_eq!(other.post(CONFIRM, &yes).await.status, StatusCode::FORBIDDEN, "one that was asked itself");
    assert!(policy(&page).ends_with("; form-action 'self' https:"), "{}", policy(&page));
    house.sign_in("bob");
    assert_eq!(browser.post(CONFIRM, &yes).await.status, StatusCode::FORBIDDEN, "another sign-in");
    for unclear in ["", "decision=maybe", "decision=logout&decision=stay"] {
        assert_eq!(browser.post(CONFIRM, unclear).await.status, StatusCode::BAD_REQUEST, "{unclear}");
    }
    assert_eq!(browser.get(CONFIRM).await.status, StatusCode::BAD_REQUEST);
    assert!(house.is_signed_in() && !revoked(&house));
}

#[tokio::test]
async fn whoever_is_signed_in_is_not_told_otherwise() {
    let house = house().await;
    assert_eq!(house.browser().get(DONE).await.location(), "/");
}

#[tokio::test]
async fn rp_initiated_4_where_nobody_is_signed_in_there_is_nothing_to_ask() {
    let house = house().await;
    house.sign_out();
    let hint = hint(&house, "alice", "sid-alice");
    let mut browser = house.browser();
    let answer = browser
        .get(&end(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE), ("state", "s")]))
        .await;
    assert_eq!(answer.location(), "https://shop.example/bye?state=s");
    let answer = browser.get(END).await;
    let page = browser.get(answer.location()).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("You are signed out"), "{}", page.body);
    assert!(!revoked(&house) && queued(&house).await == 0);
}

#[tokio::test]
async fn rp_initiated_2_what_cannot_be_trusted_is_told_to_the_person_and_ends_nothing() {
    let house = house().await;
    let good = hint(&house, "alice", "sid-alice");
    let claims = |iss: &str, aud: &str| json!({ "iss": iss, "sub": "alice", "aud": aud, "sid": "sid-alice", "exp": 1, "iat": 0 });
    let foreign = signed(&house, "JWT", &claims("https://evil.example", "shop"));
    let access = signed(&house, "at+jwt", &claims("https://id.example", "shop"));
    let logout = signed(&house, "logout+jwt", &claims("https://id.example", "shop"));
    let others = signed(&house, "JWT", &claims("https://id.example", "stranger"));
    let (torn, long) = (format!("{good}x"), "x".repeat(2049));
    for pairs in [
        vec![("id_token_hint", foreign.as_str())],
        vec![("id_token_hint", &access)],
        vec![("id_token_hint", &logout)],
        vec![("id_token_hint", &others)],
        vec![("id_token_hint", &torn), ("post_logout_redirect_uri", BYE)],
        vec![("id_token_hint", &good), ("client_id", "other")],
        vec![("id_token_hint", &good), ("post_logout_redirect_uri", "https://evil.example/")],
        vec![("client_id", "shop"), ("post_logout_redirect_uri", "https://shop.example/bye/")],
        vec![("client_id", "stranger")],
        vec![("post_logout_redirect_uri", BYE)],
        vec![("id_token_hint", &good), ("id_token_hint", &good)],
        vec![("id_token_hint", &good), ("state", &long)],
        vec![("logout_hint", &long)],
        vec![("ui_locales", &long)],
        vec![("client_id", &long)],
    ] {
        for answer in [
            house.browser().get(&end(&pairs)).await,
            house.browser().post(END, &query(&pairs)).await,
            house.browser().post(CONFIRM, &format!("decision=logout&{}", query(&pairs))).await,
        ] {
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{pairs:?} {}", answer.body);
            assert!(answer.body.contains("invalid_request"), "{}", answer.body);
            assert!(!answer.headers.contains_key(header::LOCATION));
        }
    }
    let huge = house.browser().post(END, &"x".repeat(70_000)).await;
    assert_eq!(huge.status, StatusCode::BAD_REQUEST);
    house.disable_client().await;
    let closed = house.browser().get(&end(&[("id_token_hint", &good)])).await;
    assert_eq!(closed.status, StatusCode::BAD_REQUEST);
    assert!(house.is_signed_in() && queued(&house).await == 0);
}

#[tokio::test]
async fn a_state_with_line_breaks_breaks_no_header() {
    let house = house().await;
    let hint = hint(&house, "alice", "sid-alice");
    let state = "x\r\nset-cookie: stolen=1";
    let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", state)];
    let answer = house.browser().get(&end(&pairs)).await;
    assert_eq!(answer.location(), "https://shop.example/bye?state=x%0D%0Aset-cookie%3A+stolen%3D1");
    assert!(set_cookies(&answer.headers).iter().all(|cookie| !cookie.contains("stolen")));
}

#[tokio::test]
async fn another_sites_post_is_sent_round_by_get_so_that_the_cookies_come_along() {
    let house = house().await;
    let hint = hint(&house, "alice", "sid-alice");
    let form = query(&[("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "s")]);
    let request = Request::post(END)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site");
    let answer = house.browser().send(request, &form).await;
    let round = answer.location().to_owned();
    assert!(round.starts_with("/oauth/end_session?"), "{round}");
    assert!(house.is_signed_in());
    let request = Request::get(&round).header("sec-fetch-site", "cross-site");
    let answer = house.browser().send(request, "").await;
    assert_eq!(answer.location(), "https://shop.example/bye?state=s");
}

#[tokio::test]
async fn a_pairwise_client_names_the_person_as_it_knows_them() {
    let house = house_with(|shop| shop.subject_type = SubjectType::Pairwise).await;
    let shop = house.client().await;
    let sub = house.server.sub_of(&shop, &Subject::parse("alice").unwrap());
    ask(&mut house.browser(), &[("id_token_hint", &hint(&house, "alice", "sid-alice"))]).await;
    let hint = hint(&house, sub.as_str(), "sid-alice");
    let answer = house.browser().get(&end(&[("id_token_hint", &hint)])).await;
    assert!(answer.location().starts_with(DONE) && !house.is_signed_in());
}

/// Another client that Alice let in, told through the browser.
async fn with_news(house: &House) {
    let mut metadata = ClientMetadata::default();
    metadata.frontchannel_logout_uri = Some(String::from("https://news.example:8443/out"));
    let news = Client::unchecked(ClientId::parse("news").unwrap(), None, metadata);
    house.store.put_client(news, origin(house)).await.unwrap();
    let_in(house, "news", 2).await;
}

#[tokio::test]
async fn front_channel_2_the_farewell_frames_each_client_of_the_sign_in_and_goes_on() {
    let house = house_with(|shop| {
        shop.frontchannel_logout_uri = Some(String::from("https://shop.example/out"));
        shop.frontchannel_logout_session_required = true;
    })
    .await;
    with_news(&house).await;
    let hint = hint(&house, "alice", "sid-alice");
    let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "s")];
    let mut browser = house.browser();
    let done = browser.get(&end(&pairs)).await.location().to_owned();
    assert!(!done.contains("sid-alice") && done.starts_with(DONE), "{done}");
    let page = browser.get(&done).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in [
        "<iframe src=\"https://shop.example/out?iss=https%3A%2F%2Fid.example&amp;sid=sid-alice\"",
        "<iframe src=\"https://news.example:8443/out\"",
        "<meta http-equiv=\"refresh\" content=\"2;url=https://shop.example/bye?state=s\">",
        "<a id=\"logout-continue\" href=\"https://shop.example/bye?state=s\">",
    ] {
        assert!(page.body.contains(part), "{part}\n{}", page.body);
    }
    assert!(!page.body.contains("<script"));
    let frames = "; frame-src https://news.example:8443 https://shop.example; form-action 'none'";
    assert!(policy(&page).ends_with(frames), "{}", policy(&page));
    // Nor is a client gone to that was shut out in the meantime, or gave its address up.
    house.disable_client().await;
    assert!(!browser.get(&done).await.body.contains("refresh"));
    house.store.enable_client(house.client().await.id, origin(&house)).await.unwrap();
    assert!(browser.get(&done).await.body.contains("refresh"));
    house.register(|shop| shop.post_logout_redirect_uris = Vec::new()).await;
    assert!(!browser.get(&done).await.body.contains("refresh"));
}

#[tokio::test]
async fn nobody_else_writes_a_farewell_and_it_does_not_last() {
    let house = house().await;
    with_news(&house).await;
    let there = towergate_core::LocalPath::root();
    let done = house.server.farewell("sid-alice", &there).await.unwrap().unwrap();
    assert_eq!(house.server.farewell("sid-other", &there).await.unwrap(), None, "nobody to tell");
    let still = house.browser().get(done.as_str()).await;
    assert_eq!(still.location(), "/", "whoever is signed in is not told otherwise");
    house.sign_out();
    let page = house.browser().get(done.as_str()).await;
    assert!(page.body.contains("https://news.example:8443/out") && page.body.contains("content=\"2;url=/\""));
    for forged in [
        format!("{DONE}?farewell={}", "A".repeat(100)),
        format!("{done}x"),
        format!("{DONE}?farewell="),
        format!("{DONE}?farewell={}", "A".repeat(40_000)),
        format!("{DONE}?farewell=%ff"),
        DONE.to_owned(),
    ] {
        let page = house.browser().get(&forged).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("<iframe") && !page.body.contains("refresh"), "{}", page.body);
        assert!(policy(&page).contains("frame-src 'none'"));
    }
    house.clock.advance(std::time::Duration::from_secs(600));
    assert!(!house.browser().get(done.as_str()).await.body.contains("<iframe"));
    assert!(Farewell::read("", &house.server).is_none());
}

#[tokio::test]
async fn a_host_that_ends_its_session_elsewhere_is_gone_to_with_the_way_back() {
    let house = house().await;
    house.host_fails(Failure::EndsElsewhere);
    let hint = hint(&house, "alice", "sid-alice");
    let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "s")];
    let answer = house.browser().get(&end(&pairs)).await;
    let location = answer.location();
    let query = location.strip_prefix("/bye?theme=dark&").unwrap_or_else(|| panic!("{location}"));
    let mut parts = url::form_urlencoded::parse(query.as_bytes()).into_owned();
    let (name, back) = parts.next().unwrap();
    assert_eq!(name, "return_to");
    assert!(revoked(&house), "what clients hold has ended already");
    assert_eq!(house.browser().get(&back).await.location(), "/", "it has not ended yet");
    house.sign_out();
    assert_eq!(house.browser().get(&back).await.location(), "https://shop.example/bye?state=s");
}

#[tokio::test]
async fn a_host_that_fails_is_told_to_the_operator_and_the_person_may_try_again() {
    for failure in [Failure::EndSessionErrs, Failure::LogoutRedirectPanics] {
        let house = house().await;
        house.host_fails(failure);
        let hint = hint(&house, "alice", "sid-alice");
        let answer = house.browser().get(&end(&[("id_token_hint", &hint)])).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(answer.body.contains("server_error") && !answer.body.contains("fire"), "{}", answer.body);
        assert!(house.facts().contains(&"account_resolver.failed"));
        assert!(house.is_signed_in());
        house.host_recovers();
        assert!(house.browser().get(&end(&[("id_token_hint", &hint)])).await.location().starts_with(DONE));
        assert!(!house.is_signed_in());
        assert_eq!(queued(&house).await, 1);
    }
}

#[tokio::test]
async fn signing_out_twice_at_once_tells_each_client_once() {
    let house = house().await;
    let hint = hint(&house, "alice", "sid-alice");
    let path = end(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)]);
    let (mut one, mut two) = (house.browser(), house.browser());
    let (one, two) = tokio::join!(one.get(&path), two.get(&path));
    assert_eq!((one.location(), two.location()), (BYE, BYE));
    assert_eq!(queued(&house).await, 1);
    assert_eq!(house.store.clients_of_session("sid-alice").await.unwrap().len(), 1);
}

#[tokio::test]
async fn session_management_2_an_answer_has_the_session_state_of_its_client_and_origin() {
    use towergate_oauth::rules::logout::session_state::{browser_state, session_state};
    let house = house().await;
    let mut browser = house.browser();
    let consent = browser.get(super::house::GOOD).await.location().to_owned();
    browser.get(&consent).await;
    let answer = browser.post(&consent, "decision=allow").await;
    let state = answer.param("session_state").unwrap();
    let salt = state.split_once('.').unwrap().1;
    let held = browser_state("sid-alice");
    assert_eq!(state, session_state("shop", "https://shop.example", &held, salt));
    let cookies = set_cookies(&answer.headers);
    assert_eq!(cookies, [format!("__Host-tgbs={held}; SameSite=None; Secure; Path=/")]);
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");

    let house = House::new().await;
    house.sign_in("alice");
    let mut browser = house.browser();
    let consent = browser.get(super::house::GOOD).await.location().to_owned();
    browser.get(&consent).await;
    let answer = browser.post(&consent, "decision=allow").await;
    assert_eq!(answer.param("session_state"), None, "off unless the host says otherwise");
    assert!(set_cookies(&answer.headers).is_empty());
}

#[tokio::test]
async fn session_management_4_the_cookie_follows_the_sign_in() {
    use towergate_oauth::rules::logout::session_state::browser_state;
    let house = house().await;
    let held = format!("__Host-tgbs={}", browser_state("sid-alice"));
    let get = async |cookie: &str| {
        let request = Request::get("/elsewhere").header(header::COOKIE, cookie).body(String::new()).unwrap();
        let answer = house.send(request).await;
        set_cookies(&answer.headers).first().map(|set| set.to_string())
    };
    assert_eq!(get(&held).await, None, "it is in step");
    for stale in ["", "__Host-tgbs=old", &format!("{held}; __Host-tgbs=old")] {
        assert!(get(stale).await.unwrap().starts_with(&held), "{stale}");
    }
    let hint = hint(&house, "alice", "sid-alice");
    let answer =
        house.browser().get(&end(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)])).await;
    let cleared = "__Host-tgbs=; SameSite=None; Secure; Path=/; Max-Age=0";
    assert_eq!(set_cookies(&answer.headers), [cleared], "with the answer that ends it");
    assert_eq!(get(&held).await.as_deref(), Some(cleared), "wherever else it ended");
    assert_eq!(get("").await, None);
}
