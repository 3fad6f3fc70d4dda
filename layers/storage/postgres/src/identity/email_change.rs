//! Changes of address.

use std::time::Duration;

use sqlx::PgConnection;
use towergate_core::{StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::{
        email_change::{ChangingEmail, EmailChange, EmailChangeStore},
        email_token::Issuing,
    },
    rules::{
        email::EmailAddress,
        email_token::{EmailToken, EmailTokenId, Purpose, Shown},
        fact::{IdentityFact, SessionEnd},
        linked_identity::LinkedIdentityId,
        mail::{MailLimit, OutboxMail},
        passkey::PasskeyId,
        user::{UserId, UserState},
    },
};

use super::{
    deletion,
    email_token::{self, Spent},
    factor, mail, passkey, passkey_factor, session, user,
};
use crate::{failure::Failure, fields::Fields, params::params, query, step::Step, store::PostgresStore};

const UNDO: Purpose = Purpose::UndoEmailChange;

pub(crate) const ASKED_SINCE: &str = "SELECT count(*) AS asked FROM towergate_email_tokens
    WHERE user_id = $1 AND purpose = $2 AND created_at > $3";

pub(crate) const CANCEL: &str = "UPDATE towergate_email_tokens SET state = 'replaced'
    WHERE user_id = $1 AND purpose = 'change_email' AND state = 'open' AND expires_at > $2";

pub(crate) const KEEPERS: &str = "SELECT user_id FROM towergate_email_tokens
    WHERE email = $1 AND state = 'open' AND purpose = 'undo_email_change' AND expires_at > $2";

pub(crate) const NEWEST_UNDO: &str = "SELECT max(created_at) AS newest FROM towergate_email_tokens
    WHERE user_id = $1 AND purpose = 'undo_email_change' AND state = 'open'";

pub(crate) const CLOSE_UNDOS_SINCE: &str = "UPDATE towergate_email_tokens SET state = 'replaced'
    WHERE user_id = $1 AND purpose = 'undo_email_change' AND state = 'open' AND created_at >= $2";

pub(crate) const FORGET_PASSKEYS_SINCE: &str =
    "DELETE FROM towergate_passkeys WHERE user_id = $1 AND created_at >= $2 RETURNING id";

pub(crate) const FORGET_LINKED_SINCE: &str =
    "DELETE FROM towergate_linked_identities WHERE user_id = $1 AND linked_at >= $2 RETURNING id";

pub(crate) const FORGET_BROWSERS_SINCE: &str =
    "DELETE FROM towergate_browsers WHERE user_id = $1 AND first_seen_at >= $2";

impl EmailChangeStore for PostgresStore {
    async fn ask_email_change(
        &self,
        token: EmailToken,
        mail: OutboxMail,
        limit: MailLimit,
        origin: Origin,
    ) -> Result<Issuing, StoreError> {
        self.write((token, mail, limit, origin), |step, (token, mail, limit, origin)| {
            Box::pin(ask(step, token, mail, *limit, origin))
        })
        .await
    }

    async fn change_email(&self, change: EmailChange, origin: Origin) -> Result<ChangingEmail, StoreError> {
        self.write((change, origin), |step, (change, origin)| Box::pin(change_to(step, change, origin))).await
    }

    async fn cancel_email_change(&self, user: UserId, origin: Origin) -> Result<bool, StoreError> {
        self.write((user, origin), |step, (user, origin)| {
            Box::pin(async move {
                let user = *user;
                user::lock(&mut step.connection, user).await?;
                let key = params![user.as_uuid(), origin.at];
                let cancelled = query::change(&mut step.connection, CANCEL, key).await? > 0;
                if cancelled {
                    step.record(&IdentityFact::EmailChangeCancelled { user }, origin).await?;
                }
                Ok(cancelled)
            })
        })
        .await
    }

    async fn undo_email_change(
        &self,
        id: EmailTokenId,
        shown: Shown,
        notices: Vec<OutboxMail>,
        origin: Origin,
    ) -> Result<ChangingEmail, StoreError> {
        self.write((id, shown, notices, origin), |step, (id, shown, notices, origin)| {
            Box::pin(undo(step, *id, shown, notices, origin))
        })
        .await
    }

    async fn find_address_keeper(
        &self,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<Option<UserId>, StoreError> {
        self.one(KEEPERS, params![email.as_str(), now], read_keeper).await
    }
}

async fn ask(
    step: &mut Step,
    token: &EmailToken,
    mail: &OutboxMail,
    limit: MailLimit,
    origin: &Origin,
) -> Result<Issuing, Failure> {
    let (user, purpose) = (token.user, token.purpose);
    user::lock(&mut step.connection, user).await?;
    if purpose != Purpose::ChangeEmail || !user::may_sign_in(&mut step.connection, user).await? {
        return Ok(Issuing::UserRefused);
    }
    let key = params![user.as_uuid(), purpose.as_str(), origin.at.minus(limit.within)];
    let asked: Option<u32> =
        query::one(&mut step.connection, ASKED_SINCE, key, |fields| fields.count("asked")).await?;
    if asked.unwrap_or_default() >= limit.most {
        return Ok(Issuing::TooMany);
    }
    let room = mail::has_room(&mut step.connection, mail, limit, origin.at).await?;
    email_token::replace(&mut step.connection, token).await?;
    email_token::insert(step, token, origin).await?;
    if room {
        mail::queue(step, mail, origin).await?;
    }
    Ok(Issuing::Issued)
}

/// For whom an address is kept.
pub(super) async fn keeper(
    connection: &mut PgConnection,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<Option<UserId>, Failure> {
    Ok(keepers(connection, email, now).await?.into_iter().next())
}

async fn keepers(
    connection: &mut PgConnection,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<Vec<UserId>, Failure> {
    query::all(connection, KEEPERS, params![email.as_str(), now], read_keeper).await
}

fn read_keeper(fields: &mut Fields<'_>) -> Result<UserId, Failure> {
    fields.table("towergate_email_tokens");
    fields.uuid("user_id").map(UserId::from_uuid)
}

/// Whether somebody else than `user` has an address, or it is kept for them.
async fn is_taken(
    connection: &mut PgConnection,
    email: &EmailAddress,
    user: UserId,
    now: Timestamp,
) -> Result<bool, Failure> {
    let holder = user::find_by_email(connection, email).await?.map(|holder| holder.id);
    Ok(keepers(connection, email, now).await?.into_iter().chain(holder).any(|holder| holder != user))
}

async fn change_to(step: &mut Step, change: &EmailChange, origin: &Origin) -> Result<ChangingEmail, Failure> {
    let EmailChange { id, shown, user, keeps, undo: (undo, mail) } = change;
    let (id, user, keeps) = (*id, *user, *keeps);
    user::lock(&mut step.connection, user).await?;
    let session = session::load(&mut step.connection, keeps, origin.at).await?;
    let in_session = session.is_some_and(|session| session.user == user);
    let spent = email_token::spend(
        step,
        (id, Purpose::ChangeEmail),
        (shown, true),
        async |connection, token, person| {
            let active = in_session && person.state == UserState::Active;
            let theirs = active && person.id == user && undo.email == person.email;
            Ok(theirs && !is_taken(connection, &token.email, user, origin.at).await?)
        },
        origin,
    )
    .await?;
    let (token, person) = match spent {
        Spent::Good(spent) => *spent,
        Spent::Refused(reason) => return Ok(ChangingEmail::Refused(reason)),
        Spent::Missing => return Ok(ChangingEmail::Missing),
    };
    user::move_to(&mut step.connection, user, &token.email, origin.at).await?;
    step.record(&IdentityFact::EmailChanged { user, token: id }, origin).await?;
    email_token::close(&mut step.connection, user).await?;
    let sessions = session::end_of_user(step, user, Some(keeps), SessionEnd::EmailChanged, origin).await?;
    if person.confirmed_at.is_some() {
        let mut undo = undo.clone();
        let key = params![user.as_uuid()];
        let newest: Option<Option<i64>> =
            query::one(&mut step.connection, NEWEST_UNDO, key, |fields| fields.get("newest")).await?;
        // In the order in which they were made, whatever the clock says.
        if let Some(newest) = newest.flatten().map(Timestamp::from_unix_millis) {
            undo.created_at = undo.created_at.max(newest.plus(Duration::from_millis(1)));
        }
        email_token::insert(step, &undo, origin).await?;
        mail::queue(step, mail, origin).await?;
    }
    Ok(ChangingEmail::Changed { user, sessions })
}

async fn undo(
    step: &mut Step,
    id: EmailTokenId,
    shown: &Shown,
    notices: &[OutboxMail],
    origin: &Origin,
) -> Result<ChangingEmail, Failure> {
    let spent =
        email_token::spend(
            step,
            (id, UNDO),
            (shown, true),
            async |connection, token, person| {
                Ok(!is_taken(connection, &token.email, person.id, origin.at).await?)
            },
            origin,
        )
        .await?;
    let (token, person) = match spent {
        Spent::Good(spent) => *spent,
        Spent::Refused(reason) => return Ok(ChangingEmail::Refused(reason)),
        Spent::Missing => return Ok(ChangingEmail::Missing),
    };
    let user = token.user;
    user::move_to(&mut step.connection, user, &token.email, origin.at).await?;
    step.record(&IdentityFact::EmailChangeUndone { user, token: id }, origin).await?;
    if deletion::withdraw(&mut step.connection, user).await? {
        step.record(&IdentityFact::DeletionWithdrawn { user }, origin).await?;
    }
    if person.password.is_some() {
        user::remove_password(&mut step.connection, user).await?;
        step.record(&IdentityFact::PasswordRemoved { user }, origin).await?;
    }
    email_token::close(&mut step.connection, user).await?;
    let since = params![user.as_uuid(), token.created_at];
    query::change(&mut step.connection, CLOSE_UNDOS_SINCE, since).await?;
    forget_since(step, user, token.created_at, origin).await?;
    let sessions = session::end_of_user(step, user, None, SessionEnd::EmailChanged, origin).await?;
    for notice in notices {
        mail::queue(step, notice, origin).await?;
    }
    Ok(ChangingEmail::Changed { user, sessions })
}

/// Takes from a person what was added since then.
async fn forget_since(
    step: &mut Step,
    user: UserId,
    since: Timestamp,
    origin: &Origin,
) -> Result<(), Failure> {
    if let Some(fact) = factor::forget_since(&mut step.connection, user, since).await? {
        step.record(&fact, origin).await?;
    }
    let key = || params![user.as_uuid(), since];
    let id = |fields: &mut Fields<'_>| fields.uuid("id");
    let mut passkeys = query::all(&mut step.connection, FORGET_PASSKEYS_SINCE, key(), id).await?;
    passkeys.sort();
    for passkey in passkeys.into_iter().map(PasskeyId::from_uuid) {
        step.record(&IdentityFact::PasskeyRemoved { user, passkey }, origin).await?;
    }
    if passkey_factor::is_on_since(&mut step.connection, user, since).await?
        || passkey::count_of(&mut step.connection, user).await? == 0
    {
        passkey_factor::switch_off(step, user, origin).await?;
    }
    let mut linked = query::all(&mut step.connection, FORGET_LINKED_SINCE, key(), id).await?;
    linked.sort();
    for identity in linked.into_iter().map(LinkedIdentityId::from_uuid) {
        step.record(&IdentityFact::IdentityUnlinked { user, identity }, origin).await?;
    }
    query::change(&mut step.connection, FORGET_BROWSERS_SINCE, key()).await?;
    Ok(())
}
