//! Changes of address in memory.

use std::time::Duration;

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::{MemoryStore, Tables, email_token, ending, mail, passkey_factor};
use crate::{
    ports::{
        email_change::{ChangingEmail, EmailChange, EmailChangeStore},
        email_token::Issuing,
    },
    rules::{
        email::EmailAddress,
        email_token::{EmailToken, EmailTokenId, EmailTokenState, Purpose, Shown},
        fact::{IdentityFact, SessionEnd, TokenRefusal},
        mail::{MailLimit, OutboxMail},
        user::{User, UserId, UserState},
    },
};

const UNDO: Purpose = Purpose::UndoEmailChange;

impl EmailChangeStore for MemoryStore {
    async fn ask_email_change(
        &self,
        token: EmailToken,
        mail: OutboxMail,
        limit: MailLimit,
        origin: Origin,
    ) -> Result<Issuing, StoreError> {
        self.step(|state| {
            let (user, purpose) = (token.user, token.purpose);
            if !state.users.may_sign_in(user) || purpose != Purpose::ChangeEmail {
                return Ok(Issuing::UserRefused);
            }
            let since = origin.at.minus(limit.within);
            let lately = |there: &&EmailToken| {
                (there.user, there.purpose) == (user, purpose) && there.created_at > since
            };
            let asked = state.email_tokens.0.values().filter(lately).count();
            if !u32::try_from(asked).is_ok_and(|asked| asked < limit.most) {
                return Ok(Issuing::TooMany);
            }
            email_token::check_fresh(state, &token, &mail)?;
            let mail = state.mails.has_room(&mail, limit, origin.at).then_some(mail);
            email_token::issue(state, token, mail, &origin)?;
            Ok(Issuing::Issued)
        })
    }

    async fn change_email(&self, change: EmailChange, origin: Origin) -> Result<ChangingEmail, StoreError> {
        self.step(|state| change_to(state, change, &origin))
    }

    async fn cancel_email_change(&self, user: UserId, origin: Origin) -> Result<bool, StoreError> {
        self.step(|state| {
            let waits = |token: &EmailToken| {
                (token.user, token.purpose, token.state)
                    == (user, Purpose::ChangeEmail, EmailTokenState::Open)
                    && origin.at < token.expires_at
            };
            if !state.email_tokens.0.values().any(waits) {
                return Ok(false);
            }
            email_token::close(state, user, |token| token.purpose != Purpose::ChangeEmail);
            state.log.write(&IdentityFact::EmailChangeCancelled { user }, &origin);
            Ok(true)
        })
    }

    async fn undo_email_change(
        &self,
        id: EmailTokenId,
        shown: Shown,
        notices: Vec<OutboxMail>,
        origin: Origin,
    ) -> Result<ChangingEmail, StoreError> {
        self.step(|state| undo(state, id, &shown, notices, &origin))
    }

    async fn find_address_keeper(
        &self,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<Option<UserId>, StoreError> {
        self.step(|state| Ok(keepers(state, email, now).next()))
    }
}

fn keepers(state: &Tables, email: &EmailAddress, now: Timestamp) -> impl Iterator<Item = UserId> {
    let kept = move |token: &&EmailToken| {
        (token.purpose, token.state) == (UNDO, EmailTokenState::Open)
            && token.email == *email
            && now < token.expires_at
    };
    state.email_tokens.0.values().filter(kept).map(|token| token.user)
}

/// Whether somebody else than `user` has an address, or it is kept for them.
pub(super) fn is_taken(state: &Tables, email: &EmailAddress, user: Option<UserId>, now: Timestamp) -> bool {
    let mut holders = state.users.with_address(email).into_iter().chain(keepers(state, email, now));
    holders.any(|holder| Some(holder) != user)
}

fn change_to(state: &mut Tables, change: EmailChange, origin: &Origin) -> Result<ChangingEmail, StoreError> {
    let EmailChange { id, shown, user, keeps, undo: (mut undo, mail) } = change;
    let in_session = state.sessions.is_of(keeps, user, origin.at);
    let fits = |state: &Tables, token: &EmailToken, person: &User| {
        in_session
            && person.state == UserState::Active
            && person.id == user
            && undo.email == person.email
            && !is_taken(state, &token.email, Some(user), origin.at)
    };
    let token = match email_token::spend(state, (id, Purpose::ChangeEmail), (&shown, true), fits, origin) {
        Ok(token) => token,
        Err(reason) => return Ok(refused(reason)),
    };
    let Some(person) = state.users.find_mut(user) else { return Ok(ChangingEmail::Missing) };
    let had_proven = person.confirmed_at.is_some();
    (person.email, person.confirmed_at) = (token.email, Some(origin.at));
    state.log.write(&IdentityFact::EmailChanged { user, token: id }, origin);
    email_token::close(state, user, |token| token.purpose == UNDO);
    let sessions = ending::end_of_user(state, user, Some(keeps), SessionEnd::EmailChanged, origin);
    if had_proven {
        let before =
            state.email_tokens.0.values().filter(|token| {
                (token.user, token.purpose, token.state) == (user, UNDO, EmailTokenState::Open)
            });
        // In the order in which they were made, whatever the clock says.
        if let Some(newest) = before.map(|token| token.created_at).max() {
            undo.created_at = undo.created_at.max(newest.plus(Duration::from_millis(1)));
        }
        email_token::check_fresh(state, &undo, &mail)?;
        let fact = IdentityFact::EmailTokenIssued { token: undo.id, user, purpose: UNDO };
        state.log.write(&fact, origin);
        state.email_tokens.0.insert(undo.id, undo);
        mail::queue(state, mail, origin)?;
    }
    Ok(ChangingEmail::Changed { user, sessions })
}

fn undo(
    state: &mut Tables,
    id: EmailTokenId,
    shown: &Shown,
    notices: Vec<OutboxMail>,
    origin: &Origin,
) -> Result<ChangingEmail, StoreError> {
    let fits = |state: &Tables, token: &EmailToken, person: &User| {
        !is_taken(state, &token.email, Some(person.id), origin.at)
    };
    let token = match email_token::spend(state, (id, UNDO), (shown, true), fits, origin) {
        Ok(token) => token,
        Err(reason) => return Ok(refused(reason)),
    };
    let (user, since) = (token.user, token.created_at);
    let Some(person) = state.users.find_mut(user) else { return Ok(ChangingEmail::Missing) };
    (person.email, person.confirmed_at) = (token.email, Some(origin.at));
    let had_password = person.password.take().is_some();
    if person.state == UserState::Leaving {
        person.state = UserState::Active;
    }
    state.log.write(&IdentityFact::EmailChangeUndone { user, token: id }, origin);
    if state.deletions.withdraw(user) {
        state.log.write(&IdentityFact::DeletionWithdrawn { user }, origin);
    }
    if had_password {
        state.log.write(&IdentityFact::PasswordRemoved { user }, origin);
    }
    email_token::close(state, user, |token| token.purpose == UNDO && token.created_at < since);
    forget_since(state, user, since, origin);
    let sessions = ending::end_of_user(state, user, None, SessionEnd::EmailChanged, origin);
    for notice in notices {
        mail::queue(state, notice, origin)?;
    }
    Ok(ChangingEmail::Changed { user, sessions })
}

/// Takes from a person what was added since then.
fn forget_since(state: &mut Tables, user: UserId, since: Timestamp, origin: &Origin) {
    if let Some(fact) = state.factors.forget_since(user, since) {
        state.log.write(&fact, origin);
    }
    for passkey in state.passkeys.forget_since(user, since) {
        state.log.write(&IdentityFact::PasskeyRemoved { user, passkey }, origin);
    }
    if state.factors.asks_for_passkey_since(user, since) || state.passkeys.count_of(user) == 0 {
        passkey_factor::switch_off(state, user, origin);
    }
    for identity in state.linked_identities.forget_since(user, since) {
        state.log.write(&IdentityFact::IdentityUnlinked { user, identity }, origin);
    }
    state.browsers.forget_since(user, since);
}

fn refused(reason: Option<TokenRefusal>) -> ChangingEmail {
    reason.map_or(ChangingEmail::Missing, ChangingEmail::Refused)
}
