//! The suite's own site: what clients publish, and what they are told.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::{net::TcpListener, sync::watch};
use tower::service_fn;
use towergate_example_axum::serve::{TlsSetup, serve};

/// What came to an address.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

#[derive(Default)]
struct Shelf {
    published: BTreeMap<String, String>,
    received: BTreeMap<String, Vec<Received>>,
}

pub(crate) struct Site {
    pub(crate) origin: String,
    shelf: Arc<Mutex<Shelf>>,
}

impl Site {
    pub(crate) fn open(listener: TcpListener, tls: TlsSetup, stop: watch::Receiver<bool>) -> Self {
        let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let shelf = Arc::<Mutex<Shelf>>::default();
        let kept = Arc::clone(&shelf);
        let service = service_fn(move |request| answer(Arc::clone(&kept), request));
        tokio::spawn(serve(listener, Some(tls), service, stop, std::time::Duration::from_secs(10)));
        Self { origin, shelf }
    }

    /// An address under the alias of the static clients.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}/test/a/towergate/{path}", self.origin)
    }

    /// Answers JSON at an address of its own from now on.
    pub(crate) fn publish(&self, url: &str, json: String) {
        self.shelf.lock().unwrap().published.insert(self.path(url), json);
    }

    /// What came to the address, as soon as something has.
    pub(crate) async fn received(&self, url: &str) -> Received {
        let path = self.path(url);
        let came = async {
            loop {
                if let Some(first) = self.so_far(&path).first() {
                    return first.clone();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), came).await.expect("nothing came")
    }

    fn so_far(&self, path: &str) -> Vec<Received> {
        self.shelf.lock().unwrap().received.get(path).cloned().unwrap_or_default()
    }

    fn path(&self, url: &str) -> String {
        url.strip_prefix(&self.origin).unwrap().to_owned()
    }
}

async fn answer(
    shelf: Arc<Mutex<Shelf>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let path = parts.uri.path().to_owned();
    let content_type = parts.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let mut shelf = shelf.lock().unwrap();
    let mut response = Response::new(Full::default());
    if let Some(json) = shelf.published.get(&path) {
        response.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        *response.body_mut() = Full::from(json.clone());
    } else if parts.method == Method::GET {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    let came = Received { method: parts.method, content_type, body };
    shelf.received.entry(path).or_default().push(came);
    Ok(response)
}
