//! Tries at what can be guessed.

use rusqlite::{Connection, params};
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
use crate::{failure::Failure, fields::Fields, query, store::SqliteStore, writer::Step};

pub(crate) const FIND: &str =
    "SELECT whose, in_a_row, lately, last_at FROM towergate_tries WHERE class = ?1 AND whose = ?2";

const KEEP: &str =
    "INSERT INTO towergate_tries (class, whose, in_a_row, lately, last_at) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (class, whose) DO UPDATE SET
    in_a_row = excluded.in_a_row, lately = excluded.lately, last_at = excluded.last_at";

pub(crate) const FORGET: &str = "DELETE FROM towergate_tries WHERE class = ?1 AND whose = ?2";

impl TryStore for SqliteStore {
    async fn reserve_try(
        &self,
        key: TryKey,
        policy: LockoutPolicy,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Reserving, StoreError> {
        self.write(move |step| reserve_one(step, &key, &policy, notice.as_ref(), &origin)).await
    }

    async fn forget_tries(&self, key: TryKey) -> Result<(), StoreError> {
        self.write(move |step| forget(step.connection, &key)).await
    }
}

/// Forgets all tries at one credential.
pub(super) fn forget(connection: &Connection, key: &TryKey) -> Result<(), Failure> {
    query::change(connection, FORGET, params![key.class().as_str(), key.name()])?;
    Ok(())
}

fn reserve_one(
    step: &mut Step<'_>,
    key: &TryKey,
    policy: &LockoutPolicy,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<Reserving, Failure> {
    let class = key.class().as_str();
    let tries = query::one(step.connection, FIND, params![class, key.name()], read)?.unwrap_or_default();
    let (reserving, kept) = reserve(tries, policy, origin.at);
    let row = params![class, key.name(), kept.in_a_row, kept.lately, kept.last_at.unix_millis()];
    query::change(step.connection, KEEP, row)?;
    if reserving == (Reserving::Blocked { just_now: true }) {
        let fact = IdentityFact::CredentialBlocked { class: key.class(), user: key.user() };
        step.record(&fact, origin)?;
        mail::queue_notice(step, notice, origin)?;
    }
    Ok(reserving)
}

fn read(fields: &mut Fields<'_>) -> Result<Tries, Failure> {
    fields.table("towergate_tries");
    fields.get::<Vec<u8>>("whose")?;
    Ok(Tries {
        in_a_row: fields.get("in_a_row")?,
        lately: fields.get("lately")?,
        last_at: fields.time("last_at")?,
    })
}
