//! Signing in by mail.

use towergate_core::{StoreError, audit::Origin};
use towergate_identity::{
    ports::mail_sign_in::MailSignInStore,
    rules::{
        email_token::{EmailTokenId, Purpose, Shown},
        fact::IdentityFact,
        mail_sign_in::MailSpending,
    },
};

use super::{
    email_token::{self, Spent},
    user,
};
use crate::{failure::Failure, store::SqliteStore, writer::Step};

impl MailSignInStore for SqliteStore {
    async fn spend_mail_sign_in(
        &self,
        id: EmailTokenId,
        shown: Shown,
        grounded: bool,
        origin: Origin,
    ) -> Result<MailSpending, StoreError> {
        self.write(move |step| spend(step, id, &shown, grounded, &origin)).await
    }
}

fn spend(
    step: &mut Step<'_>,
    id: EmailTokenId,
    shown: &Shown,
    grounded: bool,
    origin: &Origin,
) -> Result<MailSpending, Failure> {
    let wanted = (id, Purpose::SignIn);
    let spent = email_token::spend(
        step,
        wanted,
        (shown, grounded),
        |_, token, user| Ok(user.email == token.email),
        origin,
    )?;
    let person = match spent {
        Spent::Good(spent) => spent.1,
        Spent::Refused(reason) => return Ok(MailSpending::Refused(reason)),
        Spent::Missing => return Ok(MailSpending::Missing),
    };
    let user = person.id;
    let reclaimed = person.confirmed_at.is_none();
    if reclaimed {
        user::set_confirmed(step.connection, user, origin.at)?;
        let by = shown.as_str();
        step.record(&IdentityFact::EmailConfirmed { user, token: id, by }, origin)?;
        if person.password.is_some() {
            user::remove_password(step.connection, user)?;
            step.record(&IdentityFact::PasswordRemoved { user }, origin)?;
        }
        email_token::close(step.connection, user)?;
        email_token::wipe(step, user, origin)?;
    }
    Ok(MailSpending::Spent { user, reclaimed })
}
