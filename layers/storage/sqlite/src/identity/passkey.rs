//! Passkeys.

use rusqlite::{Connection, params};
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
use crate::{failure::Failure, query, store::SqliteStore, writer::Step};

pub(crate) const FIND: &str =
    concat!("SELECT ", passkey_columns!(), " FROM towergate_passkeys WHERE id = ?1");

pub(crate) const FIND_BY_CREDENTIAL: &str =
    concat!("SELECT ", passkey_columns!(), " FROM towergate_passkeys WHERE credential_id = ?1");

pub(crate) const OF_USER: &str = concat!(
    "SELECT ",
    passkey_columns!(),
    " FROM towergate_passkeys WHERE user_id = ?1 ORDER BY created_at, id"
);

pub(crate) const COUNT_OF: &str = "SELECT count(*) FROM towergate_passkeys WHERE user_id = ?1";

pub(crate) const USE: &str = "UPDATE towergate_passkeys SET count = max(count, ?2), backup_eligible = ?3,
    backed_up = ?4, last_used_at = max(coalesce(last_used_at, ?5), ?5) WHERE id = ?1";

pub(crate) const RENAME: &str = "UPDATE towergate_passkeys SET name = ?3 WHERE id = ?1 AND user_id = ?2";

const REMOVE: &str = "DELETE FROM towergate_passkeys WHERE id = ?1";

pub(crate) const FORGET_OF: &str = "DELETE FROM towergate_passkeys WHERE user_id = ?1";

impl PasskeyStore for SqliteStore {
    async fn begin_ceremony(
        &self,
        ceremony: Ceremony,
        room: CeremonyRoom,
    ) -> Result<BeginningCeremony, StoreError> {
        self.write(move |step| ceremony::begin(step.connection, &ceremony, room)).await
    }

    async fn take_ceremony(&self, id: CeremonyId, now: Timestamp) -> Result<Option<Ceremony>, StoreError> {
        self.write(move |step| ceremony::take(step.connection, id, now)).await
    }

    async fn passkeys_of(&self, user: UserId) -> Result<Vec<Passkey>, StoreError> {
        self.read(|connection| of_user(connection, user))
    }

    async fn find_passkey(&self, credential_id: &[u8]) -> Result<Option<Passkey>, StoreError> {
        self.read(|connection| query::one(connection, FIND_BY_CREDENTIAL, params![credential_id], row::read))
    }

    async fn add_passkey(
        &self,
        passkey: Passkey,
        most: u32,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<AddingPasskey, StoreError> {
        self.write(move |step| add(step, &passkey, most, notice.as_ref(), &origin)).await
    }

    async fn use_passkey(
        &self,
        used: PasskeyUse,
        policy: SignCountPolicy,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<UsingPasskey, StoreError> {
        self.write(move |step| note_use(step, used, policy, notice.as_ref(), &origin)).await
    }

    async fn rename_passkey(
        &self,
        user: UserId,
        passkey: PasskeyId,
        name: PasskeyName,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.write(move |step| {
            let key = params![passkey.as_uuid().as_bytes(), user.as_uuid().as_bytes(), name.as_str()];
            if query::change(step.connection, RENAME, key)? == 0 {
                return Ok(false);
            }
            step.record(&IdentityFact::PasskeyRenamed { user, passkey }, &origin)?;
            Ok(true)
        })
        .await
    }

    async fn remove_passkey(
        &self,
        removal: PasskeyRemoval,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<RemovingPasskey, StoreError> {
        self.write(move |step| {
            let PasskeyRemoval { user, passkey, keeps, other_ways, providers } = removal;
            if find(step.connection, passkey)?.is_none_or(|row| row.user != user) {
                return Ok(RemovingPasskey::Missing);
            }
            let person = user::find(step.connection, user)?;
            let ways = WaysIn {
                password: person.is_some_and(|person| person.password.is_some()),
                passkeys: count_of(step.connection, user)?,
                others: other_ways.saturating_add(linked_identity::count_of(
                    step.connection,
                    user,
                    &providers,
                )?),
            };
            if ways.without_passkey().is_err() {
                return Ok(RemovingPasskey::LastWayIn);
            }
            let sessions = remove(step, user, passkey, keeps, notice.as_ref(), &origin)?;
            if count_of(step.connection, user)? == 0 {
                passkey_factor::switch_off(step, user, &origin)?;
            }
            Ok(RemovingPasskey::Removed { sessions })
        })
        .await
    }
}

/// Forgets every passkey of a person, that they are asked for, and every ceremony.
pub(super) fn forget_of(connection: &Connection, user: UserId) -> Result<(), Failure> {
    query::change(connection, FORGET_OF, params![user.as_uuid().as_bytes()])?;
    passkey_factor::forget_of(connection, user)?;
    ceremony::forget_of(connection, user)
}

/// Those of a person, oldest first.
pub(super) fn of_user(connection: &Connection, user: UserId) -> Result<Vec<Passkey>, Failure> {
    query::all(connection, OF_USER, params![user.as_uuid().as_bytes()], row::read)
}

fn find(connection: &Connection, passkey: PasskeyId) -> Result<Option<Passkey>, Failure> {
    query::one(connection, FIND, params![passkey.as_uuid().as_bytes()], row::read)
}

pub(super) fn count_of(connection: &Connection, user: UserId) -> Result<u32, Failure> {
    let key = params![user.as_uuid().as_bytes()];
    Ok(query::one(connection, COUNT_OF, key, |fields| fields.get("count"))?.unwrap_or(0))
}

fn add(
    step: &mut Step<'_>,
    passkey: &Passkey,
    most: u32,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<AddingPasskey, Failure> {
    let user = passkey.user;
    if !user::may_sign_in(step.connection, user)? {
        return Ok(AddingPasskey::UserRefused);
    }
    if query::exists(step.connection, FIND_BY_CREDENTIAL, params![passkey.credential_id])? {
        return Ok(AddingPasskey::Taken);
    }
    if count_of(step.connection, user)? >= most {
        return Ok(AddingPasskey::TooMany);
    }
    row::insert(step.connection, passkey)?;
    let added = IdentityFact::PasskeyAdded { user, passkey: passkey.id, aaguid: passkey.aaguid };
    step.record(&added, origin)?;
    tell(step, notice, origin)?;
    Ok(AddingPasskey::Added)
}

fn note_use(
    step: &mut Step<'_>,
    used: PasskeyUse,
    policy: SignCountPolicy,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<UsingPasskey, Failure> {
    let Some(there) = find(step.connection, used.passkey)? else { return Ok(UsingPasskey::Missing) };
    let (user, passkey, kept, seen) = (there.user, there.id, there.count, used.count);
    if judge_count(kept, seen) == CountVerdict::WentBack {
        let fact = IdentityFact::PasskeyCountWentBack { user, passkey, kept, seen, policy };
        step.record(&fact, origin)?;
        match policy {
            SignCountPolicy::Warn => {}
            SignCountPolicy::Refuse => return Ok(UsingPasskey::Refused),
            SignCountPolicy::Revoke => {
                remove(step, user, passkey, None, notice, origin)?;
                return Ok(UsingPasskey::Revoked);
            }
        }
    }
    let id = passkey.as_uuid().as_bytes();
    let row = params![id, seen, used.backup_eligible, used.backed_up, origin.at.unix_millis()];
    query::change(step.connection, USE, row)?;
    step.record(&IdentityFact::PasskeyUsed { user, passkey, verified: used.verified }, origin)?;
    Ok(UsingPasskey::Used)
}

/// Removes the passkey and ends the sessions; answers how many.
fn remove(
    step: &mut Step<'_>,
    user: UserId,
    passkey: PasskeyId,
    keeps: Option<SessionId>,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<u64, Failure> {
    query::change(step.connection, REMOVE, params![passkey.as_uuid().as_bytes()])?;
    step.record(&IdentityFact::PasskeyRemoved { user, passkey }, origin)?;
    let keeps = match keeps {
        Some(id) => session::load(step.connection, id, origin.at)?
            .filter(|session| session.passkey != Some(passkey))
            .map(|session| session.id),
        None => None,
    };
    let sessions = session::end_of_user(step, user, keeps, SessionEnd::FactorsChanged, origin)?;
    tell(step, notice, origin)?;
    Ok(sessions)
}

fn tell(step: &mut Step<'_>, notice: Option<&OutboxMail>, origin: &Origin) -> Result<(), Failure> {
    notice.map_or(Ok(()), |notice| mail::queue(step, notice, origin))
}
