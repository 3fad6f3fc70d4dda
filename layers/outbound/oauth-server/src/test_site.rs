//! A site of somebody else's, on this machine, over TLS: it says what it is told to say.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};
use towergate_guarded_http::{GuardedClient, Policy};

pub(crate) struct Site {
    pub(crate) origin: String,
    /// A client that trusts the site, and asks this machine.
    pub(crate) client: GuardedClient,
    body: Arc<Mutex<(u16, String)>>,
    header: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Site {
    pub(crate) async fn open() -> Self {
        let certified = rcgen::generate_simple_self_signed([String::from("localhost")]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let body = Arc::new(Mutex::new((404, String::new())));
        let asked = Arc::new(AtomicUsize::new(0));
        let header = Arc::new(Mutex::new(String::new()));
        let (told, beside, count) = (Arc::clone(&body), Arc::clone(&header), Arc::clone(&asked));
        tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let (status, body) = told.lock().unwrap().clone();
                let Ok(mut stream) = tls.accept(tcp).await else { continue };
                let mut read = [0; 4096];
                let _ = stream.read(&mut read).await;
                let length = body.len();
                let more = beside.lock().unwrap().clone();
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{more}content-length: {length}\r\n\r\n"
                );
                let _ = stream.write_all((head + &body).as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        let policy = Policy::new().extra_ca(certified.cert.pem()).danger_allow_loopback();
        Self { origin, client: GuardedClient::new(policy).unwrap(), body, header, asked }
    }

    pub(crate) fn says(&self, status: u16, body: impl Into<String>) {
        *self.body.lock().unwrap() = (status, body.into());
    }

    /// A line of the header that goes with everything it says.
    pub(crate) fn adds(&self, line: &str) {
        *self.header.lock().unwrap() = format!("{line}\r\n");
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
