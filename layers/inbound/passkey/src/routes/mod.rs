//! The layer that answers everything of passkeys over HTTP, and passes all else on.
//!
//! The rules, in order:
//!
//! 1. These paths are answered here; any other request passes to the inner service untouched. Where they are is the
//!    [`Site`](towergate_login::Site)'s to say ([`Paths`](towergate_login::Paths),
//!    [`PasskeyPlaces`](towergate_login::PasskeyPlaces)).
//!    - `POST /login/passkey/options` and `POST /login/passkey`: a challenge for a stranger, and its answer.
//!    - `POST /mfa/passkey/options` and `POST /mfa/passkey`: the same for whoever has a session, half
//!      signed in or to step up.
//!    - `GET` and `POST /account/passkeys`: the page on which people keep their passkeys.
//!    - `POST /account/passkeys/new/options` and `POST /account/passkeys/new`: a challenge for a new one, and its answer.
//!    - `GET /passkey/script.js`: the one script, which the pages of signing in load too, and no other page.
//!    - `GET /.well-known/passkey-endpoints`, and `GET /.well-known/webauthn` where there are related origins.
//! 2. What the script posts is JSON of 64 KiB at most; anything else is not read. It is answered with JSON: `location`, to
//!    go to, or `message`, to be shown.
//! 3. A browser without the secret by which it is known gets one with its first challenge.
//! 4. A good answer is a session with a new identifier; `location` leads to `return_to`, a path of this host, over the page of
//!    the second factor if that is due. Any other answers 422 with one sentence, the same for every reason.
//! 5. The page of passkeys, and a new passkey, stand behind the gate of sensitive changes
//!    ([`Site::admit`](towergate_login::Site::admit)).
//! 6. Too many challenges that wait, or a store that is away: 503 with `Retry-After`.
//! 7. The layer stands inside `SessionLayer` and a defence against forged posts; without the first it answers 500 with a
//!    sentence that names it.
//!
//! ```
//! # use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{ServiceExt, service_fn};
//! use tower_layer::Layer;
//! use towergate_identity::ports::memory::MemoryStore;
//! use towergate_login::{Site, pages::*};
//! use towergate_passkey::{PasskeyRoutes, Passkeys, RelyingParty, pages::*};
//! use towergate_session::SessionLayer;
//!
//! struct Plain;
//!
//! impl LoginPages for Plain {
//!     fn login(&self, _: &LoginView) -> String {
//!         String::new()
//!     }
//!     fn problem(&self, view: &ProblemView) -> String {
//!         view.message.clone()
//!     }
//! }
//!
//! impl PasskeyPages for Plain {
//!     fn passkeys(&self, view: &PasskeysView) -> String {
//!         format!("{} passkeys", view.passkeys.len())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::new();
//! let party = RelyingParty::new("Example", "https://id.example.com")?;
//! let site = Site::new(Plain).passkeys(party.places());
//! let routes = PasskeyRoutes::new(Passkeys::new(store.clone(), party), site);
//! let hello = service_fn(async |_: Request<Full<Bytes>>| {
//!     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
//! });
//! let app = SessionLayer::new(store).layer(routes.layer(hello));
//!
//! let passed = app.clone().oneshot(Request::get("/other").body(Full::default())?).await?;
//! assert_eq!(passed.status(), StatusCode::OK);
//!
//! // A challenge for whoever signs in; an answer that is none is not good for it.
//! let post = |path: &str, json: &'static str| {
//!     Request::post(path).header(header::CONTENT_TYPE, "application/json").body(Full::<Bytes>::from(json))
//! };
//! let begun = app.clone().oneshot(post("/login/passkey/options", "{}")?).await?;
//! assert_eq!(begun.status(), StatusCode::OK);
//! let refused = app.oneshot(post("/login/passkey", "{}")?).await?;
//! assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
//! # Ok(())
//! # }
//! ```

mod account;
mod ceremony;
mod day;
mod json;
mod layer;
mod places;
mod script;
mod service;
mod well_known;

pub use layer::PasskeyRoutes;
pub use service::{PasskeyEndpoints, Route};
