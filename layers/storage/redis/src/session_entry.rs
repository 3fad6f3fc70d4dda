//! A session as it stands in Redis: sealed, so that nobody but the house can have written it, there and until then.

use serde::{Deserialize, Serialize};
use towergate_core::{
    Digest, Timestamp,
    id::{Uuid, parse},
    mac::MacKey,
    secret::constant_time_eq,
};
use towergate_identity::rules::{
    login_proof::Method,
    passkey::PasskeyId,
    session::{SessionId, SessionRecord, SessionStage, SignInId},
    user::UserId,
};

use crate::hex::hex;

/// How an entry begins: a mark, and the number of its form. One of another form is as good as none.
const FORM: &str = "=1";

/// How long the MAC is, in letters.
const MAC: usize = 64;

#[derive(Serialize, Deserialize)]
struct Entry {
    /// Until when it is good, by the clock of whoever wrote it.
    until: i64,
    digest: [u8; 32],
    sign_in: String,
    user: String,
    stage: u8,
    methods: Vec<String>,
    passkey: Option<String>,
    authenticated_at: i64,
    created_at: i64,
    last_seen_at: i64,
    idle_expires_at: i64,
    absolute_expires_at: i64,
}

/// The session as it stands at `place`, good until then; `None` where it cannot be written.
pub(crate) fn seal(session: &SessionRecord, place: &str, key: &MacKey, until: Timestamp) -> Option<String> {
    let stage = STAGES.iter().position(|stage| *stage == session.stage)?;
    let text = |id: &Uuid| id.to_string();
    let entry = Entry {
        until: until.unix_millis(),
        digest: *session.digest.as_bytes(),
        sign_in: text(session.sign_in.as_uuid()),
        user: text(session.user.as_uuid()),
        stage: u8::try_from(stage).ok()?,
        methods: session.methods.iter().map(|method| method.as_str().to_owned()).collect(),
        passkey: session.passkey.as_ref().map(|passkey| text(passkey.as_uuid())),
        authenticated_at: session.authenticated_at.unix_millis(),
        created_at: session.created_at.unix_millis(),
        last_seen_at: session.last_seen_at.unix_millis(),
        idle_expires_at: session.idle_expires_at.unix_millis(),
        absolute_expires_at: session.absolute_expires_at.unix_millis(),
    };
    let entry = serde_json::to_string(&entry).ok()?;
    Some(format!("{FORM}{}{entry}", hex(mac(key, place, &entry).as_bytes())))
}

/// The session `id` that stands at `place`, if the house wrote it there and it is good and alive at `now`.
pub(crate) fn open(
    kept: &str,
    place: &str,
    id: SessionId,
    key: &MacKey,
    now: Timestamp,
) -> Option<SessionRecord> {
    let (shown, text) = kept.strip_prefix(FORM)?.split_at_checked(MAC)?;
    let expected = hex(mac(key, place, text).as_bytes());
    if !constant_time_eq(shown.as_bytes(), expected.as_bytes()) {
        return None;
    }
    let entry: Entry = serde_json::from_str(text).ok()?;
    let time = Timestamp::from_unix_millis;
    if time(entry.until) <= now {
        return None;
    }
    let passkey = match entry.passkey {
        Some(passkey) => Some(PasskeyId::from_uuid(parse(&passkey).ok()?)),
        None => None,
    };
    let session = SessionRecord {
        id,
        digest: Digest::from_stored(entry.digest),
        sign_in: SignInId::from_uuid(parse(&entry.sign_in).ok()?),
        user: UserId::from_uuid(parse(&entry.user).ok()?),
        stage: *STAGES.get(usize::from(entry.stage))?,
        methods: entry.methods.iter().map(|name| Method::parse(name)).collect::<Option<_>>()?,
        passkey,
        authenticated_at: time(entry.authenticated_at),
        created_at: time(entry.created_at),
        last_seen_at: time(entry.last_seen_at),
        idle_expires_at: time(entry.idle_expires_at),
        absolute_expires_at: time(entry.absolute_expires_at),
    };
    // A note of activity may have kept it alive since.
    Some(session).filter(|session| session.is_alive(now))
}

/// Never sorted anew: an entry has the place.
const STAGES: [SessionStage; 4] = [
    SessionStage::Complete,
    SessionStage::AwaitsEnrolment,
    SessionStage::AwaitsSecondFactor,
    SessionStage::Leaving,
];

fn mac(key: &MacKey, place: &str, text: &str) -> Digest {
    key.digest(&[place.as_bytes(), text.as_bytes()])
}
