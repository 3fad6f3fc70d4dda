//! Telling clients directly that a sign-in ended.
//! [Back-Channel Logout section 2.5](https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest)

use std::{
    future::{Future, pending},
    pin::pin,
    sync::Arc,
};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use towergate_core::{RandomUnavailable, StoreError, audit::Origin, outbox::Lanes};
use towergate_guarded_http::{FetchError, GuardedClient};
use towergate_jose::{Algorithm, SigningKey};
use towergate_oauth::{
    ports::OAuthStore,
    rules::{
        client::{Client, gate},
        logout::{Delivery, LogoutClaims, LogoutNotice, logout_token, notice::LEASE},
    },
};
use tracing::Instrument;
use url::form_urlencoded::Serializer;

use crate::server::AuthorizationServer;

/// How many clients are told at once. Each is taken when its turn comes, so that none waits while its lease runs out.
const AT_ONCE: usize = 16;

/// How many of them at one host: one that does not answer holds up no other.
const AT_ONE_HOST: usize = 2;

/// What one turn did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deliveries {
    /// Clients that heard it.
    pub delivered: u64,
    /// Clients that are told again later.
    pub delayed: u64,
    /// Clients that are not told again.
    pub given_up: u64,
}

/// Why a turn broke off. What it had not finished is due again when the lease is over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The server speaks to nobody.
    #[error(
        "no client is told that a sign-in ended, since the server has no client to speak with: give it one with \
         AuthorizationServer::outbound"
    )]
    NoOutbound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The machine gave no randomness.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

impl<S: OAuthStore, R, P> AuthorizationServer<S, R, P> {
    /// Tells every client that is due: those of sign-ins that just ended, and those that could not be told before. Of
    /// several instances that do so at once, each client is told by one.
    ///
    /// A client that answers 2xx has heard it. One that does not answer, or answers 408, 425, 429 or 5xx, is told again as
    /// [`Retry::STANDARD`](towergate_core::outbox::Retry::STANDARD) says; any other answer is its last word. Who is not told again
    /// is a dead letter. At most 16 are told at once, two of them at one host. Dropped midway, whatever was not finished is due
    /// again after a minute.
    ///
    /// # Errors
    /// When the server may speak to nobody, the store fails, or there is no randomness.
    pub async fn deliver_logouts(&self) -> Result<Deliveries, DeliveryError> {
        self.deliver_logouts_until(pending()).await
    }

    /// The same until `stop` is ready: then nobody more is told, and what is under way is finished.
    ///
    /// # Errors
    /// When the server may speak to nobody, the store fails, or there is no randomness.
    pub async fn deliver_logouts_until(
        &self,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<Deliveries, DeliveryError> {
        let outbound = self.outbound_client().ok_or(DeliveryError::NoOutbound)?;
        let mut deliveries = Deliveries::default();
        let (mut under_way, mut lanes) = (FuturesUnordered::new(), Lanes::new(AT_ONCE, AT_ONE_HOST));
        let (mut stop, mut stopped, mut broken) = (pin!(stop.fuse()), false, None);
        loop {
            while !stopped && broken.is_none() && !lanes.is_full() {
                stopped = stop.as_mut().now_or_never().is_some();
                if stopped {
                    break;
                }
                match self.store().take_due_logouts(self.now(), LEASE, 1, lanes.busy()).await {
                    Ok(due) if due.is_empty() => break,
                    Ok(due) => under_way.extend(due.into_iter().map(|notice| {
                        lanes.enter(&notice.host);
                        let span = towergate_core::work_span!("towergate.outbox", queue = "logout");
                        async { (notice.host.clone(), self.deliver(outbound, notice).instrument(span).await) }
                    })),
                    Err(error) => broken = Some(DeliveryError::from(error)),
                }
            }
            let more = !stopped && broken.is_none() && !under_way.is_empty();
            let (host, delivery) = tokio::select! {
                Some(told) = under_way.next() => told,
                // A sign-in has ended meanwhile: its clients need not wait for those that are slow.
                () = self.logouts().notified(), if more => continue,
                else => return broken.map_or(Ok(deliveries), Err),
            };
            lanes.leave(&host);
            match delivery {
                Ok(Delivery::Delivered) => deliveries.delivered += 1,
                Ok(Delivery::RetryAt { .. }) => deliveries.delayed += 1,
                Ok(Delivery::GivenUp { .. }) => deliveries.given_up += 1,
                Err(error) => broken = broken.or(Some(error)),
            }
        }
    }

    async fn deliver(
        &self,
        outbound: &GuardedClient,
        notice: LogoutNotice,
    ) -> Result<Delivery, DeliveryError> {
        let delivery = match self.store().find_client(&notice.client).await? {
            Some(client) if gate::active(&client).is_ok() => self.tell(outbound, &client, &notice).await?,
            Some(_) | None => Delivery::GivenUp { reason: "client_gone" },
        };
        let (client, sid, attempt) = (&notice.client, &notice.sid, notice.attempt);
        tracing::debug!(%client, sid, attempt, ?delivery, "a client was told that a sign-in ended");
        let origin = Origin::detached(self.now(), &self.random)?;
        self.store().finish_logout(notice, delivery, origin).await?;
        Ok(delivery)
    }

    async fn tell(
        &self,
        outbound: &GuardedClient,
        client: &Client,
        notice: &LogoutNotice,
    ) -> Result<Delivery, DeliveryError> {
        let Some(uri) = &client.metadata.backchannel_logout_uri else {
            return Ok(Delivery::GivenUp { reason: "not_registered" });
        };
        let Ok(url) = outbound.url(uri) else { return Ok(Delivery::GivenUp { reason: "bad_uri" }) };
        let Some(token) = self.logout_token(client, notice)? else {
            tracing::error!(client = %client.id, "no key signs the client's logout token");
            return Ok(notice.failed(self.now(), "not_signed", &self.random));
        };
        let form = Serializer::new(String::new()).append_pair("logout_token", &token).finish();
        let sent = outbound.post(&url, "application/x-www-form-urlencoded", form.into_bytes()).await;
        Ok(match sent {
            Ok(_) => Delivery::Delivered,
            Err(error) => {
                let (client, attempt) = (&client.id, notice.attempt);
                tracing::info!(%client, attempt, %error, "a client was not told that a sign-in ended");
                self.judge(notice, &error)
            }
        })
    }

    fn judge(&self, notice: &LogoutNotice, error: &FetchError) -> Delivery {
        match error {
            // It said 2xx, and what else it said is not for us.
            FetchError::TooLarge { .. } | FetchError::Encoded => Delivery::Delivered,
            // A certificate may be renewed, a name's address be mended.
            FetchError::Tls(_) => notice.failed(self.now(), "tls", &self.random),
            FetchError::Refused { .. } => notice.failed(self.now(), "address", &self.random),
            FetchError::Timeout => notice.failed(self.now(), "timeout", &self.random),
            FetchError::Status(_) if error.is_temporary() => {
                notice.failed(self.now(), "status", &self.random)
            }
            _ if error.is_temporary() => notice.failed(self.now(), "connection", &self.random),
            FetchError::Status(_) => Delivery::GivenUp { reason: "status" },
            FetchError::Redirected(_) => Delivery::GivenUp { reason: "redirect" },
            _ => Delivery::GivenUp { reason: "request" },
        }
    }

    fn logout_token(&self, client: &Client, notice: &LogoutNotice) -> Result<Option<String>, DeliveryError> {
        let now = self.now();
        let sub = self.sub_of(client, &notice.subject);
        let issuer = self.config().issuer.as_str();
        let claims = LogoutClaims::new(issuer, &client.id, &sub, &notice.sid, notice.jti(), now);
        let key = self.logout_key(client.metadata.id_token_signed_response_alg);
        Ok(key.and_then(|key| key.sign_jwt(logout_token::TYP, &claims).ok()))
    }

    /// The key of the client's ID tokens; where the ring has none any more, the one that every client knows.
    fn logout_key(&self, algorithm: Algorithm) -> Option<Arc<SigningKey>> {
        let keys = self.keys();
        keys.signing(algorithm).or_else(|| keys.signing(Algorithm::RS256)).or_else(|| keys.preferred())
    }
}
