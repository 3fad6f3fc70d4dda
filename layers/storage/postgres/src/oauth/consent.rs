//! Remembered consents.

use sqlx::PgConnection;
use towergate_core::audit::Origin;
use towergate_oauth::rules::{
    client::ClientId,
    consent::Consent,
    fact::OAuthFact,
    grant::{RevocationReason, Subject},
};
use towergate_oauth_types::Scope;

use super::{grant_row, lock};
use crate::{failure::Failure, fields::Fields, params::params, query, step::Step};

macro_rules! find {
    () => {
        "SELECT subject, client, scope, claims, resource, given_at FROM towergate_consents
    WHERE subject = $1 AND client = $2"
    };
}

pub(crate) const FIND: &str = find!();

/// The same, for whoever adds to it.
pub(crate) const LOCK: &str = concat!(find!(), " FOR NO KEY UPDATE");

const INSERT: &str = "INSERT INTO towergate_consents (subject, client, scope, claims, resource, given_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (subject, client) DO NOTHING";

const UPDATE: &str = "UPDATE towergate_consents SET scope = $3, claims = $4, resource = $5, given_at = $6
    WHERE subject = $1 AND client = $2";

const FORGET: &str = "DELETE FROM towergate_consents WHERE subject = $1 AND client = $2";

pub(crate) const FORGET_OF_SUBJECT: &str = "DELETE FROM towergate_consents WHERE subject = $1";

pub(crate) const FORGET_OF_CLIENT: &str = "DELETE FROM towergate_consents WHERE client = $1";

pub(super) async fn find(
    connection: &mut PgConnection,
    subject: &Subject,
    client: &ClientId,
) -> Result<Option<Consent>, Failure> {
    query::one(connection, FIND, params![subject.as_str(), client.as_str()], read).await
}

/// Whether what is remembered covers what is `asked`.
pub(super) async fn is_remembered(connection: &mut PgConnection, asked: &Consent) -> Result<bool, Failure> {
    let given = find(connection, &asked.subject, &asked.client).await?;
    Ok(given.is_some_and(|given| given.covers(asked)))
}

/// Adds `consent` to what is remembered already.
pub(super) async fn remember(connection: &mut PgConnection, consent: Consent) -> Result<(), Failure> {
    // Whoever remembers the first at the same time, for the same two, goes before: what they said is added to.
    if write(connection, INSERT, &consent).await? == 0
        && let Some(before) = find_locked(connection, &consent).await?
    {
        write(connection, UPDATE, &before.extended_by(consent)).await?;
    }
    Ok(())
}

async fn find_locked(connection: &mut PgConnection, of: &Consent) -> Result<Option<Consent>, Failure> {
    query::one(connection, LOCK, params![of.subject.as_str(), of.client.as_str()], read).await
}

async fn write(connection: &mut PgConnection, sql: &'static str, consent: &Consent) -> Result<u64, Failure> {
    let row = params![
        consent.subject.as_str(),
        consent.client.as_str(),
        consent.scope.to_string(),
        query::json(&consent.claims)?,
        query::json(&consent.resource)?,
        consent.given_at,
    ];
    query::change(connection, sql, row).await
}

/// Forgets the consent and revokes what was granted under it; answers how many grants died.
pub(super) async fn withdraw(
    step: &mut Step,
    subject: &Subject,
    client: &ClientId,
    origin: &Origin,
) -> Result<u64, Failure> {
    lock::end_for_person(&mut step.connection, subject).await?;
    query::change(&mut step.connection, FORGET, params![subject.as_str(), client.as_str()]).await?;
    let key = params![origin.at, subject.as_str(), client.as_str()];
    let fact = OAuthFact::ConsentWithdrawn { subject: subject.clone(), client: client.clone() };
    step.record(&fact, origin).await?;
    let reason = RevocationReason::ConsentWithdrawn;
    grant_row::revoke(step, grant_row::REVOKE_OF_SUBJECT, key, reason, origin).await
}

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Consent, Failure> {
    fields.table("towergate_consents");
    Ok(Consent {
        subject: fields.parse("subject", |text| Subject::parse(text).ok())?,
        client: fields.parse("client", |text| ClientId::parse(text).ok())?,
        scope: fields.parse("scope", |text| Scope::parse(text).ok())?,
        claims: fields.json("claims")?,
        resource: fields.json("resource")?,
        given_at: fields.time("given_at")?,
    })
}
