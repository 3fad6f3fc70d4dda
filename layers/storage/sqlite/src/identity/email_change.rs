//! Changes of address.

use std::time::Duration;

use rusqlite::{Connection, params};
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
use crate::{failure::Failure, query, store::SqliteStore, writer::Step};

const UNDO: Purpose = Purpose::UndoEmailChange;

pub(crate) const ASKED_SINCE: &str = "SELECT count(*) AS asked FROM towergate_email_tokens
    WHERE user_id = ?1 AND purpose = ?2 AND created_at > ?3";

pub(crate) const CANCEL: &str = "UPDATE towergate_email_tokens SET state = 'replaced'
    WHERE user_id = ?1 AND purpose = 'change_email' AND state = 'open' AND expires_at > ?2";

pub(crate) const KEEPERS: &str = "SELECT user_id FROM towergate_email_tokens
    WHERE email = ?1 AND state = 'open' AND purpose = 'undo_email_change' AND expires_at > ?2";

pub(crate) const NEWEST_UNDO: &str = "SELECT max(created_at) AS newest FROM towergate_email_tokens
    WHERE user_id = ?1 AND purpose = 'undo_email_change' AND state = 'open'";

pub(crate) const CLOSE_UNDOS_SINCE: &str = "UPDATE towergate_email_tokens SET state = 'replaced'
    WHERE user_id = ?1 AND purpose = 'undo_email_change' AND state = 'open' AND created_at >= ?2";

pub(crate) const FORGET_PASSKEYS_SINCE: &str =
    "DELETE FROM towergate_passkeys WHERE user_id = ?1 AND created_at >= ?2 RETURNING id";

pub(crate) const FORGET_LINKED_SINCE: &str =
    "DELETE FROM towergate_linked_identities WHERE user_id = ?1 AND linked_at >= ?2 RETURNING id";

pub(crate) const FORGET_BROWSERS_SINCE: &str =
    "DELETE FROM towergate_browsers WHERE user_id = ?1 AND first_seen_at >= ?2";

impl EmailChangeStore for SqliteStore {
    async fn ask_email_change(
        &self,
        token: EmailToken,
        mail: OutboxMail,
        limit: MailLimit,
        origin: Origin,
    ) -> Result<Issuing, StoreError> {
        self.write(move |step| {
            let (id, purpose) = (token.user, token.purpose);
            if purpose != Purpose::ChangeEmail || !user::may_sign_in(step.connection, id)? {
                return Ok(Issuing::UserRefused);
            }
            let since = origin.at.minus(limit.within).unix_millis();
            let key = params![id.as_uuid().as_bytes(), purpose.as_str(), since];
            let asked: Option<u32> =
                query::one(step.connection, ASKED_SINCE, key, |fields| fields.get("asked"))?;
            if asked.unwrap_or_default() >= limit.most {
                return Ok(Issuing::TooMany);
            }
            let room = mail::has_room(step.connection, &mail, limit, origin.at)?;
            email_token::replace(step.connection, &token)?;
            email_token::insert(step, &token, &origin)?;
            if room {
                mail::queue(step, &mail, &origin)?;
            }
            Ok(Issuing::Issued)
        })
        .await
    }

    async fn change_email(&self, change: EmailChange, origin: Origin) -> Result<ChangingEmail, StoreError> {
        self.write(move |step| change_to(step, &change, &origin)).await
    }

    async fn cancel_email_change(&self, user: UserId, origin: Origin) -> Result<bool, StoreError> {
        self.write(move |step| {
            let key = params![user.as_uuid().as_bytes(), origin.at.unix_millis()];
            let cancelled = query::change(step.connection, CANCEL, key)? > 0;
            if cancelled {
                step.record(&IdentityFact::EmailChangeCancelled { user }, &origin)?;
            }
            Ok(cancelled)
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
        self.write(move |step| undo(step, id, &shown, &notices, &origin)).await
    }

    async fn find_address_keeper(
        &self,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<Option<UserId>, StoreError> {
        self.read(|connection| keeper(connection, email, now))
    }
}

/// For whom an address is kept.
pub(super) fn keeper(
    connection: &Connection,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<Option<UserId>, Failure> {
    Ok(keepers(connection, email, now)?.into_iter().next())
}

fn keepers(connection: &Connection, email: &EmailAddress, now: Timestamp) -> Result<Vec<UserId>, Failure> {
    let key = params![email.as_str(), now.unix_millis()];
    query::all(connection, KEEPERS, key, |fields| {
        fields.table("towergate_email_tokens");
        fields.uuid("user_id").map(UserId::from_uuid)
    })
}

/// Whether somebody else than `user` has an address, or it is kept for them.
fn is_taken(
    connection: &Connection,
    email: &EmailAddress,
    user: UserId,
    now: Timestamp,
) -> Result<bool, Failure> {
    let holder = user::find_by_email(connection, email)?.map(|holder| holder.id);
    Ok(keepers(connection, email, now)?.into_iter().chain(holder).any(|holder| holder != user))
}

fn change_to(step: &mut Step<'_>, change: &EmailChange, origin: &Origin) -> Result<ChangingEmail, Failure> {
    let EmailChange { id, shown, user, keeps, undo: (undo, mail) } = change;
    let (id, user, keeps) = (*id, *user, *keeps);
    let session = session::load(step.connection, keeps, origin.at)?;
    let in_session = session.is_some_and(|session| session.user == user);
    let spent = email_token::spend(
        step,
        (id, Purpose::ChangeEmail),
        (shown, true),
        |connection, token, person| {
            let active = in_session && person.state == UserState::Active;
            let theirs = active && person.id == user && undo.email == person.email;
            Ok(theirs && !is_taken(connection, &token.email, user, origin.at)?)
        },
        origin,
    )?;
    let (token, person) = match spent {
        Spent::Good(spent) => *spent,
        Spent::Refused(reason) => return Ok(ChangingEmail::Refused(reason)),
        Spent::Missing => return Ok(ChangingEmail::Missing),
    };
    user::move_to(step.connection, user, &token.email, origin.at)?;
    step.record(&IdentityFact::EmailChanged { user, token: id }, origin)?;
    email_token::close(step.connection, user)?;
    let sessions = session::end_of_user(step, user, Some(keeps), SessionEnd::EmailChanged, origin)?;
    if person.confirmed_at.is_some() {
        let mut undo = undo.clone();
        let key = params![user.as_uuid().as_bytes()];
        let newest: Option<Option<i64>> =
            query::one(step.connection, NEWEST_UNDO, key, |fields| fields.get("newest"))?;
        // In the order in which they were made, whatever the clock says.
        if let Some(newest) = newest.flatten().map(Timestamp::from_unix_millis) {
            undo.created_at = undo.created_at.max(newest.plus(Duration::from_millis(1)));
        }
        email_token::insert(step, &undo, origin)?;
        mail::queue(step, mail, origin)?;
    }
    Ok(ChangingEmail::Changed { user, sessions })
}

fn undo(
    step: &mut Step<'_>,
    id: EmailTokenId,
    shown: &Shown,
    notices: &[OutboxMail],
    origin: &Origin,
) -> Result<ChangingEmail, Failure> {
    let spent = email_token::spend(
        step,
        (id, UNDO),
        (shown, true),
        |connection, token, person| Ok(!is_taken(connection, &token.email, person.id, origin.at)?),
        origin,
    )?;
    let (token, person) = match spent {
        Spent::Good(spent) => *spent,
        Spent::Refused(reason) => return Ok(ChangingEmail::Refused(reason)),
        Spent::Missing => return Ok(ChangingEmail::Missing),
    };
    let user = token.user;
    user::move_to(step.connection, user, &token.email, origin.at)?;
    step.record(&IdentityFact::EmailChangeUndone { user, token: id }, origin)?;
    if deletion::withdraw(step.connection, user)? {
        step.record(&IdentityFact::DeletionWithdrawn { user }, origin)?;
    }
    if person.password.is_some() {
        user::remove_password(step.connection, user)?;
        step.record(&IdentityFact::PasswordRemoved { user }, origin)?;
    }
    email_token::close(step.connection, user)?;
    let since = params![user.as_uuid().as_bytes(), token.created_at.unix_millis()];
    query::change(step.connection, CLOSE_UNDOS_SINCE, since)?;
    forget_since(step, user, token.created_at, origin)?;
    let sessions = session::end_of_user(step, user, None, SessionEnd::EmailChanged, origin)?;
    for notice in notices {
        mail::queue(step, notice, origin)?;
    }
    Ok(ChangingEmail::Changed { user, sessions })
}

/// Takes from a person what was added since then.
fn forget_since(step: &mut Step<'_>, user: UserId, since: Timestamp, origin: &Origin) -> Result<(), Failure> {
    if let Some(fact) = factor::forget_since(step.connection, user, since)? {
        step.record(&fact, origin)?;
    }
    let key = params![user.as_uuid().as_bytes(), since.unix_millis()];
    let mut passkeys = query::all(step.connection, FORGET_PASSKEYS_SINCE, key, |fields| fields.uuid("id"))?;
    passkeys.sort();
    for passkey in passkeys.into_iter().map(PasskeyId::from_uuid) {
        step.record(&IdentityFact::PasskeyRemoved { user, passkey }, origin)?;
    }
    if passkey_factor::is_on_since(step.connection, user, since)?
        || passkey::count_of(step.connection, user)? == 0
    {
        passkey_factor::switch_off(step, user, origin)?;
    }
    let mut linked = query::all(step.connection, FORGET_LINKED_SINCE, key, |fields| fields.uuid("id"))?;
    linked.sort();
    for identity in linked.into_iter().map(LinkedIdentityId::from_uuid) {
        step.record(&IdentityFact::IdentityUnlinked { user, identity }, origin)?;
    }
    query::change(step.connection, FORGET_BROWSERS_SINCE, key)?;
    Ok(())
}
