//! People.

use rusqlite::{Connection, params};
use towergate_core::{Secret, StoreError, Timestamp, audit::Origin, secret::constant_time_eq};
use towergate_identity::{
    ports::user::{AddingUser, DisablingUser, Rehashing, UserStore},
    rules::{
        email::EmailAddress,
        fact::{IdentityFact, SessionEnd},
        user::{User, UserId, UserState},
    },
};

use super::{email_change, session};
use crate::{failure::Failure, fields::Fields, query, store::SqliteStore, writer::Step};

const TABLE: &str = "towergate_users";

/// The columns in the order in which [`read`] takes them.
macro_rules! user_columns {
    () => {
        "id, email, password, state, delete_at, deleted_at, created_at, confirmed_at"
    };
}

pub(crate) const FIND: &str = concat!("SELECT ", user_columns!(), " FROM towergate_users WHERE id = ?1");

pub(crate) const FIND_BY_EMAIL: &str =
    concat!("SELECT ", user_columns!(), " FROM towergate_users WHERE email = ?1");

/// Nothing is read of the row: who is there costs what nobody costs.
pub(crate) const MAY_PROVE: &str = "SELECT 1 FROM towergate_users
    WHERE id = ?1 AND email = ?2 AND state = 'active' AND deleted_at IS NULL";

/// Those whose days of grace are over; then when that was.
pub(crate) const DUE: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", delete_at FROM towergate_users WHERE delete_at <= ?1 ORDER BY delete_at, id LIMIT ?2"
);

const INSERT: &str = "INSERT INTO towergate_users (id, email, password, state, created_at, confirmed_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (email) DO NOTHING";

const SET_PASSWORD: &str = "UPDATE towergate_users SET password = ?2 WHERE id = ?1";

const REMOVE_PASSWORD: &str = "UPDATE towergate_users SET password = NULL WHERE id = ?1";

const SET_CONFIRMED: &str = "UPDATE towergate_users SET confirmed_at = ?2 WHERE id = ?1";

pub(crate) const MOVE: &str = "UPDATE towergate_users SET email = ?2, confirmed_at = ?3 WHERE id = ?1";

const DISABLE: &str = "UPDATE towergate_users SET state = 'disabled'
    WHERE id = ?1 AND deleted_at IS NULL";

const ENABLE: &str = "UPDATE towergate_users SET state = 'active'
    WHERE id = ?1 AND state = 'disabled' AND deleted_at IS NULL";

impl UserStore for SqliteStore {
    async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.read(|connection| find(connection, id))
    }

    async fn find_user_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        self.read(|connection| query::one(connection, FIND_BY_EMAIL, params![email.as_str()], read))
    }

    async fn add_user(&self, user: User, origin: Origin) -> Result<AddingUser, StoreError> {
        self.write(move |step| {
            if insert(step.connection, &user, origin.at)? == 0 {
                return Ok(AddingUser::EmailTaken);
            }
            step.record(&IdentityFact::UserRegistered { user: user.id }, &origin)?;
            Ok(AddingUser::Added)
        })
        .await
    }

    async fn rehash_password(
        &self,
        user: UserId,
        old: Secret<String>,
        new: Secret<String>,
        origin: Origin,
    ) -> Result<Rehashing, StoreError> {
        self.write(move |step| rehash(step, user, &old, &new, &origin)).await
    }

    async fn disable_user(&self, user: UserId, origin: Origin) -> Result<DisablingUser, StoreError> {
        self.write(move |step| {
            if query::change(step.connection, DISABLE, params![user.as_uuid().as_bytes()])? == 0 {
                return Ok(DisablingUser::Missing);
            }
            step.record(&IdentityFact::UserDisabled { user }, &origin)?;
            let sessions = session::end_of_user(step, user, None, SessionEnd::UserDisabled, &origin)?;
            Ok(DisablingUser::Disabled { sessions })
        })
        .await
    }

    async fn enable_user(&self, user: UserId, origin: Origin) -> Result<bool, StoreError> {
        self.write(move |step| {
            if query::change(step.connection, ENABLE, params![user.as_uuid().as_bytes()])? == 0 {
                return Ok(false);
            }
            step.record(&IdentityFact::UserEnabled { user }, &origin)?;
            Ok(true)
        })
        .await
    }
}

/// Whether the person is there and not shut out.
pub(super) fn may_sign_in(connection: &Connection, id: UserId) -> Result<bool, Failure> {
    Ok(find(connection, id)?.is_some_and(|user| user.state == UserState::Active))
}

/// Replaces the password, whatever it was.
pub(super) fn set_password(
    connection: &Connection,
    id: UserId,
    password: &Secret<String>,
) -> Result<(), Failure> {
    query::change(connection, SET_PASSWORD, params![id.as_uuid().as_bytes(), password.expose()])?;
    Ok(())
}

/// Gives a person another address, which is proven.
pub(super) fn move_to(
    connection: &Connection,
    id: UserId,
    email: &EmailAddress,
    at: Timestamp,
) -> Result<(), Failure> {
    query::change(connection, MOVE, params![id.as_uuid().as_bytes(), email.as_str(), at.unix_millis()])?;
    Ok(())
}

pub(super) fn find_by_email(connection: &Connection, email: &EmailAddress) -> Result<Option<User>, Failure> {
    query::one(connection, FIND_BY_EMAIL, params![email.as_str()], read)
}

/// Takes the password away.
pub(super) fn remove_password(connection: &Connection, id: UserId) -> Result<(), Failure> {
    query::change(connection, REMOVE_PASSWORD, params![id.as_uuid().as_bytes()])?;
    Ok(())
}

/// Notes since when the address is the person's.
pub(super) fn set_confirmed(connection: &Connection, id: UserId, at: Timestamp) -> Result<(), Failure> {
    query::change(connection, SET_CONFIRMED, params![id.as_uuid().as_bytes(), at.unix_millis()])?;
    Ok(())
}

/// Whether somebody has this address, and may prove it.
pub(super) fn may_prove(connection: &Connection, id: UserId, email: &EmailAddress) -> Result<bool, Failure> {
    query::exists(connection, MAY_PROVE, params![id.as_uuid().as_bytes(), email.as_str()])
}

pub(super) fn find(connection: &Connection, id: UserId) -> Result<Option<User>, Failure> {
    query::one(connection, FIND, params![id.as_uuid().as_bytes()], read)
}

fn rehash(
    step: &mut Step<'_>,
    user: UserId,
    old: &Secret<String>,
    new: &Secret<String>,
    origin: &Origin,
) -> Result<Rehashing, Failure> {
    let there = find(step.connection, user)?.and_then(|user| user.password);
    let unchanged =
        there.is_some_and(|there| constant_time_eq(there.expose().as_bytes(), old.expose().as_bytes()));
    if !unchanged {
        return Ok(Rehashing::Changed);
    }
    set_password(step.connection, user, new)?;
    step.record(&IdentityFact::PasswordRehashed { user }, origin)?;
    Ok(Rehashing::Replaced)
}

/// Writes a person; 0 where somebody has the address, or it is kept for them at `now`.
pub(super) fn insert(connection: &Connection, user: &User, now: Timestamp) -> Result<usize, Failure> {
    if email_change::keeper(connection, &user.email, now)?.is_some() {
        return Ok(0);
    }
    query::change(
        connection,
        INSERT,
        params![
            user.id.as_uuid().as_bytes(),
            user.email.as_str(),
            user.password.as_ref().map(Secret::expose),
            state_name(user.state),
            user.created_at.unix_millis(),
            user.confirmed_at.map(Timestamp::unix_millis),
        ],
    )
}

pub(super) fn read(fields: &mut Fields<'_>) -> Result<User, Failure> {
    fields.table(TABLE);
    Ok(User {
        id: fields.uuid("id").map(UserId::from_uuid)?,
        email: fields.parse("email", |text| {
            EmailAddress::parse(text).ok().filter(|address| address.as_str() == text)
        })?,
        password: fields.get::<Option<String>>("password")?.map(Secret::new),
        state: state(fields)?,
        created_at: fields.time("created_at")?,
        confirmed_at: fields.optional_time("confirmed_at")?,
    })
}

/// Whoever is leaving, or gone, is so by other columns than this one.
const fn state_name(state: UserState) -> &'static str {
    match state {
        UserState::Active => "active",
        UserState::Disabled | UserState::Leaving | UserState::Deleted => "disabled",
    }
}

fn state(fields: &mut Fields<'_>) -> Result<UserState, Failure> {
    let named = fields.parse("state", |text| {
        [UserState::Active, UserState::Disabled].into_iter().find(|state| state_name(*state) == text)
    })?;
    let leaving = fields.optional_time("delete_at")?.is_some();
    let deleted = fields.optional_time("deleted_at")?.is_some();
    Ok(match named {
        _ if deleted => UserState::Deleted,
        UserState::Active if leaving => UserState::Leaving,
        named => named,
    })
}
