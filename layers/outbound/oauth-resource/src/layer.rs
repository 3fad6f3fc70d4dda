//! The layer.

use std::{sync::Arc, time::Duration};

use tower_layer::Layer;
use towergate_oauth_types::Scope;

use crate::{JsonRejection, NoStore, Resource, ResourceMetadata, Verifier, judge::Policy};

/// Lets through only requests with an access token for this API; see the [crate](crate) for the rules.
#[derive(Debug)]
#[must_use]
pub struct ResourceLayer<K, L = NoStore, R = JsonRejection> {
    verifier: Verifier<K, L>,
    policy: Policy,
    rejection: R,
}

impl<K, L> ResourceLayer<K, L> {
    /// Accepts tokens whose audience is the issuer itself, whatever their scope.
    pub fn new(verifier: Verifier<K, L>) -> Self {
        let policy = Policy::of(verifier.issuer().to_owned());
        Self { verifier, policy, rejection: JsonRejection }
    }
}

impl<K, L, R> ResourceLayer<K, L, R> {
    /// Accepts only tokens for `audience`, compared exactly; it is also the realm of the challenges.
    pub fn require_audience(mut self, audience: impl Into<String>) -> Self {
        self.policy.audience = audience.into();
        self
    }

    /// Accepts only tokens that allow every value of `scope`.
    pub fn require_scope(mut self, scope: Scope) -> Self {
        self.policy.scope = scope;
        self
    }

    /// Accepts only tokens of a sign-in as strong as one of these `acr` values; the challenge names them all, so that a
    /// client can send the person to step up, [RFC 9470](https://www.rfc-editor.org/rfc/rfc9470).
    pub fn require_acr(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.policy.acr = values.into_iter().map(Into::into).collect();
        self
    }

    /// Accepts only tokens of a sign-in that is not older than `age`, in whole seconds,
    /// [RFC 9470](https://www.rfc-editor.org/rfc/rfc9470).
    pub fn require_max_age(mut self, age: Duration) -> Self {
        self.policy.max_age = Some(Duration::from_secs(age.as_secs()));
        self
    }

    /// Names in every challenge where `metadata` is read, so that a client that knows this API alone finds the
    /// authorization server, [RFC 9728 section 5](https://www.rfc-editor.org/rfc/rfc9728#section-5); and asks for the
    /// audience that it names.
    pub fn described_by(mut self, metadata: &ResourceMetadata) -> Self {
        self.policy.metadata = Some(metadata.address().to_owned());
        self.require_audience(metadata.resource())
    }

    /// Words the refusals otherwise; status and challenge stay.
    pub fn rejecting<Q>(self, rejection: Q) -> ResourceLayer<K, L, Q> {
        ResourceLayer { verifier: self.verifier, policy: self.policy, rejection }
    }
}

impl<S, K, L, R: Clone> Layer<S> for ResourceLayer<K, L, R> {
    type Service = Resource<S, K, L, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Resource {
            inner,
            verifier: self.verifier.clone(),
            policy: Arc::new(self.policy.clone()),
            rejection: self.rejection.clone(),
        }
    }
}

impl<K, L, R: Clone> Clone for ResourceLayer<K, L, R> {
    fn clone(&self) -> Self {
        Self {
            verifier: self.verifier.clone(),
            policy: self.policy.clone(),
            rejection: self.rejection.clone(),
        }
    }
}
