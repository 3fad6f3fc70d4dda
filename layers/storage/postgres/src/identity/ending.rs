//! The ends of sessions, and of the browsers that stay signed in with them.

use towergate_core::audit::Origin;
use towergate_identity::rules::{
    fact::{IdentityFact, SessionEnd},
    remember::{Remembered, RememberedId},
    session::{SessionId, SessionRecord, SignInId},
    user::UserId,
};

use super::{
    api_token, browser, remembered_row as family_row,
    remembered_row::remembered_columns,
    session_mark,
    session_row::{self, session_columns},
};
use crate::{failure::Failure, params::params, query, step::Step};

pub(crate) const END: &str =
    concat!("DELETE FROM towergate_sessions WHERE id = $1 RETURNING ", session_columns!());

pub(crate) const END_OF_SIGN_IN: &str =
    concat!("DELETE FROM towergate_sessions WHERE sign_in = $1 RETURNING ", session_columns!());

pub(crate) const END_OF_FAMILY: &str =
    concat!("DELETE FROM towergate_sessions WHERE remembered = $1 RETURNING ", session_columns!());

pub(crate) const END_OF_USER: &str = concat!(
    "DELETE FROM towergate_sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2 RETURNING ",
    session_columns!()
);

pub(crate) const FAMILIES_OF_SIGN_IN: &str =
    "SELECT remembered FROM towergate_sessions WHERE sign_in = $1 AND remembered IS NOT NULL";

pub(crate) const FORGET: &str =
    concat!("DELETE FROM towergate_remembered WHERE id = $1 RETURNING ", remembered_columns!());

pub(crate) const FORGET_OF_USER: &str = concat!(
    "DELETE FROM towergate_remembered WHERE user_id = $1 AND id IS DISTINCT FROM $2 RETURNING ",
    remembered_columns!()
);

/// Ends all that somebody signed in with: every session of theirs but `except`, every browser that stays signed in, and unless
/// this is [only an end](SessionEnd::is_only_an_end), all trust in their browsers; and where
/// [the reason is one](SessionEnd::ends_api_tokens), the tokens of their programs. Answers how many sessions were alive.
///
/// Every step that ends the sessions of a person goes through here.
pub(super) async fn end_of_user(
    step: &mut Step,
    user: UserId,
    except: Option<SessionId>,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<u64, Failure> {
    let spared = match except.filter(|_| reason.is_only_an_end()) {
        Some(id) => session_mark::find(&mut step.connection, id).await?.and_then(|mark| mark.remembered),
        None => None,
    };
    let person = user.as_uuid();
    let key = params![person, except.map(|id| *id.as_uuid())];
    let ended = query::all(&mut step.connection, END_OF_USER, key, session_row::read).await?;
    let count = record_ends(step, ended, reason, origin).await?;
    let key = params![person, spared.map(|id| *id.as_uuid())];
    let families = query::all(&mut step.connection, FORGET_OF_USER, key, family_row::read).await?;
    record_families(step, families, reason, origin).await?;
    if reason == SessionEnd::AddressProven {
        browser::forget(&mut step.connection, user).await?;
    }
    if !reason.is_only_an_end() {
        browser::distrust(step, user, origin).await?;
    }
    if reason.ends_api_tokens() {
        api_token::end_of_user(step, user, reason, origin).await?;
    }
    Ok(count)
}

/// Ends a session and the family that it came from; `false` when it was not there, or dead already.
pub(super) async fn end_session(
    step: &mut Step,
    id: SessionId,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<bool, Failure> {
    let family = session_mark::find(&mut step.connection, id).await?.and_then(|mark| mark.remembered);
    let ended = end_row(step, id, reason, origin).await?;
    if let Some(family) = family {
        forget_family(step, family, reason, origin).await?;
    }
    Ok(ended)
}

/// Ends a session alone.
pub(super) async fn end_row(
    step: &mut Step,
    id: SessionId,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<bool, Failure> {
    // Also where it is gone already: whoever ended it may not have told everybody yet.
    step.ends.of(id);
    let ended = query::all(&mut step.connection, END, params![id.as_uuid()], session_row::read).await?;
    Ok(record_ends(step, ended, reason, origin).await? > 0)
}

/// Ends the sessions of a sign-in, and the families that they came from; answers how many were alive.
pub(super) async fn end_of_sign_in(
    step: &mut Step,
    sign_in: SignInId,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<u64, Failure> {
    let key = || params![sign_in.as_uuid()];
    let families =
        query::all(&mut step.connection, FAMILIES_OF_SIGN_IN, key(), |fields| fields.uuid("remembered"))
            .await?;
    let ended = query::all(&mut step.connection, END_OF_SIGN_IN, key(), session_row::read).await?;
    let count = record_ends(step, ended, reason, origin).await?;
    for family in families {
        forget_family(step, RememberedId::from_uuid(family), reason, origin).await?;
    }
    Ok(count)
}

/// Ends the sessions that came from a family; it goes on.
pub(super) async fn end_of_family(
    step: &mut Step,
    family: RememberedId,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<(), Failure> {
    let key = params![family.as_uuid()];
    let ended = query::all(&mut step.connection, END_OF_FAMILY, key, session_row::read).await?;
    record_ends(step, ended, reason, origin).await?;
    Ok(())
}

/// Ends a family, and the sessions that came from it.
pub(super) async fn end_family(
    step: &mut Step,
    family: &Remembered,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<(), Failure> {
    end_of_family(step, family.id, reason, origin).await?;
    forget_family(step, family.id, reason, origin).await
}

/// Ends a family alone.
pub(super) async fn forget_family(
    step: &mut Step,
    family: RememberedId,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<(), Failure> {
    let key = params![family.as_uuid()];
    let ended = query::all(&mut step.connection, FORGET, key, family_row::read).await?;
    record_families(step, ended, reason, origin).await
}

/// Writes down the ends of those that were alive, and names all for whoever answers sessions from elsewhere; answers how
/// many were alive.
async fn record_ends(
    step: &mut Step,
    mut ended: Vec<SessionRecord>,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<u64, Failure> {
    ended.iter().for_each(|session| step.ends.of(session.id));
    ended.retain(|session| session.is_alive(origin.at));
    ended.sort_by_key(|session| session.id);
    let mut count = 0;
    for session in &ended {
        step.record(&revoked(session, reason), origin).await?;
        count += 1;
    }
    Ok(count)
}

/// Writes down the ends of those that were not too old.
async fn record_families(
    step: &mut Step,
    mut ended: Vec<Remembered>,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<(), Failure> {
    ended.retain(|family| origin.at < family.expires_at);
    ended.sort_by_key(|family| family.id);
    for Remembered { id, user, .. } in ended {
        step.record(&IdentityFact::RememberedEnded { user, family: id, reason }, origin).await?;
    }
    Ok(())
}

const fn revoked(session: &SessionRecord, reason: SessionEnd) -> IdentityFact {
    IdentityFact::SessionRevoked { session: session.id, sign_in: session.sign_in, user: session.user, reason }
}
