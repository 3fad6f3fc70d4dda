//! Requests that wait for a person.

use sqlx::PgConnection;
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

use super::{client, code, consent, grant_row, lock, pushed_request, room};
use crate::{failure::Failure, fields::Fields, params::params, query, step::Step, store::PostgresStore};

macro_rules! find {
    () => {
        "SELECT id, browser, request, pushed, subject, sign_in_after, created_at, expires_at, state
    FROM towergate_interactions WHERE id = $1"
    };
}

pub(crate) const FIND: &str = find!();

/// The same, for whoever is going to change it. Of those that began from one pushed request one is changed at a time: its
/// answer [closes the others](pushed_request::answer).
pub(crate) const LOCK: &str = concat!(
    "WITH turn AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(hashtextextended('towergate pushed request ' || pushed::text, 0))
        FROM towergate_interactions WHERE id = $1 AND pushed IS NOT NULL)
    ",
    find!(),
    " AND (SELECT count(*) FROM turn) >= 0 FOR NO KEY UPDATE"
);

/// Keeps one where there is room for it.
pub(crate) const BEGIN: &str = "WITH begun AS (
        INSERT INTO towergate_interactions
        (id, browser, request, pushed, subject, sign_in_after, created_at, expires_at, state)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
        WHERE (SELECT coalesce(sum(taken), 0) FROM towergate_interaction_room WHERE minute > $10) < $11
        RETURNING 1)
    INSERT INTO towergate_interaction_room AS room (minute, shard, taken) SELECT $12, $13, 1 FROM begun
    ON CONFLICT (minute, shard) DO UPDATE SET taken = room.taken + 1";

const BIND: &str = "UPDATE towergate_interactions SET subject = $2 WHERE id = $1";

const CLOSE: &str = "UPDATE towergate_interactions SET state = $2 WHERE id = $1";

pub(crate) const CLOSE_OF_CLIENTS: &str = "UPDATE towergate_interactions SET state = 'denied'
    WHERE request::json ->> 'client_id' = ANY($1) AND state = 'open'";

impl InteractionStore for PostgresStore {
    async fn begin_interaction(
        &self,
        interaction: Interaction,
        limit: u32,
        origin: Origin,
    ) -> Result<Beginning, StoreError> {
        self.write_by_locks((interaction, limit, origin), |step, (interaction, limit, origin)| {
            Box::pin(begin(step, interaction, *limit, origin))
        })
        .await
    }

    async fn find_interaction(&self, id: InteractionId) -> Result<Option<Interaction>, StoreError> {
        self.one(FIND, params![id.as_uuid()], read).await
    }

    async fn bind_interaction(
        &self,
        id: InteractionId,
        subject: Subject,
        origin: Origin,
    ) -> Result<Binding, StoreError> {
        self.write_by_locks((id, subject, origin), |step, (id, subject, origin)| {
            Box::pin(bind(&mut step.connection, *id, subject, origin.at))
        })
        .await
    }

    async fn approve_interaction(&self, approval: Approval, origin: Origin) -> Result<Closing, StoreError> {
        self.write_by_locks((approval, origin), |step, (approval, origin)| {
            Box::pin(approve(step, approval.clone(), origin))
        })
        .await
    }

    async fn deny_interaction(
        &self,
        id: InteractionId,
        subject: Option<Subject>,
        origin: Origin,
    ) -> Result<Closing, StoreError> {
        self.write_by_locks((id, subject, origin), |step, (id, subject, origin)| {
            Box::pin(deny(step, *id, subject.clone(), origin))
        })
        .await
    }

    async fn refuse_interaction(
        &self,
        id: InteractionId,
        subject: Subject,
        error: ErrorCode,
        origin: Origin,
    ) -> Result<Closing, StoreError> {
        self.write_by_locks((id, subject, error, origin), |step, (id, subject, error, origin)| {
            Box::pin(refuse(step, *id, subject.clone(), *error, origin))
        })
        .await
    }

    async fn issue_code(
        &self,
        grant: Grant,
        code: Code,
        rests_on: Option<Consent>,
        origin: Origin,
    ) -> Result<Issuing, StoreError> {
        self.write_by_locks((grant, code, rests_on, origin), |step, (grant, code, rests_on, origin)| {
            Box::pin(issue(step, None, grant, code, rests_on.as_ref(), origin))
        })
        .await
    }

    async fn find_consent(
        &self,
        subject: &Subject,
        client: &ClientId,
    ) -> Result<Option<Consent>, StoreError> {
        self.one(consent::FIND, params![subject.as_str(), client.as_str()], consent::read).await
    }

    async fn withdraw_consent(
        &self,
        subject: Subject,
        client: ClientId,
        origin: Origin,
    ) -> Result<u64, StoreError> {
        self.write_by_locks((subject, client, origin), |step, (subject, client, origin)| {
            Box::pin(consent::withdraw(step, subject, client, origin))
        })
        .await
    }
}

async fn begin(
    step: &mut Step,
    interaction: &Interaction,
    limit: u32,
    origin: &Origin,
) -> Result<Beginning, Failure> {
    if let Some(pushed) = interaction.pushed
        && !pushed_request::waits(&mut step.connection, pushed, origin.at).await?
    {
        return Ok(Beginning::RequestSpent);
    }
    let row = params![
        interaction.id.as_uuid(),
        &interaction.browser,
        query::json(&interaction.request)?,
        interaction.pushed.as_ref().map(PushedRequestId::as_uuid),
        interaction.subject.as_ref().map(Subject::as_str),
        interaction.sign_in_after,
        interaction.created_at,
        interaction.expires_at,
        state_name(interaction.state),
    ];
    let row = room::values(row, interaction.expires_at, interaction.id.as_uuid(), limit, origin.at);
    if query::change(&mut step.connection, BEGIN, row).await? == 0 {
        return Ok(Beginning::Full);
    }
    let client = interaction.request.client_id.clone();
    step.record(&OAuthFact::InteractionBegun { interaction: interaction.id, client }, origin).await?;
    Ok(Beginning::Begun)
}

async fn bind(
    connection: &mut PgConnection,
    id: InteractionId,
    subject: &Subject,
    now: Timestamp,
) -> Result<Binding, Failure> {
    let Some(interaction) = find_waiting(connection, id, now).await? else {
        return Ok(Binding::Gone);
    };
    match &interaction.subject {
        Some(owner) if owner != subject => Ok(Binding::SomebodyElses),
        Some(_) => Ok(Binding::Bound),
        None => {
            query::change(connection, BIND, params![id.as_uuid(), subject.as_str()]).await?;
            Ok(Binding::Bound)
        }
    }
}

async fn approve(step: &mut Step, approval: Approval, origin: &Origin) -> Result<Closing, Failure> {
    let Approval { interaction: id, grant, code, asked } = approval;
    lock::give(&mut step.connection, &grant).await?;
    if !client::may_act(&mut step.connection, &grant.client).await? {
        return Ok(Closing::Gone);
    }
    let Some(interaction) = find_waiting(&mut step.connection, id, origin.at).await? else {
        return Ok(Closing::Gone);
    };
    if interaction.subject.as_ref() != Some(&grant.subject) {
        return Ok(Closing::Gone);
    }
    if grant_row::sign_in_has_ended(&mut step.connection, &grant).await? {
        return Ok(Closing::Gone);
    }
    if let Asked::Before { rests_on } = &asked
        && !consent::is_remembered(&mut step.connection, rests_on).await?
    {
        return Ok(Closing::ConsentWithdrawn);
    }
    close(&mut step.connection, id, InteractionState::Approved).await?;
    pushed_request::answer(&mut step.connection, interaction.pushed).await?;
    room::give_back(&mut step.connection, interaction.expires_at, id.as_uuid()).await?;
    if let Asked::Now { remember } = asked {
        let given = OAuthFact::ConsentGiven {
            subject: grant.subject.clone(),
            client: grant.client.clone(),
            remembered: remember.is_some(),
        };
        step.record(&given, origin).await?;
        if let Some(consent) = remember {
            consent::remember(&mut step.connection, consent).await?;
        }
    }
    code::issue(step, &grant, &code, origin).await?;
    Ok(Closing::Closed)
}

/// Keeps a grant and its code where nobody had to be asked.
pub(super) async fn issue(
    step: &mut Step,
    pushed: Option<PushedRequestId>,
    grant: &Grant,
    code: &Code,
    rests_on: Option<&Consent>,
    origin: &Origin,
) -> Result<Issuing, Failure> {
    lock::give(&mut step.connection, grant).await?;
    if grant_row::sign_in_has_ended(&mut step.connection, grant).await? {
        return Ok(Issuing::SignInEnded);
    }
    if !client::may_act(&mut step.connection, &grant.client).await? {
        return Ok(Issuing::ClientDisabled);
    }
    if let Some(pushed) = pushed {
        lock::answer(&mut step.connection, pushed).await?;
        if !pushed_request::waits(&mut step.connection, pushed, origin.at).await? {
            return Ok(Issuing::RequestSpent);
        }
    }
    if let Some(asked) = rests_on
        && !consent::is_remembered(&mut step.connection, asked).await?
    {
        return Ok(Issuing::ConsentWithdrawn);
    }
    code::issue(step, grant, code, origin).await?;
    pushed_request::answer(&mut step.connection, pushed).await?;
    Ok(Issuing::Issued)
}

async fn deny(
    step: &mut Step,
    id: InteractionId,
    subject: Option<Subject>,
    origin: &Origin,
) -> Result<Closing, Failure> {
    let Some(interaction) = find_waiting(&mut step.connection, id, origin.at).await? else {
        return Ok(Closing::Gone);
    };
    if interaction.subject.is_some() && interaction.subject != subject {
        return Ok(Closing::Gone);
    }
    close(&mut step.connection, id, InteractionState::Denied).await?;
    pushed_request::answer(&mut step.connection, interaction.pushed).await?;
    let client = interaction.request.client_id;
    step.record(&OAuthFact::ConsentDenied { interaction: id, client, subject }, origin).await?;
    Ok(Closing::Closed)
}

async fn refuse(
    step: &mut Step,
    id: InteractionId,
    subject: Subject,
    error: ErrorCode,
    origin: &Origin,
) -> Result<Closing, Failure> {
    let Some(interaction) = find_waiting(&mut step.connection, id, origin.at).await? else {
        return Ok(Closing::Gone);
    };
    if interaction.subject.is_some_and(|owner| owner != subject) {
        return Ok(Closing::Gone);
    }
    close(&mut step.connection, id, InteractionState::Denied).await?;
    pushed_request::answer(&mut step.connection, interaction.pushed).await?;
    let client = interaction.request.client_id;
    let fact = OAuthFact::InteractionRefused { interaction: id, client, subject, error };
    step.record(&fact, origin).await?;
    Ok(Closing::Closed)
}

async fn close(
    connection: &mut PgConnection,
    id: InteractionId,
    state: InteractionState,
) -> Result<(), Failure> {
    query::change(connection, CLOSE, params![id.as_uuid(), state_name(state)]).await?;
    Ok(())
}

/// The interaction, if it is open and has not expired; nobody else changes it until the end of this step.
async fn find_waiting(
    connection: &mut PgConnection,
    id: InteractionId,
    now: Timestamp,
) -> Result<Option<Interaction>, Failure> {
    let found = query::one(connection, LOCK, params![id.as_uuid()], read).await?;
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
