//! The layer that answers the page of devices, and passes all else on.
//!
//! The rules, in order:
//!
//! 1. A request for `/account/devices` is answered here; any other passes to the inner service untouched.
//! 2. `GET` shows whoever is signed in, also by a cookie alone, where else they are, which browsers they trust, and what happened
//!    to their account: 20 things, and older ones by `before`. Anybody else is sent to sign in.
//! 3. `POST` ends one place, all others, all, or trust in every browser. It needs a proof of the last minutes
//!    ([`sensitive`](crate::sensitive)); whoever has none that fresh is sent to prove it and comes back. What else came from a
//!    sign-in that ends, [`OnLogout`] ends.
//! 4. A place goes by a name that means something in this sign-in alone; any other names nothing.
//! 5. The layer stands inside `SessionLayer` and a defence against forged posts.
//!
//! ```
//! # use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{ServiceExt, service_fn};
//! use tower_layer::Layer;
//! use towergate_identity::ports::memory::MemoryStore;
//! use towergate_login::{DeviceRoutes, Site, device_pages::*, pages::*};
//! use towergate_session::SessionLayer;
//!
//! struct Plain;
//! # impl LoginPages for Plain {
//! #     fn login(&self, _: &LoginView) -> String { String::new() }
//! #     fn problem(&self, view: &ProblemView) -> String { view.message.clone() }
//! # }
//!
//! impl DevicePages for Plain {
//!     fn devices(&self, view: &DevicesView) -> String {
//!         view.places.iter().map(|place| place.words.as_str()).collect()
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::new();
//! let hello = service_fn(async |_: Request<Full<Bytes>>| {
//!     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
//! });
//! let app = SessionLayer::new(store.clone()).layer(DeviceRoutes::new(store, Site::new(Plain)).layer(hello));
//!
//! let passed = app.clone().oneshot(Request::get("/other").body(Full::default())?).await?;
//! assert_eq!(passed.status(), StatusCode::OK);
//!
//! let refused = app.oneshot(Request::get("/account/devices").body(Full::default())?).await?;
//! assert_eq!(refused.headers()[header::LOCATION], "/login?return_to=%2Faccount%2Fdevices");
//! # Ok(())
//! # }
//! ```

mod page;

use std::{error::Error, fmt, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use tower_layer::Layer;
use towergate_endpoint::{Mounted, SharedEndpoints};
use towergate_identity::ports::IdentityStore;

use crate::{device_pages::DevicePages, devices::Devices, logout::OnLogout, site::Site};

/// Answers `/account/devices`. See the [module's documentation](self).
#[must_use]
pub struct DeviceRoutes<S, P, H = ()> {
    devices: Devices<S>,
    site: Site<P, H>,
}

impl<S: IdentityStore, P, H> DeviceRoutes<S, P, H> {
    /// Shows the people of `store` where they are signed in.
    pub const fn new(store: S, site: Site<P, H>) -> Self {
        Self { devices: Devices::new(store), site }
    }
}

impl<Inner, S: Clone, P, H> Layer<Inner> for DeviceRoutes<S, P, H> {
    type Service = Mounted<Arc<DevicesEndpoint<S, P, H>>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        let endpoint = DevicesEndpoint { devices: self.devices.clone(), site: self.site.clone() };
        Mounted::new(Arc::new(endpoint), inner)
    }
}

impl<S: Clone, P, H> Clone for DeviceRoutes<S, P, H> {
    fn clone(&self) -> Self {
        Self { devices: self.devices.clone(), site: self.site.clone() }
    }
}

impl<S, P, H> fmt::Debug for DeviceRoutes<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceRoutes").field("site", &self.site).finish_non_exhaustive()
    }
}

/// The endpoint that [`DeviceRoutes`] mounts.
pub struct DevicesEndpoint<S, P, H = ()> {
    devices: Devices<S>,
    site: Site<P, H>,
}

impl<S, P, H, B> SharedEndpoints<B> for DevicesEndpoint<S, P, H>
where
    S: IdentityStore,
    P: DevicePages,
    H: OnLogout,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Route = ();

    fn route(&self, path: &str) -> Option<()> {
        (path == self.site.paths.devices.as_str()).then_some(())
    }

    fn name(&self, (): &()) -> &'static str {
        "devices"
    }

    async fn answer(&self, (): (), request: Request<B>) -> Response<Bytes> {
        self.page(request).await
    }
}

impl<S, P, H> fmt::Debug for DevicesEndpoint<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevicesEndpoint").finish_non_exhaustive()
    }
}
