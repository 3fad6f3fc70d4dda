//! Passkeys that are asked for at every sign-in.

use sqlx::PgConnection;
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
use crate::{failure::Failure, params::params, query, step::Step, store::PostgresStore};

pub(crate) const IS_ON: &str = "SELECT user_id FROM towergate_passkey_factors WHERE user_id = $1";

pub(crate) const IS_ON_SINCE: &str =
    "SELECT user_id FROM towergate_passkey_factors WHERE user_id = $1 AND created_at >= $2";

const SWITCH_ON: &str = "INSERT INTO towergate_passkey_factors (user_id, created_at) VALUES ($1, $2)";

pub(crate) const SWITCH_OFF: &str = "DELETE FROM towergate_passkey_factors WHERE user_id = $1";

impl PasskeyFactorStore for PostgresStore {
    async fn has_passkey_factor(&self, user: UserId) -> Result<bool, StoreError> {
        self.exists(IS_ON, params![user.as_uuid()]).await
    }

    async fn switch_on_passkey_factor(
        &self,
        switch: PasskeyFactorSwitch,
        origin: Origin,
    ) -> Result<SwitchingOn, StoreError> {
        self.write((switch, origin), |step, (switch, origin)| Box::pin(switch_on(step, switch, origin))).await
    }

    async fn switch_off_passkey_factor(
        &self,
        user: UserId,
        keeps: Option<SessionId>,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.write((user, keeps, notice, origin), |step, (user, keeps, notice, origin)| {
            Box::pin(async move {
                user::lock(&mut step.connection, *user).await?;
                if !switch_off(step, *user, origin).await? {
                    return Ok(false);
                }
                session::end_of_user(step, *user, *keeps, SessionEnd::FactorsChanged, origin).await?;
                mail::queue_notice(step, notice.as_ref(), origin).await?;
                Ok(true)
            })
        })
        .await
    }
}

/// Whether the person is asked for a passkey at every sign-in.
pub(super) async fn is_on(connection: &mut PgConnection, user: UserId) -> Result<bool, Failure> {
    query::exists(connection, IS_ON, params![user.as_uuid()]).await
}

/// Whether they are since then, and were not before.
pub(super) async fn is_on_since(
    connection: &mut PgConnection,
    user: UserId,
    since: Timestamp,
) -> Result<bool, Failure> {
    query::exists(connection, IS_ON_SINCE, params![user.as_uuid(), since]).await
}

/// Asks for no passkey any more; `false` when none was asked for.
pub(super) async fn switch_off(step: &mut Step, user: UserId, origin: &Origin) -> Result<bool, Failure> {
    let was_on = forget_of(&mut step.connection, user).await?;
    if was_on {
        step.record(&IdentityFact::PasskeyFactorSwitchedOff { user }, origin).await?;
    }
    Ok(was_on)
}

/// The same without a word of it. Without a factor there are no codes in the place of one.
pub(super) async fn forget_of(connection: &mut PgConnection, user: UserId) -> Result<bool, Failure> {
    let was_on = query::change(connection, SWITCH_OFF, params![user.as_uuid()]).await? > 0;
    if was_on {
        factor::keep_codes_of_a_factor(connection, user).await?;
    }
    Ok(was_on)
}

async fn switch_on(
    step: &mut Step,
    switch: &PasskeyFactorSwitch,
    origin: &Origin,
) -> Result<SwitchingOn, Failure> {
    let PasskeyFactorSwitch { user, codes, keeps, notice } = switch;
    user::lock(&mut step.connection, *user).await?;
    if !user::may_sign_in(&mut step.connection, *user).await? {
        return Ok(SwitchingOn::UserRefused);
    }
    if is_on(&mut step.connection, *user).await? {
        return Ok(SwitchingOn::OnAlready);
    }
    if passkey::count_of(&mut step.connection, *user).await? == 0 {
        return Ok(SwitchingOn::NoPasskey);
    }
    query::change(&mut step.connection, SWITCH_ON, params![user.as_uuid(), origin.at]).await?;
    step.record(&IdentityFact::PasskeyFactorSwitchedOn { user: *user }, origin).await?;
    factor::renew(step, *user, codes, origin).await?;
    session::end_of_user(step, *user, *keeps, SessionEnd::FactorsChanged, origin).await?;
    mail::queue_notice(step, notice.as_ref(), origin).await?;
    Ok(SwitchingOn::SwitchedOn)
}
