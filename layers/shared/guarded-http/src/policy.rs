//! What the client may do, and for how long.

use std::{fmt, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// What a client may reach and how much of it, strict until told otherwise.
///
/// ```
/// use std::time::Duration;
///
/// use towergate_guarded_http::{GuardedClient, InvalidPolicy, Policy};
///
/// let client = GuardedClient::new(Policy::new().timeout(Duration::from_secs(2)).max_body(256 * 1024));
/// assert!(client.is_ok());
///
/// let refused = GuardedClient::new(Policy::new().extra_ca("not a certificate"));
/// assert!(matches!(refused, Err(InvalidPolicy::ExtraCa)));
/// ```
#[derive(Clone)]
pub struct Policy {
    extra_ca: Vec<Vec<u8>>,
    loopback: bool,
    connect_timeout: Duration,
    timeout: Duration,
    max_body: usize,
}

/// No client can be made by these rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPolicy {
    /// The additional certificate authority could not be read.
    #[error("the extra certificate authority is not PEM with at least one certificate that can be a root")]
    ExtraCa,
    /// A bound is zero, so nothing would ever succeed.
    #[error("a timeout or the size of the body is zero: nothing could be fetched")]
    Zero,
    /// The TLS library refused its own defaults.
    #[error("the TLS library offers none of the protocol versions it was built with")]
    Tls,
}

impl Policy {
    /// The strict default: public addresses, the public roots, 3 s to connect, 5 s in all, 64 KiB of body.
    #[must_use]
    pub fn new() -> Self {
        Self {
            extra_ca: Vec::new(),
            loopback: false,
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(5),
            max_body: 64 * 1024,
        }
    }

    /// Trusts the certificates in `pem` as roots, beside the public ones.
    #[must_use]
    pub fn extra_ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.extra_ca.push(pem.into());
        self
    }

    /// Allows loopback addresses, with or without TLS. For tests on one machine: in production, whoever registers a
    /// client could then have the server ask its own neighbours.
    #[must_use]
    pub fn danger_allow_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// How long a TCP connection may take, over all addresses of the host.
    #[must_use]
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = connect_timeout;
        self
    }

    /// How long the whole exchange may take, from looking up the name to the last byte of the answer.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long the body of an answer may be, in bytes.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    pub(crate) fn bounds(&self) -> Result<Bounds, InvalidPolicy> {
        let bounds =
            Bounds { connect_timeout: self.connect_timeout, timeout: self.timeout, max_body: self.max_body };
        if bounds.connect_timeout.is_zero() || bounds.timeout.is_zero() || bounds.max_body == 0 {
            return Err(InvalidPolicy::Zero);
        }
        Ok(bounds)
    }

    pub(crate) fn allows_loopback(&self) -> bool {
        self.loopback
    }

    /// Over ring, whatever provider the host chose for itself; without resumption, since no server is asked often.
    pub(crate) fn tls(&self) -> Result<ClientConfig, InvalidPolicy> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| InvalidPolicy::Tls)?
            .with_root_certificates(self.roots()?)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(config)
    }

    fn roots(&self) -> Result<RootCertStore, InvalidPolicy> {
        let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        for pem in &self.extra_ca {
            let known = roots.len();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|_| InvalidPolicy::ExtraCa)?;
                roots.add(certificate).map_err(|_| InvalidPolicy::ExtraCa)?;
            }
            if roots.len() == known {
                return Err(InvalidPolicy::ExtraCa);
            }
        }
        Ok(roots)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("extra_ca", &self.extra_ca.len())
            .field("danger_allow_loopback", &self.loopback)
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("max_body", &self.max_body)
            .finish()
    }
}

/// How long and how much.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) connect_timeout: Duration,
    pub(crate) timeout: Duration,
    pub(crate) max_body: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_of_zero_is_refused() {
        for policy in [
            Policy::new().timeout(Duration::ZERO),
            Policy::new().connect_timeout(Duration::ZERO),
            Policy::new().max_body(0),
        ] {
            assert!(matches!(policy.bounds(), Err(InvalidPolicy::Zero)), "{policy:?}");
        }
    }

    #[test]
    fn an_extra_ca_is_a_certificate() {
        let made = rcgen::generate_simple_self_signed([String::from("localhost")]).unwrap();
        let known = Policy::new().roots().unwrap().len();
        assert!(known > 50);
        assert_eq!(Policy::new().extra_ca(made.cert.pem()).roots().unwrap().len(), known + 1);
        let truncated = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for bad in ["", truncated, &made.signing_key.serialize_pem()] {
            assert_eq!(Policy::new().extra_ca(bad).roots().unwrap_err(), InvalidPolicy::ExtraCa, "{bad}");
        }
    }
}
