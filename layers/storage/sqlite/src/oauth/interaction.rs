//! Requests that wait for a person.

use rusqlite::{Connection, params};
use towergate_core::{StoreError, Timestamp, audit::Origin};
use towergate_oauth::{
    ports::interaction::{Approval, Asked, Beginning, Binding, Closing, InteractionStore, Issuing},
    rules::{
        client::ClientId,
        code::Code,
        consent::Consent,
        fact::OAuthFact,
        grant::{Grant, Subject},
        interaction::{Interaction, InteractionId, InteractionState},
        pushed_request::PushedRequestId,
    },
};
use towergate_oauth_types::ErrorCode;

use super::{client, code, consent, grant_row, pushed_request, room};
use crate::{failure::Failure, fields::Fields, query, store::SqliteStore, writer::Step};

pub(crate) const FIND: &str =
    "SELECT id, browser, request, pushed, subject, sign_in_after, created_at, expires_at, state
    FROM towergate_interactions WHERE id = ?1";

const INSERT: &str = "INSERT INTO towergate_interactions
    (id, browser, request, pushed, subject, sign_in_after, created_at, expires_at, state)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const BIND: &str = "UPDATE towergate_interactions SET subject = ?2 WHERE id = ?1";

const CLOSE: &str = "UPDATE towergate_interactions SET state = ?2 WHERE id = ?1";

pub(crate) const CLOSE_OF_CLIENT: &str = "UPDATE towergate_interactions SET state = 'denied'
    WHERE json_extract(request, '$.client_id') = ?1 AND state = 'open'";

impl InteractionStore for SqliteStore {
    async fn begin_interaction(
        &self,
        interaction: Interaction,
        limit: u32,
        origin: Origin,
    ) -> Result<Beginning, StoreError> {
        self.write(move |step| begin(step, interaction, limit, &origin)).await
    }

    async fn find_interaction(&self, id: InteractionId) -> Result<Option<Interaction>, StoreError> {
        self.read(|connection| find(connection, id))
    }

    async fn bind_interaction(
        &self,
        id: InteractionId,
        subject: Subject,
        origin: Origin,
    ) -> Result<Binding, StoreError> {
        self.write(move |step| bind(step.connection, id, &subject, origin.at)).await
    }

    async fn approve_interaction(&self, approval: Approval, origin: Origin) -> Result<Closing, StoreError> {
        self.write(move |step| approve(step, approval, &origin)).await
    }

    async fn deny_interaction(
        &self,
        id: InteractionId,
        subject: Option<Subject>,
        origin: Origin,
    ) -> Result<Closing, StoreError> {
        self.write(move |step| deny(step, id, subject, &origin)).await
    }

    async fn refuse_interaction(
        &self,
        id: InteractionId,
        subject: Subject,
        error: ErrorCode,
        origin: Origin,
    ) -> Result<Closing, StoreError> {
        self.write(move |step| refuse(step, id, subject, error, &origin)).await
    }

    async fn issue_code(
        &self,
        grant: Grant,
        code: Code,
        rests_on: Option<Consent>,
        origin: Origin,
    ) -> Result<Issuing, StoreError> {
        self.write(move |step| issue(step, None, grant, &code, rests_on.as_ref(), &origin)).await
    }

    async fn find_consent(
        &self,
        subject: &Subject,
        client: &ClientId,
    ) -> Result<Option<Consent>, StoreError> {
        self.read(|connection| consent::find(connection, subject, client))
    }

    async fn withdraw_consent(
        &self,
        subject: Subject,
        client: ClientId,
        origin: Origin,
    ) -> Result<u64, StoreError> {
        self.write(move |step| consent::withdraw(step, &subject, &client, &origin)).await
    }
}

fn begin(
    step: &mut Step<'_>,
    interaction: Interaction,
    limit: u32,
    origin: &Origin,
) -> Result<Beginning, Failure> {
    if let Some(pushed) = interaction.pushed
        && !pushed_request::waits(step.connection, pushed, origin.at)?
    {
        return Ok(Beginning::RequestSpent);
    }
    if room::taken(step.connection, origin.at)? >= u64::from(limit) {
        return Ok(Beginning::Full);
    }
    query::change(
        step.connection,
        INSERT,
        params![
            interaction.id.as_uuid().as_bytes(),
            interaction.browser.as_bytes(),
            query::json(&interaction.request)?,
            interaction.pushed.as_ref().map(|pushed| pushed.as_uuid().as_bytes()),
            interaction.subject.as_ref().map(Subject::as_str),
            interaction.sign_in_after.map(Timestamp::unix_millis),
            interaction.created_at.unix_millis(),
            interaction.expires_at.unix_millis(),
            state_name(interaction.state),
        ],
    )?;
    room::take(step.connection, interaction.expires_at)?;
    let client = interaction.request.client_id;
    step.record(&OAuthFact::InteractionBegun { interaction: interaction.id, client }, origin)?;
    Ok(Beginning::Begun)
}

fn bind(
    connection: &Connection,
    id: InteractionId,
    subject: &Subject,
    now: Timestamp,
) -> Result<Binding, Failure> {
    let Some(interaction) = find_waiting(connection, id, now)? else {
        return Ok(Binding::Gone);
    };
    match &interaction.subject {
        Some(owner) if owner != subject => Ok(Binding::SomebodyElses),
        Some(_) => Ok(Binding::Bound),
        None => {
            query::change(connection, BIND, params![id.as_uuid().as_bytes(), subject.as_str()])?;
            Ok(Binding::Bound)
        }
    }
}

fn approve(step: &mut Step<'_>, approval: Approval, origin: &Origin) -> Result<Closing, Failure> {
    let Approval { interaction: id, grant, code, asked } = approval;
    let Some(interaction) = find_waiting(step.connection, id, origin.at)? else {
        return Ok(Closing::Gone);
    };
    if interaction.subject.as_ref() != Some(&grant.subject) {
        return Ok(Closing::Gone);
    }
    if grant_row::sign_in_has_ended(step.connection, &grant)? {
        return Ok(Closing::Gone);
    }
    if !client::may_act(step.connection, &grant.client)? {
        return Ok(Closing::Gone);
    }
    if let Asked::Before { rests_on } = &asked
        && !consent::is_remembered(step.connection, rests_on)?
    {
        return Ok(Closing::ConsentWithdrawn);
    }
    close(step.connection, id, InteractionState::Approved)?;
    pushed_request::answer(step.connection, interaction.pushed)?;
    room::give_back(step.connection, interaction.expires_at)?;
    if let Asked::Now { remember } = asked {
        let given = OAuthFact::ConsentGiven {
            subject: grant.subject.clone(),
            client: grant.client.clone(),
            remembered: remember.is_some(),
        };
        step.record(&given, origin)?;
        if let Some(consent) = remember {
            consent::remember(step.connection, consent)?;
        }
    }
    code::issue(step, grant, &code, origin)?;
    Ok(Closing::Closed)
}

/// Keeps a grant and its code where nobody had to be asked.
pub(super) fn issue(
    step: &mut Step<'_>,
    pushed: Option<PushedRequestId>,
    grant: Grant,
    code: &Code,
    rests_on: Option<&Consent>,
    origin: &Origin,
) -> Result<Issuing, Failure> {
    if grant_row::sign_in_has_ended(step.connection, &grant)? {
        return Ok(Issuing::SignInEnded);
    }
    if !client::may_act(step.connection, &grant.client)? {
        return Ok(Issuing::ClientDisabled);
    }
    if let Some(pushed) = pushed
        && !pushed_request::waits(step.connection, pushed, origin.at)?
    {
        return Ok(Issuing::RequestSpent);
    }
    if let Some(asked) = rests_on
        && !consent::is_remembered(step.connection, asked)?
    {
        return Ok(Issuing::ConsentWithdrawn);
    }
    code::issue(step, grant, code, origin)?;
    pushed_request::answer(step.connection, pushed)?;
    Ok(Issuing::Issued)
}

fn deny(
    step: &mut Step<'_>,
    id: InteractionId,
    subject: Option<Subject>,
    origin: &Origin,
) -> Result<Closing, Failure> {
    let Some(interaction) = find_waiting(step.connection, id, origin.at)? else {
        return Ok(Closing::Gone);
    };
    if interaction.subject.is_some() && interaction.subject != subject {
        return Ok(Closing::Gone);
    }
    close(step.connection, id, InteractionState::Denied)?;
    pushed_request::answer(step.connection, interaction.pushed)?;
    let client = interaction.request.client_id;
    step.record(&OAuthFact::ConsentDenied { interaction: id, client, subject }, origin)?;
    Ok(Closing::Closed)
}

fn refuse(
    step: &mut Step<'_>,
    id: InteractionId,
    subject: Subject,
    error: ErrorCode,
    origin: &Origin,
) -> Result<Closing, Failure> {
    let Some(interaction) = find_waiting(step.connection, id, origin.at)? else {
        return Ok(Closing::Gone);
    };
    if interaction.subject.is_some_and(|owner| owner != subject) {
        return Ok(Closing::Gone);
    }
    close(step.connection, id, InteractionState::Denied)?;
    pushed_request::answer(step.connection, interaction.pushed)?;
    let client = interaction.request.client_id;
    step.record(&OAuthFact::InteractionRefused { interaction: id, client, subject, error }, origin)?;
    Ok(Closing::Closed)
}

fn close(connection: &Connection, id: InteractionId, state: InteractionState) -> Result<(), Failure> {
    query::change(connection, CLOSE, params![id.as_uuid().as_bytes(), state_name(state)])?;
    Ok(())
}

fn find(connection: &Connection, id: InteractionId) -> Result<Option<Interaction>, Failure> {
    query::one(connection, FIND, params![id.as_uuid().as_bytes()], read)
}

/// The interaction, if it is open and has not expired.
fn find_waiting(
    connection: &Connection,
    id: InteractionId,
    now: Timestamp,
) -> Result<Option<Interaction>, Failure> {
    let found = find(connection, id)?;
    Ok(found.filter(|found| found.state == InteractionState::Open && now < found.expires_at))
}

fn read(fields: &mut Fields<'_>) -> Result<Interaction, Failure> {
    fields.table("towergate_interactions");
    Ok(Interaction {
        id: fields.uuid("id").map(InteractionId::from_uuid)?,
        browser: fields.digest("browser")?,
        request: fields.json("request")?,
        pushed: fields.optional_uuid("pushed")?.map(PushedRequestId::from_uuid),
        subject: fields.parse_optional("subject", |text| Subject::parse(text).ok())?,
        sign_in_after: fields.optional_time("sign_in_after")?,
        created_at: fields.time("created_at")?,
        expires_at: fields.time("expires_at")?,
        state: fields.parse("state", state)?,
    })
}

const fn state_name(state: InteractionState) -> &'static str {
    match state {
        InteractionState::Open => "open",
        InteractionState::Approved => "approved",
        InteractionState::Denied => "denied",
    }
}

fn state(text: &str) -> Option<InteractionState> {
    [InteractionState::Open, InteractionState::Approved, InteractionState::Denied]
        .into_iter()
        .find(|state| state_name(*state) == text)
}
