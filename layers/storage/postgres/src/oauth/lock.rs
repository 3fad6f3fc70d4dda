//! What has no row of its own to be locked: a person, and a sign-in; and what a client pushed, whose row may be gone already.
//!
//! Both are locked by a number drawn from their name, until the end of the step. Two names with one number wait for each
//! other in vain, and nothing worse.

use sqlx::PgConnection;
use towergate_core::Digest;
use towergate_oauth::rules::{
    grant::{Grant, Subject},
    pushed_request::PushedRequestId,
};

use crate::{failure::Failure, params::params, query};

const GIVE: &str = "SELECT pg_advisory_xact_lock_shared($1), pg_advisory_xact_lock_shared($2)";

const ANSWER: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended('towergate pushed request ' || $1::uuid::text, 0))";

const END: &str = "SELECT pg_advisory_xact_lock($1)";

/// Whoever gives a code: nobody takes back what the person gave, nor ends the sign-in, until the end of this step.
pub(super) async fn give(connection: &mut PgConnection, grant: &Grant) -> Result<(), Failure> {
    let sign_in = grant.sign_in.sid.as_deref().map(sign_in);
    query::exists(connection, GIVE, params![person(&grant.subject), sign_in]).await?;
    Ok(())
}

/// Whoever takes back what the person gave: no code is given meanwhile, and none is on its way.
pub(super) async fn end_for_person(connection: &mut PgConnection, subject: &Subject) -> Result<(), Failure> {
    query::exists(connection, END, params![person(subject)]).await?;
    Ok(())
}

/// Whoever ends the sign-in: no code is given in it meanwhile, and none is on its way.
pub(super) async fn end_sign_in(connection: &mut PgConnection, sid: &str) -> Result<(), Failure> {
    query::exists(connection, END, params![sign_in(sid)]).await?;
    Ok(())
}

/// Whoever answers what a client pushed: nobody else does meanwhile. The same lock is taken where an interaction that began
/// from it is [locked](super::interaction::LOCK).
pub(super) async fn answer(connection: &mut PgConnection, id: PushedRequestId) -> Result<(), Failure> {
    query::exists(connection, ANSWER, params![id.as_uuid()]).await?;
    Ok(())
}

fn person(subject: &Subject) -> i64 {
    number("person", subject.as_str())
}

fn sign_in(sid: &str) -> i64 {
    number("sign-in", sid)
}

fn number(kind: &str, name: &str) -> i64 {
    let digest = Digest::of(format!("towergate {kind} {name}").as_bytes());
    let mut number = [0; 8];
    number.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    i64::from_be_bytes(number)
}
