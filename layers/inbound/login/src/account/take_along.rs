//! The page on which people take their data along.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use towergate_endpoint::page;
use towergate_identity::ports::IdentityStore;
use towergate_session::Session;

use super::{
    layer::Account,
    pages::{AccountPages, ExportView},
};
use crate::{
    answer,
    export::{ExportMore, export},
    logout::OnLogout,
    sensitive::Admission,
};

impl<S: IdentityStore, P: AccountPages, H: OnLogout, X: ExportMore> Account<S, P, H, X> {
    pub(super) async fn take_along<B>(&self, request: Request<B>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        // There is nothing in the form.
        drop(body);
        let session = match Session::of(&parts.extensions) {
            Ok(session) => session,
            Err(missing) => return answer::misbuilt(missing.to_string()),
        };
        if !matches!(parts.method, Method::GET | Method::HEAD | Method::POST) {
            return answer::wrong_method("GET, HEAD, POST", self.pages());
        }
        let (here, now) = (&self.site.paths.export, self.site.clock.now());
        let record = match self.site.admit(&self.store, session, here, now).await {
            Ok(Admission::Admitted(record)) => record,
            Ok(Admission::Elsewhere(response)) => return *response,
            Err(error) => return answer::store_failed(&error, self.pages()),
        };
        if parts.method != Method::POST {
            let account = self.site.paths.account.to_string();
            let view = ExportView { action: here.to_string(), account };
            return answer::page(StatusCode::OK, self.pages().export(&view), self.pages());
        }
        let exported = match export(&self.store, &*self.more, record.user, now).await {
            Ok(Some(exported)) => serde_json::to_vec_pretty(&exported),
            Ok(None) => return answer::see_other_first(&self.site.paths.login, here),
            Err(error) => return answer::store_failed(&error, self.pages()),
        };
        match exported {
            Ok(text) => file(text),
            Err(error) => {
                tracing::error!(%error, "what is kept of a person could not be written down");
                answer::broken(self.pages())
            }
        }
    }
}

/// A file that is saved and not shown.
fn file(text: Vec<u8>) -> Response<Bytes> {
    let mut response = page::plain(StatusCode::OK, text);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let name = HeaderValue::from_static("attachment; filename=\"account.json\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    response
}
