//! The row of a mailed proof.

use towergate_core::Secret;
use towergate_identity::rules::{
    email::EmailAddress,
    email_token::{EmailToken, EmailTokenId, EmailTokenState, Purpose},
    user::UserId,
};

use crate::{failure::Failure, fields::Fields};

/// The columns, in the order in which [`read`] reads them.
macro_rules! email_token_columns {
    () => {
        "id, digest, code, browser, user_id, email, purpose, password, created_at, expires_at, tries, state"
    };
}
pub(super) use email_token_columns;

pub(super) fn read(fields: &mut Fields<'_>) -> Result<EmailToken, Failure> {
    fields.table("towergate_email_tokens");
    Ok(EmailToken {
        id: fields.uuid("id").map(EmailTokenId::from_uuid)?,
        digest: fields.digest("digest")?,
        code: fields.digest("code")?,
        browser: fields.optional_digest("browser")?,
        user: fields.uuid("user_id").map(UserId::from_uuid)?,
        email: fields.parse("email", |text| EmailAddress::parse(text).ok())?,
        purpose: fields.parse("purpose", Purpose::parse)?,
        password: fields.get::<Option<String>>("password")?.map(Secret::new),
        created_at: fields.time("created_at")?,
        expires_at: fields.time("expires_at")?,
        tries: fields.count("tries")?,
        state: fields.parse("state", state)?,
    })
}

pub(super) const fn state_name(state: EmailTokenState) -> &'static str {
    match state {
        EmailTokenState::Open => "open",
        EmailTokenState::Replaced => "replaced",
        EmailTokenState::Spent => "spent",
    }
}

fn state(text: &str) -> Option<EmailTokenState> {
    [EmailTokenState::Open, EmailTokenState::Replaced, EmailTokenState::Spent]
        .into_iter()
        .find(|state| state_name(*state) == text)
}
