//! A Tower service on a socket, with or without TLS, until it is told to stop.

use std::{
    convert::Infallible,
    error::Error,
    fmt, io,
    path::Path,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::watch,
};
use tokio_rustls::TlsAcceptor;
use tower::{Service, timeout::Timeout};
use towergate::client_address::PeerAddress;

use crate::config::Tls;

/// How long a client may take to send the head of a request, and to shake hands.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a request may take, its body included: a body that never ends must not hold a connection for ever.
const PERSISTENCE: Duration = Duration::from_secs(60);

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file holds something else.
    #[error("[tls] {file}: {cause}")]
    Pem {
        /// The file.
        file: String,
        /// What is wrong with it.
        #[source]
        cause: rustls::pki_types::pem::Error,
    },
    /// The file holds no certificate.
    #[error("[tls] {0}: there is no certificate in it")]
    NoCertificate(String),
    /// The certificate and the key do not fit.
    #[error("[tls]: {0}")]
    Rustls(#[from] rustls::Error),
}

/// What a TLS listener needs, and the certificate that it shows.
#[derive(Clone)]
pub struct TlsSetup {
    acceptor: TlsAcceptor,
    certificate: Vec<u8>,
}

impl fmt::Debug for TlsSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSetup").finish_non_exhaustive()
    }
}

impl TlsSetup {
    /// Reads the files.
    ///
    /// # Errors
    /// When they are not what they should be.
    pub fn load(files: &Tls) -> Result<Self, TlsError> {
        let pem = |path: &Path, cause| TlsError::Pem { file: path.display().to_string(), cause };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.cert)
            .and_then(Iterator::collect)
            .map_err(|cause| pem(&files.cert, cause))?;
        let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|cause| pem(&files.key, cause))?;
        let first = chain.first().ok_or_else(|| TlsError::NoCertificate(files.cert.display().to_string()))?;
        let certificate = first.to_vec();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate })
    }

    /// The certificate, in DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }
}

/// Serves until `stop` turns true; then takes no more connections, and lets requests under way finish for as long as `goodbye`.
pub async fn serve<S, B>(
    listener: TcpListener,
    tls: Option<TlsSetup>,
    service: S,
    mut stop: watch::Receiver<bool>,
    goodbye: Duration,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let graceful = Arc::new(GracefulShutdown::new());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        let service = Known { service: service.clone(), peer: PeerAddress(peer) };
        let (tls, watcher) = (tls.clone(), graceful.watcher());
        tokio::spawn(async move {
            match tls {
                None => speak(stream, service, watcher).await,
                Some(tls) => match tokio::time::timeout(PATIENCE, tls.acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => speak(stream, service, watcher).await,
                    Ok(Err(error)) => tracing::debug!(%error, "the TLS handshake failed"),
                    Err(_) => tracing::debug!("the TLS handshake took too long"),
                },
            }
        });
    }
    drop(listener);
    if let Ok(graceful) = Arc::try_unwrap(graceful)
        && tokio::time::timeout(goodbye, graceful.shutdown()).await.is_err()
    {
        tracing::warn!("requests that are still under way are cut off");
    }
}

async fn speak<Io, S, B>(io: Io, service: S, watcher: hyper_util::server::graceful::Watcher)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    builder.http2().timer(TokioTimer::new());
    let connection = builder
        .serve_connection(TokioIo::new(io), TowerToHyperService::new(Timeout::new(service, PERSISTENCE)));
    if let Err(error) = watcher.watch(connection.into_owned()).await {
        tracing::debug!(error, "a connection ended early");
    }
}

/// Tells each request of a connection who connected.
#[derive(Clone)]
struct Known<S> {
    service: S,
    peer: PeerAddress,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Known<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        self.service.call(request)
    }
}

/// Out of file descriptors, for example: to try again at once would only burn time.
async fn pause_after(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tower::service_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_does_not_hold_its_connection() {
        let patient = service_fn(async |request: Request<Incoming>| {
            let _ = request.into_body().collect().await;
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let (mut client, server) = tokio::io::duplex(1024);
        // Dropped, it would tell the connection to end.
        let graceful = GracefulShutdown::new();
        tokio::spawn(speak(server, patient, graceful.watcher()));
        client.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf").await.unwrap();
        let end = async { client.read_to_end(&mut Vec::new()).await.unwrap() };
        // The clock is paused: whoever waits for nothing sooner waits for this.
        assert_eq!(tokio::time::timeout(2 * PERSISTENCE, end).await, Ok(0));
    }
}
