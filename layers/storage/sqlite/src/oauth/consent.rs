//! Remembered consents.

use rusqlite::{Connection, params};
use towergate_core::audit::Origin;
use towergate_oauth::rules::{
    client::ClientId,
    consent::Consent,
    fact::OAuthFact,
    grant::{RevocationReason, Subject},
};
use towergate_oauth_types::Scope;

use super::grant_row;
use crate::{failure::Failure, fields::Fields, query, writer::Step};

pub(crate) const FIND: &str =
    "SELECT subject, client, scope, claims, resource, given_at FROM towergate_consents
    WHERE subject = ?1 AND client = ?2";

const PUT: &str = "INSERT INTO towergate_consents (subject, client, scope, claims, resource, given_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (subject, client) DO UPDATE SET scope = excluded.scope, claims = excluded.claims,
        resource = excluded.resource, given_at = excluded.given_at";

const FORGET: &str = "DELETE FROM towergate_consents WHERE subject = ?1 AND client = ?2";

pub(crate) const FORGET_OF_SUBJECT: &str = "DELETE FROM towergate_consents WHERE subject = ?1";

pub(crate) const FORGET_OF_CLIENT: &str = "DELETE FROM towergate_consents WHERE client = ?1";

pub(super) fn find(
    connection: &Connection,
    subject: &Subject,
    client: &ClientId,
) -> Result<Option<Consent>, Failure> {
    query::one(connection, FIND, params![subject.as_str(), client.as_str()], read)
}

/// Whether what is remembered covers what is `asked`.
pub(super) fn is_remembered(connection: &Connection, asked: &Consent) -> Result<bool, Failure> {
    let given = find(connection, &asked.subject, &asked.client)?;
    Ok(given.is_some_and(|given| given.covers(asked)))
}

/// Adds `consent` to what is remembered already.
pub(super) fn remember(connection: &Connection, consent: Consent) -> Result<(), Failure> {
    let consent = match find(connection, &consent.subject, &consent.client)? {
        Some(before) => before.extended_by(consent),
        None => consent,
    };
    let row = params![
        consent.subject.as_str(),
        consent.client.as_str(),
        consent.scope.to_string(),
        query::json(&consent.claims)?,
        query::json(&consent.resource)?,
        consent.given_at.unix_millis(),
    ];
    query::change(connection, PUT, row)?;
    Ok(())
}

/// Forgets the consent and revokes what was granted under it; answers how many grants died.
pub(super) fn withdraw(
    step: &mut Step<'_>,
    subject: &Subject,
    client: &ClientId,
    origin: &Origin,
) -> Result<u64, Failure> {
    query::change(step.connection, FORGET, params![subject.as_str(), client.as_str()])?;
    let key = params![origin.at.unix_millis(), subject.as_str(), client.as_str()];
    let fact = OAuthFact::ConsentWithdrawn { subject: subject.clone(), client: client.clone() };
    step.record(&fact, origin)?;
    grant_row::revoke(step, grant_row::REVOKE_OF_SUBJECT, key, RevocationReason::ConsentWithdrawn, origin)
}

fn read(fields: &mut Fields<'_>) -> Result<Consent, Failure> {
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
