//! The ends of sessions in memory, and of the families that go with them.

use towergate_core::audit::Origin;

use super::{Tables, api_token};
use crate::rules::{
    fact::{IdentityFact, SessionEnd},
    remember::{Remembered, RememberedId},
    session::{SessionId, SessionRecord},
    user::UserId,
};

/// Ends all that somebody signed in with: every session of theirs but `except`, every browser that stays signed in, and unless
/// this is [only an end](SessionEnd::is_only_an_end), all trust in their browsers; and where
/// [the reason is one](SessionEnd::ends_api_tokens), the tokens of their programs. Answers how many sessions were alive.
///
/// Every step that ends the sessions of a person goes through here.
pub(super) fn end_of_user(
    state: &mut Tables,
    user: UserId,
    except: Option<SessionId>,
    reason: SessionEnd,
    origin: &Origin,
) -> u64 {
    let spared = except.filter(|_| reason.is_only_an_end());
    let spared = spared.and_then(|id| state.sessions.family_of(id));
    let ended = state.sessions.end_where(
        |session| session.user == user && Some(session.id) != except,
        reason,
        origin,
        &mut state.log,
    );
    forget_families(state, |family| family.user == user && Some(family.id) != spared, reason, origin);
    if reason == SessionEnd::AddressProven {
        state.browsers.forget(user);
    }
    if !reason.is_only_an_end() {
        state.browsers.distrust(user, origin, &mut state.log);
    }
    if reason.ends_api_tokens() {
        api_token::end_of_user(state, user, reason, origin);
    }
    ended
}

/// Ends these sessions, and the families that they came from; answers how many were alive.
pub(super) fn end_sessions(
    state: &mut Tables,
    ends: impl Fn(&SessionRecord) -> bool,
    reason: SessionEnd,
    origin: &Origin,
) -> u64 {
    let families = state.sessions.families_where(&ends);
    let ended = state.sessions.end_where(ends, reason, origin, &mut state.log);
    forget_families(state, |family| families.contains(&family.id), reason, origin);
    ended
}

/// Ends these families, and the sessions that came from them.
pub(super) fn end_families(
    state: &mut Tables,
    ends: impl Fn(&Remembered) -> bool,
    reason: SessionEnd,
    origin: &Origin,
) {
    let families = state.remembered.ids_where(&ends);
    let sessions = state.sessions.of_families(&families);
    state.sessions.end_where(|session| sessions.contains(&session.id), reason, origin, &mut state.log);
    forget_families(state, |family| families.contains(&family.id), reason, origin);
}

/// Ends these families alone. What has expired goes unnoticed.
pub(super) fn forget_families(
    state: &mut Tables,
    ends: impl Fn(&Remembered) -> bool,
    reason: SessionEnd,
    origin: &Origin,
) {
    let ended: Vec<(RememberedId, UserId)> = state.remembered.take_where(ends, origin.at);
    for (family, user) in ended {
        state.log.write(&IdentityFact::RememberedEnded { user, family, reason }, origin);
    }
}
