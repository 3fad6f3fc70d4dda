//! A cookie is traded for a session.

use std::sync::Arc;

use towergate_core::{
    Secret, StoreError, Timestamp,
    seal::{SealError, SealingKey},
    token::OpaqueToken,
};
use towergate_identity::{
    ports::{
        DeviceStore, RememberStore,
        remember::{Trade, Traded},
    },
    rules::{
        notice::Notice,
        remember::{self, RememberedId, Worth},
        session::{self, SessionId, SessionRecord},
    },
};

use super::door::BrowserKeeper;
use crate::{error::SessionError, handle::Session};

/// Trades `shown` for a session and the next cookie, which `session` takes up.
pub(super) async fn redeem<S: RememberStore + DeviceStore>(
    keeper: Arc<BrowserKeeper<S>>,
    session: Session,
    shown: OpaqueToken,
) -> Result<(), SessionError> {
    let now = session.now();
    let id = RememberedId::from_uuid(shown.id());
    let Some(family) = keeper.store.find_remembered(id).await? else {
        session.forget_remembered();
        return Ok(());
    };
    let digest = shown.digest();
    let notice = match family.judge(&digest, now) {
        Worth::Stolen => keeper.settings.notices.write(Notice::RememberedTheft, family.user, now).await?,
        Worth::Expired | Worth::JustTraded | Worth::Newest => None,
    };
    let settings = session.settings();
    let next = shown.successor(&*settings.random)?;
    let token = OpaqueToken::mint(session::PREFIX, now, &*settings.random)?;
    let answer = Secret::new(format!("{}\n{}", next.reveal().expose(), token.reveal().expose()));
    let sealed = sealing_key(&shown)
        .and_then(|key| key.seal(shown.id().as_bytes(), answer.expose().as_bytes(), &*settings.random));
    let trade = Trade {
        family: id,
        shown: digest,
        next: next.digest(),
        sealed: sealed.map_err(|error| SessionError::Store(StoreError::Refused(error.to_string())))?,
        session: SessionId::from_uuid(token.id()),
        session_digest: token.digest(),
        lifetime: settings.lifetime,
        duty: settings.enrolment.ask(family.user, now).await?.at(now),
        limit: settings.limit,
        device: session.device(),
        notice,
    };
    match keeper.store.trade_remembered(trade, session.origin(now)?).await? {
        Traded::Traded(record, until) => {
            session.adopt_remembered(record, &token, (&next, until.since(now)));
        }
        Traded::Repeated { sealed, session: living, expires_at } => {
            repeat(&session, &shown, (&sealed, living), (now, expires_at));
        }
        // There is room for them later, or for who signs in.
        Traded::Full => {}
        Traded::Stolen | Traded::Missing => session.forget_remembered(),
    }
    Ok(())
}

/// The same answer as just now. Where its session went on under another identifier, the browser has got that cookie by now.
fn repeat(
    session: &Session,
    shown: &OpaqueToken,
    (sealed, living): (&[u8], Option<SessionRecord>),
    (now, expires_at): (Timestamp, Timestamp),
) {
    let Ok(answer) = sealing_key(shown).and_then(|key| key.open(shown.id().as_bytes(), sealed)) else {
        return;
    };
    let text = std::str::from_utf8(answer.expose()).ok().and_then(|text| text.split_once('\n'));
    let tokens = text.and_then(|(next, token)| {
        Some((OpaqueToken::parse(remember::PREFIX, next)?, OpaqueToken::parse(session::PREFIX, token)?))
    });
    if let Some(((next, token), living)) = tokens.zip(living)
        && living.digest.matches(&token.digest())
    {
        session.adopt_remembered(living, &token, (&next, expires_at.since(now)));
    }
}

fn sealing_key(shown: &OpaqueToken) -> Result<SealingKey, SealError> {
    SealingKey::derive(shown.secret(), "remembered answer")
}
