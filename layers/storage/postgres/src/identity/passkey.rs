//! Passkeys.

use sqlx::PgConnection;
use towergate_core::{StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::passkey::{
        AddingPasskey, BeginningCeremony, PasskeyRemoval, PasskeyStore, RemovingPasskey, UsingPasskey,
    },
    rules::{
        fact::{IdentityFact, SessionEnd},
        mail::OutboxMail,
        passkey::{
            Ceremony, CeremonyId, CeremonyRoom, CountVerdict, Passkey, PasskeyId, PasskeyName, PasskeyUse,
            SignCountPolicy, judge_count,
        },
        session::SessionId,
        user::UserId,
        ways_in::WaysIn,
    },
};

use super::{
    ceremony, linked_identity, mail, passkey_factor,
    passkey_row::{self as row, passkey_columns},
    session, user,
};
use crate::{failure::Failure, params::params, query, step::Step, store::PostgresStore};

pub(crate) const FIND: &str =
    concat!("SELECT ", passkey_columns!(), " FROM towergate_passkeys WHERE id = $1");

pub(crate) const LOCK: &str = "SELECT 1 FROM towergate_users WHERE id =
    (SELECT user_id FROM towergate_passkeys WHERE id = $1) FOR UPDATE";

pub(crate) const FIND_BY_CREDENTIAL: &str =
    concat!("SELECT ", passkey_columns!(), " FROM towergate_passkeys WHERE credential_id = $1");

pub(crate) const OF_USER: &str = concat!(
    "SELECT ",
    passkey_columns!(),
    " FROM towergate_passkeys WHERE user_id = $1 ORDER BY created_at, id"
);

pub(crate) const COUNT_OF: &str = "SELECT count(*) FROM towergate_passkeys WHERE user_id = $1";

pub(crate) const USE: &str =
    "UPDATE towergate_passkeys SET count = greatest(count, $2), backup_eligible = $3,
    backed_up = $4, last_used_at = greatest(last_used_at, $5) WHERE id = $1";

pub(crate) const RENAME: &str = "UPDATE towergate_passkeys SET name = $3 WHERE id = $1 AND user_id = $2";

const REMOVE: &str = "DELETE FROM towergate_passkeys WHERE id = $1";

pub(crate) const FORGET_OF: &str = "DELETE FROM towergate_passkeys WHERE user_id = $1";

impl PasskeyStore for PostgresStore {
    async fn begin_ceremony(
        &self,
        ceremony: Ceremony,
        room: CeremonyRoom,
    ) -> Result<BeginningCeremony, StoreError> {
        self.write_by_locks((ceremony, room), |step, (ceremony, room)| {
            Box::pin(ceremony::begin(&mut step.connection, ceremony, *room))
        })
        .await
    }

    async fn take_ceremony(&self, id: CeremonyId, now: Timestamp) -> Result<Option<Ceremony>, StoreError> {
        self.write_by_locks((id, now), |step, (id, now)| {
            Box::pin(ceremony::take(&mut step.connection, *id, *now))
        })
        .await
    }

    async fn passkeys_of(&self, user: UserId) -> Result<Vec<Passkey>, StoreError> {
        self.all(OF_USER, params![user.as_uuid()], row::read).await
    }

    async fn find_passkey(&self, credential_id: &[u8]) -> Result<Option<Passkey>, StoreError> {
        self.one(FIND_BY_CREDENTIAL, params![credential_id], row::read).await
    }

    async fn add_passkey(
        &self,
        passkey: Passkey,
        most: u32,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<AddingPasskey, StoreError> {
        self.write((passkey, most, notice, origin), |step, (passkey, most, notice, origin)| {
            Box::pin(add(step, passkey, *most, notice.as_ref(), origin))
        })
        .await
    }

    async fn use_passkey(
        &self,
        used: PasskeyUse,
        policy: SignCountPolicy,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<UsingPasskey, StoreError> {
        self.write((used, policy, notice, origin), |step, (used, policy, notice, origin)| {
            Box::pin(note_use(step, *used, *policy, notice.as_ref(), origin))
        })
        .await
    }

    async fn rename_passkey(
        &self,
        user: UserId,
        passkey: PasskeyId,
        name: PasskeyName,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.write_by_locks((user, passkey, name, origin), |step, (user, passkey, name, origin)| {
            Box::pin(async move {
                let (user, passkey) = (*user, *passkey);
                let key = params![passkey.as_uuid(), user.as_uuid(), name.as_str()];
                if query::change(&mut step.connection, RENAME, key).await? == 0 {
                    return Ok(false);
                }
                step.record(&IdentityFact::PasskeyRenamed { user, passkey }, origin).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn remove_passkey(
        &self,
        removal: PasskeyRemoval,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<RemovingPasskey, StoreError> {
        self.write((removal, notice, origin), |step, (removal, notice, origin)| {
            Box::pin(remove_one(step, removal, notice.as_ref(), origin))
        })
        .await
    }
}

/// Forgets every passkey of a person, that they are asked for, and every ceremony.
pub(super) async fn forget_of(connection: &mut PgConnection, user: UserId) -> Result<(), Failure> {
    query::change(connection, FORGET_OF, params![user.as_uuid()]).await?;
    passkey_factor::forget_of(connection, user).await?;
    ceremony::forget_of(connection, user).await
}

/// Those of a person, oldest first.
pub(super) async fn of_user(connection: &mut PgConnection, user: UserId) -> Result<Vec<Passkey>, Failure> {
    query::all(connection, OF_USER, params![user.as_uuid()], row::read).await
}

async fn find(connection: &mut PgConnection, passkey: PasskeyId) -> Result<Option<Passkey>, Failure> {
    query::one(connection, FIND, params![passkey.as_uuid()], row::read).await
}

pub(super) async fn count_of(connection: &mut PgConnection, user: UserId) -> Result<u32, Failure> {
    let key = params![user.as_uuid()];
    Ok(query::one(connection, COUNT_OF, key, |fields| fields.count("count")).await?.unwrap_or(0))
}

async fn add(
    step: &mut Step,
    passkey: &Passkey,
    most: u32,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<AddingPasskey, Failure> {
    let user = passkey.user;
    user::lock(&mut step.connection, user).await?;
    if !user::may_sign_in(&mut step.connection, user).await? {
        return Ok(AddingPasskey::UserRefused);
    }
    if query::exists(&mut step.connection, FIND_BY_CREDENTIAL, params![&passkey.credential_id]).await? {
        return Ok(AddingPasskey::Taken);
    }
    if count_of(&mut step.connection, user).await? >= most {
        return Ok(AddingPasskey::TooMany);
    }
    row::insert(&mut step.connection, passkey).await?;
    let added = IdentityFact::PasskeyAdded { user, passkey: passkey.id, aaguid: passkey.aaguid };
    step.record(&added, origin).await?;
    mail::queue_notice(step, notice, origin).await?;
    Ok(AddingPasskey::Added)
}

async fn note_use(
    step: &mut Step,
    used: PasskeyUse,
    policy: SignCountPolicy,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<UsingPasskey, Failure> {
    query::exists(&mut step.connection, LOCK, params![used.passkey.as_uuid()]).await?;
    let Some(there) = find(&mut step.connection, used.passkey).await? else {
        return Ok(UsingPasskey::Missing);
    };
    let (user, passkey, kept, seen) = (there.user, there.id, there.count, used.count);
    if judge_count(kept, seen) == CountVerdict::WentBack {
        let fact = IdentityFact::PasskeyCountWentBack { user, passkey, kept, seen, policy };
        step.record(&fact, origin).await?;
        match policy {
            SignCountPolicy::Warn => {}
            SignCountPolicy::Refuse => return Ok(UsingPasskey::Refused),
            SignCountPolicy::Revoke => {
                remove(step, user, passkey, None, notice, origin).await?;
                return Ok(UsingPasskey::Revoked);
            }
        }
    }
    let id = passkey.as_uuid();
    let row = params![id, seen, used.backup_eligible, used.backed_up, origin.at];
    query::change(&mut step.connection, USE, row).await?;
    step.record(&IdentityFact::PasskeyUsed { user, passkey, verified: used.verified }, origin).await?;
    Ok(UsingPasskey::Used)
}

async fn remove_one(
    step: &mut Step,
    removal: &PasskeyRemoval,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<RemovingPasskey, Failure> {
    let PasskeyRemoval { user, passkey, keeps, other_ways, providers } = removal;
    let (user, passkey, keeps) = (*user, *passkey, *keeps);
    user::lock(&mut step.connection, user).await?;
    if find(&mut step.connection, passkey).await?.is_none_or(|row| row.user != user) {
        return Ok(RemovingPasskey::Missing);
    }
    let person = user::find(&mut step.connection, user).await?;
    let ways = WaysIn {
        password: person.is_some_and(|person| person.password.is_some()),
        passkeys: count_of(&mut step.connection, user).await?,
        others: other_ways
            .saturating_add(linked_identity::count_of(&mut step.connection, user, providers).await?),
    };
    if ways.without_passkey().is_err() {
        return Ok(RemovingPasskey::LastWayIn);
    }
    let sessions = remove(step, user, passkey, keeps, notice, origin).await?;
    if count_of(&mut step.connection, user).await? == 0 {
        passkey_factor::switch_off(step, user, origin).await?;
    }
    Ok(RemovingPasskey::Removed { sessions })
}

/// Removes the passkey and ends the sessions; answers how many.
async fn remove(
    step: &mut Step,
    user: UserId,
    passkey: PasskeyId,
    keeps: Option<SessionId>,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<u64, Failure> {
    query::change(&mut step.connection, REMOVE, params![passkey.as_uuid()]).await?;
    step.record(&IdentityFact::PasskeyRemoved { user, passkey }, origin).await?;
    let keeps = match keeps {
        Some(id) => session::load(&mut step.connection, id, origin.at)
            .await?
            .filter(|session| session.passkey != Some(passkey))
            .map(|session| session.id),
        None => None,
    };
    let sessions = session::end_of_user(step, user, keeps, SessionEnd::FactorsChanged, origin).await?;
    mail::queue_notice(step, notice, origin).await?;
    Ok(sessions)
}
