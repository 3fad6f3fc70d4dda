//! What hashes passwords and looks new ones up, by the configuration.

use std::{env, sync::Arc};

use towergate::{
    core::{Clock, Random, Secret},
    identity::rules::password::{HashParams, HashingFailed, InvalidPepper, Pepper, Peppers},
    login::{PasswordHasher, breaches::Breaches},
};

use crate::{
    config::{Config, HashCost, PepperEntry, PepperPlace},
    outbound::{self, OutboundError},
    seal_key::{self, SealKeyError},
};

/// Why passwords cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum PasswordsError {
    /// No password can be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// A pepper cannot be used.
    #[error("[[passwords.peppers]] {name:?}: {cause}")]
    Pepper {
        /// Which.
        name: String,
        /// Why.
        #[source]
        cause: InvalidPepper,
    },
    /// A file holds no pepper.
    #[error("[[passwords.peppers]] {name:?}: {cause}")]
    File {
        /// Of which.
        name: String,
        /// Why.
        #[source]
        cause: SealKeyError,
    },
    /// A variable holds no pepper.
    #[error(
        "[[passwords.peppers]] {name:?}: the variable {variable} must hold 32 bytes in base64url, 43 characters"
    )]
    Variable {
        /// Of which.
        name: String,
        /// Its name.
        variable: String,
    },
}

/// What hashes passwords.
///
/// # Errors
/// When a pepper cannot be read or used, or there is no randomness or no memory.
pub fn hasher(
    config: &Config,
    clock: &dyn Clock,
    random: &Arc<dyn Random>,
) -> Result<PasswordHasher, PasswordsError> {
    let params = match config.passwords.cost {
        HashCost::Fixed(params) => params,
        HashCost::Calibrated { target, memory_kib } => {
            let found = HashParams::calibrate(target, memory_kib, clock, random)?;
            tracing::info!(
                hash_memory_kib = found.memory_kib(),
                hash_iterations = found.iterations(),
                "passwords are hashed at this cost; write it into [passwords] where several instances run"
            );
            found
        }
    };
    Ok(PasswordHasher::peppered(params, peppers(&config.passwords.peppers)?, Arc::clone(random))?)
}

/// What looks new passwords up among those that leaked, where the configuration asks for it.
///
/// # Errors
/// When the host cannot speak outwards.
pub fn breaches(config: &Config) -> Result<Option<Breaches>, OutboundError> {
    let Some(entry) = &config.passwords.breaches else { return Ok(None) };
    let client = outbound::of(&config.outbound, Breaches::policy())?;
    let breaches = Breaches::at(&entry.service, client);
    Ok(Some(if entry.refuse_unchecked { breaches.refuse_unchecked() } else { breaches }))
}

fn peppers(entries: &[PepperEntry]) -> Result<Peppers, PasswordsError> {
    let mut peppers: Option<Peppers> = None;
    for entry in entries {
        let failed = |cause| PasswordsError::Pepper { name: entry.name.clone(), cause };
        let pepper = Pepper::new(&entry.name, &material(entry)?).map_err(failed)?;
        peppers = Some(match peppers {
            None => Peppers::new(pepper),
            Some(peppers) => peppers.with_older(pepper).map_err(failed)?,
        });
    }
    Ok(peppers.unwrap_or_default())
}

fn material(entry: &PepperEntry) -> Result<Secret<[u8; 32]>, PasswordsError> {
    let name = entry.name.clone();
    match &entry.place {
        PepperPlace::File(path) => seal_key::read(path).map_err(|cause| PasswordsError::File { name, cause }),
        PepperPlace::Variable(variable) => {
            let text = env::var(variable).ok().map(Secret::new);
            let key = text.and_then(|text| seal_key::parse(&text));
            key.ok_or_else(|| PasswordsError::Variable { name, variable: variable.clone() })
        }
    }
}
