//! What is written for an address that nobody may prove: statement by statement what is for somebody's, in tables beside theirs.

use rusqlite::params;
use towergate_core::audit::Origin;
use towergate_identity::{
    ports::email_token::InVain,
    rules::{fact::IdentityFact, mail::MailLimit},
};

use super::{email_token, email_token_row::email_token_columns, mail, user};
use crate::{failure::Failure, query, writer::Step};

const INSERT_TOKEN: &str = concat!(
    "INSERT INTO towergate_email_tokens_in_vain (",
    email_token_columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
);

pub(crate) const REPLACE: &str =
    "UPDATE towergate_email_tokens_in_vain SET state = 'replaced', password = NULL
    WHERE user_id = ?1 AND purpose = ?2 AND state = 'open'";

const INSERT_MAIL: &str = "INSERT INTO towergate_mails_in_vain
    (id, user_id, kind, domain, sealed, created_at, expires_at, attempt, forgiven, counts_until)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?8)";

pub(crate) const WRITTEN_SINCE: &str =
    "SELECT count(*) FROM towergate_mails_in_vain WHERE user_id = ?1 AND kind = ?2 AND created_at > ?3";

pub(super) fn issue(
    step: &mut Step<'_>,
    vain: &InVain,
    limit: MailLimit,
    origin: &Origin,
) -> Result<(), Failure> {
    let InVain { token, mail, person: user, asked } = vain;
    let (user, asked, kind) = (*user, *asked, mail.kind);
    // As for somebody: their row is looked for.
    user::may_prove(step.connection, token.user, &token.email)?;
    if !mail::has_room_by(step.connection, WRITTEN_SINCE, mail, limit, origin.at)? {
        return step.record(&IdentityFact::EmailTokenUnknown { user, asked: "too_many" }, origin);
    }
    let key = params![token.user.as_uuid().as_bytes(), token.purpose.as_str()];
    query::change(step.connection, REPLACE, key)?;
    // What strangers type is not kept.
    email_token::insert_row(step.connection, INSERT_TOKEN, token, "")?;
    step.record(&IdentityFact::EmailTokenUnknown { user, asked }, origin)?;
    mail::insert_row(step.connection, INSERT_MAIL, mail, "", origin.at.plus(limit.within))?;
    step.record(&IdentityFact::MailWithheld { user, kind }, origin)
}
