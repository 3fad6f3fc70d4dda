//! The manual: a first host, what happens to a request, which threat each design answers, what stays with the host.

// A page names files under the words of its links; here they name pages. Of two definitions the first counts.

/// [specifications]: specifications
#[doc = include_str!("../../CHANGELOG.md")]
pub mod changelog {}

#[doc = include_str!("accounts_elsewhere.md")]
pub mod accounts_elsewhere {}

#[doc = include_str!("api_tokens.md")]
pub mod api_tokens {}

#[doc = include_str!("assurance.md")]
pub mod assurance {}

#[cfg(all(feature = "inbound", feature = "sqlite"))]
#[doc = include_str!("audit.md")]
pub mod audit {}

/// [audit]: audit
#[doc = include_str!("capacity.md")]
pub mod capacity {}

/// [first host]: first_host
/// [guarding an api]: guarding_an_api
/// [tokens]: tokens
#[doc = include_str!("clients.md")]
pub mod clients {}

#[doc = include_str!("conformance.md")]
pub mod conformance {}

#[doc = include_str!("decisions.md")]
pub mod decisions {}

#[doc = include_str!("defaults.md")]
pub mod defaults {}

/// [redis]: redis
#[doc = include_str!("faults.md")]
pub mod faults {}

/// [clients]: clients
/// [people]: people
#[doc = include_str!("first_host.md")]
pub mod first_host {}

#[doc = include_str!("guarding_an_api.md")]
pub mod guarding_an_api {}

/// [audit]: audit
/// [guarding an api]: guarding_an_api
/// [keys]: keys
/// [limits]: limits
#[doc = include_str!("host_duties.md")]
pub mod host_duties {}

#[doc = include_str!("keys.md")]
pub mod keys {}

/// [defaults]: defaults
/// [operations]: operations
/// [signing in]: signing_in
#[doc = include_str!("limits.md")]
pub mod limits {}

/// [operations]: operations
#[doc = include_str!("moving_to_postgres.md")]
pub mod moving_to_postgres {}

/// [assurance]: assurance
/// [audit log]: audit
/// [clients]: clients
/// [keys]: keys
/// [moving to postgres]: moving_to_postgres
/// [outbox]: outbox
/// [redis]: redis
/// [signing in]: signing_in
#[doc = include_str!("operations.md")]
pub mod operations {}

#[doc = include_str!("outbox.md")]
pub mod outbox {}

#[doc = include_str!("passkeys.md")]
pub mod passkeys {}

/// [accounts elsewhere]: accounts_elsewhere
/// [assurance]: assurance
/// [first host]: first_host
/// [host duties]: host_duties
/// [limits]: limits
#[doc = include_str!("people.md")]
pub mod people {}

/// [faults]: faults
#[doc = include_str!("promises.md")]
pub mod promises {}

#[doc = include_str!("redis.md")]
pub mod redis {}

/// [assurance]: assurance
/// [defaults]: defaults
/// [host duties]: host_duties
/// [limits]: limits
#[doc = include_str!("signing_in.md")]
pub mod signing_in {}

/// [threats]: threats
#[doc = include_str!("specifications.md")]
pub mod specifications {}

/// [host duties]: host_duties
/// [limits]: limits
#[doc = include_str!("threats.md")]
pub mod threats {}

#[doc = include_str!("tokens.md")]
pub mod tokens {}

#[doc = include_str!("way_of_a_request.md")]
pub mod way_of_a_request {}
