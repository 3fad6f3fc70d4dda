//! New passwords in memory.

use towergate_core::{StoreError, audit::Origin};

use super::{MemoryStore, Tables, email_token, ending, factor, mail, passkey::check_notice, user::same};
use crate::{
    ports::password::{ChangingPassword, PasswordChange, PasswordReset, PasswordStore, ResettingPassword},
    rules::{
        email_token::{EmailTokenState, Purpose, Verdict},
        fact::{IdentityFact, SessionEnd, TokenRefusal},
        lockout::{CredentialClass, TryKey},
        mail::OutboxMail,
        second_factor::Spending,
        user::UserState,
    },
};

impl PasswordStore for MemoryStore {
    async fn reset_password(
        &self,
        reset: PasswordReset,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<ResettingPassword, StoreError> {
        self.step(|state| {
            check_notice(state, notice.as_ref())?;
            reset_one(state, reset, notice, &origin)
        })
    }

    async fn change_password(
        &self,
        change: PasswordChange,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<ChangingPassword, StoreError> {
        self.step(|state| {
            check_notice(state, notice.as_ref())?;
            let PasswordChange { user, old, new, keeps } = change;
            let row = state.users.find_mut(user).filter(|user| user.state == UserState::Active);
            let row = row.filter(|row| match (&row.password, &old) {
                (None, None) => true,
                (Some(there), Some(old)) => same(there, old),
                (None, Some(_)) | (Some(_), None) => false,
            });
            let Some(row) = row else { return Ok(ChangingPassword::Overtaken) };
            row.password = Some(new);
            let fact = match old {
                Some(_) => IdentityFact::PasswordChanged { user },
                None => IdentityFact::PasswordSet { user },
            };
            state.log.write(&fact, &origin);
            email_token::close(state, user, |token| !token.purpose.dies_with_a_change());
            state.tries.forget_at(&TryKey::of_user(CredentialClass::Password, user));
            let sessions = ending::end_of_user(state, user, keeps, SessionEnd::PasswordChanged, &origin);
            tell(state, notice, &origin)?;
            Ok(ChangingPassword::Changed { sessions })
        })
    }
}

fn reset_one(
    state: &mut Tables,
    reset: PasswordReset,
    notice: Option<OutboxMail>,
    origin: &Origin,
) -> Result<ResettingPassword, StoreError> {
    let PasswordReset { token: id, shown, hash, factor } = reset;
    let Some(token) = state.email_tokens.find_mut(id, Purpose::ResetPassword) else {
        return Ok(ResettingPassword::Missing);
    };
    let user = token.user;
    let owner = state.users.find(user);
    let owner = owner.filter(|owner| owner.state.may_prove() && owner.email == token.email);
    let proven_before = match (token.judge(&shown, true, origin.at), owner) {
        (Verdict::Good, Some(owner)) => owner.confirmed_at.is_some(),
        _ => {
            let (purpose, reason) = (Purpose::ResetPassword, TokenRefusal::Dead);
            state.log.write(&IdentityFact::EmailTokenRefused { token: id, user, purpose, reason }, origin);
            return Ok(ResettingPassword::Refused(reason));
        }
    };
    if proven_before && state.factors.has_second_factor(user) {
        let Some(factor) = factor else { return Ok(ResettingPassword::SecondFactorDue) };
        let spending = factor::spend(state, user, &factor, origin);
        if spending != Spending::Spent {
            return Ok(ResettingPassword::FactorRefused(spending));
        }
    }
    if let Some(token) = state.email_tokens.find_mut(id, Purpose::ResetPassword) {
        token.state = EmailTokenState::Spent;
        token.password = None;
    }
    email_token::close(state, user, |token| !token.purpose.dies_with_a_reset());
    if let Some(owner) = state.users.find_mut(user) {
        owner.password = Some(hash);
        owner.confirmed_at.get_or_insert(origin.at);
    }
    state.log.write(&IdentityFact::PasswordReset { user, token: id }, origin);
    let reason = if proven_before { SessionEnd::PasswordReset } else { SessionEnd::AddressProven };
    if !proven_before {
        state.log.write(&IdentityFact::EmailConfirmed { user, token: id, by: shown.as_str() }, origin);
        email_token::forget_means(state, user);
    }
    state.tries.forget_at(&TryKey::of_user(CredentialClass::Password, user));
    let sessions = ending::end_of_user(state, user, None, reason, origin);
    tell(state, notice, origin)?;
    Ok(ResettingPassword::Reset { user, sessions })
}

fn tell(state: &mut Tables, notice: Option<OutboxMail>, origin: &Origin) -> Result<(), StoreError> {
    notice.map_or(Ok(()), |mail| mail::queue(state, mail, origin))
}
