//! How often an address may post to the pages of signing in.
//!
//! 1. Each form has a [`Limit`] of its own, for an address and for the network around it: [`SignInLimits`].
//! 2. It is counted before the form is read, whatever becomes of it: no success gives an address more tries.
//! 3. It bounds work and guessing across many accounts. Guessing at one account is bounded by the
//!    [lockout](towergate_identity::rules::lockout), and mail to one person by
//!    [`MailLimit`](towergate_identity::rules::mail::MailLimit), wherever the requests come from.
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt};
//! use towergate_client_address::{ClientAddressLayer, PeerAddress};
//! use towergate_login::{Site, limits::SignInLimits};
//! use towergate_rate_limit::MemoryStore;
//! # use towergate_login::pages::{LoginPages, LoginView, ProblemView};
//! # struct Plain;
//! # impl LoginPages for Plain {
//! #     fn login(&self, _: &LoginView) -> String { String::new() }
//! #     fn problem(&self, view: &ProblemView) -> String { view.message.clone() }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let site = Site::new(Plain);
//! let limits = SignInLimits::default();
//! let limits = SignInLimits { login: limits.login.most(2), ..limits };
//! let app = ServiceBuilder::new()
//!     .layer(ClientAddressLayer::new())
//!     .layer(limits.layer(MemoryStore::new(), &site))
//!     .service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
//!
//! // What the server loop does for each connection.
//! let peer = PeerAddress("192.0.2.1:4711".parse()?);
//! for expected in [StatusCode::OK, StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
//!     let sign_in = Request::post("/login").extension(peer).body(())?;
//!     let answer = app.clone().oneshot(sign_in).await?;
//!     assert_eq!(answer.status(), expected);
//! }
//! # Ok(())
//! # }
//! ```

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Response, request::Parts};
use towergate_endpoint::page::wants_html;
use towergate_rate_limit::{Limit, PlainRefusal, RateLimitLayer, RateLimited, RateStore, RejectRateLimited};

use crate::{answer, pages::LoginPages, site::Site};

/// How often an address may post each form. A network may ten times as often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInLimits {
    /// Signing in with a password: 30 a minute.
    pub login: Limit,
    /// Proving a second factor: 30 a minute.
    pub second_factor: Limit,
    /// Signing in with a passkey, at the paths below the sign-in page, and proving one below that of the second factor: 60 a minute, two for each sign-in.
    pub passkey: Limit,
    /// Asking for an account: 20 in ten minutes.
    pub register: Limit,
    /// Confirming an address, and asking for another mail: 30 a minute.
    pub confirm: Limit,
    /// Saying that a password is forgotten: 20 in ten minutes.
    pub forgot: Limit,
    /// Setting it anew: 20 in ten minutes.
    pub reset: Limit,
    /// Signing in by mail: 20 in ten minutes.
    pub magic: Limit,
    /// Changing anything of one's account: 60 a minute.
    pub account: Limit,
}

impl Default for SignInLimits {
    fn default() -> Self {
        let minute = |name, most| Limit::new(name, most, Duration::from_secs(60));
        let ten_minutes = |name, most| Limit::new(name, most, Duration::from_secs(600));
        Self {
            login: minute("login", 30),
            second_factor: minute("mfa", 30),
            passkey: minute("passkey", 60),
            register: ten_minutes("register", 20),
            confirm: minute("confirm", 30),
            forgot: ten_minutes("forgot", 20),
            reset: ten_minutes("reset", 20),
            magic: ten_minutes("magic", 20),
            account: minute("account", 60),
        }
    }
}

impl SignInLimits {
    /// The layer that counts what is posted to the pages of `site`. It stands inside
    /// `ClientAddressLayer` and outside `SessionLayer`.
    pub fn layer<S: RateStore, P, H>(self, store: S, site: &Site<P, H>) -> RateLimitLayer<S, LimitPages<P>> {
        let paths = site.paths();
        let layer = RateLimitLayer::new(store)
            .post(below(paths.login.as_str()), self.passkey)
            .post(below(paths.second_factor.as_str()), self.passkey)
            .post(below(paths.account.as_str()), self.account)
            .post(below(paths.social.as_str()), self.login);
        let guarded = [
            (&paths.login, self.login),
            (&paths.second_factor, self.second_factor),
            (&paths.register, self.register),
            (&paths.confirm, self.confirm),
            (&paths.forgot, self.forgot),
            (&paths.reset, self.reset),
            (&paths.magic, self.magic),
        ];
        let layer = guarded.into_iter().fold(layer, |layer, (path, limit)| layer.post(path.as_str(), limit));
        layer.clock(Arc::clone(&site.clock)).rejection(LimitPages(Arc::clone(&site.pages)))
    }
}

fn below(path: &str) -> String {
    format!("{}/*", path.trim_end_matches('/'))
}

/// Tells whoever asks too often so on the site's own page; a program gets a line of text.
pub struct LimitPages<P>(Arc<P>);

impl<P: LoginPages, B: From<Bytes>> RejectRateLimited<B> for LimitPages<P> {
    fn reject(&self, request: &Parts, reason: RateLimited) -> Response<B> {
        if !wants_html(&request.headers) {
            return PlainRefusal.reject(request, reason);
        }
        let mut response = answer::problem(reason.status(), reason.sentence(), &*self.0);
        reason.write_retry_after(&mut response);
        response.map(B::from)
    }
}

impl<P> Clone for LimitPages<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P> fmt::Debug for LimitPages<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LimitPages")
    }
}
