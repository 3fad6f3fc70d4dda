//! The kinds of answers, each with a body and headers of its own.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, header};

use crate::house::{CALLBACK, ISSUER};

/// What kind of answer it is: each has headers of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// The error, as RFC 6749 section 5.2 has it.
    Json(&'static str),
    /// The same, of which `HEAD` sees the headers alone.
    Head,
    /// This JSON.
    Told(&'static str),
    /// The host's own page.
    Home,
    /// Nothing but a status and headers.
    Empty,
    /// A page that says this.
    Page(&'static str),
    /// One line for whoever calls wrongly.
    Plain,
    /// The error at the client's address, behind `?` or `#`, with this `state`.
    Redirect { error: &'static str, behind: char, state: Option<&'static str> },
    /// The same in a form that posts itself.
    FormPost(&'static str),
}

impl Shape {
    pub(crate) fn headers(self) -> Vec<(HeaderName, &'static str)> {
        let guarded = |media| {
            vec![
                (header::CONTENT_TYPE, media),
                (header::CACHE_CONTROL, "no-store"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (header::REFERRER_POLICY, "same-origin"),
            ]
        };
        match self {
            Self::Json(_) | Self::Head | Self::Told(_) => {
                vec![(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")]
            }
            Self::Home => Vec::new(),
            Self::Empty => vec![(header::CONTENT_TYPE, ""), (header::CACHE_CONTROL, "no-store")],
            Self::Page(_) | Self::FormPost(_) => guarded("text/html; charset=utf-8"),
            Self::Plain | Self::Redirect { .. } => guarded("text/plain; charset=utf-8"),
        }
    }

    /// What is wrong with the body, or with where the browser is sent.
    pub(crate) fn faults(self, text: &str, location: &str, headers: &HeaderMap) -> Option<String> {
        let policy = all(headers, &header::CONTENT_SECURITY_POLICY);
        let strict = policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'");
        let unguarded = || Some(format!("under the policy {policy}"));
        match self {
            Self::Redirect { error, behind, state } => {
                let Some(query) = location.strip_prefix(&format!("{CALLBACK}{behind}")) else {
                    return Some(format!("a redirect to {location:?}: {text}"));
                };
                let mut answer: BTreeMap<_, _> =
                    form_urlencoded::parse(query.as_bytes()).into_owned().collect();
                let described = answer.remove("error_description").is_some();
                let expected: BTreeMap<String, String> =
                    [("error", Some(error)), ("iss", Some(ISSUER)), ("state", state)]
                        .into_iter()
                        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
                        .collect();
                (!described || answer != expected).then(|| format!("a redirect with {answer:?}"))
            }
            _ if !location.is_empty() => Some(format!("a redirect to {location}")),
            Self::Json(error) => {
                let told: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
                (told["error"] != error || !told["error_description"].is_string()).then(|| text.to_owned())
            }
            Self::Head => None,
            Self::Home => (text != "home").then(|| text.to_owned()),
            Self::Told(body) => (text != body).then(|| text.to_owned()),
            Self::Empty => (!text.is_empty()).then(|| text.to_owned()),
            Self::Page(_) | Self::FormPost(_) | Self::Plain if !strict => unguarded(),
            Self::Page(_) if policy.contains("script-src") => unguarded(),
            Self::Page(says) => (!text.contains(says)).then(|| text.to_owned()),
            Self::Plain => (text.lines().count() != 1).then(|| text.to_owned()),
            Self::FormPost(error) => {
                let field = |(name, value)| format!(r#"<input type="hidden" name="{name}" value="{value}">"#);
                let all = [("error", error), ("state", "st"), ("iss", ISSUER)].map(field);
                let whole = all.iter().all(|field| text.contains(field)) && !text.contains(r#"name="code""#);
                let there = text.contains(&format!(r#"<form method="post" action="{CALLBACK}">"#));
                (!whole || !there).then(|| text.to_owned())
            }
        }
    }
}

/// Every value of a header, so that one too many shows.
pub(crate) fn all(headers: &HeaderMap, name: &HeaderName) -> String {
    let values: Vec<_> = headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
    values.join(" + ")
}
