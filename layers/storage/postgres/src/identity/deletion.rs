//! Goodbyes.

use sqlx::PgConnection;
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
use crate::{
    failure::Failure, fields::Fields, identity::mail, params::params, query, step::Step, store::PostgresStore,
};

pub(crate) const OF_USER: &str = "SELECT delete_at FROM towergate_users WHERE id = $1";

pub(crate) const SET: &str = "UPDATE towergate_users SET delete_at = $2 WHERE id = $1";

pub(crate) const CLOSE: &str =
    "UPDATE towergate_users SET delete_at = NULL, deleted_at = $2, password = NULL WHERE id = $1";

pub(crate) const ANONYMISE: &str = "UPDATE towergate_users SET email = $2, confirmed_at = NULL WHERE id = $1";

pub(crate) const ERASE: &str = "DELETE FROM towergate_users WHERE id = $1";

pub(crate) const KILL_TOKENS: &str = "UPDATE towergate_email_tokens SET state = 'replaced', password = NULL
    WHERE user_id = $1 AND state = 'open' AND purpose <> 'undo_email_change'";

/// What is kept of a person beside their row, their sessions and their passkeys. Whatever a store keeps of a person belongs
/// here.
pub(crate) const FORGET: [&str; 8] = [
    "DELETE FROM towergate_browsers WHERE user_id = $1",
    "DELETE FROM towergate_remembered WHERE user_id = $1",
    "DELETE FROM towergate_provider_visits WHERE user_id = $1",
    "DELETE FROM towergate_totp WHERE user_id = $1",
    "DELETE FROM towergate_backup_codes WHERE user_id = $1",
    "DELETE FROM towergate_email_tokens WHERE user_id = $1",
    "DELETE FROM towergate_mails WHERE user_id = $1",
    "DELETE FROM towergate_tries WHERE whose = uuid_send($1) AND octet_length(whose) = 16",
];

impl DeletionStore for PostgresStore {
    async fn schedule_deletion(
        &self,
        user: UserId,
        delete_at: Timestamp,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Scheduling, StoreError> {
        self.write((user, delete_at, notice, origin), |step, (user, delete_at, notice, origin)| {
            Box::pin(schedule(step, *user, *delete_at, notice.as_ref(), origin))
        })
        .await
    }

    async fn withdraw_deletion(
        &self,
        user: UserId,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Withdrawing, StoreError> {
        self.write((user, notice, origin), |step, (user, notice, origin)| {
            Box::pin(stay(step, *user, notice.as_ref(), origin))
        })
        .await
    }

    async fn deletion_of(&self, user: UserId) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.one(OF_USER, params![user.as_uuid()], delete_at).await?.flatten())
    }

    async fn due_deletions(&self, now: Timestamp, limit: u16) -> Result<Vec<Due>, StoreError> {
        self.all(user::DUE, params![now, limit], |fields| {
            let user = user::read(fields)?;
            Ok(Due { user, delete_at: fields.time("delete_at")? })
        })
        .await
    }

    async fn delete_user(
        &self,
        user: UserId,
        ending: Ending,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<DeletingUser, StoreError> {
        self.write((user, ending, notice, origin), |step, (user, ending, notice, origin)| {
            Box::pin(delete(step, *user, *ending, notice.as_ref(), origin))
        })
        .await
    }
}

async fn schedule(
    step: &mut Step,
    user: UserId,
    delete_at: Timestamp,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<Scheduling, Failure> {
    user::lock(&mut step.connection, user).await?;
    if let Some(at) = of(&mut step.connection, user).await? {
        return Ok(Scheduling::Leaving(at));
    }
    if state_of(&mut step.connection, user).await? != Some(UserState::Active) {
        return Ok(Scheduling::UserRefused);
    }
    set(&mut step.connection, user, Some(delete_at)).await?;
    step.record(&IdentityFact::DeletionScheduled { user, delete_at }, origin).await?;
    let sessions = close(step, user, SessionEnd::AccountLeaving, origin).await?;
    mail::queue_notice(step, notice, origin).await?;
    Ok(Scheduling::Scheduled { sessions })
}

async fn stay(
    step: &mut Step,
    user: UserId,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<Withdrawing, Failure> {
    user::lock(&mut step.connection, user).await?;
    let open = of(&mut step.connection, user).await?.is_some_and(|at| !is_due(at, origin.at));
    if !open || state_of(&mut step.connection, user).await? != Some(UserState::Leaving) {
        return Ok(Withdrawing::Refused);
    }
    set(&mut step.connection, user, None).await?;
    step.record(&IdentityFact::DeletionWithdrawn { user }, origin).await?;
    close(step, user, SessionEnd::AccountKept, origin).await?;
    mail::queue_notice(step, notice, origin).await?;
    Ok(Withdrawing::Withdrawn)
}

async fn delete(
    step: &mut Step,
    user: UserId,
    ending: Ending,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<DeletingUser, Failure> {
    user::lock(&mut step.connection, user).await?;
    if !of(&mut step.connection, user).await?.is_some_and(|at| is_due(at, origin.at)) {
        return Ok(DeletingUser::NotDue);
    }
    step.record(&IdentityFact::UserDeleted { user, ending }, origin).await?;
    close(step, user, SessionEnd::AccountDeleted, origin).await?;
    forget(&mut step.connection, user).await?;
    mail::queue_notice(step, notice, origin).await?;
    let id = user.as_uuid();
    if ending == Ending::Erase {
        query::change(&mut step.connection, ERASE, params![id]).await?;
        return Ok(DeletingUser::Deleted);
    }
    query::change(&mut step.connection, CLOSE, params![id, origin.at]).await?;
    if ending == Ending::Anonymise {
        query::change(&mut step.connection, ANONYMISE, params![id, nobodys_address(user)]).await?;
    }
    Ok(DeletingUser::Deleted)
}

/// Ends what admits a person: their sessions, and what was mailed to them. Whatever else lets somebody in without a fresh
/// proof belongs here. What gives an address back stays good: whoever took the address away may be who says goodbye.
async fn close(step: &mut Step, user: UserId, reason: SessionEnd, origin: &Origin) -> Result<u64, Failure> {
    query::change(&mut step.connection, KILL_TOKENS, params![user.as_uuid()]).await?;
    session::end_of_user(step, user, None, reason, origin).await
}

/// Everything of a person goes but their row.
async fn forget(connection: &mut PgConnection, user: UserId) -> Result<(), Failure> {
    for table in FORGET {
        query::change(connection, table, params![user.as_uuid()]).await?;
    }
    linked_identity::forget_of(connection, user).await?;
    passkey::forget_of(connection, user).await
}

async fn of(connection: &mut PgConnection, user: UserId) -> Result<Option<Timestamp>, Failure> {
    Ok(query::one(connection, OF_USER, params![user.as_uuid()], delete_at).await?.flatten())
}

fn delete_at(fields: &mut Fields<'_>) -> Result<Option<Timestamp>, Failure> {
    fields.optional_time("delete_at")
}

async fn set(
    connection: &mut PgConnection,
    user: UserId,
    delete_at: Option<Timestamp>,
) -> Result<(), Failure> {
    let row = params![user.as_uuid(), delete_at];
    query::change(connection, SET, row).await?;
    Ok(())
}

/// Lets a person stay; `false` where they were not leaving.
pub(super) async fn withdraw(connection: &mut PgConnection, user: UserId) -> Result<bool, Failure> {
    let leaving = of(connection, user).await?.is_some();
    if leaving {
        set(connection, user, None).await?;
    }
    Ok(leaving)
}

async fn state_of(connection: &mut PgConnection, user: UserId) -> Result<Option<UserState>, Failure> {
    Ok(user::find(connection, user).await?.map(|user| user.state))
}
