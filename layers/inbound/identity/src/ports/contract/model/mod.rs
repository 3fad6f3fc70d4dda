//! The model of a store that people sign in with: plain maps, a few lines for each step, and random sequences of steps beside it.
//!
//! A store's own tests name it once; each kind of sequence becomes a test:
//!
//! ```
//! use towergate_identity::ports::memory::MemoryStore;
//!
//! towergate_identity::identity_store_model!(cases: 8, room: || MemoryStore::new);
//! ```
//!
//! `room` is called once for each test, and what it answers once for each of `cases` sequences: for a store with nothing in it. What
//! changes how many sequences there are, and which, is said by [`towergate_core::contract::model`]. A sequence that once showed a difference is kept as a
//! test by [`walk`].

mod api_token;
mod deletion;
mod device;
mod email_change;
mod email_token;
mod establish;
mod factor;
mod linked_identity;
mod mail;
mod passkey;
mod password;
mod remember;
mod scene;
mod session;
mod tries;
mod user;
mod world;

use std::collections::BTreeMap;

use towergate_core::{
    Digest, Timestamp,
    contract::{
        AuditTrail, Cleans, NOW,
        model::{Answers, Difference, Trail},
    },
};

pub use api_token::ApiTokenOperation;
pub use deletion::DeletionOperation;
pub use device::{DeviceOperation, What};
pub use email_change::EmailChangeOperation;
pub use email_token::{EmailTokenOperation, Shows};
pub use establish::{Begins, In, Proves};
pub use factor::{Code, FactorOperation};
pub use linked_identity::LinkedIdentityOperation;
pub use mail::{Ends, MailOperation};
pub use passkey::PasskeyOperation;
pub use password::PasswordOperation;
pub use remember::RememberOperation;
pub use scene::{Scene, hold};
pub use session::SessionOperation;
pub use tries::TryOperation;
pub use user::UserOperation;
pub use world::WorldOperation;

use self::{mail::KeptMail, session::Signed};
use crate::{
    ports::{ApiTokenStore, IdentityStore},
    rules::{
        api_token::{ApiToken, ApiTokenId},
        browser::{Browser, BrowserId},
        email_token::{EmailToken, EmailTokenId},
        factor::TotpFactor,
        linked_identity::{LinkedIdentity, LinkedIdentityId, ProviderVisit, ProviderVisitId},
        lockout::{Tries, TryKey},
        mail::{MailId, MailKind},
        passkey::{Ceremony, CeremonyId, Passkey, PasskeyId},
        remember::{Remembered, RememberedId},
        session::{ReplacedSession, SessionId},
        user::{User, UserId},
    },
};

/// A store that can be walked through beside its model.
pub trait Modelled: IdentityStore + ApiTokenStore + AuditTrail + Cleans {}

impl<S: IdentityStore + ApiTokenStore + AuditTrail + Cleans> Modelled for S {}

/// One step. People, sessions and all else go by small numbers: what comes anew in a sequence is counted, and is named by how many came
/// after it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is what its noun's operations are")]
pub enum Operation {
    ApiToken(ApiTokenOperation),
    Deletion(DeletionOperation),
    Device(DeviceOperation),
    EmailChange(EmailChangeOperation),
    EmailToken(EmailTokenOperation),
    Factor(FactorOperation),
    LinkedIdentity(LinkedIdentityOperation),
    Mail(MailOperation),
    Passkey(PasskeyOperation),
    Password(PasswordOperation),
    Remember(RememberOperation),
    Session(SessionOperation),
    Try(TryOperation),
    User(UserOperation),
    World(WorldOperation),
}

/// What a store must know.
#[derive(Debug)]
struct Model {
    trail: Trail,
    users: BTreeMap<UserId, User>,
    /// Those that have not been ended; some may be over.
    sessions: BTreeMap<SessionId, Signed>,
    replaced: BTreeMap<SessionId, ReplacedSession>,
    /// Browsers that stay signed in.
    families: BTreeMap<RememberedId, Remembered>,
    browsers: BTreeMap<BrowserId, Browser>,
    totp: BTreeMap<UserId, TotpFactor>,
    /// Since when each of them is asked for a passkey.
    passkey_factors: BTreeMap<UserId, Timestamp>,
    /// Those that are left, and when they were made.
    backup_codes: BTreeMap<UserId, (Timestamp, Vec<Digest>)>,
    passkeys: BTreeMap<PasskeyId, Passkey>,
    ceremonies: BTreeMap<CeremonyId, Ceremony>,
    linked: BTreeMap<LinkedIdentityId, LinkedIdentity>,
    visits: BTreeMap<ProviderVisitId, ProviderVisit>,
    email_tokens: BTreeMap<EmailTokenId, EmailToken>,
    mails: BTreeMap<MailId, KeptMail>,
    /// Mails that were written for nobody, and when.
    in_vain: Vec<((UserId, MailKind), Timestamp)>,
    /// Mails as they were taken, with their try, the last one last.
    mails_taken: Vec<(MailId, u32)>,
    api_tokens: BTreeMap<ApiTokenId, ApiToken>,
    /// With the last of them.
    tries: BTreeMap<TryKey, (Tries, Timestamp)>,
    deletions: BTreeMap<UserId, Timestamp>,
    /// How many sessions were asked for.
    sessions_begun: u8,
    begun: Begun,
}

/// How many of each came.
#[derive(Debug, Clone, Copy)]
struct Begun {
    api_tokens: u8,
    ceremonies: u8,
    email_tokens: u8,
    links: u8,
    mails: u8,
    passkeys: u8,
    visits: u8,
}

/// Walks through `operations` on an empty store and on a model, to which two people come first, and then reads all there is.
///
/// # Errors
/// Where they differ.
pub async fn walk<S>(store: &S, operations: &[Operation]) -> Result<(), Difference>
where
    S: Modelled,
{
    let mut model = Model::empty();
    for operation in user::newcomers().map(Operation::User).iter().chain(operations) {
        model.step(store, operation).await?;
    }
    for reading in model.readings() {
        model.step(store, &reading).await?;
    }
    model.trail.compare(store).await
}

impl Model {
    const fn empty() -> Self {
        let (links, visits, passkeys, ceremonies) = (0, 0, 0, 0);
        let begun = Begun { api_tokens: 0, ceremonies, email_tokens: 0, links, mails: 0, passkeys, visits };
        Self {
            trail: Trail::begun(NOW),
            users: BTreeMap::new(),
            sessions: BTreeMap::new(),
            replaced: BTreeMap::new(),
            families: BTreeMap::new(),
            browsers: BTreeMap::new(),
            totp: BTreeMap::new(),
            passkey_factors: BTreeMap::new(),
            backup_codes: BTreeMap::new(),
            passkeys: BTreeMap::new(),
            ceremonies: BTreeMap::new(),
            linked: BTreeMap::new(),
            visits: BTreeMap::new(),
            email_tokens: BTreeMap::new(),
            mails: BTreeMap::new(),
            in_vain: Vec::new(),
            mails_taken: Vec::new(),
            api_tokens: BTreeMap::new(),
            tries: BTreeMap::new(),
            deletions: BTreeMap::new(),
            sessions_begun: 0,
            begun,
        }
    }

    async fn step<S>(&mut self, store: &S, operation: &Operation) -> Result<(), Difference>
    where
        S: Modelled,
    {
        let step = self.trail.next();
        self.answers(store, operation).await.agree(step, operation)
    }

    async fn answers<S>(&mut self, store: &S, operation: &Operation) -> Answers
    where
        S: Modelled,
    {
        match operation {
            Operation::ApiToken(operation) => self.api_token(store, operation).await,
            Operation::Deletion(operation) => self.deletion(store, operation).await,
            Operation::Device(operation) => self.device(store, operation).await,
            Operation::EmailChange(operation) => self.email_change(store, operation).await,
            Operation::EmailToken(operation) => self.email_token(store, operation).await,
            Operation::Factor(operation) => self.factor(store, operation).await,
            Operation::LinkedIdentity(operation) => self.linked_identity(store, operation).await,
            Operation::Mail(operation) => self.mail(store, operation).await,
            Operation::Passkey(operation) => self.passkey(store, operation).await,
            Operation::Password(operation) => self.password(store, operation).await,
            Operation::Remember(operation) => self.remember(store, operation).await,
            Operation::Session(operation) => self.session(store, operation).await,
            Operation::Try(operation) => self.tries(store, operation).await,
            Operation::User(operation) => self.user(store, operation).await,
            Operation::World(operation) => self.world(store, operation).await,
        }
    }

    /// Everything that can be read, whatever was done.
    fn readings(&self) -> Vec<Operation> {
        let mut readings = Vec::new();
        readings.extend(user::readings().map(Operation::User));
        readings.extend(session::readings(self.sessions_begun).map(Operation::Session));
        readings.extend(device::readings(self.sessions_begun).map(Operation::Device));
        readings.extend(remember::readings(self.sessions_begun).map(Operation::Remember));
        readings.extend(factor::readings().map(Operation::Factor));
        readings.extend(passkey::readings().map(Operation::Passkey));
        readings.extend(linked_identity::readings().map(Operation::LinkedIdentity));
        readings.extend(email_token::readings(self.begun.email_tokens).map(Operation::EmailToken));
        readings.extend(email_change::readings().map(Operation::EmailChange));
        readings.extend(api_token::readings(self.begun.api_tokens).map(Operation::ApiToken));
        readings.extend(deletion::readings().map(Operation::Deletion));
        readings.extend(mail::readings().map(Operation::Mail));
        readings
    }
}

/// Makes a test of each kind of sequence. `room` is called once for each; what it answers is called for an empty store each time.
#[macro_export]
macro_rules! identity_store_model {
    (cases: $cases:expr, room: $room:expr $(,)?) => {
        $crate::identity_store_model!(cases: $cases, room: $room, block_on: $crate::ports::contract::block_on);
    };
    (cases: $cases:expr, room: $room:expr, block_on: $block_on:path $(,)?) => {
        $crate::identity_store_model! {
            @scenes $cases, $room, $block_on;
            sessions_keep_to_their_model: Sessions,
            devices_keep_to_their_model: Devices,
            proofs_keep_to_their_model: Proofs,
            factors_keep_to_their_model: Factors,
            the_outbox_keeps_to_its_model: Outbox,
            all_of_a_person_keeps_to_its_model: Everything,
        }
    };
    (@scenes $cases:expr, $room:expr, $block_on:path; $($name:ident: $scene:ident,)*) => {
        $(
            #[test]
            fn $name() {
                use $crate::ports::contract::model;
                let walk = |store: &_, operations: &[_]| $block_on(model::walk(store, operations));
                model::hold(model::Scene::$scene, $cases, ($room)(), walk);
            }
        )*
    };
}
