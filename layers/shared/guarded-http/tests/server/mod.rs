//! A server of one answer, on this machine.

use std::{net::SocketAddr, sync::Arc};

use rcgen::{CertificateParams, CertifiedKey, KeyPair};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};
use tokio_rustls::TlsAcceptor;

/// What it does when it is asked.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Says this and closes.
    Says(Vec<u8>),
    /// Says this, then nothing more, and stays.
    SaysAndStays(Vec<u8>),
    /// Says this, then chunk after chunk for as long as it is heard.
    NeverEnds(Vec<u8>),
    /// Says this before it is asked, and closes.
    Interrupts(Vec<u8>),
    /// Says nothing, not even in the TLS handshake, and stays.
    Silent,
}

pub(crate) struct Server {
    pub(crate) at: SocketAddr,
    /// What it was asked, one entry for each connection.
    pub(crate) asked: UnboundedReceiver<String>,
}

impl Server {
    pub(crate) async fn tls(certified: &CertifiedKey<KeyPair>, answer: Answer) -> Self {
        Self::start("127.0.0.1:0", Some(acceptor(certified)), answer).await
    }

    pub(crate) async fn plain(answer: Answer) -> Self {
        Self::start("127.0.0.1:0", None, answer).await
    }

    pub(crate) async fn start(bind: &str, tls: Option<TlsAcceptor>, answer: Answer) -> Self {
        let listener = TcpListener::bind(bind).await.unwrap();
        let at = listener.local_addr().unwrap();
        let (told, asked) = unbounded_channel();
        tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let (tls, answer, told) = (tls.clone(), answer.clone(), told.clone());
                tokio::spawn(async move {
                    if matches!(answer, Answer::Silent) {
                        told.send(String::new()).unwrap();
                        std::future::pending::<()>().await;
                    }
                    match tls {
                        None => serve(tcp, answer, &told).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(tcp).await {
                                serve(stream, answer, &told).await;
                            }
                        }
                    }
                });
            }
        });
        Self { at, asked }
    }

    /// `scheme://localhost:port/path`.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}/jwks.json?v=1", self.at.port())
    }

    /// Everything that it was asked until now.
    pub(crate) fn asked_so_far(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.asked.try_recv().ok()).collect()
    }
}

/// A certificate for `name` that is its own authority.
pub(crate) fn certificate(name: &str) -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed([name.to_owned()]).unwrap()
}

/// A certificate for localhost that was valid long ago.
pub(crate) fn expired_certificate() -> CertifiedKey<KeyPair> {
    let mut params = CertificateParams::new([String::from("localhost")]).unwrap();
    params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let signing_key = KeyPair::generate().unwrap();
    let cert = params.self_signed(&signing_key).unwrap();
    CertifiedKey { cert, signing_key }
}

pub(crate) fn acceptor(certified: &CertifiedKey<KeyPair>) -> TlsAcceptor {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    answer: Answer,
    told: &UnboundedSender<String>,
) {
    if let Answer::Interrupts(text) = answer {
        stream.write_all(&text).await.unwrap();
        return;
    }
    told.send(request(&mut stream).await).unwrap();
    match answer {
        Answer::Says(text) => {
            stream.write_all(&text).await.unwrap();
            let _ = stream.shutdown().await;
        }
        Answer::SaysAndStays(text) => {
            stream.write_all(&text).await.unwrap();
            stream.flush().await.unwrap();
            std::future::pending::<()>().await;
        }
        Answer::NeverEnds(text) => {
            stream.write_all(&text).await.unwrap();
            let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
        }
        Answer::Interrupts(_) | Answer::Silent => {}
    }
}

/// The head of a request, and as much of a body as the head declares.
async fn request<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let declared = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= declared.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        let mut chunk = [0; 1024];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return text,
            Ok(length) => read.extend_from_slice(&chunk[..length]),
        }
    }
}
