//! Out of everything at once, and everybody hears of it.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use towergate_example_axum::run::Framework;
use url::form_urlencoded::byte_serialize;

use super::{
    chromium::Chromium,
    place::{PASSWORD, Place},
};

pub(crate) async fn who_signs_out_is_signed_out_everywhere_and_comes_back_to_the_app<F: Framework>() {
    let shop = Shop::open().await;
    let place = Place::with_tls_and::<F>(&shop.registration()).await;
    shop.provider(&place.host);
    // Where they are kept out, every frame says that the session has changed.
    let browser = Chromium::with_cookies_in_frames().await;
    let asks = format!(
        "/oauth/authorize?response_type=code&client_id=shop&scope=openid&redirect_uri={}&code_challenge_method=S256\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        encode(&shop.at("/cb"))
    );
    browser.go(&place.at(&asks)).await;
    browser.sign_in(PASSWORD).await;
    browser.click("#consent-allow").await;
    browser.sees("The provider says: unchanged").await;
    let brought = browser.client.current_url().await.unwrap().to_string();

    let out = format!(
        "/oauth/end_session?client_id=shop&state=st&post_logout_redirect_uri={}",
        encode(&shop.at("/bye"))
    );
    browser.go(&place.at(&out)).await;
    browser.sees("The shop asks whether to sign you out here").await;
    browser.click("#logout-cancel").await;
    browser.sees("You are Alice Adams").await;
    browser.go(&place.at(&out)).await;
    browser.click("#logout-confirm").await;
    // By itself, without a script.
    browser.sees("You are back: st").await;
    assert!(browser.cookie("__Host-tgs").await.is_none());

    shop.hears("GET /out?iss=https%3A%2F%2Flocalhost").await;
    shop.hears("POST /told").await;
    browser.go(&brought).await;
    browser.sees("The provider says: changed").await;
    browser.go(&place.at("/")).await;
    browser.sees("You are not signed in").await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn the_hosts_own_way_out_tells_the_apps_too<F: Framework>() {
    let shop = Shop::open().await;
    let place = Place::with_tls_and::<F>(&shop.registration()).await;
    shop.provider(&place.host);
    let browser = Chromium::without_scripts().await;
    let asks = format!(
        "/oauth/authorize?response_type=code&client_id=shop&scope=openid&redirect_uri={}&code_challenge_method=S256\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        encode(&shop.at("/cb"))
    );
    browser.go(&place.at(&asks)).await;
    browser.sign_in(PASSWORD).await;
    browser.click("#consent-allow").await;
    browser.sees("The shop").await;
    browser.go(&place.at("/")).await;
    browser.click("#logout-submit").await;
    browser.sees("You are not signed in").await;
    shop.hears("GET /out?iss=https%3A%2F%2Flocalhost").await;
    shop.hears("POST /told").await;
    browser.client.close().await.unwrap();
    place.close().await;
}

/// Somebody's application: it watches the session in a frame, and is told of its end in every way.
#[derive(Clone)]
struct Shop {
    origin: String,
    provider: Arc<Mutex<String>>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Shop {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let shop = Self { origin, provider: Arc::default(), heard: Arc::default() };
        let serving = shop.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::spawn(serving.clone().answer(tcp));
            }
        });
        shop
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    fn provider(&self, host: &str) {
        host.clone_into(&mut self.provider.lock().unwrap());
    }

    /// Waits until a request began so.
    async fn hears(&self, start: &str) {
        for _ in 0..200 {
            if self.heard.lock().unwrap().iter().any(|line| line.starts_with(start)) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{start}: {:#?}", self.heard.lock().unwrap());
    }

    fn registration(&self) -> String {
        let origin = &self.origin;
        format!(
            r#"
            [[clients]]
            client_id = "shop"
            client_name = "The shop"
            token_endpoint_auth_method = "none"
            redirect_uris = ["{origin}/cb"]
            post_logout_redirect_uris = ["{origin}/bye"]
            backchannel_logout_uri = "{origin}/told"
            frontchannel_logout_uri = "{origin}/out"
            frontchannel_logout_session_required = true
            application_type = "native"
            scope = "openid"
            [outbound]
            danger_allow_loopback = true
            "#
        )
    }

    async fn answer(self, mut tcp: TcpStream) {
        let mut read = vec![0; 16 * 1024];
        let count = tcp.read(&mut read).await.unwrap_or(0);
        let text = String::from_utf8_lossy(read.get(..count).unwrap_or_default()).into_owned();
        let Some(line) = text.lines().next() else { return };
        self.heard.lock().unwrap().push(line.to_owned());
        let path = line.split(' ').nth(1).unwrap_or_default();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let body = match path {
            "/cb" => self.watcher(query),
            "/bye" => format!("<p>You are back: {}</p>", query.trim_start_matches("state=")),
            _ => String::new(),
        };
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\nconnection: close";
        let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let _ = tcp.write_all(answer.as_bytes()).await;
    }

    /// A page that asks the provider's frame whether the session is still the same.
    fn watcher(&self, query: &str) -> String {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let state = pairs.into_owned().find(|(name, _)| name == "session_state").map(|(_, state)| state);
        let (provider, state) = (self.provider.lock().unwrap().clone(), state.unwrap_or_default());
        format!(
            "<!doctype html><title>The shop</title><h1>The shop</h1><p id=said></p>\
             <iframe id=op hidden></iframe><script>\
             const op = document.getElementById('op');\
             addEventListener('message', event => {{ if (event.origin === '{provider}')\
             document.getElementById('said').textContent = 'The provider says: ' + event.data }});\
             op.onload = () => op.contentWindow.postMessage('shop {state}', '{provider}');\
             op.src = '{provider}/oauth/check_session';</script>"
        )
    }
}

fn encode(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}
