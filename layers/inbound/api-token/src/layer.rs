//! The layer.

use std::{fmt, sync::Arc};

use tower_layer::Layer;
use towergate_core::{Clock, system::SystemClock};

use crate::{api_tokens::ApiTokens, rejection::JsonRejection, service::ApiTokenService};

/// Reads tokens of people's programs and sets [`ApiCaller`](crate::ApiCaller).
///
/// The rules, in order:
///
/// 1. A request without `Authorization: Bearer tg_api_…` passes untouched, with no caller: what else it shows is for the layers
///    further in, which refuse it if nobody made sense of it.
/// 2. Beside another `Authorization` header or a session cookie, a token is refused: 400 `invalid_request`.
/// 3. The token must be good for this request ([the rules](crate)); else 401 `invalid_token`, whatever the reason.
/// 4. A store that cannot answer: 503 with `Retry-After`; nobody is let in on trust.
/// 5. [`ApiCaller`](crate::ApiCaller) goes into the request's extensions, and the inner service is called.
///
/// Every refusal is `no-store` and carries [`Refusal`](crate::Refusal) in the response's extensions. The layer stands inside the
/// audit layer, and inside `ClientAddressLayer` where tokens may be narrowed to addresses; without it such a token is refused.
///
/// ```
/// # use std::{collections::BTreeSet, convert::Infallible, time::Duration};
/// use bytes::Bytes;
/// use http::{Request, Response, StatusCode, header};
/// use http_body_util::Full;
/// use tower::{ServiceBuilder, ServiceExt};
/// use towergate_api_token::{
///     ApiCaller, ApiTokenLayer, ApiTokens, Attenuation, NewApiToken, Permission, PermissionList, RequirePermissionLayer, RootKey,
///     RootKeys, attenuate,
/// };
/// use towergate_identity::{ports::memory::MemoryStore, rules::api_token::ApiTokenName};
/// # use towergate_core::{Clock, Secret, audit::Origin, system::{OsRandom, SystemClock}};
/// # use towergate_identity::{ports::UserStore, rules::{email::EmailAddress, user::*}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (store, now, random) = (MemoryStore::new(), SystemClock.now(), OsRandom::new());
/// # let (origin, alice, seed) = (Origin::detached(now, &random)?, UserId::fresh(now, &random)?, Secret::new([7; 32]));
/// # let email = EmailAddress::parse("alice@example.com")?;
/// # let user = User { id: alice, email, password: None, state: UserState::Active, created_at: now, confirmed_at: None };
/// # store.add_user(user, origin).await?;
/// let keys = RootKeys::new(RootKey::from_seed(1, &seed).ok_or("a key")?);
/// let list = PermissionList::new([("reports:read", "Read reports"), ("reports:write", "Change reports")])?;
/// let tokens = ApiTokens::new(store, keys, list);
///
/// let app = ServiceBuilder::new()
///     .layer(ApiTokenLayer::new(tokens.clone()))
///     .layer(RequirePermissionLayer::new(Permission::parse("reports:write")?))
///     .service_fn(async |request: Request<Full<Bytes>>| {
///         assert!(matches!(ApiCaller::from_extensions(request.extensions()), Ok(Some(_))));
///         Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
///     });
///
/// // Alice makes a token, once; her program shows it.
/// let permissions = BTreeSet::from([Permission::parse("reports:read")?, Permission::parse("reports:write")?]);
/// let wanted = NewApiToken { name: ApiTokenName::parse("nightly export")?, permissions, days: None };
/// let made = tokens.make(alice, wanted, origin).await?;
/// let show = |token: &str| {
///     Request::builder().uri("/reports").header(header::AUTHORIZATION, format!("Bearer {token}")).body(Full::default())
/// };
/// let passed = app.clone().oneshot(show(made.text.expose())?).await?;
/// assert_eq!(passed.status(), StatusCode::OK);
///
/// // The program hands a weaker one on, without asking anybody.
/// let weaker = Attenuation::new().only_permissions([Permission::parse("reports:read")?]);
/// let weaker = attenuate(made.text.expose(), &weaker, &random)?;
/// let refused = app.clone().oneshot(show(weaker.expose())?).await?;
/// assert_eq!(refused.status(), StatusCode::FORBIDDEN);
///
/// // What is revoked is refused at once, and what was narrowed from it.
/// tokens.revoke(alice, made.record.id, origin).await?;
/// for token in [&made.text, &weaker] {
///     let refused = app.clone().oneshot(show(token.expose())?).await?;
///     assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct ApiTokenLayer<S, R = JsonRejection> {
    tokens: ApiTokens<S>,
    clock: Arc<dyn Clock>,
    rejection: R,
}

impl<S> ApiTokenLayer<S> {
    /// Takes the tokens of `tokens`.
    pub fn new(tokens: ApiTokens<S>) -> Self {
        Self { tokens, clock: Arc::new(SystemClock), rejection: JsonRejection }
    }
}

impl<S, R> ApiTokenLayer<S, R> {
    /// Asks `clock` for the time.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Words the refusals otherwise; status and challenge stay.
    pub fn rejecting<Q>(self, rejection: Q) -> ApiTokenLayer<S, Q> {
        ApiTokenLayer { tokens: self.tokens, clock: self.clock, rejection }
    }
}

impl<Inner, S: Clone, R: Clone> Layer<Inner> for ApiTokenLayer<S, R> {
    type Service = ApiTokenService<Inner, S, R>;

    fn layer(&self, inner: Inner) -> Self::Service {
        let (tokens, clock, rejection) =
            (self.tokens.clone(), Arc::clone(&self.clock), self.rejection.clone());
        ApiTokenService { inner, tokens, clock, rejection }
    }
}

impl<S: Clone, R: Clone> Clone for ApiTokenLayer<S, R> {
    fn clone(&self) -> Self {
        let (tokens, clock, rejection) =
            (self.tokens.clone(), Arc::clone(&self.clock), self.rejection.clone());
        Self { tokens, clock, rejection }
    }
}

impl<S, R> fmt::Debug for ApiTokenLayer<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiTokenLayer").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}
