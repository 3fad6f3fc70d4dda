//! Links to accounts elsewhere.

use sqlx::PgConnection;
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
use crate::{failure::Failure, fields::Fields, params::params, query, step::Step, store::PostgresStore};

const TABLE: &str = "towergate_linked_identities";

pub(crate) const FIND: &str =
    "SELECT id, user_id, provider, issuer, subject, label, tokens, linked_at, last_used_at
    FROM towergate_linked_identities WHERE id = $1";

pub(crate) const FIND_BY_ACCOUNT: &str =
    "SELECT id, user_id, provider, issuer, subject, label, tokens, linked_at, last_used_at
    FROM towergate_linked_identities WHERE issuer = $1 AND subject = $2";

pub(crate) const OF_USER: &str =
    "SELECT id, user_id, provider, issuer, subject, label, tokens, linked_at, last_used_at
    FROM towergate_linked_identities WHERE user_id = $1 ORDER BY linked_at, id";

const INSERT: &str = "INSERT INTO towergate_linked_identities
    (id, user_id, provider, issuer, subject, label, tokens, linked_at, last_used_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

pub(crate) const USE: &str = "UPDATE towergate_linked_identities SET label = $2, tokens = $3,
    last_used_at = greatest(last_used_at, $4) WHERE id = $1";

const REMOVE: &str = "DELETE FROM towergate_linked_identities WHERE id = $1";

pub(crate) const FORGET_OF: &str = "DELETE FROM towergate_linked_identities WHERE user_id = $1";

impl LinkedIdentityStore for PostgresStore {
    async fn begin_visit(&self, visit: ProviderVisit, each: u32, most: u32) -> Result<bool, StoreError> {
        self.write_by_locks((visit, each, most), |step, (visit, each, most)| {
            Box::pin(provider_visit::begin(&mut step.connection, visit, *each, *most))
        })
        .await
    }

    async fn take_visit(&self, id: ProviderVisitId) -> Result<Option<ProviderVisit>, StoreError> {
        self.write_by_locks(id, |step, id| Box::pin(provider_visit::take(&mut step.connection, *id))).await
    }

    async fn find_linked_identity(
        &self,
        account: &ExternalAccount,
    ) -> Result<Option<LinkedIdentity>, StoreError> {
        self.one(FIND_BY_ACCOUNT, params![account.issuer(), account.subject()], read).await
    }

    async fn linked_identities_of(&self, user: UserId) -> Result<Vec<LinkedIdentity>, StoreError> {
        self.all(OF_USER, params![user.as_uuid()], read).await
    }

    async fn register_linked(
        &self,
        user: User,
        identity: LinkedIdentity,
        origin: Origin,
    ) -> Result<RegisteringLinked, StoreError> {
        self.write((user, identity, origin), |step, (user, identity, origin)| {
            Box::pin(async move {
                if of_account(&mut step.connection, &identity.account).await?.is_some() {
                    return Ok(RegisteringLinked::AccountTaken);
                }
                if user::insert(&mut step.connection, user, origin.at).await? == 0 {
                    return Ok(RegisteringLinked::EmailTaken);
                }
                step.record(&IdentityFact::UserRegistered { user: user.id }, origin).await?;
                insert(step, identity, origin).await?;
                Ok(RegisteringLinked::Added)
            })
        })
        .await
    }

    async fn link_identity(
        &self,
        identity: LinkedIdentity,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Linking, StoreError> {
        self.write((identity, notice, origin), |step, (identity, notice, origin)| {
            Box::pin(link(step, identity, notice.as_ref(), origin))
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
        self.write_by_locks((id, label, tokens, now), |step, (id, label, tokens, now)| {
            Box::pin(async move {
                let row = params![id.as_uuid(), label, tokens.as_ref(), *now];
                Ok(query::change(&mut step.connection, USE, row).await? > 0)
            })
        })
        .await
    }

    async fn unlink_identity(
        &self,
        removal: Unlinkage,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Unlinking, StoreError> {
        self.write((removal, notice, origin), |step, (removal, notice, origin)| {
            Box::pin(unlink(step, removal, notice.as_ref(), origin))
        })
        .await
    }
}

/// Forgets every link of a person.
pub(super) async fn forget_of(connection: &mut PgConnection, user: UserId) -> Result<(), Failure> {
    query::change(connection, FORGET_OF, params![user.as_uuid()]).await?;
    Ok(())
}

/// How many ways in a person has by accounts at these providers.
pub(super) async fn count_of(
    connection: &mut PgConnection,
    user: UserId,
    providers: &[String],
) -> Result<u32, Failure> {
    let theirs = query::all(connection, OF_USER, params![user.as_uuid()], read).await?;
    let count = theirs.iter().filter(|identity| identity.is_at(providers)).count();
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

async fn link(
    step: &mut Step,
    identity: &LinkedIdentity,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<Linking, Failure> {
    user::lock(&mut step.connection, identity.user).await?;
    if let Some(there) = of_account(&mut step.connection, &identity.account).await? {
        return Ok(if there.user == identity.user { Linking::Theirs } else { Linking::Taken });
    }
    if !user::may_sign_in(&mut step.connection, identity.user).await? {
        return Ok(Linking::UserRefused);
    }
    insert(step, identity, origin).await?;
    mail::queue_notice(step, notice, origin).await?;
    Ok(Linking::Linked)
}

async fn unlink(
    step: &mut Step,
    removal: &Unlinkage,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<Unlinking, Failure> {
    let Unlinkage { user, identity, keeps, other_ways, providers } = removal;
    let (user, identity, keeps) = (*user, *identity, *keeps);
    user::lock(&mut step.connection, user).await?;
    let there = query::one(&mut step.connection, FIND, params![identity.as_uuid()], read).await?;
    let Some(there) = there.filter(|row| row.user == user) else { return Ok(Unlinking::Missing) };
    let person = user::find(&mut step.connection, user).await?;
    let ways = WaysIn {
        password: person.is_some_and(|person| person.password.is_some()),
        passkeys: passkey::count_of(&mut step.connection, user).await?,
        others: other_ways.saturating_add(count_of(&mut step.connection, user, providers).await?),
    };
    if there.is_at(providers) && ways.without_other().is_err() {
        return Ok(Unlinking::LastWayIn);
    }
    query::change(&mut step.connection, REMOVE, params![identity.as_uuid()]).await?;
    step.record(&IdentityFact::IdentityUnlinked { user, identity }, origin).await?;
    let sessions = session::end_of_user(step, user, keeps, SessionEnd::FactorsChanged, origin).await?;
    mail::queue_notice(step, notice, origin).await?;
    Ok(Unlinking::Unlinked { sessions })
}

async fn of_account(
    connection: &mut PgConnection,
    account: &ExternalAccount,
) -> Result<Option<LinkedIdentity>, Failure> {
    query::one(connection, FIND_BY_ACCOUNT, params![account.issuer(), account.subject()], read).await
}

async fn insert(step: &mut Step, identity: &LinkedIdentity, origin: &Origin) -> Result<(), Failure> {
    let row = params![
        identity.id.as_uuid(),
        identity.user.as_uuid(),
        &identity.provider,
        identity.account.issuer(),
        identity.account.subject(),
        &identity.label,
        identity.tokens.as_ref(),
        identity.linked_at,
        identity.last_used_at,
    ];
    query::change(&mut step.connection, INSERT, row).await?;
    let LinkedIdentity { id, user, provider, .. } = identity;
    let fact = IdentityFact::IdentityLinked { user: *user, identity: *id, provider: provider.clone() };
    step.record(&fact, origin).await
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
