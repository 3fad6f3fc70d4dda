//! Links to accounts elsewhere.

use rusqlite::{Connection, params};
use towergate_core::{StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::linked_identity::{LinkedIdentityStore, Linking, RegisteringLinked, Unlinkage, Unlinking},
    rules::{
        fact::{IdentityFact, SessionEnd},
        linked_identity::{
            ExternalAccount, LinkedIdentity, LinkedIdentityId, ProviderVisit, ProviderVisitId,
        },
        mail::OutboxMail,
        user::{User, UserId},
        ways_in::WaysIn,
    },
};

use super::{mail, passkey, provider_visit, session, user};
use crate::{failure::Failure, fields::Fields, query, store::SqliteStore, writer::Step};

const TABLE: &str = "towergate_linked_identities";

pub(crate) const FIND: &str =
    "SELECT id, user_id, provider, issuer, subject, label, tokens, linked_at, last_used_at
    FROM towergate_linked_identities WHERE id = ?1";

pub(crate) const FIND_BY_ACCOUNT: &str =
    "SELECT id, user_id, provider, issuer, subject, label, tokens, linked_at, last_used_at
    FROM towergate_linked_identities WHERE issuer = ?1 AND subject = ?2";

pub(crate) const OF_USER: &str =
    "SELECT id, user_id, provider, issuer, subject, label, tokens, linked_at, last_used_at
    FROM towergate_linked_identities WHERE user_id = ?1 ORDER BY linked_at, id";

const INSERT: &str = "INSERT INTO towergate_linked_identities
    (id, user_id, provider, issuer, subject, label, tokens, linked_at, last_used_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

pub(crate) const USE: &str = "UPDATE towergate_linked_identities SET label = ?2, tokens = ?3,
    last_used_at = max(coalesce(last_used_at, ?4), ?4) WHERE id = ?1";

const REMOVE: &str = "DELETE FROM towergate_linked_identities WHERE id = ?1";

pub(crate) const FORGET_OF: &str = "DELETE FROM towergate_linked_identities WHERE user_id = ?1";

impl LinkedIdentityStore for SqliteStore {
    async fn begin_visit(&self, visit: ProviderVisit, each: u32, most: u32) -> Result<bool, StoreError> {
        self.write(move |step| provider_visit::begin(step.connection, &visit, each, most)).await
    }

    async fn take_visit(&self, id: ProviderVisitId) -> Result<Option<ProviderVisit>, StoreError> {
        self.write(move |step| provider_visit::take(step.connection, id)).await
    }

    async fn find_linked_identity(
        &self,
        account: &ExternalAccount,
    ) -> Result<Option<LinkedIdentity>, StoreError> {
        self.read(|connection| of_account(connection, account))
    }

    async fn linked_identities_of(&self, user: UserId) -> Result<Vec<LinkedIdentity>, StoreError> {
        let key = params![user.as_uuid().as_bytes()];
        self.read(|connection| query::all(connection, OF_USER, key, read))
    }

    async fn register_linked(
        &self,
        user: User,
        identity: LinkedIdentity,
        origin: Origin,
    ) -> Result<RegisteringLinked, StoreError> {
        self.write(move |step| {
            if of_account(step.connection, &identity.account)?.is_some() {
                return Ok(RegisteringLinked::AccountTaken);
            }
            if user::insert(step.connection, &user, origin.at)? == 0 {
                return Ok(RegisteringLinked::EmailTaken);
            }
            step.record(&IdentityFact::UserRegistered { user: user.id }, &origin)?;
            insert(step, &identity, &origin)?;
            Ok(RegisteringLinked::Added)
        })
        .await
    }

    async fn link_identity(
        &self,
        identity: LinkedIdentity,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Linking, StoreError> {
        self.write(move |step| {
            if let Some(there) = of_account(step.connection, &identity.account)? {
                return Ok(if there.user == identity.user { Linking::Theirs } else { Linking::Taken });
            }
            if !user::may_sign_in(step.connection, identity.user)? {
                return Ok(Linking::UserRefused);
            }
            insert(step, &identity, &origin)?;
            tell(step, notice.as_ref(), &origin)?;
            Ok(Linking::Linked)
        })
        .await
    }

    async fn use_linked_identity(
        &self,
        id: LinkedIdentityId,
        label: String,
        tokens: Option<Vec<u8>>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |step| {
            let row = params![id.as_uuid().as_bytes(), label, tokens, now.unix_millis()];
            Ok(query::change(step.connection, USE, row)? > 0)
        })
        .await
    }

    async fn unlink_identity(
        &self,
        removal: Unlinkage,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Unlinking, StoreError> {
        self.write(move |step| unlink(step, &removal, notice.as_ref(), &origin)).await
    }
}

/// Forgets every link of a person.
pub(super) fn forget_of(connection: &Connection, user: UserId) -> Result<(), Failure> {
    query::change(connection, FORGET_OF, params![user.as_uuid().as_bytes()])?;
    Ok(())
}

/// How many ways in a person has by accounts at these providers.
pub(super) fn count_of(connection: &Connection, user: UserId, providers: &[String]) -> Result<u32, Failure> {
    let theirs = query::all(connection, OF_USER, params![user.as_uuid().as_bytes()], read)?;
    let count = theirs.iter().filter(|identity| identity.is_at(providers)).count();
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

fn unlink(
    step: &mut Step<'_>,
    removal: &Unlinkage,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<Unlinking, Failure> {
    let Unlinkage { user, identity, keeps, other_ways, providers } = removal;
    let (user, identity, keeps) = (*user, *identity, *keeps);
    let there = query::one(step.connection, FIND, params![identity.as_uuid().as_bytes()], read)?;
    let Some(there) = there.filter(|row| row.user == user) else { return Ok(Unlinking::Missing) };
    let person = user::find(step.connection, user)?;
    let ways = WaysIn {
        password: person.is_some_and(|person| person.password.is_some()),
        passkeys: passkey::count_of(step.connection, user)?,
        others: other_ways.saturating_add(count_of(step.connection, user, providers)?),
    };
    if there.is_at(providers) && ways.without_other().is_err() {
        return Ok(Unlinking::LastWayIn);
    }
    query::change(step.connection, REMOVE, params![identity.as_uuid().as_bytes()])?;
    step.record(&IdentityFact::IdentityUnlinked { user, identity }, origin)?;
    let sessions = session::end_of_user(step, user, keeps, SessionEnd::FactorsChanged, origin)?;
    tell(step, notice, origin)?;
    Ok(Unlinking::Unlinked { sessions })
}

fn of_account(connection: &Connection, account: &ExternalAccount) -> Result<Option<LinkedIdentity>, Failure> {
    query::one(connection, FIND_BY_ACCOUNT, params![account.issuer(), account.subject()], read)
}

fn insert(step: &mut Step<'_>, identity: &LinkedIdentity, origin: &Origin) -> Result<(), Failure> {
    let row = params![
        identity.id.as_uuid().as_bytes(),
        identity.user.as_uuid().as_bytes(),
        identity.provider,
        identity.account.issuer(),
        identity.account.subject(),
        identity.label,
        identity.tokens,
        identity.linked_at.unix_millis(),
        identity.last_used_at.map(Timestamp::unix_millis),
    ];
    query::change(step.connection, INSERT, row)?;
    let LinkedIdentity { id, user, provider, .. } = identity;
    let fact = IdentityFact::IdentityLinked { user: *user, identity: *id, provider: provider.clone() };
    step.record(&fact, origin)
}

fn tell(step: &mut Step<'_>, notice: Option<&OutboxMail>, origin: &Origin) -> Result<(), Failure> {
    notice.map_or(Ok(()), |notice| mail::queue(step, notice, origin))
}

fn read(fields: &mut Fields<'_>) -> Result<LinkedIdentity, Failure> {
    fields.table(TABLE);
    let id = fields.uuid("id").map(LinkedIdentityId::from_uuid)?;
    let user = fields.uuid("user_id").map(UserId::from_uuid)?;
    let provider = fields.get("provider")?;
    let issuer: String = fields.get("issuer")?;
    Ok(LinkedIdentity {
        id,
        user,
        provider,
        account: fields.parse("subject", |subject| ExternalAccount::new(&issuer, subject).ok())?,
        label: fields.get("label")?,
        tokens: fields.get("tokens")?,
        linked_at: fields.time("linked_at")?,
        last_used_at: fields.optional_time("last_used_at")?,
    })
}
