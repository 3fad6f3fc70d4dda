//! The HTTP client of the application: one connection per request, no redirects followed, everything bounded.

use std::{pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

const PATIENCE: Duration = Duration::from_secs(10);
const MOST_BYTES: usize = 256 * 1024;

/// A client that speaks `http`, and `https` to the holder of one certificate.
#[derive(Clone)]
pub(super) struct HttpClient {
    tls: Option<TlsConnector>,
}

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error("the address has no host")]
    NoHost,
    #[error("https was not set up: no certificate to trust")]
    NoTrust,
    #[error("no answer within 10 seconds")]
    TooSlow(#[from] tokio::time::error::Elapsed),
    #[error("the connection failed")]
    Connection(#[from] std::io::Error),
    #[error("HTTP failed")]
    Http(#[from] hyper::Error),
    #[error("the answer could not be read")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl HttpClient {
    pub(super) fn new(pinned: Option<Vec<u8>>) -> Result<Self, rustls::Error> {
        let tls = pinned.map(|certificate| trusting(CertificateDer::from(certificate))).transpose()?;
        Ok(Self { tls })
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        tokio::time::timeout(PATIENCE, self.exchange(request)).await?
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let uri = request.uri();
        let is_https = uri.scheme_str() == Some("https");
        let host = uri.host().ok_or(HttpError::NoHost)?.trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let stream = TcpStream::connect((host.as_str(), port)).await?;
        if is_https {
            let connector = self.tls.as_ref().ok_or(HttpError::NoTrust)?;
            let name = ServerName::try_from(host).map_err(|_| HttpError::NoHost)?;
            Self::over(connector.connect(name, stream).await?, request).await
        } else {
            Self::over(stream, request).await
        }
    }

    async fn over<Io>(io: Io, request: HttpRequest) -> Result<HttpResponse, HttpError>
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await?;
        tokio::spawn(connection);
        let (mut parts, body) = request.into_parts();
        let host = parts.uri.authority().map_or("", http::uri::Authority::as_str);
        if let Ok(value) = http::HeaderValue::from_str(host) {
            parts.headers.insert(http::header::HOST, value);
        }
        parts.uri = parts.uri.path_and_query().map_or_else(Default::default, |path| path.clone().into());
        let request = http::Request::from_parts(parts, Full::new(Bytes::from(body)));
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, MOST_BYTES).collect().await.map_err(HttpError::Body)?;
        Ok(http::Response::from_parts(parts, body.to_bytes().to_vec()))
    }
}

impl<'c> AsyncHttpClient<'c> for HttpClient {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

fn trusting(certificate: CertificateDer<'static>) -> Result<TlsConnector, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let pinned = Arc::new(Pinned { certificate, provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(pinned)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Accepts one certificate and no other: stricter than any list of roots, and fit for a self-signed one.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if end_entity.as_ref() == self.certificate.as_ref() {
            return Ok(ServerCertVerified::assertion());
        }
        Err(CertificateError::UnknownIssuer.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
