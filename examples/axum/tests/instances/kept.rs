//! Clients that keep their connection and ask on it again and again, until they are told that it ends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet};

use crate::{client::Client, wait::until};

const CLIENTS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(120);
const REST: Duration = Duration::from_millis(5);

type Connection = SendRequest<Empty<Bytes>>;

/// Clients that ask.
pub(crate) struct Kept {
    seen: Arc<Seen>,
    clients: JoinSet<()>,
}

#[derive(Default)]
struct Seen {
    connected: AtomicUsize,
    answered: AtomicUsize,
    lost: AtomicUsize,
    is_over: AtomicBool,
}

impl Kept {
    pub(crate) fn start(client: &Client) -> Self {
        let (seen, mut clients) = (Arc::new(Seen::default()), JoinSet::new());
        let port = client.at("/").port().unwrap();
        for _ in 0..CLIENTS {
            clients.spawn(ask_on(port, Arc::clone(&seen)));
        }
        Self { seen, clients }
    }

    /// Waits until so many more were answered.
    pub(crate) async fn goes_on(&self) {
        let enough = self.seen.answered.load(Ordering::SeqCst) + 20 * CLIENTS;
        until(PATIENCE, async || self.seen.answered.load(Ordering::SeqCst) >= enough).await;
    }

    /// How many connections there were, how many requests were answered, and how many were lost.
    pub(crate) async fn end(self) -> (usize, usize, usize) {
        self.seen.is_over.store(true, Ordering::SeqCst);
        self.clients.join_all().await;
        let Seen { connected, answered, lost, .. } = &*self.seen;
        let [connected, answered, lost] = [connected, answered, lost].map(|of| of.load(Ordering::SeqCst));
        (connected, answered, lost)
    }
}

async fn ask_on(port: u16, seen: Arc<Seen>) {
    while !seen.is_over.load(Ordering::SeqCst) {
        let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
        let Ok((mut connection, carried)) = handshake(TokioIo::new(stream)).await else { continue };
        tokio::spawn(carried);
        seen.connected.fetch_add(1, Ordering::SeqCst);
        // Closed as announced: nothing was sent that could be lost.
        while connection.ready().await.is_ok() && !seen.is_over.load(Ordering::SeqCst) {
            let count = if ask(&mut connection).await { &seen.answered } else { &seen.lost };
            count.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(REST).await;
        }
    }
}

/// Whether a whole answer came.
async fn ask(connection: &mut Connection) -> bool {
    let request = Request::get("/oauth/jwks").header(header::HOST, "localhost").body(Empty::new()).unwrap();
    let Ok(answer) = connection.send_request(request).await else { return false };
    let status = answer.status();
    let came = answer.into_body().collect().await.is_ok();
    assert!(!came || status == StatusCode::OK, "{status}");
    came
}
