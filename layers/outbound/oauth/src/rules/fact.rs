//! Every security-relevant fact of the authorization server, as one closed list.

use towergate_core::audit::{Event, Fact, Origin, Party};
use towergate_core::id::Uuid;
use towergate_oauth_types::ErrorCode;

use super::{
    client::{ClientId, GrantType},
    grant::{GrantId, RevocationReason, Subject},
    interaction::InteractionId,
    logout::Delivery,
    pushed_request::PushedRequestId,
};

/// What happened at the authorization server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are the identifiers that their names say")]
pub enum OAuthFact {
    /// A request waits for a person.
    InteractionBegun { interaction: InteractionId, client: ClientId },
    /// A client pushed a request.
    RequestPushed { pushed: PushedRequestId, client: ClientId },
    /// What a client pushed was named by another client.
    PushedRequestRefused { pushed: PushedRequestId, client: ClientId, reason: &'static str },
    /// A person agreed.
    ConsentGiven { subject: Subject, client: ClientId, remembered: bool },
    /// A person refused.
    ConsentDenied { interaction: InteractionId, client: ClientId, subject: Option<Subject> },
    /// The server refused what a person had signed in for: somebody else was asked for, or a stronger sign-in.
    InteractionRefused { interaction: InteractionId, client: ClientId, subject: Subject, error: ErrorCode },
    /// A person took a remembered consent back.
    ConsentWithdrawn { subject: Subject, client: ClientId },
    /// A code was sent to a client.
    CodeIssued { code: Uuid, grant: GrantId, client: ClientId, subject: Subject },
    /// A code was exchanged.
    CodeRedeemed { code: Uuid, grant: GrantId, client: ClientId },
    /// A code was presented a second time.
    CodeReplayed { code: Uuid, grant: GrantId, client: ClientId },
    /// An access token was issued.
    TokenIssued { token: Uuid, client: ClientId, subject: Option<Subject>, grant_type: GrantType },
    /// A refresh token was exchanged.
    TokenRefreshed { token: Uuid, successor: Uuid, grant: GrantId, client: ClientId },
    /// A refresh token was presented a second time.
    TokenReused { token: Uuid, grant: GrantId, client: ClientId },
    /// An access token was given back by its client.
    TokenRevoked { token: Uuid, client: ClientId },
    /// A grant and all that hangs from it died.
    GrantRevoked { grant: GrantId, client: ClientId, reason: RevocationReason },
    /// A client is to be told that a sign-in ended.
    LogoutQueued { sid: String, client: ClientId },
    /// A client has heard that a sign-in ended.
    LogoutDelivered { sid: String, client: ClientId, attempt: u32 },
    /// A client could not be told that a sign-in ended; it is to be tried again.
    LogoutDelayed { sid: String, client: ClientId, attempt: u32, reason: &'static str },
    /// A client could not be told that a sign-in ended, and it is not tried again.
    LogoutGivenUp { sid: String, client: ClientId, attempt: u32, reason: &'static str },
    /// An operator has a client told again that was given up.
    LogoutReplayed { sid: String, client: ClientId },
    /// A client was written.
    ClientRegistered { client: ClientId },
    /// A client changed its registration.
    ClientUpdated { client: ClientId },
    /// A client and all that it held are gone.
    ClientDeleted { client: ClientId },
    /// A client that registered itself got nothing in all its time, and is gone.
    ClientExpired { client: ClientId },
    /// The secret of a client was sealed anew, because the sealing key changed.
    ClientSecretResealed { client: ClientId },
    /// A client's own document was read for the first time, or says something else than before.
    ClientDocumentRead { client: ClientId },
    /// A client was shut out.
    ClientDisabled { client: ClientId },
    /// A client that was shut out may act again.
    ClientEnabled { client: ClientId },
    /// A client could not prove itself.
    ClientAuthenticationFailed { client: Option<ClientId>, reason: &'static str },
    /// An answer could not be encrypted to a client, because no key of it that fits could be had.
    ClientKeyMissing { client: ClientId, answer: &'static str, reason: &'static str },
    /// A signing key entered or moved on in its life.
    KeyMoved { kid: String, state: &'static str },
    /// A signing key was sealed anew, because the sealing key changed.
    KeyResealed { kid: String },
    /// The host's account resolver erred or panicked.
    AccountResolverFailed { call: &'static str, problem: String },
}

impl OAuthFact {
    /// What became of an attempt to tell a client that a sign-in ended.
    #[must_use]
    pub const fn of_delivery(sid: String, client: ClientId, attempt: u32, delivery: Delivery) -> Self {
        match delivery {
            Delivery::Delivered => Self::LogoutDelivered { sid, client, attempt },
            Delivery::RetryAt { reason, .. } => Self::LogoutDelayed { sid, client, attempt, reason },
            Delivery::GivenUp { reason } => Self::LogoutGivenUp { sid, client, attempt, reason },
        }
    }
}

impl Fact for OAuthFact {
    fn event(&self, origin: &Origin) -> Event {
        let origin = *origin;
        let client = |id: &ClientId| Party::new("client", id);
        let user = |id: &Subject| Party::new("subject", id);
        match self {
            Self::InteractionBegun { interaction, client: id } => Event::succeeded(
                origin,
                "interaction.begun",
                client(id),
                Party::new("interaction", interaction),
            ),
            Self::RequestPushed { pushed, client: id } => {
                Event::succeeded(origin, "request.pushed", client(id), Party::new("pushed_request", pushed))
            }
            Self::PushedRequestRefused { pushed, client: id, reason } => Event::refused(
                origin,
                "request.refused",
                client(id),
                Party::new("pushed_request", pushed),
                reason,
            ),
            Self::ConsentGiven { subject, client: id, remembered } => {
                Event::succeeded(origin, "consent.given", user(subject), client(id))
                    .with("remembered", remembered)
            }
            Self::ConsentDenied { interaction, client: id, subject } => {
                let actor = subject.as_ref().map_or_else(Party::anonymous, user);
                Event::refused(origin, "consent.denied", actor, client(id), "person_refused")
                    .with("interaction", interaction)
            }
            Self::InteractionRefused { interaction, client: id, subject, error } => {
                Event::refused(origin, "interaction.refused", user(subject), client(id), error.as_str())
                    .with("interaction", interaction)
            }
            Self::ConsentWithdrawn { subject, client: id } => {
                Event::succeeded(origin, "consent.withdrawn", user(subject), client(id))
            }
            Self::CodeIssued { code, grant, client: id, subject } => {
                Event::succeeded(origin, "code.issued", user(subject), client(id))
                    .with("code", code)
                    .with("grant", grant)
            }
            Self::CodeRedeemed { code, grant, client: id } => {
                Event::succeeded(origin, "code.redeemed", client(id), Party::new("code", code))
                    .with("grant", grant)
            }
            Self::CodeReplayed { code, grant, client: id } => Event::refused(
                origin,
                "code.replayed",
                client(id),
                Party::new("code", code),
                "already_redeemed",
            )
            .with("grant", grant),
            Self::TokenIssued { token, client: id, subject, grant_type } => {
                let event = Event::succeeded(origin, "token.issued", client(id), Party::new("token", token))
                    .with("grant_type", grant_type.as_str());
                match subject {
                    Some(subject) => event.with("subject", subject),
                    None => event,
                }
            }
            Self::TokenRefreshed { token, successor, grant, client: id } => {
                Event::succeeded(origin, "token.refreshed", client(id), Party::new("token", token))
                    .with("successor", successor)
                    .with("grant", grant)
            }
            Self::TokenReused { token, grant, client: id } => Event::refused(
                origin,
                "token.reused",
                client(id),
                Party::new("token", token),
                "already_rotated",
            )
            .with("grant", grant),
            Self::TokenRevoked { token, client: id } => {
                Event::succeeded(origin, "token.revoked", client(id), Party::new("token", token))
            }
            Self::GrantRevoked { grant, client: id, reason } => {
                let mut event =
                    Event::succeeded(origin, "grant.revoked", client(id), Party::new("grant", grant));
                event.reason = Some(reason.as_str());
                event
            }
            Self::LogoutQueued { sid, client: id } => {
                Event::succeeded(origin, "logout.queued", client(id), Party::new("sign_in", sid))
            }
            Self::LogoutDelivered { sid, client: id, attempt } => {
                Event::succeeded(origin, "logout.delivered", client(id), Party::new("sign_in", sid))
                    .with("attempt", attempt)
            }
            Self::LogoutDelayed { sid, client: id, attempt, reason } => {
                Event::refused(origin, "logout.delayed", client(id), Party::new("sign_in", sid), reason)
                    .with("attempt", attempt)
            }
            Self::LogoutGivenUp { sid, client: id, attempt, reason } => {
                Event::refused(origin, "logout.given_up", client(id), Party::new("sign_in", sid), reason)
                    .with("attempt", attempt)
            }
            Self::LogoutReplayed { sid, client: id } => {
                Event::succeeded(origin, "logout.replayed", client(id), Party::new("sign_in", sid))
            }
            Self::ClientRegistered { client: id } => {
                Event::succeeded(origin, "client.registered", Party::system(), client(id))
            }
            Self::ClientUpdated { client: id } => {
                Event::succeeded(origin, "client.updated", client(id), client(id))
            }
            Self::ClientDeleted { client: id } => {
                Event::succeeded(origin, "client.deleted", client(id), client(id))
            }
            Self::ClientExpired { client: id } => {
                Event::succeeded(origin, "client.expired", Party::system(), client(id))
            }
            Self::ClientSecretResealed { client: id } => {
                Event::succeeded(origin, "client.secret_resealed", Party::system(), client(id))
            }
            Self::ClientDocumentRead { client: id } => {
                Event::succeeded(origin, "client.document_read", Party::system(), client(id))
            }
            Self::ClientDisabled { client: id } => {
                Event::succeeded(origin, "client.disabled", Party::system(), client(id))
            }
            Self::ClientEnabled { client: id } => {
                Event::succeeded(origin, "client.enabled", Party::system(), client(id))
            }
            Self::ClientAuthenticationFailed { client: id, reason } => {
                let actor = id.as_ref().map_or_else(Party::anonymous, client);
                Event::refused(origin, "client.authentication_failed", actor.clone(), actor, reason)
            }
            Self::ClientKeyMissing { client: id, answer, reason } => {
                Event::refused(origin, "client.key_missing", client(id), client(id), reason)
                    .with("answer", answer)
            }
            Self::KeyMoved { kid, state } => {
                Event::succeeded(origin, "key.moved", Party::system(), Party::new("key", kid))
                    .with("state", state)
            }
            Self::KeyResealed { kid } => {
                Event::succeeded(origin, "key.resealed", Party::system(), Party::new("key", kid))
            }
            Self::AccountResolverFailed { call, problem } => {
                let mut event = Event::refused(
                    origin,
                    "account_resolver.failed",
                    Party::system(),
                    Party::system(),
                    "host_error",
                );
                event.outcome = towergate_core::audit::Outcome::Failed;
                event.with("call", call).with("problem", problem)
            }
        }
    }
}
