//! New passwords.

use rusqlite::Connection;
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
use crate::{failure::Failure, store::SqliteStore, writer::Step};

impl PasswordStore for SqliteStore {
    async fn reset_password(
        &self,
        reset: PasswordReset,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<ResettingPassword, StoreError> {
        self.write(move |step| reset_one(step, &reset, notice.as_ref(), &origin)).await
    }

    async fn change_password(
        &self,
        change: PasswordChange,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<ChangingPassword, StoreError> {
        self.write(move |step| change_one(step, &change, notice.as_ref(), &origin)).await
    }
}

/// The person that a proof speaks of, if they have that address and may prove who they are.
fn owner(connection: &Connection, token: &EmailToken) -> Result<Option<User>, Failure> {
    let user = user::find(connection, token.user)?;
    Ok(user.filter(|user| user.state.may_prove() && user.email == token.email))
}

fn reset_one(
    step: &mut Step<'_>,
    reset: &PasswordReset,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<ResettingPassword, Failure> {
    let PasswordReset { token: id, shown, hash, factor } = reset;
    let token = email_token::find(step.connection, *id)?;
    let Some(token) = token.filter(|token| token.purpose == Purpose::ResetPassword) else {
        return Ok(ResettingPassword::Missing);
    };
    let (user, owner) = (token.user, owner(step.connection, &token)?);
    let Some(owner) = owner.filter(|_| token.judge(shown, true, origin.at) == Verdict::Good) else {
        let (purpose, reason) = (token.purpose, TokenRefusal::Dead);
        step.record(&IdentityFact::EmailTokenRefused { token: *id, user, purpose, reason }, origin)?;
        return Ok(ResettingPassword::Refused(reason));
    };
    let proven_before = owner.confirmed_at.is_some();
    if proven_before && factor::has_second_factor(step.connection, user)? {
        let Some(factor) = factor else { return Ok(ResettingPassword::SecondFactorDue) };
        let spending = factor::spend(step, user, factor, origin)?;
        if spending != Spending::Spent {
            return Ok(ResettingPassword::FactorRefused(spending));
        }
    }
    email_token::mark_spent(step.connection, *id)?;
    email_token::end_of(step.connection, user, Purpose::dies_with_a_reset)?;
    user::set_password(step.connection, user, hash)?;
    step.record(&IdentityFact::PasswordReset { user, token: *id }, origin)?;
    let reason = if proven_before { SessionEnd::PasswordReset } else { SessionEnd::AddressProven };
    if !proven_before {
        user::set_confirmed(step.connection, user, origin.at)?;
        step.record(&IdentityFact::EmailConfirmed { user, token: *id, by: shown.as_str() }, origin)?;
        email_token::forget_means(step.connection, user)?;
    }
    forget_tries(step, user)?;
    let sessions = ending::end_of_user(step, user, None, reason, origin)?;
    tell(step, notice, origin)?;
    Ok(ResettingPassword::Reset { user, sessions })
}

fn change_one(
    step: &mut Step<'_>,
    change: &PasswordChange,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<ChangingPassword, Failure> {
    let PasswordChange { user, old, new, keeps } = change;
    let person = user::find(step.connection, *user)?.filter(|user| user.state == UserState::Active);
    if !person.is_some_and(|person| same(person.password.as_ref(), old.as_ref())) {
        return Ok(ChangingPassword::Overtaken);
    }
    user::set_password(step.connection, *user, new)?;
    let fact = match old {
        Some(_) => IdentityFact::PasswordChanged { user: *user },
        None => IdentityFact::PasswordSet { user: *user },
    };
    step.record(&fact, origin)?;
    email_token::end_of(step.connection, *user, Purpose::dies_with_a_change)?;
    forget_tries(step, *user)?;
    let sessions = ending::end_of_user(step, *user, *keeps, SessionEnd::PasswordChanged, origin)?;
    tell(step, notice, origin)?;
    Ok(ChangingPassword::Changed { sessions })
}

fn forget_tries(step: &Step<'_>, user: UserId) -> Result<(), Failure> {
    tries::forget(step.connection, &TryKey::of_user(CredentialClass::Password, user))
}

fn tell(step: &mut Step<'_>, notice: Option<&OutboxMail>, origin: &Origin) -> Result<(), Failure> {
    notice.map_or(Ok(()), |mail| mail::queue(step, mail, origin))
}

fn same(there: Option<&Secret<String>>, seen: Option<&Secret<String>>) -> bool {
    match (there, seen) {
        (None, None) => true,
        (Some(there), Some(seen)) => constant_time_eq(there.expose().as_bytes(), seen.expose().as_bytes()),
        (None, Some(_)) | (Some(_), None) => false,
    }
}
