//! A session begins.

use sqlx::PgConnection;
use towergate_core::audit::Origin;
use towergate_identity::{
    ports::{
        session::{Established, Establishment},
        visit::{Marks, Visit},
    },
    rules::{
        browser::{BrowserId, spared},
        fact::{IdentityFact, SessionEnd},
        remember::{Remembered, RememberedId},
        session::{SessionRecord, SessionStage},
        user::UserState,
    },
};

use super::{
    browser, ending, factor, remembered_row, replaced_session,
    session::load,
    session_mark::{self, Mark},
    session_row, user,
};
use crate::{failure::Failure, params::params, query, step::Step};

pub(crate) const MOVE_VALUES: &str =
    "UPDATE towergate_session_values SET session_id = $2 WHERE session_id = $1";

pub(super) async fn establish(
    step: &mut Step,
    establishment: &Establishment,
    origin: &Origin,
) -> Result<Established, Failure> {
    let Establishment { session, replaces, is_login, rests_on_replaced, visit } = establishment;
    user::lock(&mut step.connection, session.user).await?;
    let user = user::find(&mut step.connection, session.user).await?.filter(|user| user.state.may_prove());
    let Some(user) = user else { return Ok(Established::UserRefused) };
    let replaced = match replaces {
        Some(id) => load(&mut step.connection, *id, origin.at).await?,
        None => None,
    };
    if replaces.is_some() && replaced.is_none() && (*rests_on_replaced || !is_login) {
        return Ok(Established::Superseded);
    }
    let mut session = session.clone();
    let mut trusted = None;
    if *is_login {
        let is_asked = factor::is_asked(&mut step.connection, &session).await?;
        trusted = trusting(&mut step.connection, &session, visit, origin).await?;
        let spared = spared(&session, is_asked).filter(|_| trusted.is_some());
        trusted = trusted.filter(|_| spared.is_some());
        session = spared.unwrap_or_else(|| session.admitted(is_asked));
    }
    if user.state == UserState::Leaving {
        session = session.leaving();
    }
    let begins = *is_login && session.stage == SessionStage::Complete;
    let spared = replaced.as_ref().map(|replaced| replaced.id);
    if begins && !session_mark::make_room(step, session.user, visit.limit, (spared, None), origin).await? {
        return Ok(Established::Full);
    }
    let gone_on = replaced.as_ref().filter(|replaced| replaced.goes_on_in(&session, *is_login));
    let ended = replaced.as_ref().filter(|_| gone_on.is_none()).map(|replaced| replaced.sign_in);
    let before = match &replaced {
        Some(replaced) => session_mark::find(&mut step.connection, replaced.id).await?,
        None => None,
    };
    let mut mark = mark(visit, before.as_ref(), *is_login);
    if let (Some(gone_on), Some(before)) = (gone_on, &before) {
        session.sign_in = gone_on.sign_in;
        mark.asked |= before.asked;
        mark.remembered = before.remembered;
        mark.began_at = before.began_at.or(Some(gone_on.created_at)).filter(|at| *at != session.created_at);
    }
    if *is_login {
        step.record(&IdentityFact::of_login(&session), origin).await?;
    }
    session_row::insert(&mut step.connection, &session).await?;
    let (sign_in, stage) = (session.sign_in, session.stage);
    let created = IdentityFact::SessionCreated { session: session.id, sign_in, user: session.user };
    step.record(&created, origin).await?;
    if let Some(gone_on) = gone_on {
        let key = params![gone_on.id.as_uuid(), session.id.as_uuid()];
        query::change(&mut step.connection, MOVE_VALUES, key).await?;
        replaced_session::insert(&mut step.connection, &gone_on.replaced()).await?;
    }
    if let Some(replaced) = replaced {
        ending::end_row(step, replaced.id, SessionEnd::Replaced, origin).await?;
    }
    let mut marks = Marks::default();
    if begins {
        marks = settle(step, &session, visit, (&mut mark, trusted), origin).await?;
    }
    let outlived = before.and_then(|before| before.remembered);
    if let Some(outlived) = outlived.filter(|outlived| Some(*outlived) != mark.remembered) {
        ending::forget_family(step, outlived, SessionEnd::Replaced, origin).await?;
    }
    session_mark::write(&mut step.connection, session.id, &mark).await?;
    Ok(Established::Established { sign_in, stage, ended, marks })
}

/// The trusted browser that the person came in, where that counts.
async fn trusting(
    connection: &mut PgConnection,
    session: &SessionRecord,
    visit: &Visit,
    origin: &Origin,
) -> Result<Option<BrowserId>, Failure> {
    let shown = visit.browser.as_ref().filter(|browser| browser.honours_trust);
    let Some(shown) = shown.and_then(|browser| browser.shown.as_ref()) else { return Ok(None) };
    let browser = browser::find(connection, session.user, shown).await?;
    Ok(browser.filter(|browser| browser.is_trusted(origin.at)).map(|browser| browser.id))
}

fn mark(visit: &Visit, before: Option<&Mark>, is_login: bool) -> Mark {
    let asked = visit.remember.as_ref().is_some_and(|remember| remember.asked);
    let device = if is_login { Some(&visit.device) } else { before.map(|before| &before.device) };
    Mark { device: device.cloned().unwrap_or_default(), began_at: None, remembered: None, asked }
}

/// What the browser is known and remembered for from now on, where somebody is wholly signed in.
async fn settle(
    step: &mut Step,
    session: &SessionRecord,
    visit: &Visit,
    (mark, trusted): (&mut Mark, Option<BrowserId>),
    origin: &Origin,
) -> Result<Marks, Failure> {
    let (user, mut marks) = (session.user, Marks::default());
    if let Some(browser) = trusted {
        step.record(&IdentityFact::BrowserTrustUsed { user, browser }, origin).await?;
    }
    if let Some(browser) = &visit.browser {
        marks.browser = Some(browser::arrive(step, session, visit, browser, origin).await?);
    }
    if let Some(remember) = visit.remember.as_ref().filter(|_| mark.asked) {
        let family: RememberedId = remember.id;
        step.record(&IdentityFact::RememberedBegun { user, family }, origin).await?;
        let family = Remembered {
            id: family,
            digest: remember.digest.clone(),
            traded: None,
            user,
            sign_in: session.sign_in,
            methods: session.methods,
            proven_at: session.authenticated_at,
            trusted_by: trusted,
            device: visit.device.clone(),
            created_at: origin.at,
            last_seen_at: origin.at,
            expires_at: origin.at.plus(remember.lifetime),
        };
        remembered_row::insert(&mut step.connection, &family).await?;
        (mark.remembered, mark.asked, marks.remembered) = (Some(remember.id), false, true);
    }
    Ok(marks)
}
