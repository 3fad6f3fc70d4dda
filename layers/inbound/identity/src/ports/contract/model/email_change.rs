//! Changes of address.

use std::time::Duration;

use proptest::{option, prelude::*};
use towergate_core::{Timestamp, contract::model::Answers};

use super::{
    Model, Modelled,
    email_token::{Shows, shows},
    mail::limit,
    world::{email, person, recent, user_id},
};
use crate::{
    ports::{
        email_change::{ChangingEmail, EmailChange},
        email_token::Issuing,
    },
    rules::{
        email::EmailAddress,
        email_token::{EmailToken, EmailTokenId, EmailTokenState, Purpose, Shown},
        fact::{IdentityFact, SessionEnd},
        mail::{MailLimit, OutboxMail},
        user::{UserId, UserState},
    },
};

/// What is done about changes of address.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum EmailChangeOperation {
    Ask { user: u8, email: u8, most: u32 },
    Change { token: u8, shows: Shows, user: Option<u8>, keeps: u8 },
    Cancel { user: u8 },
    Undo { token: u8, shows: Shows, notices: bool },
    FindKeeper { email: u8 },
}

pub(super) fn operation() -> impl Strategy<Value = EmailChangeOperation> {
    use EmailChangeOperation as Do;
    prop_oneof![
        5 => (person(), 1..6_u8, 1..5_u32).prop_map(|(user, email, most)| Do::Ask { user, email, most }),
        6 => (recent(), shows(), option::weighted(0.1, person()), recent())
            .prop_map(|(token, shows, user, keeps)| Do::Change { token, shows, user, keeps }),
        1 => person().prop_map(|user| Do::Cancel { user }),
        4 => (recent(), shows(), any::<bool>())
            .prop_map(|(token, shows, notices)| Do::Undo { token, shows, notices }),
        1 => (1..6_u8).prop_map(|email| Do::FindKeeper { email }),
    ]
}

pub(super) fn readings() -> impl Iterator<Item = EmailChangeOperation> {
    (1..6).map(|email| EmailChangeOperation::FindKeeper { email })
}

const UNDO: Purpose = Purpose::UndoEmailChange;

impl Model {
    pub(super) async fn email_change<S>(&mut self, store: &S, operation: &EmailChangeOperation) -> Answers
    where
        S: Modelled,
    {
        let (origin, now) = (self.trail.origin(), self.trail.now());
        match *operation {
            EmailChangeOperation::Ask { user, email, most } => {
                let (token, mail) =
                    self.new_proof(user_id(user.into()), Purpose::ChangeEmail, Some(email), None);
                let limit = limit(most);
                let answer = store.ask_email_change(token.clone(), mail.clone(), limit, origin).await;
                Answers::of(answer, self.ask_email_change(token, mail, limit))
            }
            EmailChangeOperation::Change { token, shows, user, keeps } => {
                let (id, shown) = self.shown(token, shows);
                let own = self.email_tokens.get(&id).map_or_else(|| user_id(1), |there| there.user);
                let user = user.map_or(own, |n| user_id(n.into()));
                let (keeps, undo) = (self.nth_session(keeps), self.new_proof(user, UNDO, None, None));
                let change = EmailChange { id, shown, user, keeps, undo };
                let answer = store.change_email(change.clone(), origin).await;
                Answers::of(answer, self.change_email(change))
            }
            EmailChangeOperation::Cancel { user } => {
                let user = user_id(user.into());
                let answer = store.cancel_email_change(user, origin).await;
                let waits = self.email_tokens.values().any(|there| {
                    (there.user, there.purpose, there.state)
                        == (user, Purpose::ChangeEmail, EmailTokenState::Open)
                        && now < there.expires_at
                });
                if waits {
                    self.close_tokens(user, |there| there.purpose != Purpose::ChangeEmail);
                    self.tell(&IdentityFact::EmailChangeCancelled { user });
                }
                Answers::of(answer, waits)
            }
            EmailChangeOperation::Undo { token, shows, notices } => {
                let (id, shown) = self.shown(token, shows);
                let user = self.email_tokens.get(&id).map_or_else(|| user_id(1), |there| there.user);
                let notices: Vec<_> = self.notice(user, notices).into_iter().collect();
                let answer = store.undo_email_change(id, shown.clone(), notices.clone(), origin).await;
                Answers::of(answer, self.undo_email_change(id, &shown, notices))
            }
            EmailChangeOperation::FindKeeper { email: n } => {
                let email = email(n.into());
                let keeper = self.keepers(&email, now).next();
                Answers::of(store.find_address_keeper(&email, now).await, keeper)
            }
        }
    }

    fn ask_email_change(&mut self, token: EmailToken, mail: OutboxMail, limit: MailLimit) -> Issuing {
        if !self.may_sign_in(token.user) {
            return Issuing::UserRefused;
        }
        let since = self.trail.now().minus(limit.within);
        let lately = self.email_tokens.values().filter(|there| {
            (there.user, there.purpose) == (token.user, token.purpose) && there.created_at > since
        });
        if lately.count() >= limit.most.try_into().unwrap() {
            return Issuing::TooMany;
        }
        let mail = self.has_room(&mail, limit).then_some(mail);
        self.issue(token, mail);
        Issuing::Issued
    }

    fn change_email(&mut self, change: EmailChange) -> ChangingEmail {
        let EmailChange { id, shown, user, keeps, undo: (mut undo, mail) } = change;
        let purpose = Purpose::ChangeEmail;
        let Some(token) = self.token_for(id, purpose) else { return ChangingEmail::Missing };
        let owner = self.users.get(&user).filter(|owner| owner.state == UserState::Active).cloned();
        let owner = owner.filter(|owner| owner.id == token.user && owner.email == undo.email);
        let in_session = self.alive().any(|there| there.id == keeps && there.user == user);
        let fits = owner.is_some() && in_session && !self.is_taken(&token.email, Some(user));
        if let Err(reason) = self.judge(&token, &shown, true, fits) {
            return ChangingEmail::Refused(reason);
        }
        let (owner, now) = (owner.unwrap(), self.trail.now());
        self.spent(id);
        self.tell(&IdentityFact::EmailTokenSpent { token: id, user, purpose, by: shown.as_str() });
        self.tell(&IdentityFact::EmailChanged { user, token: id });
        let there = self.users.get_mut(&user).unwrap();
        (there.email, there.confirmed_at) = (token.email, Some(now));
        self.close_tokens(user, |there| there.purpose == UNDO);
        let sessions = self.end_all_of(user, Some(keeps), SessionEnd::EmailChanged);
        if owner.confirmed_at.is_some() {
            // Ways back are in the order in which they were made, whatever the clock says.
            let before = self.email_tokens.values().filter(|there| {
                (there.user, there.purpose, there.state) == (user, UNDO, EmailTokenState::Open)
            });
            if let Some(newest) = before.map(|there| there.created_at).max() {
                undo.created_at = undo.created_at.max(newest.plus(Duration::from_millis(1)));
            }
            self.tell(&IdentityFact::EmailTokenIssued { token: undo.id, user, purpose: UNDO });
            self.email_tokens.insert(undo.id, undo);
            self.queue(mail);
        }
        ChangingEmail::Changed { user, sessions }
    }

    fn undo_email_change(
        &mut self,
        id: EmailTokenId,
        shown: &Shown,
        notices: Vec<OutboxMail>,
    ) -> ChangingEmail {
        let Some(token) = self.token_for(id, UNDO) else { return ChangingEmail::Missing };
        let user = token.user;
        let owner = self.users.get(&user).filter(|owner| owner.state.may_prove()).cloned();
        let fits = owner.is_some() && !self.is_taken(&token.email, Some(user));
        if let Err(reason) = self.judge(&token, shown, true, fits) {
            return ChangingEmail::Refused(reason);
        }
        let (owner, now, since) = (owner.unwrap(), self.trail.now(), token.created_at);
        self.spent(id);
        self.tell(&IdentityFact::EmailTokenSpent { token: id, user, purpose: UNDO, by: shown.as_str() });
        self.tell(&IdentityFact::EmailChangeUndone { user, token: id });
        let there = self.users.get_mut(&user).unwrap();
        (there.email, there.confirmed_at, there.password) = (token.email, Some(now), None);
        there.state = UserState::Active;
        if self.deletions.remove(&user).is_some() {
            self.tell(&IdentityFact::DeletionWithdrawn { user });
        }
        if owner.password.is_some() {
            self.tell(&IdentityFact::PasswordRemoved { user });
        }
        self.close_tokens(user, |there| there.purpose == UNDO && there.created_at < since);
        self.forget_since(user, since);
        let sessions = self.end_all_of(user, None, SessionEnd::EmailChanged);
        notices.into_iter().for_each(|notice| self.queue(notice));
        ChangingEmail::Changed { user, sessions }
    }

    /// What was added since then goes.
    fn forget_since(&mut self, user: UserId, since: Timestamp) {
        let app = self.totp.get(&user).filter(|totp| totp.created_at >= since).cloned();
        let app_counted = app.as_ref().is_some_and(|app| app.is_enrolled());
        if app.is_some() {
            self.totp.remove(&user);
        }
        if app_counted {
            self.backup_codes.remove(&user);
            self.tell(&IdentityFact::FactorRemoved { user });
        } else if let Some((at, codes)) = self.backup_codes.get_mut(&user)
            && *at >= since
            && !codes.is_empty()
        {
            codes.clear();
            self.tell(&IdentityFact::BackupCodesRenewed { user, count: 0 });
        }
        for passkey in self.passkeys_of(user).iter().filter(|there| there.created_at >= since) {
            self.passkeys.remove(&passkey.id);
            self.tell(&IdentityFact::PasskeyRemoved { user, passkey: passkey.id });
        }
        let asked_since = self.passkey_factors.get(&user).is_some_and(|at| *at >= since);
        if asked_since || self.passkeys_of(user).is_empty() {
            self.switch_off(user);
        }
        let added = self.linked.values().filter(|there| there.user == user && there.linked_at >= since);
        let added: Vec<_> = added.map(|there| there.id).collect();
        for identity in added {
            self.linked.remove(&identity);
            self.tell(&IdentityFact::IdentityUnlinked { user, identity });
        }
        self.browsers.retain(|_, there| there.user != user || there.first_seen_at < since);
    }

    /// Whether somebody else has an address, or it is kept for them.
    pub(super) fn is_taken(&self, email: &EmailAddress, user: Option<UserId>) -> bool {
        let holders = self.users.values().filter(|there| there.email == *email).map(|there| there.id);
        let mut holders = holders.chain(self.keepers(email, self.trail.now()));
        holders.any(|holder| Some(holder) != user)
    }

    /// For whom an address is kept that they may put back.
    fn keepers(&self, email: &EmailAddress, now: Timestamp) -> impl Iterator<Item = UserId> {
        let kept = self.email_tokens.values().filter(move |there| {
            (there.purpose, there.state) == (UNDO, EmailTokenState::Open)
                && there.email == *email
                && now < there.expires_at
        });
        kept.map(|there| there.user)
    }
}
