//! Whether the person must be asked before they are signed out.
//! [RP-Initiated Logout sections 2 and 6](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout)

use super::LogoutRequest;
use crate::rules::grant::Subject;

/// Who is signed in.
#[derive(Debug, Clone, Copy)]
pub struct Present<'a> {
    /// The login session, if the host tells sessions apart.
    pub sid: Option<&'a str>,
    /// The person as the client of the request knows them; `None` without a client.
    pub sub: Option<&'a Subject>,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Nobody is signed in: go on to the end.
    Done,
    /// The request proves that it is about this very session: end it.
    End,
    /// Anybody could have sent it: ask.
    Ask,
}

/// What to do with a request while `present` is signed in.
///
/// Only an ID token of this session and this person proves that the request comes from where they are signed in; a link
/// on any page could be the rest.
#[must_use]
pub fn decide(request: &LogoutRequest, present: Option<Present<'_>>) -> Decision {
    let Some(present) = present else { return Decision::Done };
    let Some(hint) = &request.hint else { return Decision::Ask };
    let same_session = hint.sid.is_some() && hint.sid.as_deref() == present.sid;
    let same_person = present.sub.is_some_and(|sub| sub.as_str() == hint.sub);
    if same_session && same_person { Decision::End } else { Decision::Ask }
}
