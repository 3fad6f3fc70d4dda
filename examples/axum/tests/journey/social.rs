//! Signing in by an account elsewhere: the reference host, at the reference host as its provider.

use http::{Method, StatusCode};
use tokio::net::TcpListener;
use towergate_example_axum::{
    config::Config,
    run::{Framework, Listeners, Running, start},
};
use url::Url;

use super::{
    browser::{Browser, Page},
    place::{EMAIL, PASSWORD},
};

/// Somebody whom the provider knows and the host does not, and somebody whom both know by the same address.
const NEWCOMER: &str = "newcomer@example.com";

/// A host, its provider, and a person at both: a browser each, since cookies do not tell ports apart.
struct Pair {
    host: Place,
    provider: Place,
}

struct Place {
    origin: String,
    running: Running,
    browser: Browser,
}

impl Place {
    fn at(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.origin)).unwrap()
    }

    async fn get(&mut self, path: &str) -> Page {
        let url = self.at(path);
        self.browser.send(Method::GET, url, &[], "").await
    }

    async fn post(&mut self, path: &str, form: &str) -> Page {
        let url = self.at(path);
        self.browser.send(Method::POST, url, &[], form).await
    }

    async fn sign_in(&mut self, email: &str) {
        let form = format!("email={email}&password={}", PASSWORD.replace(' ', "+"));
        let answer = self.post("/login", &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    }
}

impl Pair {
    async fn new<F: Framework>(trusts: bool) -> Self {
        let (op, rp) = (listen().await, listen().await);
        let ports = (op.local_addr().unwrap().port(), rp.local_addr().unwrap().port());
        let provider = format!(
            r#"{}
            [[users]]
            email = "{NEWCOMER}"
            password = "{PASSWORD}"
            email_verified = true
            [[clients]]
            client_id = "host"
            client_secret = "a secret that both of them know well"
            redirect_uris = ["http://localhost:{}/social/example/callback"]
            scope = "openid email profile"
            "#,
            common(ports.0),
            ports.1
        );
        let host = format!(
            r#"{}
            [outbound]
            danger_allow_loopback = true
            [[providers]]
            name = "example"
            label = "Example"
            issuer = "http://localhost:{}"
            client_id = "host"
            client_secret = "a secret that both of them know well"
            trusts_addresses = {trusts}
            "#,
            common(ports.1),
            ports.0
        );
        Self { host: begin::<F>(rp, &host).await, provider: begin::<F>(op, &provider).await }
    }

    /// Leaves for the provider, where `email` agrees; answers where the browser is sent back to.
    async fn visit(&mut self, email: &str, form: &str) -> Url {
        let left = self.host.post("/social/example", form).await.redirect().unwrap();
        self.provider.browser = Browser::default();
        self.provider.sign_in(email).await;
        let mut page = self.provider.browser.send(Method::GET, left, &[], "").await;
        for _ in 0..5 {
            let next = match page.redirect() {
                Some(url) if url.as_str().starts_with(&self.host.origin) => return url,
                Some(url) => (Method::GET, url, String::new()),
                None => {
                    let asked = page.text.contains("id=\"login-submit\"");
                    let who = [("email", email), ("password", PASSWORD)];
                    let yes = [("decision", "allow")];
                    let (url, form) = page.filled_in(if asked { &who } else { &yes });
                    (Method::POST, url, form)
                }
            };
            page = self.provider.browser.send(next.0, next.1, &[], &next.2).await;
        }
        panic!("never sent back: {}", page.text)
    }

    async fn back(&mut self, url: Url) -> Page {
        self.host.browser.send(Method::GET, url, &[], "").await
    }

    async fn stop(self) {
        self.host.running.stop().await;
        self.provider.running.stop().await;
    }
}

pub(crate) async fn somebody_new_comes_in_by_an_account_elsewhere_and_again<F: Framework>() {
    let mut pair = Pair::new::<F>(true).await;
    let login = pair.host.get("/login?return_to=%2F%3Fa%3Db").await;
    assert!(login.text.contains("id=\"social-example-submit\"") && login.says("Sign in with Example"));
    assert!(
        login.text.contains("id=\"social-remember\"")
            && login.text.contains("formaction=\"/social/example\"")
    );
    for stays in [false, true] {
        pair.host.browser = Browser::default();
        let box_of = if stays { "&remember=1" } else { "" };
        let url = pair.visit(NEWCOMER, &format!("return_to=%2F%3Fa%3Db{box_of}")).await;
        let back = pair.back(url.clone()).await;
        assert_eq!(back.redirect(), Some(pair.host.at("/?a=b")), "{}", back.text);
        let front = pair.host.get("/").await;
        assert!(front.says("fed") && !front.says("You are not signed in"), "{}", front.text);
        assert_eq!(pair.host.browser.holds("tgr"), stays, "whoever ticked the box stays signed in");
        // The way back counts once.
        let again = pair.back(url).await;
        assert!(again.status == StatusCode::UNPROCESSABLE_ENTITY && again.text.contains("social-next"));
    }
    // It is the only way in.
    let page = pair.host.get("/account/identities").await;
    let id = page.text.split("name=\"identity\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let kept = pair.host.post("/account/identities", &format!("action=unlink&identity={id}")).await;
    assert!(kept.status == StatusCode::UNPROCESSABLE_ENTITY && kept.says("only way"), "{}", kept.text);
    pair.stop().await;
}

pub(crate) async fn an_address_links_nothing_but_its_person_does<F: Framework>() {
    let mut pair = Pair::new::<F>(true).await;
    let url = pair.visit(EMAIL, "return_to=%2F").await;
    let refused = pair.back(url).await;
    assert!(refused.says("Sign in as you always do"), "{}", refused.text);
    assert!(pair.host.get("/").await.says("You are not signed in"));

    // Whoever is signed in links it, and comes in by it from then on, until they remove it.
    let asked_anew = |url: Url| {
        [("prompt", "login"), ("max_age", "0")]
            .map(|asked| url.query_pairs().any(|(name, value)| (&*name, &*value) == asked))
    };
    let left = pair.host.post("/social/example", "return_to=%2F").await.redirect().unwrap();
    assert_eq!(asked_anew(left), [false; 2]);
    pair.host.sign_in(EMAIL).await;
    let left = pair.host.post("/social/example", "return_to=%2F").await.redirect().unwrap();
    assert_eq!(asked_anew(left), [true; 2], "whoever proves themself again is asked by the provider too");
    assert!(pair.host.get("/account").await.text.contains("href=\"/account/identities\""));
    let url = pair.visit(EMAIL, "action=link").await;
    let linked = pair.back(url).await;
    assert_eq!(linked.redirect(), Some(pair.host.at("/account/identities")), "{}", linked.text);
    pair.host.browser = Browser::default();
    let url = pair.visit(EMAIL, "return_to=%2F").await;
    assert_eq!(pair.back(url).await.redirect(), Some(pair.host.at("/")));
    let page = pair.host.get("/account/identities").await;
    let id = page.text.split("name=\"identity\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let removed = pair.host.post("/account/identities", &format!("action=unlink&identity={id}")).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER, "{}", removed.text);
    pair.host.browser = Browser::default();
    let url = pair.visit(EMAIL, "return_to=%2F").await;
    assert!(pair.back(url).await.says("Sign in as you always do"));
    pair.stop().await;
}

pub(crate) async fn a_provider_that_calls_itself_otherwise_is_not_believed<F: Framework>() {
    let (op, rp) = (listen().await, listen().await);
    let ports = (op.local_addr().unwrap().port(), rp.local_addr().unwrap().port());
    let host = format!(
        r#"{}
        [outbound]
        danger_allow_loopback = true
        [[providers]]
        name = "example"
        issuer = "http://127.0.0.1:{}"
        client_id = "host"
        client_secret = "a secret that both of them know well"
        "#,
        common(ports.1),
        ports.0
    );
    let provider = begin::<F>(op, &common(ports.0)).await;
    let mut host = begin::<F>(rp, &host).await;
    let refused = host.post("/social/example", "return_to=%2F").await;
    assert!(refused.status == StatusCode::BAD_GATEWAY && refused.says("did not answer as it should"));
    host.running.stop().await;
    provider.running.stop().await;
}

pub(crate) async fn nobody_comes_back_who_did_not_leave<F: Framework>() {
    let mut pair = Pair::new::<F>(false).await;
    let signed_in = async |pair: &mut Pair| !pair.host.get("/").await.says("You are not signed in");

    // In another browser: the way of somebody who had another person open their link.
    let url = pair.visit(NEWCOMER, "return_to=%2F").await;
    let own = std::mem::take(&mut pair.host.browser);
    let stranger = pair.back(url.clone()).await;
    assert_eq!(stranger.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!signed_in(&mut pair).await);
    // And it is spent by that.
    pair.host.browser = own;
    assert_eq!(pair.back(url).await.status, StatusCode::UNPROCESSABLE_ENTITY);

    for (name, value) in
        [("state", "tgv_x.y"), ("state", ""), ("code", "another"), ("iss", "https://evil.example")]
    {
        let url = pair.visit(NEWCOMER, "return_to=%2F").await;
        let mut changed = url.clone();
        changed.set_query(None);
        for (other, kept) in url.query_pairs() {
            changed.query_pairs_mut().append_pair(&other, if other == name { value } else { &kept });
        }
        let refused = pair.back(changed).await;
        let expected = [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::BAD_GATEWAY];
        assert!(expected.contains(&refused.status), "{name}: {}", refused.text);
        assert!(!signed_in(&mut pair).await, "{name}");
    }
    // Whose address is not believed makes no account.
    let url = pair.visit(NEWCOMER, "return_to=%2F").await;
    assert!(pair.back(url).await.says("did not say which e-mail address"));
    // Linking is for those who are signed in, and nobody leaves by a link.
    let sent = pair.host.post("/social/example", "action=link").await;
    assert_eq!(sent.redirect(), Some(pair.host.at("/login?return_to=%2Faccount%2Fidentities")));
    assert_eq!(pair.host.get("/social/example").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(pair.host.get("/social/unknown").await.status, StatusCode::NOT_FOUND);
    pair.stop().await;
}

async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

fn common(port: u16) -> String {
    format!(
        r#"
        addr = "127.0.0.1:{port}"
        issuer = "http://localhost:{port}"
        database = "memory:"
        [[users]]
        email = "{EMAIL}"
        password = "{PASSWORD}"
        email_verified = true
        "#
    )
}

async fn begin<F: Framework>(listener: TcpListener, toml: &str) -> Place {
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let config = Config::parse("test.toml", toml).unwrap();
    let running = start::<F>(config, Listeners::from_parts(listener, None)).await.unwrap();
    Place { origin, running, browser: Browser::default() }
}
