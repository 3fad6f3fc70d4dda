//! Signing in by mail, in memory.

use towergate_core::{StoreError, audit::Origin};

use super::{MemoryStore, Tables, email_token};
use crate::{
    ports::mail_sign_in::MailSignInStore,
    rules::{
        email_token::{EmailTokenId, Purpose, Shown},
        fact::IdentityFact,
        mail_sign_in::MailSpending,
    },
};

impl MailSignInStore for MemoryStore {
    async fn spend_mail_sign_in(
        &self,
        id: EmailTokenId,
        shown: Shown,
        grounded: bool,
        origin: Origin,
    ) -> Result<MailSpending, StoreError> {
        self.step(|state| Ok(spend(state, id, &shown, grounded, &origin)))
    }
}

fn spend(
    state: &mut Tables,
    id: EmailTokenId,
    shown: &Shown,
    grounded: bool,
    origin: &Origin,
) -> MailSpending {
    let wanted = (id, Purpose::SignIn);
    let spent = email_token::spend(
        state,
        wanted,
        (shown, grounded),
        |_, token, user| user.email == token.email,
        origin,
    );
    let user = match spent {
        Ok(token) => token.user,
        Err(Some(reason)) => return MailSpending::Refused(reason),
        Err(None) => return MailSpending::Missing,
    };
    let Some(person) = state.users.find_mut(user) else { return MailSpending::Missing };
    let reclaimed = person.confirmed_at.is_none();
    if reclaimed {
        person.confirmed_at = Some(origin.at);
        let had_password = person.password.take().is_some();
        let by = shown.as_str();
        state.log.write(&IdentityFact::EmailConfirmed { user, token: id, by }, origin);
        if had_password {
            state.log.write(&IdentityFact::PasswordRemoved { user }, origin);
        }
        email_token::close(state, user, |_| false);
        email_token::wipe(state, user, origin);
    }
    MailSpending::Spent { user, reclaimed }
}
