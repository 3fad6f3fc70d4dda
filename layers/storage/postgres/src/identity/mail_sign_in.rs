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
use crate::{failure::Failure, step::Step, store::PostgresStore};

impl MailSignInStore for PostgresStore {
    async fn spend_mail_sign_in(
        &self,
        id: EmailTokenId,
        shown: Shown,
        grounded: bool,
        origin: Origin,
    ) -> Result<MailSpending, StoreError> {
        self.write((id, shown, grounded, origin), |step, (id, shown, grounded, origin)| {
            Box::pin(spend(step, *id, shown, *grounded, origin))
        })
        .await
    }
}

async fn spend(
    step: &mut Step,
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
        async |_, token, user| Ok(user.email == token.email),
        origin,
    )
    .await?;
    let person = match spent {
        Spent::Good(spent) => spent.1,
        Spent::Refused(reason) => return Ok(MailSpending::Refused(reason)),
        Spent::Missing => return Ok(MailSpending::Missing),
    };
    let user = person.id;
    let reclaimed = person.confirmed_at.is_none();
    if reclaimed {
        user::set_confirmed(&mut step.connection, user, origin.at).await?;
        let by = shown.as_str();
        step.record(&IdentityFact::EmailConfirmed { user, token: id, by }, origin).await?;
        if person.password.is_some() {
            user::remove_password(&mut step.connection, user).await?;
            step.record(&IdentityFact::PasswordRemoved { user }, origin).await?;
        }
        email_token::close(&mut step.connection, user).await?;
        email_token::wipe(step, user, origin).await?;
    }
    Ok(MailSpending::Spent { user, reclaimed })
}
