//! Chromium without a window, and a person's hands and eyes in it.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction},
    cookies::Cookie,
    elements::Element,
    error::CmdError,
    key::Key,
    wd::WebDriverCompatibleCommand,
};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::{ParseError, Url};

use super::place::{EMAIL, PASSWORD};

/// How many pages may give way under one act.
const GIVING_WAY: usize = 20;

/// One browser with a profile of its own.
pub(crate) struct Chromium {
    pub(crate) client: Client,
    // Ends after the client.
    _driver: Driver,
}

impl Chromium {
    pub(crate) async fn open() -> Self {
        Self::with(json!({})).await
    }

    pub(crate) async fn without_scripts() -> Self {
        let chromium = Self::with(json!({ "profile.managed_default_content_settings.javascript": 2 })).await;
        chromium.go("data:text/html,<title>off</title><script>document.title='on'</script>").await;
        assert_eq!(chromium.client.title().await.unwrap(), "off");
        chromium
    }

    /// As browsers were before they kept other sites' cookies out of frames.
    pub(crate) async fn with_cookies_in_frames() -> Self {
        Self::with(json!({ "profile.cookie_controls_mode": 0 })).await
    }

    pub(crate) async fn go(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// The element, once it is there.
    pub(crate) async fn find(&self, css: &str) -> Element {
        match self.client.find(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => panic!("{css}: {error}\n{}", self.source().await),
        }
    }

    pub(crate) async fn click(&self, css: &str) {
        self.settled(async || self.find(css).await.click().await).await;
    }

    /// Types into an empty field.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        self.settled(async || {
            let field = self.find(css).await;
            field.clear().await?;
            field.send_keys(text).await
        })
        .await;
    }

    /// The words in an element.
    pub(crate) async fn words(&self, css: &str) -> String {
        self.settled(async || self.find(css).await.text().await).await
    }

    /// Acts on the page that stays: an element found on a page that is about to give way is gone before it can be touched,
    /// and the same words may stand on the next one. An act on an element that is gone did nothing.
    async fn settled<T>(&self, act: impl AsyncFn() -> Result<T, CmdError>) -> T {
        for _ in 0..GIVING_WAY {
            match act().await {
                Err(error) if error.is_stale_element_reference() => {}
                done => return done.unwrap(),
            }
        }
        panic!("the page does not settle\n{}", self.source().await);
    }

    /// Two clicks, as fast as the browser takes them.
    pub(crate) async fn double_click(&self, css: &str) {
        let mut mouse = MouseActions::new(String::from("mouse")).then(PointerAction::MoveToElement {
            element: self.find(css).await,
            duration: None,
            x: 0.0,
            y: 0.0,
        });
        for _ in 0..2 {
            mouse = mouse
                .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
                .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        }
        self.client.perform_actions(mouse).await.unwrap();
    }

    /// Presses a key, wherever the focus is.
    pub(crate) async fn press(&self, key: Key) {
        let value = char::from(key);
        let keys = KeyActions::new(String::from("keys"));
        let keys = keys.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        self.client.perform_actions(keys).await.unwrap();
    }

    /// Fills in the login page that the browser shows.
    pub(crate) async fn sign_in(&self, password: &str) {
        self.fill("#email", EMAIL).await;
        self.fill("#password", password).await;
        self.click("#login-submit").await;
    }

    /// Goes from the third-party app to the question that the host asks.
    pub(crate) async fn reach_consent(&self, app: &str) {
        self.go(&format!("{app}/start")).await;
        self.sign_in(PASSWORD).await;
        self.find("#consent-allow").await;
    }

    /// Waits for words on the page.
    pub(crate) async fn sees(&self, words: &str) {
        self.sees_one_of(&[words]).await;
    }

    /// Waits for any of these words on the page.
    pub(crate) async fn sees_one_of(&self, words: &[&str]) {
        let any: Vec<_> =
            words.iter().map(|words| format!("contains(normalize-space(.), \"{words}\")")).collect();
        let path = format!("//body[{}]", any.join(" or "));
        if let Err(error) = self.client.find(Locator::XPath(&path)).await {
            panic!("{words:?}: {error}\n{}", self.source().await);
        }
    }

    /// The address and the page, without its style.
    pub(crate) async fn source(&self) -> String {
        let (url, page) = (self.client.current_url().await.unwrap(), self.client.source().await.unwrap());
        let body = page.split_once("<body").map_or(page.as_str(), |(_, body)| body);
        format!("{url}\n{body}")
    }

    pub(crate) async fn cookie(&self, name: &str) -> Option<Cookie<'static>> {
        let cookies = self.client.get_all_cookies().await.unwrap();
        cookies.into_iter().find(|cookie| cookie.name() == name)
    }

    /// Ends, unless the browser found something against a policy of the pages.
    pub(crate) async fn close(self) {
        let against = self.console().await;
        assert!(against.is_empty(), "{against:#?}");
        // Only a console that hears is a proof: this must be noticed.
        self.client.execute("document.body.setAttribute('style', 'color: red')", Vec::new()).await.unwrap();
        assert!(!self.console().await.is_empty(), "the browser does not tell what its policies refuse");
        self.client.close().await.unwrap();
    }

    /// What the browser complained of since it was last asked, short of answers that are errors by intent, and of what it says it
    /// forgot at a sign-out.
    async fn console(&self) -> Vec<String> {
        let entries = self.beyond("se/log", json!({ "type": "browser" })).await;
        let said =
            entries.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap().to_owned());
        let meant = ["Failed to load resource: the server responded with", "Clear-Site-Data header on"];
        said.filter(|message| !meant.iter().any(|meant| message.contains(meant))).collect()
    }

    /// Sends a command of the [DevTools protocol](https://chromedevtools.github.io/devtools-protocol/).
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) {
        self.beyond("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await;
    }

    /// Sends a command that WebDriver itself does not know.
    pub(crate) async fn beyond(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Beyond { path, body }).await.unwrap()
    }

    async fn with(prefs: Value) -> Self {
        let driver = Driver::start();
        let capabilities = json!({
            "browserName": "chrome",
            "acceptInsecureCerts": true,
            "timeouts": { "implicit": 10_000, "pageLoad": 30_000 },
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
                "prefs": prefs,
            },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!() };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .unwrap();
        Self { client, _driver: driver }
    }
}

/// The program between the test and Chromium.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    fn start() -> Self {
        let mut command = Command::new("chromedriver");
        let command = command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("chromedriver: cargo xtask browser installs it");
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let port = said.find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        // It goes on talking, and must be heard.
        std::thread::spawn(move || said.for_each(drop));
        Self { process, port: port.expect("chromedriver names its port") }
    }
}

impl Drop for Driver {
    /// Asks it to end, so that no Chromium is left behind a test that failed.
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let asked = stream.write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\n\r\n");
            if asked.is_ok() && self.process.wait().is_ok() {
                return;
            }
        }
        let _ = self.process.kill();
    }
}

/// What Chromium's driver knows beyond WebDriver.
#[derive(Debug)]
struct Beyond {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Beyond {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
