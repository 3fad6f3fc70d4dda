//! A session as a row.

use rusqlite::{Connection, params};
use towergate_core::id::Uuid;
use towergate_identity::rules::{
    login_proof::Method,
    methods::Methods,
    passkey::PasskeyId,
    session::{SessionId, SessionRecord, SessionStage, SignInId},
    user::UserId,
};

use crate::{failure::Failure, fields::Fields, query};

/// The columns in the order in which [`read`] takes them.
macro_rules! session_columns {
    () => {
        "id, digest, sign_in, user_id, stage, methods, passkey, authenticated_at, created_at, last_seen_at,
         idle_expires_at, absolute_expires_at"
    };
}
pub(crate) use session_columns;

const INSERT: &str = concat!(
    "INSERT INTO towergate_sessions (",
    session_columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
);

pub(crate) fn insert(connection: &Connection, session: &SessionRecord) -> Result<(), Failure> {
    let methods: Vec<_> = session.methods.iter().map(|method| method.as_str()).collect();
    query::change(
        connection,
        INSERT,
        params![
            session.id.as_uuid().as_bytes(),
            session.digest.as_bytes(),
            session.sign_in.as_uuid().as_bytes(),
            session.user.as_uuid().as_bytes(),
            stage_name(session.stage),
            query::json(&methods)?,
            session.passkey.as_ref().map(|id| id.as_uuid().as_bytes()),
            session.authenticated_at.unix_millis(),
            session.created_at.unix_millis(),
            session.last_seen_at.unix_millis(),
            session.idle_expires_at.unix_millis(),
            session.absolute_expires_at.unix_millis(),
        ],
    )?;
    Ok(())
}

pub(crate) fn read(fields: &mut Fields<'_>) -> Result<SessionRecord, Failure> {
    fields.table("towergate_sessions");
    Ok(SessionRecord {
        id: fields.uuid("id").map(SessionId::from_uuid)?,
        digest: fields.digest("digest")?,
        sign_in: fields.uuid("sign_in").map(SignInId::from_uuid)?,
        user: fields.uuid("user_id").map(UserId::from_uuid)?,
        stage: fields.parse("stage", stage)?,
        methods: fields.parse("methods", methods)?,
        passkey: fields
            .get::<Option<[u8; 16]>>("passkey")?
            .map(|bytes| PasskeyId::from_uuid(Uuid::from_bytes(bytes))),
        authenticated_at: fields.time("authenticated_at")?,
        created_at: fields.time("created_at")?,
        last_seen_at: fields.time("last_seen_at")?,
        idle_expires_at: fields.time("idle_expires_at")?,
        absolute_expires_at: fields.time("absolute_expires_at")?,
    })
}

const fn stage_name(stage: SessionStage) -> &'static str {
    match stage {
        SessionStage::Complete => "complete",
        SessionStage::AwaitsEnrolment => "awaits_enrolment",
        SessionStage::AwaitsSecondFactor => "awaits_second_factor",
        SessionStage::Leaving => "leaving",
    }
}

fn stage(text: &str) -> Option<SessionStage> {
    let stages = [
        SessionStage::Complete,
        SessionStage::AwaitsEnrolment,
        SessionStage::AwaitsSecondFactor,
        SessionStage::Leaving,
    ];
    stages.into_iter().find(|stage| stage_name(*stage) == text)
}

pub(super) fn methods(text: &str) -> Option<Methods> {
    let names: Vec<&str> = serde_json::from_str(text).ok()?;
    names.into_iter().map(Method::parse).collect()
}
