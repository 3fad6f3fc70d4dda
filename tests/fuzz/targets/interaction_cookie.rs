//! Whatever stands beside it, a browser that has its secret is not given another.

#![no_main]

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use tower::{ServiceBuilder, service_fn};
use towergate_core::{clock::ManualClock, random::InsecureSeededRandom, token::OpaqueToken};
use towergate_fuzz::{NOW, Nobody, answer, grants, keys};
use towergate_oauth::rules::interaction::BROWSER_PREFIX;
use towergate_oauth_server::{AuthorizationServer, Issuer, ServerConfig, account::AccountLayer};
use towergate_pages::DefaultPages;

static PAGES: LazyLock<DefaultPages> = LazyLock::new(DefaultPages::new);
const GOOD: &str = "/oauth/authorize?response_type=code&client_id=shop&redirect_uri=com.example.shop:/callback\
    &code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fuzz_target!(|beside: &[u8]| {
    let random = Arc::new(InsecureSeededRandom::new(1));
    let config = ServerConfig::new(Issuer::https("https://id.example").expect("an issuer"));
    let (nobody, clock) = (Arc::new(Nobody), Arc::new(ManualClock::at(NOW)));
    let server = AuthorizationServer::new(grants(), keys(), nobody.clone(), PAGES.clone(), config);
    let server = server.clock(clock).random(random.clone());
    let host = service_fn(async |_: Request<Full<Bytes>>| Ok(Response::new(Full::<Bytes>::default())));
    let service =
        ServiceBuilder::new().layer(AccountLayer::new(nobody)).layer(server.browser()).service(host);
    let token = OpaqueToken::mint(BROWSER_PREFIX, NOW, &*random).expect("seeded randomness");
    let ours = format!("__Host-tgib={}", token.reveal().expose());
    for line in [[beside, b";", ours.as_bytes()].concat(), [ours.as_bytes(), b"; ", beside].concat()] {
        let Ok(line) = HeaderValue::from_bytes(&line) else { continue };
        let request =
            Request::get(GOOD).header(header::COOKIE, line).body(Full::default()).expect("a request");
        let answer = answer(service.clone(), request);
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert!(!answer.headers().contains_key(header::SET_COOKIE), "the browser's secret was not found");
    }
});
