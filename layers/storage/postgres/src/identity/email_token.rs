//! Mailed proofs.

use sqlx::PgConnection;
use towergate_core::{Secret, StoreError, Timestamp, audit::Origin};
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
use crate::{failure::Failure, params::params, query, step::Step, store::PostgresStore};

pub(crate) const FIND: &str =
    concat!("SELECT ", email_token_columns!(), " FROM towergate_email_tokens WHERE id = $1");

pub(crate) const LOCK: &str = "SELECT 1 FROM towergate_users WHERE id =
    (SELECT user_id FROM towergate_email_tokens WHERE id = $1) FOR UPDATE";

pub(crate) const OPEN_OF: &str = concat!(
    "SELECT ",
    email_token_columns!(),
    " FROM towergate_email_tokens WHERE user_id = $1 AND purpose = $2 AND state = 'open' AND expires_at > $3"
);

const INSERT: &str = concat!(
    "INSERT INTO towergate_email_tokens (",
    email_token_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
);

pub(crate) const REPLACE: &str = "UPDATE towergate_email_tokens SET state = 'replaced', password = NULL
    WHERE user_id = $1 AND purpose = $2 AND state = 'open'";

pub(crate) const CLOSE: &str = "UPDATE towergate_email_tokens SET state = 'replaced', password = NULL
    WHERE user_id = $1 AND state = 'open' AND purpose <> 'undo_email_change'";

pub(crate) const SPEND: &str =
    "UPDATE towergate_email_tokens SET state = 'spent', password = NULL WHERE id = $1";

pub(crate) const TRIED: &str = "UPDATE towergate_email_tokens SET tries = tries + 1 WHERE id = $1";

pub(crate) const FORGET_TOTP: &str = "DELETE FROM towergate_totp WHERE user_id = $1";

pub(crate) const FORGET_CODES: &str = "DELETE FROM towergate_backup_codes WHERE user_id = $1";

impl EmailTokenStore for PostgresStore {
    async fn register_user(
        &self,
        user: User,
        token: EmailToken,
        mail: OutboxMail,
        origin: Origin,
    ) -> Result<AddingUser, StoreError> {
        self.write((user, token, mail, origin), |step, (user, token, mail, origin)| {
            Box::pin(async move {
                if user::insert(&mut step.connection, user, origin.at).await? == 0 {
                    return Ok(AddingUser::EmailTaken);
                }
                step.record(&IdentityFact::UserRegistered { user: user.id }, origin).await?;
                issue(step, token, mail, origin).await?;
                Ok(AddingUser::Added)
            })
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
        self.write((token, mail, limit, origin), |step, (token, mail, limit, origin)| {
            Box::pin(issue_within(step, token, mail, *limit, origin))
        })
        .await
    }

    async fn issue_in_vain(&self, vain: InVain, limit: MailLimit, origin: Origin) -> Result<(), StoreError> {
        self.write((vain, limit, origin), |step, (vain, limit, origin)| {
            Box::pin(in_vain::issue(step, vain, *limit, origin))
        })
        .await
    }

    async fn find_email_token(&self, id: EmailTokenId) -> Result<Option<EmailToken>, StoreError> {
        self.one(FIND, params![id.as_uuid()], row::read).await
    }

    async fn open_email_token_of(
        &self,
        user: UserId,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<EmailToken>, StoreError> {
        self.one(OPEN_OF, params![user.as_uuid(), purpose.as_str(), now], row::read).await
    }

    async fn confirm_email(
        &self,
        id: EmailTokenId,
        shown: Shown,
        grounded: bool,
        origin: Origin,
    ) -> Result<Confirming, StoreError> {
        self.write((id, shown, grounded, origin), |step, (id, shown, grounded, origin)| {
            Box::pin(confirm(step, *id, shown, *grounded, origin))
        })
        .await
    }
}

/// Lets nobody else change the person of a proof, or what is theirs, until the step ends.
pub(super) async fn lock(connection: &mut PgConnection, id: EmailTokenId) -> Result<(), Failure> {
    query::exists(connection, LOCK, params![id.as_uuid()]).await?;
    Ok(())
}

pub(super) async fn find(
    connection: &mut PgConnection,
    id: EmailTokenId,
) -> Result<Option<EmailToken>, Failure> {
    query::one(connection, FIND, params![id.as_uuid()], row::read).await
}

/// The person that a proof speaks of, if they are there and have that address.
pub(super) async fn owner(
    connection: &mut PgConnection,
    token: &EmailToken,
) -> Result<Option<User>, Failure> {
    let user = user::find(connection, token.user).await?;
    Ok(user.filter(|user| user.state == UserState::Active && user.email == token.email))
}

/// Keeps a proof if its person has the address that it is for and there is room for its mail.
async fn issue_within(
    step: &mut Step,
    token: &EmailToken,
    mail: &OutboxMail,
    limit: MailLimit,
    origin: &Origin,
) -> Result<Issuing, Failure> {
    user::lock(&mut step.connection, token.user).await?;
    let there = user::may_prove(&mut step.connection, token.user, &token.email).await?;
    let (user, asked, issuing) = if !there {
        let found = user::find(&mut step.connection, token.user).await?;
        (found.map(|user| user.id), "refused", Issuing::UserRefused)
    } else if !mail::has_room(&mut step.connection, mail, limit, origin.at).await? {
        (Some(token.user), "too_many", Issuing::TooMany)
    } else {
        issue(step, token, mail, origin).await?;
        return Ok(Issuing::Issued);
    };
    step.record(&IdentityFact::EmailTokenUnknown { user, asked }, origin).await?;
    Ok(issuing)
}

/// Keeps a proof in the place of those before it, and queues its mail.
pub(super) async fn issue(
    step: &mut Step,
    token: &EmailToken,
    mail: &OutboxMail,
    origin: &Origin,
) -> Result<(), Failure> {
    replace(&mut step.connection, token).await?;
    insert(step, token, origin).await?;
    mail::queue(step, mail, origin).await
}

pub(super) async fn replace(connection: &mut PgConnection, token: &EmailToken) -> Result<(), Failure> {
    let key = params![token.user.as_uuid(), token.purpose.as_str()];
    query::change(connection, REPLACE, key).await?;
    Ok(())
}

/// Keeps a proof beside those before it.
pub(super) async fn insert(step: &mut Step, token: &EmailToken, origin: &Origin) -> Result<(), Failure> {
    let EmailToken { id, user, purpose, .. } = *token;
    insert_row(&mut step.connection, INSERT, token, token.email.as_str()).await?;
    step.record(&IdentityFact::EmailTokenIssued { token: id, user, purpose }, origin).await
}

pub(super) async fn insert_row(
    connection: &mut PgConnection,
    sql: &'static str,
    token: &EmailToken,
    email: &str,
) -> Result<(), Failure> {
    let EmailToken { id, user, purpose, .. } = *token;
    query::change(
        connection,
        sql,
        params![
            id.as_uuid(),
            &token.digest,
            &token.code,
            token.browser.as_ref(),
            user.as_uuid(),
            email,
            purpose.as_str(),
            token.password.as_ref().map(Secret::expose),
            token.created_at,
            token.expires_at,
            u32::from(token.tries),
            row::state_name(token.state),
        ],
    )
    .await?;
    Ok(())
}

/// Marks a proof as having done its work.
pub(super) async fn mark_spent(connection: &mut PgConnection, id: EmailTokenId) -> Result<(), Failure> {
    query::change(connection, SPEND, params![id.as_uuid()]).await?;
    Ok(())
}

/// Ends the open proofs of a person that `ends` names.
pub(super) async fn end_of(
    connection: &mut PgConnection,
    user: UserId,
    ends: impl Fn(Purpose) -> bool,
) -> Result<(), Failure> {
    for purpose in Purpose::ALL.into_iter().filter(|purpose| ends(*purpose)) {
        query::change(connection, REPLACE, params![user.as_uuid(), purpose.as_str()]).await?;
    }
    Ok(())
}

/// Forgets whatever a person could prove themself by, but the password.
pub(super) async fn forget_means(connection: &mut PgConnection, user: UserId) -> Result<(), Failure> {
    query::change(connection, FORGET_TOTP, params![user.as_uuid()]).await?;
    query::change(connection, FORGET_CODES, params![user.as_uuid()]).await?;
    passkey::forget_of(connection, user).await?;
    linked_identity::forget_of(connection, user).await
}

async fn confirm(
    step: &mut Step,
    id: EmailTokenId,
    shown: &Shown,
    grounded: bool,
    origin: &Origin,
) -> Result<Confirming, Failure> {
    lock(&mut step.connection, id).await?;
    let token = find(&mut step.connection, id).await?.filter(|token| token.purpose == Purpose::Confirm);
    let Some(token) = token else { return Ok(Confirming::Missing) };
    let owner = owner(&mut step.connection, &token).await?;
    let reason = match (token.judge(shown, grounded, origin.at), owner) {
        (Verdict::Good, Some(owner)) => {
            query::change(&mut step.connection, SPEND, params![id.as_uuid()]).await?;
            return confirmed(step, &token, &owner, shown, origin).await;
        }
        (Verdict::Good | Verdict::Dead, _) => TokenRefusal::Dead,
        (Verdict::Stranger, _) => TokenRefusal::Stranger,
        (Verdict::Wrong, _) => {
            query::change(&mut step.connection, TRIED, params![id.as_uuid()]).await?;
            TokenRefusal::Wrong
        }
    };
    let EmailToken { user, purpose, .. } = token;
    step.record(&IdentityFact::EmailTokenRefused { token: id, user, purpose, reason }, origin).await?;
    Ok(Confirming::Refused(reason))
}

/// The address is its person's; what somebody set before who had not proven it goes.
async fn confirmed(
    step: &mut Step,
    token: &EmailToken,
    owner: &User,
    shown: &Shown,
    origin: &Origin,
) -> Result<Confirming, Failure> {
    let user = owner.id;
    let at: Timestamp = owner.confirmed_at.unwrap_or(origin.at);
    user::set_confirmed(&mut step.connection, user, at).await?;
    step.record(&IdentityFact::EmailConfirmed { user, token: token.id, by: shown.as_str() }, origin).await?;
    let mut sessions = 0;
    if let Some(password) = token.password.as_ref().filter(|_| owner.confirmed_at.is_none()) {
        user::set_password(&mut step.connection, user, password).await?;
        step.record(&IdentityFact::PasswordSet { user }, origin).await?;
        close(&mut step.connection, user).await?;
        sessions = wipe(step, user, origin).await?;
    }
    Ok(Confirming::Confirmed { user, sessions })
}

/// Takes from a person what somebody set who had not proven the address: every factor, passkey and session. Answers how many
/// sessions.
pub(super) async fn wipe(step: &mut Step, user: UserId, origin: &Origin) -> Result<u64, Failure> {
    forget_means(&mut step.connection, user).await?;
    session::end_of_user(step, user, None, SessionEnd::AddressProven, origin).await
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
pub(super) async fn spend(
    step: &mut Step,
    (id, purpose): (EmailTokenId, Purpose),
    (shown, grounded): (&Shown, bool),
    fits: impl AsyncFnOnce(&mut PgConnection, &EmailToken, &User) -> Result<bool, Failure>,
    origin: &Origin,
) -> Result<Spent, Failure> {
    lock(&mut step.connection, id).await?;
    let token = find(&mut step.connection, id).await?.filter(|token| token.purpose == purpose);
    let Some(token) = token else { return Ok(Spent::Missing) };
    let user = token.user;
    let person = user::find(&mut step.connection, user).await?.filter(|user| user.state.may_prove());
    let person = match person {
        Some(person) if fits(&mut step.connection, &token, &person).await? => Some(person),
        Some(_) | None => None,
    };
    let reason = match (token.judge(shown, grounded, origin.at), person) {
        (Verdict::Good, Some(person)) => {
            query::change(&mut step.connection, SPEND, params![id.as_uuid()]).await?;
            let by = shown.as_str();
            step.record(&IdentityFact::EmailTokenSpent { token: id, user, purpose, by }, origin).await?;
            return Ok(Spent::Good(Box::new((token, person))));
        }
        (Verdict::Good | Verdict::Dead, _) => TokenRefusal::Dead,
        (Verdict::Stranger, _) => TokenRefusal::Stranger,
        (Verdict::Wrong, _) => {
            query::change(&mut step.connection, TRIED, params![id.as_uuid()]).await?;
            TokenRefusal::Wrong
        }
    };
    step.record(&IdentityFact::EmailTokenRefused { token: id, user, purpose, reason }, origin).await?;
    Ok(Spent::Refused(reason))
}

/// Ends every proof of a person that is still open, but the ways back to an older address.
pub(super) async fn close(connection: &mut PgConnection, user: UserId) -> Result<(), Failure> {
    query::change(connection, CLOSE, params![user.as_uuid()]).await?;
    Ok(())
}
