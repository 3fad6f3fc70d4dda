//! Authenticator apps and backup codes.

use rusqlite::{Connection, params};
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
use crate::{failure::Failure, fields::Fields, query, store::SqliteStore, writer::Step};

pub(crate) const FIND: &str =
    "SELECT user_id, sealed, last_step, created_at FROM towergate_totp WHERE user_id = ?1";

const BEGIN: &str = "INSERT INTO towergate_totp (user_id, sealed, created_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at
    WHERE last_step IS NULL";

const ENROL: &str = "UPDATE towergate_totp SET last_step = ?2, created_at = ?3
    WHERE user_id = ?1 AND last_step IS NULL";

pub(crate) const SPEND: &str =
    "UPDATE towergate_totp SET last_step = ?2 WHERE user_id = ?1 AND last_step < ?2";

const REMOVE: &str = "DELETE FROM towergate_totp WHERE user_id = ?1";

const ADD_CODE: &str = "INSERT INTO towergate_backup_codes (user_id, digest, created_at) VALUES (?1, ?2, ?3)";

pub(crate) const SPEND_CODE: &str = "DELETE FROM towergate_backup_codes WHERE user_id = ?1 AND digest = ?2";

pub(crate) const CODES_LEFT: &str = "SELECT digest FROM towergate_backup_codes WHERE user_id = ?1";

const FORGET_CODES: &str = "DELETE FROM towergate_backup_codes WHERE user_id = ?1";

pub(crate) const FORGET_CODES_SINCE: &str =
    "DELETE FROM towergate_backup_codes WHERE user_id = ?1 AND created_at >= ?2";

impl FactorStore for SqliteStore {
    async fn find_totp(&self, user: UserId) -> Result<Option<TotpFactor>, StoreError> {
        self.read(|connection| find(connection, user))
    }

    async fn begin_totp(
        &self,
        user: UserId,
        sealed: Vec<u8>,
        origin: Origin,
    ) -> Result<BeginningTotp, StoreError> {
        self.write(move |step| {
            if !user::may_sign_in(step.connection, user)? {
                return Ok(BeginningTotp::UserRefused);
            }
            let row = params![user.as_uuid().as_bytes(), sealed, origin.at.unix_millis()];
            let begun = query::change(step.connection, BEGIN, row)? > 0;
            Ok(if begun { BeginningTotp::Begun } else { BeginningTotp::Enrolled })
        })
        .await
    }

    async fn enrol_totp(&self, enrolment: Enrolment, origin: Origin) -> Result<EnrollingTotp, StoreError> {
        self.write(move |step| enrol(step, &enrolment, &origin)).await
    }

    async fn spend_totp(
        &self,
        user: UserId,
        spent: TotpStep,
        origin: Origin,
    ) -> Result<Spending, StoreError> {
        self.write(move |step| spend(step, user, &FactorUse::Totp(spent), &origin)).await
    }

    async fn spend_backup_code(
        &self,
        user: UserId,
        code: Digest,
        origin: Origin,
    ) -> Result<Spending, StoreError> {
        self.write(move |step| spend(step, user, &FactorUse::BackupCode(code), &origin)).await
    }

    async fn backup_codes_left(&self, user: UserId) -> Result<usize, StoreError> {
        let key = params![user.as_uuid().as_bytes()];
        self.read(|connection| {
            query::all(connection, CODES_LEFT, key, |fields| fields.digest("digest")).map(|left| left.len())
        })
    }

    async fn renew_backup_codes(
        &self,
        user: UserId,
        codes: Vec<Digest>,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.write(move |step| {
            if !has_second_factor(step.connection, user)? {
                return Ok(false);
            }
            renew(step, user, &codes, &origin)?;
            mail::queue_notice(step, notice.as_ref(), &origin)?;
            Ok(true)
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
        self.write(move |step| {
            let enrolled = has_app(step.connection, user)?;
            query::change(step.connection, REMOVE, params![user.as_uuid().as_bytes()])?;
            keep_codes_of_a_factor(step.connection, user)?;
            if enrolled {
                step.record(&IdentityFact::FactorRemoved { user }, &origin)?;
                session::end_of_user(step, user, keeps, SessionEnd::FactorsChanged, &origin)?;
                mail::queue_notice(step, notice.as_ref(), &origin)?;
            }
            Ok(enrolled)
        })
        .await
    }
}

/// Whether the person is asked for one when they sign in.
pub(super) fn has_second_factor(connection: &Connection, user: UserId) -> Result<bool, Failure> {
    Ok(has_app(connection, user)? || passkey_factor::is_on(connection, user)?)
}

/// Whether a second factor is asked for in a session that begins: its person has one, or must have one and has a passkey that
/// is one beside what they proved.
pub(super) fn is_asked(connection: &Connection, session: &SessionRecord) -> Result<bool, Failure> {
    if has_second_factor(connection, session.user)? {
        return Ok(true);
    }
    let must_have = session.stage == SessionStage::AwaitsEnrolment;
    Ok(must_have && completed_by(&passkey::of_user(connection, session.user)?, &session.methods))
}

/// Without a factor there are no codes in the place of one.
pub(super) fn keep_codes_of_a_factor(connection: &Connection, user: UserId) -> Result<(), Failure> {
    if !has_second_factor(connection, user)? {
        query::change(connection, FORGET_CODES, params![user.as_uuid().as_bytes()])?;
    }
    Ok(())
}

fn has_app(connection: &Connection, user: UserId) -> Result<bool, Failure> {
    Ok(find(connection, user)?.is_some_and(|totp| totp.is_enrolled()))
}

/// Marks a code spent, if it is good.
pub(super) fn spend(
    step: &mut Step<'_>,
    user: UserId,
    used: &FactorUse,
    origin: &Origin,
) -> Result<Spending, Failure> {
    let id = user.as_uuid().as_bytes();
    let (changed, class) = match used {
        FactorUse::Totp(spent) => {
            (query::change(step.connection, SPEND, params![id, number(*spent)?])?, CredentialClass::Totp)
        }
        FactorUse::BackupCode(code) => {
            let changed = query::change(step.connection, SPEND_CODE, params![id, code.as_bytes()])?;
            (changed, CredentialClass::BackupCode)
        }
    };
    if changed > 0 {
        step.record(&IdentityFact::FactorUsed { user, class }, origin)?;
        return Ok(Spending::Spent);
    }
    let spent_before = matches!(used, FactorUse::Totp(_)) && has_app(step.connection, user)?;
    Ok(if spent_before { Spending::SpentBefore } else { Spending::Missing })
}

/// Forgets what a person has had since then and not before; answers what it was, unless it counted for nothing yet.
pub(super) fn forget_since(
    connection: &Connection,
    user: UserId,
    since: Timestamp,
) -> Result<Option<IdentityFact>, Failure> {
    let key = user.as_uuid().as_bytes();
    if let Some(totp) = find(connection, user)?.filter(|totp| totp.created_at >= since) {
        query::change(connection, REMOVE, params![key])?;
        if totp.is_enrolled() {
            query::change(connection, FORGET_CODES, params![key])?;
            return Ok(Some(IdentityFact::FactorRemoved { user }));
        }
    }
    let void = query::change(connection, FORGET_CODES_SINCE, params![key, since.unix_millis()])? > 0;
    Ok(void.then_some(IdentityFact::BackupCodesRenewed { user, count: 0 }))
}

fn find(connection: &Connection, user: UserId) -> Result<Option<TotpFactor>, Failure> {
    query::one(connection, FIND, params![user.as_uuid().as_bytes()], read)
}

fn enrol(step: &mut Step<'_>, enrolment: &Enrolment, origin: &Origin) -> Result<EnrollingTotp, Failure> {
    let Enrolment { user, sealed, step: first, codes, keeps, notice } = enrolment;
    let waiting = find(step.connection, *user)?;
    let waits = waiting.is_some_and(|totp| totp.sealed == *sealed && totp.awaits_first_code(origin.at));
    if !waits {
        return Ok(EnrollingTotp::Changed);
    }
    let row = params![user.as_uuid().as_bytes(), number(*first)?, origin.at.unix_millis()];
    query::change(step.connection, ENROL, row)?;
    step.record(&IdentityFact::FactorEnrolled { user: *user }, origin)?;
    renew(step, *user, codes, origin)?;
    session::end_of_user(step, *user, *keeps, SessionEnd::FactorsChanged, origin)?;
    mail::queue_notice(step, notice.as_ref(), origin)?;
    Ok(EnrollingTotp::Enrolled)
}

pub(super) fn renew(
    step: &mut Step<'_>,
    user: UserId,
    codes: &[Digest],
    origin: &Origin,
) -> Result<(), Failure> {
    let key = user.as_uuid().as_bytes();
    query::change(step.connection, FORGET_CODES, params![key])?;
    for code in codes {
        query::change(step.connection, ADD_CODE, params![key, code.as_bytes(), origin.at.unix_millis()])?;
    }
    step.record(&IdentityFact::BackupCodesRenewed { user, count: codes.len() }, origin)
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
