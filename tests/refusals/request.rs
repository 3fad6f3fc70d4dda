//! Requests, right but for what a row makes wrong.

use bytes::Bytes;
use http::{HeaderName, Method, Request, header};
use http_body_util::Full;

use crate::{
    house::{ISSUER, steps::AUTHORIZE},
    stage::Stage,
};

pub(crate) type Sent = Request<Full<Bytes>>;

const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn request(method: Method, path: &str, body: &str) -> Sent {
    let request = Request::builder().method(method).uri(path).header(header::HOST, "id.example");
    request.body(Full::new(Bytes::from(body.to_owned()))).unwrap()
}

pub(crate) fn get(path: &str) -> Sent {
    request(Method::GET, path, "")
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A form's post.
pub(crate) fn post(path: &str, form: &str) -> Sent {
    and(request(Method::POST, path, form), header::CONTENT_TYPE, FORM)
}

pub(crate) fn json(method: Method, path: &str, body: &str) -> Sent {
    and(request(method, path, body), header::CONTENT_TYPE, "application/json")
}

/// The same with one header more, beside others of its name.
pub(crate) fn and(mut request: Sent, name: HeaderName, value: &str) -> Sent {
    request.headers_mut().append(name, value.parse().unwrap());
    request
}

/// The same with another header of this name.
pub(crate) fn but(mut request: Sent, name: HeaderName, value: &str) -> Sent {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

pub(crate) fn bearer(request: Sent, token: &str) -> Sent {
    and(request, header::AUTHORIZATION, &format!("Bearer {token}"))
}

/// From Alice's browser, on the host's own page.
pub(crate) fn of_alice(stage: &Stage, request: Sent) -> Sent {
    let request = and(request, header::COOKIE, &stage.alice.cookie());
    and(request, header::ORIGIN, ISSUER)
}

/// The parameters of a good authorization request, or of one with something wrong about it.
#[derive(Clone)]
pub(crate) struct Asked(Vec<(String, String)>);

impl Asked {
    pub(crate) fn good() -> Self {
        let query = AUTHORIZE.split_once('?').unwrap().1;
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// With this value instead of any other.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// With this value beside any other.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    pub(crate) fn get(&self) -> Sent {
        get(&format!("/oauth/authorize?{}", self.query()))
    }

    pub(crate) fn post(&self) -> Sent {
        post("/oauth/authorize", &self.query())
    }
}
