//! Authenticator apps and backup codes.

use sqlx::PgConnection;
use towergate_core::{Digest, StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::factor::{BeginningTotp, EnrollingTotp, Enrolment, FactorStore},
    rules::{
        fact::{IdentityFact, SessionEnd},
        factor::{TotpFactor, TotpState},
        lockout::CredentialClass,
        mail::OutboxMail,
        means::completed_by,
        second_factor::{FactorUse, Spending},
        session::{SessionId, SessionRecord, SessionStage},
        totp::TotpStep,
        user::UserId,
    },
};

use super::{mail, passkey, passkey_factor, session, user};
use crate::{failure::Failure, fields::Fields, params::params, query, step::Step, store::PostgresStore};

pub(crate) const FIND: &str =
    "SELECT user_id, sealed, last_step, created_at FROM towergate_totp WHERE user_id = $1";

const BEGIN: &str = "INSERT INTO towergate_totp (user_id, sealed, created_at) VALUES ($1, $2, $3)
    ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at
    WHERE towergate_totp.last_step IS NULL";

const ENROL: &str = "UPDATE towergate_totp SET last_step = $2, created_at = $3
    WHERE user_id = $1 AND last_step IS NULL";

pub(crate) const SPEND: &str =
    "UPDATE towergate_totp SET last_step = $2 WHERE user_id = $1 AND last_step < $2";

const REMOVE: &str = "DELETE FROM towergate_totp WHERE user_id = $1";

const ADD_CODES: &str = "INSERT INTO towergate_backup_codes (user_id, digest, created_at)
    SELECT $1, unnest($2), $3";

pub(crate) const SPEND_CODE: &str = "DELETE FROM towergate_backup_codes WHERE user_id = $1 AND digest = $2";

pub(crate) const CODES_LEFT: &str = "SELECT digest FROM towergate_backup_codes WHERE user_id = $1";

const FORGET_CODES: &str = "DELETE FROM towergate_backup_codes WHERE user_id = $1";

pub(crate) const FORGET_CODES_SINCE: &str =
    "DELETE FROM towergate_backup_codes WHERE user_id = $1 AND created_at >= $2";

impl FactorStore for PostgresStore {
    async fn find_totp(&self, user: UserId) -> Result<Option<TotpFactor>, StoreError> {
        self.one(FIND, params![user.as_uuid()], read).await
    }

    async fn begin_totp(
        &self,
        user: UserId,
        sealed: Vec<u8>,
        origin: Origin,
    ) -> Result<BeginningTotp, StoreError> {
        self.write((user, sealed, origin), |step, (user, sealed, origin)| {
            Box::pin(begin(step, *user, sealed, origin))
        })
        .await
    }

    async fn enrol_totp(&self, enrolment: Enrolment, origin: Origin) -> Result<EnrollingTotp, StoreError> {
        self.write((enrolment, origin), |step, (enrolment, origin)| Box::pin(enrol(step, enrolment, origin)))
            .await
    }

    async fn spend_totp(
        &self,
        user: UserId,
        spent: TotpStep,
        origin: Origin,
    ) -> Result<Spending, StoreError> {
        self.write((user, FactorUse::Totp(spent), origin), |step, (user, used, origin)| {
            Box::pin(spend_alone(step, *user, used, origin))
        })
        .await
    }

    async fn spend_backup_code(
        &self,
        user: UserId,
        code: Digest,
        origin: Origin,
    ) -> Result<Spending, StoreError> {
        self.write((user, FactorUse::BackupCode(code), origin), |step, (user, used, origin)| {
            Box::pin(spend_alone(step, *user, used, origin))
        })
        .await
    }

    async fn backup_codes_left(&self, user: UserId) -> Result<usize, StoreError> {
        let left = self.all(CODES_LEFT, params![user.as_uuid()], |fields| fields.digest("digest"));
        Ok(left.await?.len())
    }

    async fn renew_backup_codes(
        &self,
        user: UserId,
        codes: Vec<Digest>,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.write((user, codes, notice, origin), |step, (user, codes, notice, origin)| {
            Box::pin(async move {
                user::lock(&mut step.connection, *user).await?;
                if !has_second_factor(&mut step.connection, *user).await? {
                    return Ok(false);
                }
                renew(step, *user, codes, origin).await?;
                mail::queue_notice(step, notice.as_ref(), origin).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn remove_totp(
        &self,
        user: UserId,
        keeps: Option<SessionId>,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.write((user, keeps, notice, origin), |step, (user, keeps, notice, origin)| {
            Box::pin(remove(step, *user, *keeps, notice.as_ref(), origin))
        })
        .await
    }
}

async fn begin(
    step: &mut Step,
    user: UserId,
    sealed: &[u8],
    origin: &Origin,
) -> Result<BeginningTotp, Failure> {
    user::lock(&mut step.connection, user).await?;
    if !user::may_sign_in(&mut step.connection, user).await? {
        return Ok(BeginningTotp::UserRefused);
    }
    let row = params![user.as_uuid(), sealed, origin.at];
    let begun = query::change(&mut step.connection, BEGIN, row).await? > 0;
    Ok(if begun { BeginningTotp::Begun } else { BeginningTotp::Enrolled })
}

async fn remove(
    step: &mut Step,
    user: UserId,
    keeps: Option<SessionId>,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<bool, Failure> {
    user::lock(&mut step.connection, user).await?;
    let enrolled = has_app(&mut step.connection, user).await?;
    query::change(&mut step.connection, REMOVE, params![user.as_uuid()]).await?;
    keep_codes_of_a_factor(&mut step.connection, user).await?;
    if enrolled {
        step.record(&IdentityFact::FactorRemoved { user }, origin).await?;
        session::end_of_user(step, user, keeps, SessionEnd::FactorsChanged, origin).await?;
        mail::queue_notice(step, notice, origin).await?;
    }
    Ok(enrolled)
}

async fn spend_alone(
    step: &mut Step,
    user: UserId,
    used: &FactorUse,
    origin: &Origin,
) -> Result<Spending, Failure> {
    user::lock(&mut step.connection, user).await?;
    spend(step, user, used, origin).await
}

/// Whether the person is asked for one when they sign in.
pub(super) async fn has_second_factor(connection: &mut PgConnection, user: UserId) -> Result<bool, Failure> {
    Ok(has_app(connection, user).await? || passkey_factor::is_on(connection, user).await?)
}

/// Whether a second factor is asked for in a session that begins: its person has one, or must have one and has a passkey that
/// is one beside what they proved.
pub(super) async fn is_asked(
    connection: &mut PgConnection,
    session: &SessionRecord,
) -> Result<bool, Failure> {
    if has_second_factor(connection, session.user).await? {
        return Ok(true);
    }
    let must_have = session.stage == SessionStage::AwaitsEnrolment;
    Ok(must_have && completed_by(&passkey::of_user(connection, session.user).await?, &session.methods))
}

/// Without a factor there are no codes in the place of one.
pub(super) async fn keep_codes_of_a_factor(
    connection: &mut PgConnection,
    user: UserId,
) -> Result<(), Failure> {
    if !has_second_factor(connection, user).await? {
        query::change(connection, FORGET_CODES, params![user.as_uuid()]).await?;
    }
    Ok(())
}

async fn has_app(connection: &mut PgConnection, user: UserId) -> Result<bool, Failure> {
    Ok(find(connection, user).await?.is_some_and(|totp| totp.is_enrolled()))
}

/// Marks a code spent, if it is good.
pub(super) async fn spend(
    step: &mut Step,
    user: UserId,
    used: &FactorUse,
    origin: &Origin,
) -> Result<Spending, Failure> {
    let id = user.as_uuid();
    let (changed, class) = match used {
        FactorUse::Totp(spent) => (
            query::change(&mut step.connection, SPEND, params![id, number(*spent)?]).await?,
            CredentialClass::Totp,
        ),
        FactorUse::BackupCode(code) => {
            let changed = query::change(&mut step.connection, SPEND_CODE, params![id, code]).await?;
            (changed, CredentialClass::BackupCode)
        }
    };
    if changed > 0 {
        step.record(&IdentityFact::FactorUsed { user, class }, origin).await?;
        return Ok(Spending::Spent);
    }
    let spent_before = matches!(used, FactorUse::Totp(_)) && has_app(&mut step.connection, user).await?;
    Ok(if spent_before { Spending::SpentBefore } else { Spending::Missing })
}

/// Forgets what a person has had since then and not before; answers what it was, unless it counted for nothing yet.
pub(super) async fn forget_since(
    connection: &mut PgConnection,
    user: UserId,
    since: Timestamp,
) -> Result<Option<IdentityFact>, Failure> {
    if let Some(totp) = find(connection, user).await?.filter(|totp| totp.created_at >= since) {
        query::change(connection, REMOVE, params![user.as_uuid()]).await?;
        if totp.is_enrolled() {
            query::change(connection, FORGET_CODES, params![user.as_uuid()]).await?;
            return Ok(Some(IdentityFact::FactorRemoved { user }));
        }
    }
    let void = query::change(connection, FORGET_CODES_SINCE, params![user.as_uuid(), since]).await? > 0;
    Ok(void.then_some(IdentityFact::BackupCodesRenewed { user, count: 0 }))
}

async fn find(connection: &mut PgConnection, user: UserId) -> Result<Option<TotpFactor>, Failure> {
    query::one(connection, FIND, params![user.as_uuid()], read).await
}

async fn enrol(step: &mut Step, enrolment: &Enrolment, origin: &Origin) -> Result<EnrollingTotp, Failure> {
    let Enrolment { user, sealed, step: first, codes, keeps, notice } = enrolment;
    user::lock(&mut step.connection, *user).await?;
    let waiting = find(&mut step.connection, *user).await?;
    let waits = waiting.is_some_and(|totp| totp.sealed == *sealed && totp.awaits_first_code(origin.at));
    if !waits {
        return Ok(EnrollingTotp::Changed);
    }
    let row = params![user.as_uuid(), number(*first)?, origin.at];
    query::change(&mut step.connection, ENROL, row).await?;
    step.record(&IdentityFact::FactorEnrolled { user: *user }, origin).await?;
    renew(step, *user, codes, origin).await?;
    session::end_of_user(step, *user, *keeps, SessionEnd::FactorsChanged, origin).await?;
    mail::queue_notice(step, notice.as_ref(), origin).await?;
    Ok(EnrollingTotp::Enrolled)
}

pub(super) async fn renew(
    step: &mut Step,
    user: UserId,
    codes: &[Digest],
    origin: &Origin,
) -> Result<(), Failure> {
    query::change(&mut step.connection, FORGET_CODES, params![user.as_uuid()]).await?;
    let digests: Vec<_> = codes.iter().map(|code| code.as_bytes().to_vec()).collect();
    query::change(&mut step.connection, ADD_CODES, params![user.as_uuid(), digests, origin.at]).await?;
    step.record(&IdentityFact::BackupCodesRenewed { user, count: codes.len() }, origin).await
}

fn read(fields: &mut Fields<'_>) -> Result<TotpFactor, Failure> {
    fields.table("towergate_totp");
    fields.uuid("user_id")?;
    let sealed = fields.get("sealed")?;
    let state = match fields.get::<Option<i64>>("last_step")? {
        None => TotpState::Pending,
        Some(step) => {
            let step = u64::try_from(step).map_err(|_| fields.unreadable("last_step"))?;
            TotpState::Enrolled(TotpStep::new(step))
        }
    };
    Ok(TotpFactor { sealed, state, created_at: fields.time("created_at")? })
}

/// A step as SQLite counts; those of the next billions of years fit.
fn number(step: TotpStep) -> Result<i64, Failure> {
    i64::try_from(step.number())
        .map_err(|_| Failure::Store(StoreError::Refused(String::from("a step beyond the end of time"))))
}
