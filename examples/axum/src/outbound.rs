//! The client that asks addresses which clients register.

use std::{fs, io, path::PathBuf};

use towergate::guarded_http::{GuardedClient, InvalidPolicy, Policy};

use crate::config::Outbound;

/// Why the host cannot speak outwards.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The certificate authorities cannot be read.
    #[error("`extra_ca` of [outbound]: {} cannot be read: {cause}", path.display())]
    ExtraCa {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// They are none.
    #[error("[outbound]: {0}")]
    Policy(#[from] InvalidPolicy),
}

/// A client by the rules of the configuration.
///
/// # Errors
/// When `extra_ca` is no file of certificates.
pub fn client(config: &Outbound) -> Result<GuardedClient, OutboundError> {
    of(config, Policy::new())
}

/// A client by `policy` and the rules of the configuration.
///
/// # Errors
/// When `extra_ca` is no file of certificates.
pub fn of(config: &Outbound, mut policy: Policy) -> Result<GuardedClient, OutboundError> {
    if let Some(path) = &config.extra_ca {
        let pem = fs::read(path).map_err(|cause| OutboundError::ExtraCa { path: path.clone(), cause })?;
        policy = policy.extra_ca(pem);
    }
    if config.danger_allow_loopback {
        policy = policy.danger_allow_loopback();
    }
    Ok(GuardedClient::new(policy)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_asked_only_when_told_so() {
        let address = "http://127.0.0.1:4000/jwks.json";
        assert!(client(&Outbound::default()).unwrap().url(address).is_err());
        let config = Outbound { danger_allow_loopback: true, ..Outbound::default() };
        assert!(client(&config).unwrap().url(address).is_ok());
    }

    #[test]
    fn a_file_that_holds_no_certificate_is_refused_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let config = Outbound { extra_ca: Some(path.clone()), ..Outbound::default() };
        assert!(client(&config).unwrap_err().to_string().contains("ca.pem"));
        fs::write(&path, "no certificate").unwrap();
        assert!(matches!(client(&config).unwrap_err(), OutboundError::Policy(InvalidPolicy::ExtraCa)));
    }
}
