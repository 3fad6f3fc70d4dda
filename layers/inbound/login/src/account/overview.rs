//! The overview of an account.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use towergate_core::LocalPath;
use towergate_identity::{ports::IdentityStore, rules::session::SessionStage};
use towergate_session::Session;

use super::{
    layer::Account,
    pages::{AccountLink, AccountPage, AccountPages, AccountView},
};
use crate::{answer, logout::OnLogout};

impl<S: IdentityStore, P: AccountPages, H: OnLogout, X> Account<S, P, H, X> {
    pub(super) async fn overview<B>(&self, request: Request<B>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        drop(body);
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return answer::wrong_method("GET, HEAD", self.pages());
        }
        let session = match Session::of(&parts.extensions) {
            Ok(session) => session,
            Err(missing) => return answer::misbuilt(missing.to_string()),
        };
        let (here, paths) = (&self.site.paths.account, &self.site.paths);
        let Some(record) = session.record() else { return answer::see_other_first(&paths.login, here) };
        if record.stage != SessionStage::Complete {
            return self.site.welcome(record.stage, here);
        }
        let person = match self.store.find_user(record.user).await {
            Ok(Some(person)) => person,
            Ok(None) => return answer::see_other_first(&paths.login, here),
            Err(error) => return answer::store_failed(&error, self.pages()),
        };
        let link = |page: &AccountPage| AccountLink { page: *page, path: self.path_of(*page).to_string() };
        let view = AccountView {
            email: person.email.to_string(),
            is_confirmed: person.confirmed_at.is_some(),
            links: self.offered.iter().map(link).collect(),
            logout: paths.logout.to_string(),
        };
        answer::page(StatusCode::OK, self.pages().account(&view), self.pages())
    }

    pub(super) fn pages(&self) -> &P {
        &self.site.pages
    }

    fn path_of(&self, page: AccountPage) -> &LocalPath {
        let paths = &self.site.paths;
        match page {
            AccountPage::Security => &paths.security,
            AccountPage::Password => &paths.password,
            AccountPage::Passkeys => &paths.passkeys,
            AccountPage::Identities => &paths.identities,
            AccountPage::ApiTokens => &paths.api_tokens,
            AccountPage::Devices => &paths.devices,
            AccountPage::Email => &paths.email,
            AccountPage::Export => &paths.export,
            AccountPage::Delete => &paths.delete,
        }
    }
}
