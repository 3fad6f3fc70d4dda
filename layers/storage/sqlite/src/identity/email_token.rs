//! Mailed proofs.

use rusqlite::{Connection, params};
use towergate_core::{Digest, Secret, StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::{
        email_token::{Confirming, EmailTokenStore, InVain, Issuing},
        user::AddingUser,
    },
    rules::{
        email_token::{EmailToken, EmailTokenId, Purpose, Shown, Verdict},
        fact::{IdentityFact, SessionEnd, TokenRefusal},
        mail::{MailLimit, OutboxMail},
        user::{User, UserId, UserState},
    },
};

use super::{
    email_token_row::{self as row, email_token_columns},
    in_vain, linked_identity, mail, passkey, session, user,
};
use crate::{failure::Failure, query, store::SqliteStore, writer::Step};

pub(crate) const FIND: &str =
    concat!("SELECT ", email_token_columns!(), " FROM towergate_email_tokens WHERE id = ?1");

pub(crate) const OPEN_OF: &str = concat!(
    "SELECT ",
    email_token_columns!(),
    " FROM towergate_email_tokens WHERE user_id = ?1 AND purpose = ?2 AND state = 'open' AND expires_at > ?3"
);

const INSERT: &str = concat!(
    "INSERT INTO towergate_email_tokens (",
    email_token_columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
);

pub(crate) const REPLACE: &str = "UPDATE towergate_email_tokens SET state = 'replaced', password = NULL
    WHERE user_id = ?1 AND purpose = ?2 AND state = 'open'";

pub(crate) const CLOSE: &str = "UPDATE towergate_email_tokens SET state = 'replaced', password = NULL
    WHERE user_id = ?1 AND state = 'open' AND purpose <> 'undo_email_change'";

pub(crate) const SPEND: &str =
    "UPDATE towergate_email_tokens SET state = 'spent', password = NULL WHERE id = ?1";

pub(crate) const TRIED: &str = "UPDATE towergate_email_tokens SET tries = tries + 1 WHERE id = ?1";

pub(crate) const FORGET_TOTP: &str = "DELETE FROM towergate_totp WHERE user_id = ?1";

pub(crate) const FORGET_CODES: &str = "DELETE FROM towergate_backup_codes WHERE user_id = ?1";

impl EmailTokenStore for SqliteStore {
    async fn register_user(
        &self,
        user: User,
        token: EmailToken,
        mail: OutboxMail,
        origin: Origin,
    ) -> Result<AddingUser, StoreError> {
        self.write(move |step| {
            if user::insert(step.connection, &user, origin.at)? == 0 {
                return Ok(AddingUser::EmailTaken);
            }
            step.record(&IdentityFact::UserRegistered { user: user.id }, &origin)?;
            issue(step, &token, &mail, &origin)?;
            Ok(AddingUser::Added)
        })
        .await
    }

    async fn issue_email_token(
        &self,
        token: EmailToken,
        mail: OutboxMail,
        limit: MailLimit,
        origin: Origin,
    ) -> Result<Issuing, StoreError> {
        self.write(move |step| {
            let (user, asked, issuing) = if !user::may_prove(step.connection, token.user, &token.email)? {
                let found = user::find(step.connection, token.user)?;
                (found.map(|user| user.id), "refused", Issuing::UserRefused)
            } else if !mail::has_room(step.connection, &mail, limit, origin.at)? {
                (Some(token.user), "too_many", Issuing::TooMany)
            } else {
                issue(step, &token, &mail, &origin)?;
                return Ok(Issuing::Issued);
            };
            step.record(&IdentityFact::EmailTokenUnknown { user, asked }, &origin)?;
            Ok(issuing)
        })
        .await
    }

    async fn issue_in_vain(&self, vain: InVain, limit: MailLimit, origin: Origin) -> Result<(), StoreError> {
        self.write(move |step| in_vain::issue(step, &vain, limit, &origin)).await
    }

    async fn find_email_token(&self, id: EmailTokenId) -> Result<Option<EmailToken>, StoreError> {
        self.read(|connection| find(connection, id))
    }

    async fn open_email_token_of(
        &self,
        user: UserId,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<EmailToken>, StoreError> {
        let key = params![user.as_uuid().as_bytes(), purpose.as_str(), now.unix_millis()];
        self.read(|connection| query::one(connection, OPEN_OF, key, row::read))
    }

    async fn confirm_email(
        &self,
        id: EmailTokenId,
        shown: Shown,
        grounded: bool,
        origin: Origin,
    ) -> Result<Confirming, StoreError> {
        self.write(move |step| confirm(step, id, &shown, grounded, &origin)).await
    }
}

pub(super) fn find(connection: &Connection, id: EmailTokenId) -> Result<Option<EmailToken>, Failure> {
    query::one(connection, FIND, params![id.as_uuid().as_bytes()], row::read)
}

/// The person that a proof speaks of, if they are there and have that address.
pub(super) fn owner(connection: &Connection, token: &EmailToken) -> Result<Option<User>, Failure> {
    let user = user::find(connection, token.user)?;
    Ok(user.filter(|user| user.state == UserState::Active && user.email == token.email))
}

/// Keeps a proof in the place of those before it, and queues its mail.
pub(super) fn issue(
    step: &mut Step<'_>,
    token: &EmailToken,
    mail: &OutboxMail,
    origin: &Origin,
) -> Result<(), Failure> {
    replace(step.connection, token)?;
    insert(step, token, origin)?;
    mail::queue(step, mail, origin)
}

pub(super) fn replace(connection: &Connection, token: &EmailToken) -> Result<(), Failure> {
    let key = params![token.user.as_uuid().as_bytes(), token.purpose.as_str()];
    query::change(connection, REPLACE, key)?;
    Ok(())
}

/// Keeps a proof beside those before it.
pub(super) fn insert(step: &mut Step<'_>, token: &EmailToken, origin: &Origin) -> Result<(), Failure> {
    let EmailToken { id, user, purpose, .. } = *token;
    insert_row(step.connection, INSERT, token, token.email.as_str())?;
    step.record(&IdentityFact::EmailTokenIssued { token: id, user, purpose }, origin)
}

pub(super) fn insert_row(
    connection: &Connection,
    sql: &str,
    token: &EmailToken,
    email: &str,
) -> Result<(), Failure> {
    let EmailToken { id, user, purpose, .. } = *token;
    query::change(
        connection,
        sql,
        params![
            id.as_uuid().as_bytes(),
            token.digest.as_bytes(),
            token.code.as_bytes(),
            token.browser.as_ref().map(Digest::as_bytes),
            user.as_uuid().as_bytes(),
            email,
            purpose.as_str(),
            token.password.as_ref().map(Secret::expose),
            token.created_at.unix_millis(),
            token.expires_at.unix_millis(),
            token.tries,
            row::state_name(token.state),
        ],
    )?;
    Ok(())
}

/// Marks a proof as having done its work.
pub(super) fn mark_spent(connection: &Connection, id: EmailTokenId) -> Result<(), Failure> {
    query::change(connection, SPEND, params![id.as_uuid().as_bytes()])?;
    Ok(())
}

/// Ends the open proofs of a person that `ends` names.
pub(super) fn end_of(
    connection: &Connection,
    user: UserId,
    ends: impl Fn(Purpose) -> bool,
) -> Result<(), Failure> {
    for purpose in Purpose::ALL.into_iter().filter(|purpose| ends(*purpose)) {
        query::change(connection, REPLACE, params![user.as_uuid().as_bytes(), purpose.as_str()])?;
    }
    Ok(())
}

/// Forgets whatever a person could prove themself by, but the password.
pub(super) fn forget_means(connection: &Connection, user: UserId) -> Result<(), Failure> {
    query::change(connection, FORGET_TOTP, params![user.as_uuid().as_bytes()])?;
    query::change(connection, FORGET_CODES, params![user.as_uuid().as_bytes()])?;
    passkey::forget_of(connection, user)?;
    linked_identity::forget_of(connection, user)
}

fn confirm(
    step: &mut Step<'_>,
    id: EmailTokenId,
    shown: &Shown,
    grounded: bool,
    origin: &Origin,
) -> Result<Confirming, Failure> {
    let token = find(step.connection, id)?.filter(|token| token.purpose == Purpose::Confirm);
    let Some(token) = token else { return Ok(Confirming::Missing) };
    let owner = owner(step.connection, &token)?;
    let key = params![id.as_uuid().as_bytes()];
    let reason = match (token.judge(shown, grounded, origin.at), owner) {
        (Verdict::Good, Some(owner)) => {
            query::change(step.connection, SPEND, key)?;
            return confirmed(step, &token, &owner, shown, origin);
        }
        (Verdict::Good | Verdict::Dead, _) => TokenRefusal::Dead,
        (Verdict::Stranger, _) => TokenRefusal::Stranger,
        (Verdict::Wrong, _) => {
            query::change(step.connection, TRIED, key)?;
            TokenRefusal::Wrong
        }
    };
    let EmailToken { user, purpose, .. } = token;
    step.record(&IdentityFact::EmailTokenRefused { token: id, user, purpose, reason }, origin)?;
    Ok(Confirming::Refused(reason))
}

/// The address is its person's; what somebody set before who had not proven it goes.
fn confirmed(
    step: &mut Step<'_>,
    token: &EmailToken,
    owner: &User,
    shown: &Shown,
    origin: &Origin,
) -> Result<Confirming, Failure> {
    let user = owner.id;
    let at: Timestamp = owner.confirmed_at.unwrap_or(origin.at);
    user::set_confirmed(step.connection, user, at)?;
    step.record(&IdentityFact::EmailConfirmed { user, token: token.id, by: shown.as_str() }, origin)?;
    let mut sessions = 0;
    if let Some(password) = token.password.as_ref().filter(|_| owner.confirmed_at.is_none()) {
        user::set_password(step.connection, user, password)?;
        step.record(&IdentityFact::PasswordSet { user }, origin)?;
        close(step.connection, user)?;
        sessions = wipe(step, user, origin)?;
    }
    Ok(Confirming::Confirmed { user, sessions })
}

/// Takes from a person what somebody set who had not proven the address: every factor, passkey and session. Answers how many
/// sessions.
pub(super) fn wipe(step: &mut Step<'_>, user: UserId, origin: &Origin) -> Result<u64, Failure> {
    forget_means(step.connection, user)?;
    session::end_of_user(step, user, None, SessionEnd::AddressProven, origin)
}

/// What became of a proof that was shown.
pub(super) enum Spent {
    /// It was good, and is good no more.
    Good(Box<(EmailToken, User)>),
    /// It is not good.
    Refused(TokenRefusal),
    /// There is none.
    Missing,
}

/// Spends a proof of `purpose` if what is shown of it is good and its person `fits`; counts the try where a code is wrong.
pub(super) fn spend(
    step: &mut Step<'_>,
    (id, purpose): (EmailTokenId, Purpose),
    (shown, grounded): (&Shown, bool),
    fits: impl FnOnce(&Connection, &EmailToken, &User) -> Result<bool, Failure>,
    origin: &Origin,
) -> Result<Spent, Failure> {
    let token = find(step.connection, id)?.filter(|token| token.purpose == purpose);
    let Some(token) = token else { return Ok(Spent::Missing) };
    let user = token.user;
    let person = user::find(step.connection, user)?.filter(|user| user.state.may_prove());
    let person = match person {
        Some(person) if fits(step.connection, &token, &person)? => Some(person),
        Some(_) | None => None,
    };
    let key = params![id.as_uuid().as_bytes()];
    let reason = match (token.judge(shown, grounded, origin.at), person) {
        (Verdict::Good, Some(person)) => {
            query::change(step.connection, SPEND, key)?;
            let by = shown.as_str();
            step.record(&IdentityFact::EmailTokenSpent { token: id, user, purpose, by }, origin)?;
            return Ok(Spent::Good(Box::new((token, person))));
        }
        (Verdict::Good | Verdict::Dead, _) => TokenRefusal::Dead,
        (Verdict::Stranger, _) => TokenRefusal::Stranger,
        (Verdict::Wrong, _) => {
            query::change(step.connection, TRIED, key)?;
            TokenRefusal::Wrong
        }
    };
    step.record(&IdentityFact::EmailTokenRefused { token: id, user, purpose, reason }, origin)?;
    Ok(Spent::Refused(reason))
}

/// Ends every proof of a person that is still open, but the ways back to an older address.
pub(super) fn close(connection: &Connection, user: UserId) -> Result<(), Failure> {
    query::change(connection, CLOSE, params![user.as_uuid().as_bytes()])?;
    Ok(())
}
