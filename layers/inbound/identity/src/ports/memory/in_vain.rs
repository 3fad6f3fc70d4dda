//! What is written in memory for an address that nobody may prove.

use towergate_core::audit::Origin;

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
    mails: Vec<OutboxMail>,
}

pub(super) fn issue(state: &mut Tables, vain: InVain, limit: MailLimit, origin: &Origin) {
    let InVain { token, mail, person, asked } = vain;
    // As for somebody: their row is looked for.
    let _nobody = state.users.find(token.user);
    let rows = &mut state.in_vain;
    let since = origin.at.minus(limit.within);
    let counts = |row: &&OutboxMail| (row.user, row.kind) == (mail.user, mail.kind) && row.created_at > since;
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
    rows.mails.push(mail);
    state.log.write(&IdentityFact::EmailTokenUnknown { user: person, asked }, origin);
    state.log.write(&IdentityFact::MailWithheld { user: person, kind }, origin);
}
