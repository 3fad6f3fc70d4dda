//! What is written in memory for an address that nobody may prove.

use towergate_core::{Timestamp, audit::Origin};

use super::Tables;
use crate::{
    ports::email_token::InVain,
    rules::{
        email_token::{EmailToken, EmailTokenState},
        fact::IdentityFact,
        mail::{MailLimit, OutboxMail},
    },
};

#[derive(Default)]
pub(super) struct InVainRows {
    tokens: Vec<EmailToken>,
    /// Each with the time from which on it does not count.
    mails: Vec<(OutboxMail, Timestamp)>,
}

pub(super) fn issue(state: &mut Tables, vain: InVain, limit: MailLimit, origin: &Origin) {
    let InVain { token, mail, person, asked } = vain;
    // As for somebody: their row is looked for.
    let _nobody = state.users.find(token.user);
    let rows = &mut state.in_vain;
    rows.tokens.retain(|row| origin.at < row.expires_at);
    rows.mails.retain(|(_, until)| origin.at < *until);
    let counts = |(row, _): &&(OutboxMail, Timestamp)| (row.user, row.kind) == (mail.user, mail.kind);
    if u32::try_from(rows.mails.iter().filter(counts).count()).is_ok_and(|there| there >= limit.most) {
        let fact = IdentityFact::EmailTokenUnknown { user: person, asked: "too_many" };
        return state.log.write(&fact, origin);
    }
    for before in &mut rows.tokens {
        if (before.user, before.purpose) == (token.user, token.purpose) {
            before.state = EmailTokenState::Replaced;
        }
    }
    let kind = mail.kind;
    rows.tokens.push(token);
    rows.mails.push((mail, origin.at.plus(limit.within)));
    state.log.write(&IdentityFact::EmailTokenUnknown { user: person, asked }, origin);
    state.log.write(&IdentityFact::MailWithheld { user: person, kind }, origin);
}
