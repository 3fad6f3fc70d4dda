//! The order of the layers, fixed by types.

use std::{fmt, marker::PhantomData};

use tower_layer::Stack as Inside;
use tower_layer::{Identity, Layer};
use towergate_audit::AuditLayer;

use crate::cross_origin::CrossOriginLayer;

/// The layers in front of every page that a browser asks for, in the only order in which they work:
///
/// ```text
/// audit > cross-origin check > client address > rate limits > session > scope > account > your routes
/// ```
///
/// Each step is offered only where its layer belongs, so a stack in the wrong order does not compile. A host that signs
/// people in by another library leaves out `session` and `scope`; one without an authorization server leaves out
/// `account`; one that limits nothing by address leaves out `client_address` and `rate_limit`.
///
/// The cross-origin check refuses a form that another site's page posts here, and one of which nobody says from where it
/// comes ([`CrossOriginLayer`] states its rules); see
/// [`accept_cross_origin_posts_to`](Stack::accept_cross_origin_posts_to).
///
/// ```
/// # #[cfg(feature = "inbound")]
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use http::{Request, Response, StatusCode};
/// use http_body_util::Full;
/// use bytes::Bytes;
/// use tower::{ServiceBuilder, ServiceExt};
/// use towergate::{Stack, audit::AuditLayer, scope::{CurrentScope, ScopeLayer}, session::SessionLayer};
///
/// let store = towergate::identity::ports::memory::MemoryStore::new();
/// let stack = Stack::new(AuditLayer::new()).session(SessionLayer::new(store)).scope(ScopeLayer::new());
/// let app = ServiceBuilder::new().layer(stack).service_fn(|request: Request<Full<Bytes>>| async move {
///     let nobody = CurrentScope::from_extensions(request.extensions()).is_ok_and(|scope| scope.user().is_none());
///     Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::from(if nobody { "who are you?" } else { "hello" })))
/// });
///
/// let visit = Request::get("/").body(Full::default()).unwrap();
/// assert_eq!(app.clone().oneshot(visit).await.unwrap().status(), StatusCode::OK);
///
/// let forged = Request::post("/").header("sec-fetch-site", "cross-site").body(Full::default()).unwrap();
/// assert_eq!(app.oneshot(forged).await.unwrap().status(), StatusCode::FORBIDDEN);
/// # });
/// ```
///
/// ```compile_fail
/// # use towergate::{Stack, audit::AuditLayer, scope::ScopeLayer, session::SessionLayer};
/// # let store = towergate::identity::ports::memory::MemoryStore::new();
/// Stack::new(AuditLayer::new()).scope(ScopeLayer::new()).session(SessionLayer::new(store)); // scope before session
/// ```
#[must_use]
pub struct Stack<Layers, Stage> {
    audit: AuditLayer,
    cross_origin: CrossOriginLayer,
    layers: Layers,
    stage: PhantomData<fn() -> Stage>,
}

/// The stage of a [`Stack`] that has only its audit layer.
#[derive(Debug)]
pub enum Audited {}

/// The stage of a [`Stack`] that knows the session but has not read it.
#[derive(Debug)]
pub enum WithSession {}

/// The stage of a [`Stack`] that knows who is signed in.
#[derive(Debug)]
pub enum Scoped {}

/// The stage of a [`Stack`] that knows the account; nothing follows it.
#[derive(Debug)]
pub enum WithAccount {}

impl Stack<Identity, Audited> {
    /// Begins a stack: a record of each request, and the cross-origin check.
    pub fn new(audit: AuditLayer) -> Self {
        Self { audit, cross_origin: CrossOriginLayer::new(), layers: Identity::new(), stage: PhantomData }
    }
}

impl<Layers> Stack<Layers, Audited> {
    /// Says from which address each request comes, further in too.
    pub fn client_address(
        self,
        address: towergate_client_address::ClientAddressLayer,
    ) -> Stack<Inside<towergate_client_address::ClientAddressLayer, Layers>, Audited> {
        self.and(address)
    }

    /// Lets each address ask so often, and no more, before a session is looked up: inside
    /// [`client_address`](Self::client_address). A form that another site's page posts is not counted.
    pub fn rate_limit<S, R>(
        self,
        limit: towergate_rate_limit::RateLimitLayer<S, R>,
    ) -> Stack<Inside<towergate_rate_limit::RateLimitLayer<S, R>, Layers>, Audited> {
        self.and(limit)
    }

    /// Knows the session of each request.
    #[cfg(feature = "inbound")]
    pub fn session<S, R>(
        self,
        session: towergate_session::SessionLayer<S, R>,
    ) -> Stack<Inside<towergate_session::SessionLayer<S, R>, Layers>, WithSession> {
        self.and(session)
    }
}

#[cfg(feature = "inbound")]
impl<Layers> Stack<Layers, WithSession> {
    /// Remembers browsers: people stay signed in in them, and are spared the second factor in those that they trust.
    pub fn remember<S, R>(
        self,
        remember: towergate_session::RememberLayer<S, R>,
    ) -> Stack<Inside<towergate_session::RememberLayer<S, R>, Layers>, WithSession> {
        self.and(remember)
    }

    /// Knows who is signed in.
    pub fn scope(
        self,
        scope: towergate_scope::ScopeLayer,
    ) -> Stack<Inside<towergate_scope::ScopeLayer, Layers>, Scoped> {
        self.and(scope)
    }
}

/// A stage at which the account may be asked for: who is signed in is known, or another library knows it.
#[cfg(feature = "outbound")]
pub trait BeforeAccount: sealed::Sealed {}

#[cfg(feature = "outbound")]
impl BeforeAccount for Audited {}
#[cfg(feature = "outbound")]
impl BeforeAccount for Scoped {}

#[cfg(feature = "outbound")]
mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Audited {}
    impl Sealed for super::Scoped {}
}

#[cfg(feature = "outbound")]
impl<Layers, Stage: BeforeAccount> Stack<Layers, Stage> {
    /// Knows the account that `server` acts for, and lets other sites' forms be posted to its authorization endpoint
    /// ([OpenID Connect Core 3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)) and its logout
    /// endpoint ([RP-Initiated Logout 2](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout)), which asks
    /// the person.
    ///
    /// The layers that answer are still to be mounted: `server.browser()` inside the stack, `server.protocol()`
    /// outside.
    pub fn authorization_server<S, R, P>(
        self,
        server: &towergate_oauth_server::AuthorizationServer<S, R, P>,
    ) -> Stack<Inside<towergate_oauth_server::account::AccountLayer<R>, Layers>, WithAccount> {
        let paths = &server.config().paths;
        self.accept_cross_origin_posts_to(paths.authorize.as_str())
            .accept_cross_origin_posts_to(paths.end_session.as_str())
            .account(server.account())
    }

    /// Knows the account that the authorization server acts for, by a layer of your own making;
    /// [`authorization_server`](Self::authorization_server) does this and what belongs to it.
    pub fn account<R, J>(
        self,
        account: towergate_oauth_server::account::AccountLayer<R, J>,
    ) -> Stack<Inside<towergate_oauth_server::account::AccountLayer<R, J>, Layers>, WithAccount> {
        self.and(account)
    }
}

impl<Layers, Stage> Stack<Layers, Stage> {
    /// Lets forms of other sites be posted to `path` too. Only for a path that does nothing without asking the person, as
    /// an authorization endpoint; `SameSite=Lax` keeps the session cookie out of such a request.
    pub fn accept_cross_origin_posts_to(mut self, path: impl Into<String>) -> Self {
        self.cross_origin = self.cross_origin.accept_cross_origin_posts_to(path);
        self
    }

    fn and<L, Next>(self, layer: L) -> Stack<Inside<L, Layers>, Next> {
        Stack {
            audit: self.audit,
            cross_origin: self.cross_origin,
            layers: Inside::new(layer, self.layers),
            stage: PhantomData,
        }
    }
}

impl<S, Layers, Stage> Layer<S> for Stack<Layers, Stage>
where
    Layers: Layer<S>,
    AuditLayer: Layer<<CrossOriginLayer as Layer<Layers::Service>>::Service>,
{
    type Service = <AuditLayer as Layer<<CrossOriginLayer as Layer<Layers::Service>>::Service>>::Service;

    fn layer(&self, inner: S) -> Self::Service {
        self.audit.layer(self.cross_origin.layer(self.layers.layer(inner)))
    }
}

impl<Layers: Clone, Stage> Clone for Stack<Layers, Stage> {
    fn clone(&self) -> Self {
        Self {
            audit: self.audit.clone(),
            cross_origin: self.cross_origin.clone(),
            layers: self.layers.clone(),
            stage: PhantomData,
        }
    }
}

impl<Layers, Stage> fmt::Debug for Stack<Layers, Stage> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").finish_non_exhaustive()
    }
}
