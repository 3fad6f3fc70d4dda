//! The certificate that the host shows, read from PEM files.

use std::{fmt, path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

use crate::config::Tls;

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
    pub(super) acceptor: TlsAcceptor,
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
