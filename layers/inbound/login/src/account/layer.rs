//! The layer and its endpoints.

use std::{collections::BTreeSet, error::Error, fmt, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use tower_layer::Layer;
use towergate_endpoint::{Mounted, SharedEndpoints};
use towergate_identity::{ports::IdentityStore, rules::deletion::DeletionPolicy};

use super::pages::{AccountPage, AccountPages};
use crate::{export::ExportMore, goodbye::Goodbye, logout::OnLogout, site::Site};

/// Answers `/account`, `/account/export` and `/account/delete`. See the [module's documentation](super).
#[must_use]
pub struct AccountRoutes<S, P, H = (), X = ()> {
    account: Account<S, P, H, X>,
}

/// The endpoints that [`AccountRoutes`] mounts.
pub struct Account<S, P, H = (), X = ()> {
    pub(super) store: S,
    pub(super) goodbye: Goodbye<S, H>,
    pub(super) more: Arc<X>,
    pub(super) offered: BTreeSet<AccountPage>,
    pub(super) site: Site<P, H>,
}

/// Which page a request is for.
#[derive(Debug, Clone, Copy)]
pub enum Route {
    /// The overview.
    Account,
    /// Goodbye.
    Delete,
    /// What they may take along.
    Export,
}

impl<S: IdentityStore, P, H: OnLogout> AccountRoutes<S, P, H> {
    /// Keeps the accounts of the people of `store`, which end by the default [policy](DeletionPolicy).
    pub fn new(store: S, site: Site<P, H>) -> Self {
        let goodbye = Goodbye::new(store.clone(), &site);
        let offered = BTreeSet::from([AccountPage::Export, AccountPage::Delete]);
        Self { account: Account { store, goodbye, more: Arc::new(()), offered, site } }
    }
}

impl<S: IdentityStore, P, H: OnLogout, X> AccountRoutes<S, P, H, X> {
    /// Shows links to these pages too, which other layers of the host answer: one that no layer answers leads nowhere.
    pub fn offering(mut self, pages: impl IntoIterator<Item = AccountPage>) -> Self {
        self.account.offered.extend(pages);
        self
    }

    /// Ends accounts by `policy`.
    pub fn policy(mut self, policy: DeletionPolicy) -> Self {
        self.account.goodbye = self.account.goodbye.policy(policy);
        self
    }

    /// Adds to what people take along what the host keeps of them.
    pub fn exporting<Y: ExportMore>(self, more: Y) -> AccountRoutes<S, P, H, Y> {
        let Account { store, goodbye, offered, site, .. } = self.account;
        AccountRoutes { account: Account { store, goodbye, more: Arc::new(more), offered, site } }
    }
}

impl<Inner, S: Clone, P, H, X> Layer<Inner> for AccountRoutes<S, P, H, X> {
    type Service = Mounted<Arc<Account<S, P, H, X>>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        Mounted::new(Arc::new(self.account.clone()), inner)
    }
}

impl<S, P, H, X, B> SharedEndpoints<B> for Account<S, P, H, X>
where
    S: IdentityStore,
    P: AccountPages,
    H: OnLogout,
    X: ExportMore,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Route = Route;

    fn route(&self, path: &str) -> Option<Route> {
        let paths = &self.site.paths;
        [(&paths.account, Route::Account), (&paths.delete, Route::Delete), (&paths.export, Route::Export)]
            .into_iter()
            .find_map(|(at, route)| (path == at.as_str()).then_some(route))
    }

    fn name(&self, route: &Route) -> &'static str {
        match route {
            Route::Account => "account",
            Route::Delete => "delete",
            Route::Export => "export",
        }
    }

    async fn answer(&self, route: Route, request: Request<B>) -> Response<Bytes> {
        match route {
            Route::Account => self.overview(request).await,
            Route::Delete => self.delete(request).await,
            Route::Export => self.take_along(request).await,
        }
    }
}

impl<S: Clone, P, H, X> Clone for AccountRoutes<S, P, H, X> {
    fn clone(&self) -> Self {
        Self { account: self.account.clone() }
    }
}

impl<S: Clone, P, H, X> Clone for Account<S, P, H, X> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            goodbye: self.goodbye.clone(),
            more: Arc::clone(&self.more),
            offered: self.offered.clone(),
            site: self.site.clone(),
        }
    }
}

impl<S, P, H, X> fmt::Debug for AccountRoutes<S, P, H, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountRoutes").field("account", &self.account).finish()
    }
}

impl<S, P, H, X> fmt::Debug for Account<S, P, H, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offered, site, .. } = self;
        f.debug_struct("Account").field("offered", offered).field("site", site).finish_non_exhaustive()
    }
}
