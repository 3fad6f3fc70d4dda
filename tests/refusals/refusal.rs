//! A wrong request, and everything that must be true of its answer.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;

use crate::{
    house::ISSUER,
    shape::{Shape, all},
    stage::Stage,
};

/// A wrong request, and what it gets.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What the request breaks.
    pub(crate) law: String,
    request: Request<Full<Bytes>>,
    status: StatusCode,
    shape: Shape,
    headers: HeaderMap,
    challenge: Option<(&'static str, BTreeMap<String, String>)>,
    /// The events it leaves, each with its reason; none unless the row says so.
    wrote: Vec<String>,
    /// The tables it changes; none unless the row says so.
    changed: BTreeSet<&'static str>,
}

impl Refusal {
    fn of(law: impl Into<String>, request: Request<Full<Bytes>>, status: u16, shape: Shape) -> Self {
        Self {
            law: law.into(),
            request,
            status: StatusCode::from_u16(status).unwrap(),
            shape,
            headers: HeaderMap::new(),
            challenge: None,
            wrote: Vec::new(),
            changed: BTreeSet::new(),
        }
    }

    pub(crate) fn json(
        law: impl Into<String>,
        request: Request<Full<Bytes>>,
        status: u16,
        error: &'static str,
    ) -> Self {
        Self::of(law, request, status, Shape::Json(error))
    }

    pub(crate) fn empty(law: impl Into<String>, request: Request<Full<Bytes>>, status: u16) -> Self {
        Self::of(law, request, status, Shape::Empty)
    }

    /// An answer to `HEAD`: the headers of the JSON, and no body that a server would send.
    pub(crate) fn head(law: impl Into<String>, request: Request<Full<Bytes>>, status: u16) -> Self {
        Self::of(law, request, status, Shape::Head)
    }

    /// No error: what the caller is told so as to learn nothing.
    pub(crate) fn told(law: impl Into<String>, request: Request<Full<Bytes>>, body: &'static str) -> Self {
        Self::of(law, request, 200, Shape::Told(body))
    }

    /// No endpoint of ours: the host's own page answers.
    pub(crate) fn passed_on(law: impl Into<String>, request: Request<Full<Bytes>>) -> Self {
        Self::of(law, request, 200, Shape::Home)
    }

    pub(crate) fn page(
        law: impl Into<String>,
        request: Request<Full<Bytes>>,
        status: u16,
        says: &'static str,
    ) -> Self {
        Self::of(law, request, status, Shape::Page(says))
    }

    pub(crate) fn plain(law: impl Into<String>, request: Request<Full<Bytes>>, status: u16) -> Self {
        Self::of(law, request, status, Shape::Plain)
    }

    /// At the shop's address, with the `state` of every good request of this list.
    pub(crate) fn redirect(
        law: impl Into<String>,
        request: Request<Full<Bytes>>,
        error: &'static str,
    ) -> Self {
        Self::of(law, request, 303, Shape::Redirect { error, behind: '?', state: Some("st") })
    }

    pub(crate) fn form_post(
        law: impl Into<String>,
        request: Request<Full<Bytes>>,
        error: &'static str,
    ) -> Self {
        Self::of(law, request, 200, Shape::FormPost(error))
    }

    pub(crate) fn behind(mut self, mark: char) -> Self {
        if let Shape::Redirect { behind, .. } = &mut self.shape {
            *behind = mark;
        }
        self
    }

    pub(crate) fn without_state(mut self) -> Self {
        if let Shape::Redirect { state, .. } = &mut self.shape {
            *state = None;
        }
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    /// With a cookie that takes the place of a dead one.
    pub(crate) fn forgets(self, cookie: &str) -> Self {
        let gone = format!("{cookie}=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0");
        self.header(header::SET_COOKIE, &gone)
    }

    /// With the challenge of this scheme: exactly these parameters, and `error_description` where there is an `error`.
    pub(crate) fn challenge(mut self, scheme: &'static str, parameters: &[(&str, &str)]) -> Self {
        let realm = [("realm", ISSUER)];
        let all = realm.iter().chain(parameters).map(|(name, value)| (name.to_string(), value.to_string()));
        self.challenge = Some((scheme, all.collect()));
        self
    }

    pub(crate) fn wrote(mut self, event: impl Into<String>) -> Self {
        self.wrote.push(event.into());
        self
    }

    pub(crate) fn changed(mut self, table: &'static str) -> Self {
        self.changed.insert(table);
        self
    }

    /// Sends it, and tells everything that is not as it should be.
    pub(crate) async fn faults(self, stage: &mut Stage) -> Vec<String> {
        stage.look();
        let (parts, body) = stage.house.app.clone().oneshot(self.request).await.unwrap().into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let mut faults = Vec::new();
        let mut expect = |what: &str, found: String, expected: String| {
            if found != expected {
                faults.push(format!("{}: {what} is {found}, not {expected}", self.law));
            }
        };
        expect("the status", parts.status.to_string(), self.status.to_string());
        for (name, value) in self.shape.headers().into_iter().map(|(name, value)| (name, value.to_owned())) {
            expect(name.as_str(), all(&parts.headers, &name), value);
        }
        for name in [header::ALLOW, header::RETRY_AFTER, header::SET_COOKIE] {
            let value = all(&self.headers, &name);
            expect(name.as_str(), all(&parts.headers, &name), value);
        }
        let location = all(&parts.headers, &header::LOCATION);
        let body = self.shape.faults(&text, &location, &parts.headers);
        expect("the body", body.unwrap_or_default(), String::new());
        let challenge = all(&parts.headers, &header::WWW_AUTHENTICATE);
        match &self.challenge {
            None => expect("the challenge", challenge, String::new()),
            Some((scheme, parameters)) => {
                let (found, mut given) = read_challenge(&challenge);
                let described = given.remove("error_description").is_some();
                expect("the scheme", found.to_owned(), (*scheme).to_owned());
                expect("the challenge", format!("{given:?}"), format!("{parameters:?}"));
                let is_due = parameters.contains_key("error");
                expect("a described error", described.to_string(), is_due.to_string());
            }
        }
        let told = format!("{:?} {text}", parts.headers);
        let secret = stage.secrets.iter().find(|secret| told.contains(secret.as_str()));
        expect("a secret that is told", format!("{secret:?}"), String::from("None"));
        let (wrote, changed) = stage.news();
        expect("what was logged", format!("{wrote:?}"), format!("{:?}", self.wrote));
        let expected: BTreeSet<_> = self.changed.iter().map(|table| format!("towergate_{table}")).collect();
        let changed: BTreeSet<_> = changed.into_iter().collect();
        expect("what was written", format!("{changed:?}"), format!("{expected:?}"));
        faults
    }
}

/// `scheme name="value", ..`; none of the values holds a quote.
fn read_challenge(text: &str) -> (&str, BTreeMap<String, String>) {
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    let parameters = rest.split("\", ").filter_map(|parameter| parameter.split_once("=\""));
    let read = |(name, value): (&str, &str)| (name.to_owned(), value.trim_end_matches('"').to_owned());
    (scheme, parameters.map(read).collect())
}
