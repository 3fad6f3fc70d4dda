//! Passkeys that are asked for at every sign-in.

use rusqlite::{Connection, params};
use towergate_core::{StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::passkey_factor::{PasskeyFactorStore, PasskeyFactorSwitch, SwitchingOn},
    rules::{
        fact::{IdentityFact, SessionEnd},
        mail::OutboxMail,
        session::SessionId,
        user::UserId,
    },
};

use super::{factor, mail, passkey, session, user};
use crate::{failure::Failure, query, store::SqliteStore, writer::Step};

pub(crate) const IS_ON: &str = "SELECT user_id FROM towergate_passkey_factors WHERE user_id = ?1";

pub(crate) const IS_ON_SINCE: &str =
    "SELECT user_id FROM towergate_passkey_factors WHERE user_id = ?1 AND created_at >= ?2";

const SWITCH_ON: &str = "INSERT INTO towergate_passkey_factors (user_id, created_at) VALUES (?1, ?2)";

pub(crate) const SWITCH_OFF: &str = "DELETE FROM towergate_passkey_factors WHERE user_id = ?1";

impl PasskeyFactorStore for SqliteStore {
    async fn has_passkey_factor(&self, user: UserId) -> Result<bool, StoreError> {
        self.read(|connection| is_on(connection, user))
    }

    async fn switch_on_passkey_factor(
        &self,
        switch: PasskeyFactorSwitch,
        origin: Origin,
    ) -> Result<SwitchingOn, StoreError> {
        self.write(move |step| switch_on(step, &switch, &origin)).await
    }

    async fn switch_off_passkey_factor(
        &self,
        user: UserId,
        keeps: Option<SessionId>,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.write(move |step| {
            if !switch_off(step, user, &origin)? {
                return Ok(false);
            }
            session::end_of_user(step, user, keeps, SessionEnd::FactorsChanged, &origin)?;
            mail::queue_notice(step, notice.as_ref(), &origin)?;
            Ok(true)
        })
        .await
    }
}

/// Whether the person is asked for a passkey at every sign-in.
pub(super) fn is_on(connection: &Connection, user: UserId) -> Result<bool, Failure> {
    query::exists(connection, IS_ON, params![user.as_uuid().as_bytes()])
}

/// Whether they are since then, and were not before.
pub(super) fn is_on_since(connection: &Connection, user: UserId, since: Timestamp) -> Result<bool, Failure> {
    query::exists(connection, IS_ON_SINCE, params![user.as_uuid().as_bytes(), since.unix_millis()])
}

/// Asks for no passkey any more; `false` when none was asked for.
pub(super) fn switch_off(step: &mut Step<'_>, user: UserId, origin: &Origin) -> Result<bool, Failure> {
    let was_on = forget_of(step.connection, user)?;
    if was_on {
        step.record(&IdentityFact::PasskeyFactorSwitchedOff { user }, origin)?;
    }
    Ok(was_on)
}

/// The same without a word of it. Without a factor there are no codes in the place of one.
pub(super) fn forget_of(connection: &Connection, user: UserId) -> Result<bool, Failure> {
    let was_on = query::change(connection, SWITCH_OFF, params![user.as_uuid().as_bytes()])? > 0;
    if was_on {
        factor::keep_codes_of_a_factor(connection, user)?;
    }
    Ok(was_on)
}

fn switch_on(
    step: &mut Step<'_>,
    switch: &PasskeyFactorSwitch,
    origin: &Origin,
) -> Result<SwitchingOn, Failure> {
    let PasskeyFactorSwitch { user, codes, keeps, notice } = switch;
    if !user::may_sign_in(step.connection, *user)? {
        return Ok(SwitchingOn::UserRefused);
    }
    if is_on(step.connection, *user)? {
        return Ok(SwitchingOn::OnAlready);
    }
    if passkey::count_of(step.connection, *user)? == 0 {
        return Ok(SwitchingOn::NoPasskey);
    }
    let row = params![user.as_uuid().as_bytes(), origin.at.unix_millis()];
    query::change(step.connection, SWITCH_ON, row)?;
    step.record(&IdentityFact::PasskeyFactorSwitchedOn { user: *user }, origin)?;
    factor::renew(step, *user, codes, origin)?;
    session::end_of_user(step, *user, *keeps, SessionEnd::FactorsChanged, origin)?;
    mail::queue_notice(step, notice.as_ref(), origin)?;
    Ok(SwitchingOn::SwitchedOn)
}
