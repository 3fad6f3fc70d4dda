//! A person at a browser without JavaScript: follows redirects, keeps cookies, fills in forms.

use std::{collections::BTreeMap, error::Error, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use url::{Url, form_urlencoded};

/// No whole answer came: the host may have gone in the middle of it.
pub(crate) type Lost = Box<dyn Error + Send + Sync>;

/// One person's cookies, and the certificate that they trust.
#[derive(Default, Clone)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
    tls: Option<TlsConnector>,
}

/// What the browser shows.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Browser {
    /// A browser that trusts this certificate and no other.
    pub(crate) fn trusting(certificate: CertificateDer<'static>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { cookies: BTreeMap::new(), tls: Some(TlsConnector::from(Arc::new(config))) }
    }

    /// The name of a cookie that it holds.
    pub(crate) fn holds(&self, cookie: &str) -> bool {
        self.cookies.contains_key(cookie)
    }

    pub(crate) async fn open(&mut self, url: &str) -> Page {
        self.try_open(Url::parse(url).unwrap()).await.unwrap()
    }

    /// As [`open`](Self::open), at a host that may vanish.
    pub(crate) async fn try_open(&mut self, mut next: Url) -> Result<Page, Lost> {
        for _ in 0..10 {
            let page = self.try_send(Method::GET, next, &[], "").await?;
            match page.redirect() {
                Some(url) => next = url,
                None => return Ok(page),
            }
        }
        panic!("too many redirects");
    }

    /// Sends the page's form, its hidden fields and `fields` in it, and follows where it leads.
    pub(crate) async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let answer = self.try_submit(page, fields).await.unwrap();
        match answer.redirect() {
            Some(url) => self.open(url.as_str()).await,
            None => answer,
        }
    }

    /// As [`submit`](Self::submit), at a host that may vanish, no redirect followed.
    pub(crate) async fn try_submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Result<Page, Lost> {
        let (action, form) = page.filled_in(fields);
        self.try_send(Method::POST, action, &[], &form).await
    }

    /// One request, no redirect followed.
    pub(crate) async fn send(&mut self, method: Method, url: Url, more: &[(&str, &str)], form: &str) -> Page {
        self.try_send(method, url, more, form).await.unwrap()
    }

    /// As [`send`](Self::send), at a host that may vanish.
    pub(crate) async fn try_send(
        &mut self,
        method: Method,
        url: Url,
        more: &[(&str, &str)],
        form: &str,
    ) -> Result<Page, Lost> {
        let address = ("127.0.0.1", url.port().unwrap());
        let stream = TcpStream::connect(address).await?;
        let mut sender = if url.scheme() == "https" {
            let name = ServerName::try_from(url.host_str().unwrap().to_owned()).unwrap();
            connect(self.tls.as_ref().unwrap().connect(name, stream).await?).await?
        } else {
            connect(stream).await?
        };
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::HOST, url.authority());
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        // What every browser says of its own page's form; not what this one was told to say otherwise.
        if !more.iter().any(|(name, _)| ["origin", "sec-fetch-site"].contains(name)) {
            request = request.header("sec-fetch-site", "same-origin");
        }
        if !form.is_empty() && !more.iter().any(|(name, _)| *name == "content-type") {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(form.to_owned()))).unwrap();
        let (parts, body) = sender.send_request(request).await?.into_parts();
        for value in parts.headers.get_all(header::SET_COOKIE) {
            let pair = value.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let text = String::from_utf8(body.collect().await?.to_bytes().to_vec()).unwrap();
        Ok(Page { url, status: parts.status, headers: parts.headers, text })
    }
}

async fn connect<Io>(io: Io) -> Result<SendRequest<Full<Bytes>>, Lost>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(io)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

impl Page {
    /// Whether the page says this, to a person who reads it.
    pub(crate) fn says(&self, words: &str) -> bool {
        plain(&self.text).contains(words)
    }

    /// Where the answer sends the browser.
    pub(crate) fn redirect(&self) -> Option<Url> {
        let to = self.headers.get(header::LOCATION)?.to_str().unwrap();
        Some(self.url.join(to).unwrap())
    }

    /// Where the page's form goes, and what it says with `fields` in it.
    pub(crate) fn filled_in(&self, fields: &[(&str, &str)]) -> (Url, String) {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for input in self.text.split("<input ").skip(1).filter_map(|rest| rest.split('>').next()) {
            if attribute(input, "type") == "hidden" {
                form.append_pair(&attribute(input, "name"), &attribute(input, "value"));
            }
        }
        form.extend_pairs(fields);
        let tag = self.text.split("<form ").nth(1).unwrap_or_else(|| panic!("no form in {}", self.text));
        (self.url.join(&attribute(tag, "action")).unwrap(), form.finish())
    }
}

fn attribute(tag: &str, name: &str) -> String {
    let quoted = format!("{name}=\"");
    let value = tag.split(&quoted).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    plain(value)
}

fn plain(html: &str) -> String {
    let mut text = html.to_owned();
    for (escaped, character) in
        [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&"), ("&amp;", "&")]
    {
        text = text.replace(escaped, character);
    }
    text
}
