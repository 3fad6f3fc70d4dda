//! Passkeys: what is kept of one, how a ceremony with one goes, and what it proves.
//!
//! 1. A ceremony is begun for one [purpose](CeremonyPurpose), by one browser, is good once and for five minutes at most.
//! 2. The signature is checked by `towergate-passkey`; its [count](judge_count) is judged here, in the store's step.
//! 3. A key alone is one factor, something somebody has. A key that verified its person is two
//!    ([`prove`]), whatever was proven before it.
//! 4. Nothing of a passkey is a secret: what is kept is the public key.

mod aaguid;
mod ceremony;
mod count;
mod name;
mod prove;
mod transport;

pub use aaguid::{Aaguid, AaguidPolicy, InvalidAaguid};
pub use ceremony::{
    BROWSER_PREFIX, CEREMONY, Ceremony, CeremonyFailure, CeremonyId, CeremonyPurpose, CeremonyRoom,
};
pub use count::{CountVerdict, SignCountPolicy, judge_count};
pub use name::{BadPasskeyName, MAX_NAME_CHARS, PasskeyName, is_hidden};
pub use prove::{Assertion, prove};
pub use transport::Transport;

use towergate_core::{Timestamp, typed_id};

use super::user::UserId;

typed_id! {
    /// A passkey of somebody.
    PasskeyId
}

/// How many passkeys a person may have unless the host says otherwise.
pub const MAX_PASSKEYS: u32 = 10;

/// The longest credential identifier, in bytes:
/// [Web Authentication section 5.8.3](https://www.w3.org/TR/webauthn-3/#sctn-public-key-credential-creation-options).
pub const MAX_CREDENTIAL_ID_BYTES: usize = 1023;

/// A passkey as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Its identifier here.
    pub id: PasskeyId,
    /// Whose it is.
    pub user: UserId,
    /// Its identifier on the authenticator; no two people have the same.
    pub credential_id: Vec<u8>,
    /// What its person calls it.
    pub name: PasskeyName,
    /// The public key and what came with it, as `towergate-passkey` writes it down; no store reads it.
    pub credential: String,
    /// The highest count of signatures that it told.
    pub count: u32,
    /// The make of its authenticator, as that says; nobody vouches for it.
    pub aaguid: Aaguid,
    /// By which ways browsers reach it.
    pub transports: Vec<Transport>,
    /// Whether it verified its person when it was made.
    pub verifies: bool,
    /// Whether it may be copied to other devices of its person.
    pub backup_eligible: bool,
    /// Whether it was, when it was last used.
    pub backed_up: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// What an assertion changes of a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasskeyUse {
    /// Which.
    pub passkey: PasskeyId,
    /// The count of signatures that it told.
    pub count: u32,
    /// Whether it verified its person.
    pub verified: bool,
    /// Whether it may be copied to other devices of its person.
    pub backup_eligible: bool,
    /// Whether it was.
    pub backed_up: bool,
}
