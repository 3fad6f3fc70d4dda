//! Mailed proofs in memory.

use std::collections::BTreeMap;

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::{MemoryStore, Tables, already_there, email_change, ending, in_vain, mail};
use crate::{
    ports::{
        email_token::{Confirming, EmailTokenStore, InVain, Issuing},
        user::AddingUser,
    },
    rules::{
        email_token::{EmailToken, EmailTokenId, EmailTokenState, Purpose, Shown, Verdict},
        fact::{IdentityFact, SessionEnd, TokenRefusal},
        mail::{MailLimit, OutboxMail},
        user::{User, UserId, UserState},
    },
};

#[derive(Default)]
pub(super) struct EmailTokens(pub(super) BTreeMap<EmailTokenId, EmailToken>);

impl EmailTokens {
    /// Forgets everything that was mailed to a person.
    pub(super) fn forget(&mut self, user: UserId) {
        self.0.retain(|_, token| token.user != user);
    }
}

impl EmailTokenStore for MemoryStore {
    async fn register_user(
        &self,
        user: User,
        token: EmailToken,
        mail: OutboxMail,
        origin: Origin,
    ) -> Result<AddingUser, StoreError> {
        self.step(|state| {
            if email_change::is_taken(state, &user.email, None, origin.at) {
                return Ok(AddingUser::EmailTaken);
            }
            check_fresh(state, &token, &mail)?;
            if state.users.find(user.id).is_some() {
                return Err(already_there("user", user.id));
            }
            state.log.write(&IdentityFact::UserRegistered { user: user.id }, &origin);
            state.users.insert(user);
            issue(state, token, Some(mail), &origin)?;
            Ok(AddingUser::Added)
        })
    }

    async fn issue_email_token(
        &self,
        token: EmailToken,
        mail: OutboxMail,
        limit: MailLimit,
        origin: Origin,
    ) -> Result<Issuing, StoreError> {
        self.step(|state| {
            let found = state.users.find(token.user);
            let (user, asked, issuing) =
                if !found.is_some_and(|user| user.state.may_prove() && user.email == token.email) {
                    (found.map(|user| user.id), "refused", Issuing::UserRefused)
                } else if !state.mails.has_room(&mail, limit, origin.at) {
                    (Some(token.user), "too_many", Issuing::TooMany)
                } else {
                    check_fresh(state, &token, &mail)?;
                    issue(state, token, Some(mail), &origin)?;
                    return Ok(Issuing::Issued);
                };
            state.log.write(&IdentityFact::EmailTokenUnknown { user, asked }, &origin);
            Ok(issuing)
        })
    }

    async fn issue_in_vain(&self, vain: InVain, limit: MailLimit, origin: Origin) -> Result<(), StoreError> {
        self.step(|state| {
            in_vain::issue(state, vain, limit, &origin);
            Ok(())
        })
    }

    async fn find_email_token(&self, id: EmailTokenId) -> Result<Option<EmailToken>, StoreError> {
        self.step(|state| Ok(state.email_tokens.0.get(&id).cloned()))
    }

    async fn open_email_token_of(
        &self,
        user: UserId,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<EmailToken>, StoreError> {
        self.step(|state| {
            let mut tokens = state.email_tokens.0.values();
            let good = |token: &&EmailToken| {
                (token.user, token.purpose, token.state) == (user, purpose, EmailTokenState::Open)
                    && now < token.expires_at
            };
            Ok(tokens.find(good).cloned())
        })
    }

    async fn confirm_email(
        &self,
        id: EmailTokenId,
        shown: Shown,
        grounded: bool,
        origin: Origin,
    ) -> Result<Confirming, StoreError> {
        self.step(|state| Ok(confirm(state, id, &shown, grounded, &origin)))
    }
}

pub(super) fn check_fresh(state: &Tables, token: &EmailToken, mail: &OutboxMail) -> Result<(), StoreError> {
    if state.email_tokens.0.contains_key(&token.id) {
        return Err(already_there("mailed proof", token.id));
    }
    if state.mails.contains(mail.id) {
        return Err(already_there("mail", mail.id));
    }
    Ok(())
}

pub(super) fn issue(
    state: &mut Tables,
    token: EmailToken,
    mail: Option<OutboxMail>,
    origin: &Origin,
) -> Result<(), StoreError> {
    let EmailToken { id, user, purpose, .. } = token;
    for before in state.email_tokens.0.values_mut() {
        if (before.user, before.purpose, before.state) == (user, purpose, EmailTokenState::Open) {
            before.state = EmailTokenState::Replaced;
            before.password = None;
        }
    }
    state.log.write(&IdentityFact::EmailTokenIssued { token: id, user, purpose }, origin);
    if let Some(mail) = mail {
        mail::queue(state, mail, origin)?;
    }
    state.email_tokens.0.insert(id, token);
    Ok(())
}

impl EmailTokens {
    pub(super) fn find_mut(&mut self, id: EmailTokenId, purpose: Purpose) -> Option<&mut EmailToken> {
        self.0.get_mut(&id).filter(|token| token.purpose == purpose)
    }
}

fn confirm(
    state: &mut Tables,
    id: EmailTokenId,
    shown: &Shown,
    grounded: bool,
    origin: &Origin,
) -> Confirming {
    let token = state.email_tokens.0.get_mut(&id).filter(|token| token.purpose == Purpose::Confirm);
    let Some(token) = token else { return Confirming::Missing };
    let user = state.users.find_mut(token.user);
    let user = user.filter(|user| user.state == UserState::Active && user.email == token.email);
    let reason = match (token.judge(shown, grounded, origin.at), user) {
        (Verdict::Good, Some(user)) => {
            token.state = EmailTokenState::Spent;
            let password = token.password.take();
            let fresh = user.confirmed_at.is_none();
            user.confirmed_at.get_or_insert(origin.at);
            let owner = user.id;
            let taken_over = password.filter(|_| fresh).map(|password| user.password = Some(password));
            state
                .log
                .write(&IdentityFact::EmailConfirmed { user: owner, token: id, by: shown.as_str() }, origin);
            let mut sessions = 0;
            if taken_over.is_some() {
                state.log.write(&IdentityFact::PasswordSet { user: owner }, origin);
                close(state, owner, |_| false);
                sessions = wipe(state, owner, origin);
            }
            return Confirming::Confirmed { user: owner, sessions };
        }
        (Verdict::Good | Verdict::Dead, _) => TokenRefusal::Dead,
        (Verdict::Stranger, _) => TokenRefusal::Stranger,
        (Verdict::Wrong, _) => {
            token.tries = token.tries.saturating_add(1);
            TokenRefusal::Wrong
        }
    };
    let EmailToken { user, purpose, .. } = *token;
    state.log.write(&IdentityFact::EmailTokenRefused { token: id, user, purpose, reason }, origin);
    Confirming::Refused(reason)
}

/// Forgets whatever a person could prove themself by, but the password.
pub(super) fn forget_means(state: &mut Tables, user: UserId) {
    state.factors.forget(user);
    state.passkeys.forget(user);
    state.linked_identities.forget(user);
}

/// Takes from a person what somebody set who had not proven the address: every factor, passkey and session. Answers how many
/// sessions.
pub(super) fn wipe(state: &mut Tables, user: UserId, origin: &Origin) -> u64 {
    forget_means(state, user);
    ending::end_of_user(state, user, None, SessionEnd::AddressProven, origin)
}

/// Spends a proof of `purpose` if what is shown of it is good and its person `fits`; counts the try where a code is wrong.
/// `Err(None)` where there is no such proof.
pub(super) fn spend(
    state: &mut Tables,
    (id, purpose): (EmailTokenId, Purpose),
    (shown, grounded): (&Shown, bool),
    fits: impl FnOnce(&Tables, &EmailToken, &User) -> bool,
    origin: &Origin,
) -> Result<EmailToken, Option<TokenRefusal>> {
    let token = state.email_tokens.0.get(&id).filter(|token| token.purpose == purpose).ok_or(None)?;
    let active = state.users.find(token.user).filter(|user| user.state.may_prove());
    let fits = active.is_some_and(|user| fits(state, token, user));
    let verdict = token.judge(shown, grounded, origin.at);
    let Some(token) = state.email_tokens.0.get_mut(&id) else { return Err(None) };
    let user = token.user;
    let reason = match verdict {
        Verdict::Good if fits => {
            token.state = EmailTokenState::Spent;
            token.password = None;
            let token = token.clone();
            let by = shown.as_str();
            state.log.write(&IdentityFact::EmailTokenSpent { token: id, user, purpose, by }, origin);
            return Ok(token);
        }
        Verdict::Good | Verdict::Dead => TokenRefusal::Dead,
        Verdict::Stranger => TokenRefusal::Stranger,
        Verdict::Wrong => {
            token.tries = token.tries.saturating_add(1);
            TokenRefusal::Wrong
        }
    };
    state.log.write(&IdentityFact::EmailTokenRefused { token: id, user, purpose, reason }, origin);
    Err(Some(reason))
}

/// Ends every proof of a person that is still open, but those that `stays` names.
pub(super) fn close(state: &mut Tables, user: UserId, stays: impl Fn(&EmailToken) -> bool) {
    for token in state.email_tokens.0.values_mut() {
        if (token.user, token.state) == (user, EmailTokenState::Open) && !stays(token) {
            token.state = EmailTokenState::Replaced;
            token.password = None;
        }
    }
}
