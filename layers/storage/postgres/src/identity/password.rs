//! New passwords.

use sqlx::PgConnection;
use towergate_core::{Secret, StoreError, audit::Origin, secret::constant_time_eq};
use towergate_identity::{
    ports::password::{ChangingPassword, PasswordChange, PasswordReset, PasswordStore, ResettingPassword},
    rules::{
        email_token::{EmailToken, Purpose, Verdict},
        fact::{IdentityFact, SessionEnd, TokenRefusal},
        lockout::{CredentialClass, TryKey},
        mail::OutboxMail,
        second_factor::Spending,
        user::{User, UserId, UserState},
    },
};

use super::{email_token, ending, factor, mail, tries, user};
use crate::{failure::Failure, step::Step, store::PostgresStore};

impl PasswordStore for PostgresStore {
    async fn reset_password(
        &self,
        reset: PasswordReset,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<ResettingPassword, StoreError> {
        self.write((reset, notice, origin), |step, (reset, notice, origin)| {
            Box::pin(reset_one(step, reset, notice.as_ref(), origin))
        })
        .await
    }

    async fn change_password(
        &self,
        change: PasswordChange,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<ChangingPassword, StoreError> {
        self.write((change, notice, origin), |step, (change, notice, origin)| {
            Box::pin(change_one(step, change, notice.as_ref(), origin))
        })
        .await
    }
}

/// The person that a proof speaks of, if they have that address and may prove who they are.
async fn owner(connection: &mut PgConnection, token: &EmailToken) -> Result<Option<User>, Failure> {
    let user = user::find(connection, token.user).await?;
    Ok(user.filter(|user| user.state.may_prove() && user.email == token.email))
}

async fn reset_one(
    step: &mut Step,
    reset: &PasswordReset,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<ResettingPassword, Failure> {
    let PasswordReset { token: id, shown, hash, factor } = reset;
    email_token::lock(&mut step.connection, *id).await?;
    let token = email_token::find(&mut step.connection, *id).await?;
    let Some(token) = token.filter(|token| token.purpose == Purpose::ResetPassword) else {
        return Ok(ResettingPassword::Missing);
    };
    let (user, owner) = (token.user, owner(&mut step.connection, &token).await?);
    let Some(owner) = owner.filter(|_| token.judge(shown, true, origin.at) == Verdict::Good) else {
        let (purpose, reason) = (token.purpose, TokenRefusal::Dead);
        step.record(&IdentityFact::EmailTokenRefused { token: *id, user, purpose, reason }, origin).await?;
        return Ok(ResettingPassword::Refused(reason));
    };
    let proven_before = owner.confirmed_at.is_some();
    if proven_before && factor::has_second_factor(&mut step.connection, user).await? {
        let Some(factor) = factor else { return Ok(ResettingPassword::SecondFactorDue) };
        let spending = factor::spend(step, user, factor, origin).await?;
        if spending != Spending::Spent {
            return Ok(ResettingPassword::FactorRefused(spending));
        }
    }
    email_token::mark_spent(&mut step.connection, *id).await?;
    email_token::end_of(&mut step.connection, user, Purpose::dies_with_a_reset).await?;
    user::set_password(&mut step.connection, user, hash).await?;
    step.record(&IdentityFact::PasswordReset { user, token: *id }, origin).await?;
    let reason = if proven_before { SessionEnd::PasswordReset } else { SessionEnd::AddressProven };
    if !proven_before {
        user::set_confirmed(&mut step.connection, user, origin.at).await?;
        step.record(&IdentityFact::EmailConfirmed { user, token: *id, by: shown.as_str() }, origin).await?;
        email_token::forget_means(&mut step.connection, user).await?;
    }
    forget_tries(step, user).await?;
    let sessions = ending::end_of_user(step, user, None, reason, origin).await?;
    mail::queue_notice(step, notice, origin).await?;
    Ok(ResettingPassword::Reset { user, sessions })
}

async fn change_one(
    step: &mut Step,
    change: &PasswordChange,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<ChangingPassword, Failure> {
    let PasswordChange { user, old, new, keeps } = change;
    user::lock(&mut step.connection, *user).await?;
    let person =
        user::find(&mut step.connection, *user).await?.filter(|user| user.state == UserState::Active);
    if !person.is_some_and(|person| same(person.password.as_ref(), old.as_ref())) {
        return Ok(ChangingPassword::Overtaken);
    }
    user::set_password(&mut step.connection, *user, new).await?;
    let fact = match old {
        Some(_) => IdentityFact::PasswordChanged { user: *user },
        None => IdentityFact::PasswordSet { user: *user },
    };
    step.record(&fact, origin).await?;
    email_token::end_of(&mut step.connection, *user, Purpose::dies_with_a_change).await?;
    forget_tries(step, *user).await?;
    let sessions = ending::end_of_user(step, *user, *keeps, SessionEnd::PasswordChanged, origin).await?;
    mail::queue_notice(step, notice, origin).await?;
    Ok(ChangingPassword::Changed { sessions })
}

async fn forget_tries(step: &mut Step, user: UserId) -> Result<(), Failure> {
    tries::forget(&mut step.connection, &TryKey::of_user(CredentialClass::Password, user)).await
}

fn same(there: Option<&Secret<String>>, seen: Option<&Secret<String>>) -> bool {
    match (there, seen) {
        (None, None) => true,
        (Some(there), Some(seen)) => constant_time_eq(there.expose().as_bytes(), seen.expose().as_bytes()),
        (None, Some(_)) | (Some(_), None) => false,
    }
}
