//! What the house allocates for a request, exactly: a number that falls is good news, one that rises needs a reason.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;

use std::{
    convert::Infallible,
    future::ready,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use house::{CLIENT_SECRET, House, accounts::Accounts, steps::signed_in};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceBuilder, service_fn};
use towergate::{
    Stack,
    audit::AuditLayer,
    core::{Timestamp, audit::Origin, clock::ManualClock, random::InsecureSeededRandom},
    identity,
    oauth::{self, ports::ClientStore, rules::client::AccessTokenFormat},
    oauth_resource::{ResourceLayer, Verifier},
    oauth_server::account::AccountLayer,
    scope::ScopeLayer,
    session::SessionLayer,
};

/// The map of the extensions, which the first layer that leaves something there pays for, and its growth for the fourth.
const EXTENSIONS: u64 = 3;
/// The identifier's place in the extensions, and the text of the response header.
const AUDIT: u64 = 2;
/// The handle's shared state, and its place in the extensions.
const SESSION: u64 = 2;
/// The scope's place in the extensions.
const SCOPE: u64 = 1;
/// The places in the extensions of the account, and of those to choose from.
const ACCOUNT: u64 = 2;
/// What the host's own resolver makes of a user: subject, name, level, methods, `sid`.
const HOST: u64 = 7;
/// What the house may cost a page, whoever asks; what the host adds is the host's.
const GOAL: u64 = 12;

/// A token of a client that acts for itself, from the call to the answer, in a fresh store.
const CLIENT_CREDENTIALS_OPAQUE: u64 = 19;
/// The same as a JWT.
const CLIENT_CREDENTIALS_JWT: u64 = 22;
/// What is known of an opaque token, told to the client that it was issued to.
const INTROSPECTION: u64 = 15;
/// The tables of the headers: neither the metadata nor the keys need anything else.
const DOCUMENT: u64 = 2;
/// A JWT that was verified before: its place in the extensions, and their map.
const WARM_BEARER: u64 = 3;

/// How many allocations a request costs from the call to the answer.
#[cfg(test)]
fn allocations<S, B>(service: &mut S, request: Request<B>) -> u64
where
    S: Service<Request<B>, Response = Response<Full<Bytes>>, Error = Infallible>,
{
    measured(service, request).0
}

/// How many it costs, and what it is answered.
#[cfg(test)]
fn measured<S, B>(service: &mut S, request: Request<B>) -> (u64, Response<Full<Bytes>>)
where
    S: Service<Request<B>, Response = Response<Full<Bytes>>, Error = Infallible>,
{
    let mut answer = None;
    let info = allocation_counter::measure(|| {
        let mut future = pin!(service.call(request));
        let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("it answers at once");
        };
        answer = Some(response);
    });
    let answer = answer.expect("it answers");
    assert_eq!(answer.status(), StatusCode::OK);
    (info.count_total, answer)
}

#[cfg(test)]
fn page(cookie: Option<&str>) -> Request<()> {
    let mut request = Request::new(());
    if let Some(cookie) = cookie {
        let cookie = format!("__Host-tgs={cookie}");
        request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
    }
    request
}

#[cfg(test)]
fn hello() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from("hello"));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

#[tokio::test]
async fn the_full_stack_costs_a_page_what_is_written_here() {
    let people = identity::ports::memory::MemoryStore::new();
    let house = House::on(people.clone(), oauth::ports::memory::MemoryStore::new()).await;
    let cookie = signed_in(&house).await.cookies["__Host-tgs"].clone();
    let mut bare = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(hello())));
    let stack = Stack::new(AuditLayer::new().clock(house.clock.clone()))
        .session(SessionLayer::new(people).clock(house.clock.clone()))
        .scope(ScopeLayer::new())
        .account(AccountLayer::new(Arc::new(Accounts)));
    let mut whole = ServiceBuilder::new().layer(stack).service(bare);
    let mut added = |cookie| allocations(&mut whole, page(cookie)) - allocations(&mut bare, page(cookie));

    let whoever = EXTENSIONS + AUDIT + SESSION + SCOPE + ACCOUNT;
    assert_eq!(added(None), whoever);
    // The record of somebody signed in is shared with the store.
    assert_eq!(added(Some(&cookie)), whoever + HOST);
    assert!(whoever <= GOAL);
}

#[tokio::test]
async fn what_is_asked_without_a_browser_costs_what_is_written_here() {
    let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_800_000_000)));
    let random = Arc::new(InsecureSeededRandom::new(1));
    let grants = oauth::ports::memory::MemoryStore::new();
    let origin = Origin::detached(Timestamp::from_unix_seconds(1), &*random).unwrap();
    for (id, format) in [("opaque", AccessTokenFormat::Opaque), ("jwt", AccessTokenFormat::Jwt)] {
        grants.put_client(house::robot(id, format), origin).await.unwrap();
    }
    let server = house::server(&grants, clock.clone(), random).await;
    let bare = service_fn(|_: Request<Full<Bytes>>| ready(Ok::<_, Infallible>(hello())));
    let mut service = ServiceBuilder::new().layer(server.protocol()).service(bare);

    let mut issued = |id: &str| {
        let form =
            format!("grant_type=client_credentials&scope=read&client_id={id}&client_secret={CLIENT_SECRET}");
        measured(&mut service, form_post("/oauth/token", form))
    };
    // Whatever is made once is made by now.
    issued("opaque");
    let ((opaque, token), (jwt, bearer)) = (issued("opaque"), issued("jwt"));
    assert_eq!((opaque, jwt), (CLIENT_CREDENTIALS_OPAQUE, CLIENT_CREDENTIALS_JWT));
    let form = format!("token={}&client_id=opaque&client_secret={CLIENT_SECRET}", access_token(token).await);
    assert_eq!(allocations(&mut service, form_post("/oauth/introspect", form)), INTROSPECTION);

    for path in
        ["/oauth/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]
    {
        assert_eq!(allocations(&mut service, get(path)), DOCUMENT, "{path}");
    }
    // What is not of the protocol costs no more than without it.
    let alone = allocations(&mut bare.clone(), get("/public"));
    assert_eq!(allocations(&mut service, get("/public")), alone);

    let keys = server.keys().clone();
    let verifier = Verifier::new(house::ISSUER, move || keys.jwks()).clock(clock);
    let mut api = ResourceLayer::new(verifier).layer(bare);
    let bearer = access_token(bearer).await;
    let mut ask = || {
        let mut request = get("/");
        let value = format!("Bearer {bearer}").parse().unwrap();
        request.headers_mut().insert(header::AUTHORIZATION, value);
        allocations(&mut api, request)
    };
    let cold = ask();
    assert_eq!(ask() - alone, WARM_BEARER, "cold: {cold}");
}

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(path).body(Full::default()).unwrap()
}

fn form_post(path: &str, form: String) -> Request<Full<Bytes>> {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from(form)))
        .unwrap()
}

async fn access_token(answer: Response<Full<Bytes>>) -> String {
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}
