//! New passwords.

use proptest::{option, prelude::*};
use towergate_core::contract::model::Answers;

use super::{
    Model, Modelled,
    email_token::{Shows, shows},
    factor::{Code, code},
    user::hash,
    world::{person, recent, user_id},
};
use crate::{
    ports::password::{ChangingPassword, PasswordChange, PasswordReset, ResettingPassword},
    rules::{
        email_token::Purpose,
        fact::{IdentityFact, SessionEnd, TokenRefusal},
        lockout::{CredentialClass, TryKey},
        mail::OutboxMail,
        second_factor::Spending,
        user::UserState,
    },
};

/// What is done about passwords.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum PasswordOperation {
    Reset { token: u8, shows: Shows, password: u8, code: Option<Code>, notice: bool },
    Change { user: u8, old: Option<u8>, new: u8, keeps: Option<u8>, notice: bool },
}

pub(super) fn operation() -> impl Strategy<Value = PasswordOperation> {
    use PasswordOperation as Do;
    let reset = (recent(), shows(), 0..2_u8, option::of(code()), any::<bool>());
    let change = (person(), option::weighted(0.8, 0..2_u8), 0..2_u8, option::of(recent()), any::<bool>());
    prop_oneof![
        5 => reset.prop_map(|(token, shows, password, code, notice)| Do::Reset {
            token, shows, password, code, notice,
        }),
        3 => change.prop_map(|(user, old, new, keeps, notice)| Do::Change { user, old, new, keeps, notice }),
    ]
}

impl Model {
    pub(super) async fn password<S>(&mut self, store: &S, operation: &PasswordOperation) -> Answers
    where
        S: Modelled,
    {
        let origin = self.trail.origin();
        match operation.clone() {
            PasswordOperation::Reset { token, shows, password, code, notice } => {
                let (token, shown) = self.shown(token, shows);
                let user = self.email_tokens.get(&token).map_or_else(|| user_id(1), |there| there.user);
                let notice = self.notice(user, notice);
                let factor = code.map(Code::used);
                let reset = PasswordReset { token, shown, hash: hash(password), factor };
                let answer = store.reset_password(reset.clone(), notice.clone(), origin).await;
                Answers::of(answer, self.reset_password(reset, notice))
            }
            PasswordOperation::Change { user, old, new, keeps, notice } => {
                let (user, keeps) = (user_id(user.into()), keeps.map(|n| self.nth_session(n)));
                let notice = self.notice(user, notice);
                let change = PasswordChange { user, old: old.map(hash), new: hash(new), keeps };
                let answer = store.change_password(change.clone(), notice.clone(), origin).await;
                Answers::of(answer, self.change_password(change, notice))
            }
        }
    }

    fn reset_password(&mut self, reset: PasswordReset, notice: Option<OutboxMail>) -> ResettingPassword {
        let PasswordReset { token: id, shown, hash, factor } = reset;
        let purpose = Purpose::ResetPassword;
        let Some(token) = self.token_for(id, purpose) else { return ResettingPassword::Missing };
        let (user, now) = (token.user, self.trail.now());
        let owner = self.users.get(&user).cloned();
        let owner = owner.filter(|owner| owner.state.may_prove() && owner.email == token.email);
        let is_good = token.judge(&shown, true, now) == crate::rules::email_token::Verdict::Good;
        let Some(owner) = owner.filter(|_| is_good) else {
            let reason = TokenRefusal::Dead;
            self.tell(&IdentityFact::EmailTokenRefused { token: id, user, purpose, reason });
            return ResettingPassword::Refused(reason);
        };
        let proven = owner.confirmed_at.is_some();
        if proven && self.has_second_factor(user) {
            match factor.map(|factor| self.spend(user, &factor)) {
                None => return ResettingPassword::SecondFactorDue,
                Some(Spending::Spent) => {}
                Some(spending) => return ResettingPassword::FactorRefused(spending),
            }
        }
        self.spent(id);
        self.close_tokens(user, |there| !there.purpose.dies_with_a_reset());
        let there = self.users.get_mut(&user).unwrap();
        there.password = Some(hash);
        there.confirmed_at = there.confirmed_at.or(Some(now));
        self.tell(&IdentityFact::PasswordReset { user, token: id });
        if !proven {
            self.tell(&IdentityFact::EmailConfirmed { user, token: id, by: shown.as_str() });
            self.forget_means(user);
        }
        self.tries.remove(&TryKey::of_user(CredentialClass::Password, user));
        let reason = if proven { SessionEnd::PasswordReset } else { SessionEnd::AddressProven };
        let sessions = self.end_all_of(user, None, reason);
        notice.into_iter().for_each(|notice| self.queue(notice));
        ResettingPassword::Reset { user, sessions }
    }

    fn change_password(&mut self, change: PasswordChange, notice: Option<OutboxMail>) -> ChangingPassword {
        let PasswordChange { user, old, new, keeps } = change;
        let there = self.users.get_mut(&user).filter(|there| there.state == UserState::Active);
        let text = |password: Option<&towergate_core::Secret<String>>| password.map(|it| it.expose().clone());
        let same = there.filter(|there| text(there.password.as_ref()) == text(old.as_ref()));
        let Some(there) = same else { return ChangingPassword::Overtaken };
        there.password = Some(new);
        let fact = match old {
            Some(_) => IdentityFact::PasswordChanged { user },
            None => IdentityFact::PasswordSet { user },
        };
        self.tell(&fact);
        self.close_tokens(user, |there| !there.purpose.dies_with_a_change());
        self.tries.remove(&TryKey::of_user(CredentialClass::Password, user));
        let sessions = self.end_all_of(user, keeps, SessionEnd::PasswordChanged);
        notice.into_iter().for_each(|notice| self.queue(notice));
        ChangingPassword::Changed { sessions }
    }
}
