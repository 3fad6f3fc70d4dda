//! Tries at what can be guessed.

use sqlx::PgConnection;
use towergate_core::{StoreError, audit::Origin};
use towergate_identity::{
    ports::tries::TryStore,
    rules::{
        fact::IdentityFact,
        lockout::{LockoutPolicy, Reserving, Tries, TryKey, reserve},
        mail::OutboxMail,
    },
};

use super::mail;
use crate::{failure::Failure, fields::Fields, params::params, query, step::Step, store::PostgresStore};

pub(crate) const FIND: &str =
    "SELECT whose, in_a_row, lately, last_at FROM towergate_tries WHERE class = $1 AND whose = $2";

const KEEP: &str =
    "INSERT INTO towergate_tries (class, whose, in_a_row, lately, last_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (class, whose) DO UPDATE SET
    in_a_row = excluded.in_a_row, lately = excluded.lately, last_at = excluded.last_at";

pub(crate) const FORGET: &str = "DELETE FROM towergate_tries WHERE class = $1 AND whose = $2";

impl TryStore for PostgresStore {
    async fn reserve_try(
        &self,
        key: TryKey,
        policy: LockoutPolicy,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Reserving, StoreError> {
        self.write((key, policy, notice, origin), |step, (key, policy, notice, origin)| {
            Box::pin(reserve_one(step, key, policy, notice.as_ref(), origin))
        })
        .await
    }

    async fn forget_tries(&self, key: TryKey) -> Result<(), StoreError> {
        self.write(key, |step, key| Box::pin(forget(&mut step.connection, key))).await
    }
}

/// Forgets all tries at one credential.
pub(super) async fn forget(connection: &mut PgConnection, key: &TryKey) -> Result<(), Failure> {
    query::change(connection, FORGET, params![key.class().as_str(), key.name()]).await?;
    Ok(())
}

async fn reserve_one(
    step: &mut Step,
    key: &TryKey,
    policy: &LockoutPolicy,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<Reserving, Failure> {
    let class = key.class().as_str();
    let tries =
        query::one(&mut step.connection, FIND, params![class, key.name()], read).await?.unwrap_or_default();
    let (reserving, kept) = reserve(tries, policy, origin.at);
    let row = params![class, key.name(), kept.in_a_row, kept.lately, kept.last_at];
    query::change(&mut step.connection, KEEP, row).await?;
    if reserving == (Reserving::Blocked { just_now: true }) {
        let fact = IdentityFact::CredentialBlocked { class: key.class(), user: key.user() };
        step.record(&fact, origin).await?;
        mail::queue_notice(step, notice, origin).await?;
    }
    Ok(reserving)
}

fn read(fields: &mut Fields<'_>) -> Result<Tries, Failure> {
    fields.table("towergate_tries");
    fields.get::<Vec<u8>>("whose")?;
    Ok(Tries {
        in_a_row: fields.count("in_a_row")?,
        lately: fields.count("lately")?,
        last_at: fields.time("last_at")?,
    })
}
