//! Goodbyes.

use rusqlite::{Connection, params};
use towergate_core::{StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::deletion::{DeletingUser, DeletionStore, Scheduling, Withdrawing},
    rules::{
        deletion::{Due, Ending, is_due, nobodys_address},
        fact::{IdentityFact, SessionEnd},
        mail::OutboxMail,
        user::{UserId, UserState},
    },
};

use super::{linked_identity, passkey, session, user};
use crate::{failure::Failure, identity::mail, query, store::SqliteStore, writer::Step};

pub(crate) const OF_USER: &str = "SELECT delete_at FROM towergate_users WHERE id = ?1";

pub(crate) const SET: &str = "UPDATE towergate_users SET delete_at = ?2 WHERE id = ?1";

pub(crate) const CLOSE: &str =
    "UPDATE towergate_users SET delete_at = NULL, deleted_at = ?2, password = NULL WHERE id = ?1";

pub(crate) const ANONYMISE: &str = "UPDATE towergate_users SET email = ?2, confirmed_at = NULL WHERE id = ?1";

pub(crate) const ERASE: &str = "DELETE FROM towergate_users WHERE id = ?1";

pub(crate) const KILL_TOKENS: &str = "UPDATE towergate_email_tokens SET state = 'replaced', password = NULL
    WHERE user_id = ?1 AND state = 'open' AND purpose <> 'undo_email_change'";

/// What is kept of a person beside their row, their sessions and their passkeys. Whatever a store keeps of a person belongs
/// here.
pub(crate) const FORGET: [&str; 8] = [
    "DELETE FROM towergate_browsers WHERE user_id = ?1",
    "DELETE FROM towergate_remembered WHERE user_id = ?1",
    "DELETE FROM towergate_provider_visits WHERE user_id = ?1",
    "DELETE FROM towergate_totp WHERE user_id = ?1",
    "DELETE FROM towergate_backup_codes WHERE user_id = ?1",
    "DELETE FROM towergate_email_tokens WHERE user_id = ?1",
    "DELETE FROM towergate_mails WHERE user_id = ?1",
    "DELETE FROM towergate_tries WHERE whose = ?1 AND length(whose) = 16",
];

impl DeletionStore for SqliteStore {
    async fn schedule_deletion(
        &self,
        user: UserId,
        delete_at: Timestamp,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Scheduling, StoreError> {
        self.write(move |step| schedule(step, user, delete_at, notice.as_ref(), &origin)).await
    }

    async fn withdraw_deletion(
        &self,
        user: UserId,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Withdrawing, StoreError> {
        self.write(move |step| {
            let open = of(step.connection, user)?.is_some_and(|at| !is_due(at, origin.at));
            if !open || state_of(step.connection, user)? != Some(UserState::Leaving) {
                return Ok(Withdrawing::Refused);
            }
            set(step.connection, user, None)?;
            step.record(&IdentityFact::DeletionWithdrawn { user }, &origin)?;
            close(step, user, SessionEnd::AccountKept, &origin)?;
            mail::queue_notice(step, notice.as_ref(), &origin)?;
            Ok(Withdrawing::Withdrawn)
        })
        .await
    }

    async fn deletion_of(&self, user: UserId) -> Result<Option<Timestamp>, StoreError> {
        self.read(|connection| of(connection, user))
    }

    async fn due_deletions(&self, now: Timestamp, limit: u16) -> Result<Vec<Due>, StoreError> {
        let key = params![now.unix_millis(), limit];
        self.read(|connection| {
            query::all(connection, user::DUE, key, |fields| {
                let user = user::read(fields)?;
                Ok(Due { user, delete_at: fields.time("delete_at")? })
            })
        })
    }

    async fn delete_user(
        &self,
        user: UserId,
        ending: Ending,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<DeletingUser, StoreError> {
        self.write(move |step| delete(step, user, ending, notice.as_ref(), &origin)).await
    }
}

fn schedule(
    step: &mut Step<'_>,
    user: UserId,
    delete_at: Timestamp,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<Scheduling, Failure> {
    if let Some(at) = of(step.connection, user)? {
        return Ok(Scheduling::Leaving(at));
    }
    if state_of(step.connection, user)? != Some(UserState::Active) {
        return Ok(Scheduling::UserRefused);
    }
    set(step.connection, user, Some(delete_at))?;
    step.record(&IdentityFact::DeletionScheduled { user, delete_at }, origin)?;
    let sessions = close(step, user, SessionEnd::AccountLeaving, origin)?;
    mail::queue_notice(step, notice, origin)?;
    Ok(Scheduling::Scheduled { sessions })
}

fn delete(
    step: &mut Step<'_>,
    user: UserId,
    ending: Ending,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<DeletingUser, Failure> {
    if !of(step.connection, user)?.is_some_and(|at| is_due(at, origin.at)) {
        return Ok(DeletingUser::NotDue);
    }
    step.record(&IdentityFact::UserDeleted { user, ending }, origin)?;
    close(step, user, SessionEnd::AccountDeleted, origin)?;
    forget(step.connection, user)?;
    mail::queue_notice(step, notice, origin)?;
    let id = user.as_uuid().as_bytes();
    if ending == Ending::Erase {
        query::change(step.connection, ERASE, params![id])?;
        return Ok(DeletingUser::Deleted);
    }
    query::change(step.connection, CLOSE, params![id, origin.at.unix_millis()])?;
    if ending == Ending::Anonymise {
        query::change(step.connection, ANONYMISE, params![id, nobodys_address(user)])?;
    }
    Ok(DeletingUser::Deleted)
}

/// Ends what admits a person: their sessions, and what was mailed to them. Whatever else lets somebody in without a fresh
/// proof belongs here. What gives an address back stays good: whoever took the address away may be who says goodbye.
fn close(step: &mut Step<'_>, user: UserId, reason: SessionEnd, origin: &Origin) -> Result<u64, Failure> {
    query::change(step.connection, KILL_TOKENS, params![user.as_uuid().as_bytes()])?;
    session::end_of_user(step, user, None, reason, origin)
}

/// Everything of a person goes but their row.
fn forget(connection: &Connection, user: UserId) -> Result<(), Failure> {
    for table in FORGET {
        query::change(connection, table, params![user.as_uuid().as_bytes()])?;
    }
    linked_identity::forget_of(connection, user)?;
    passkey::forget_of(connection, user)
}

fn of(connection: &Connection, user: UserId) -> Result<Option<Timestamp>, Failure> {
    let key = params![user.as_uuid().as_bytes()];
    let found = query::one(connection, OF_USER, key, |fields| fields.optional_time("delete_at"))?;
    Ok(found.flatten())
}

fn set(connection: &Connection, user: UserId, delete_at: Option<Timestamp>) -> Result<(), Failure> {
    let row = params![user.as_uuid().as_bytes(), delete_at.map(Timestamp::unix_millis)];
    query::change(connection, SET, row)?;
    Ok(())
}

/// Lets a person stay; `false` where they were not leaving.
pub(super) fn withdraw(connection: &Connection, user: UserId) -> Result<bool, Failure> {
    let leaving = of(connection, user)?.is_some();
    if leaving {
        set(connection, user, None)?;
    }
    Ok(leaving)
}

fn state_of(connection: &Connection, user: UserId) -> Result<Option<UserState>, Failure> {
    Ok(user::find(connection, user)?.map(|user| user.state))
}
