//! The page of the accounts elsewhere that open somebody's.

use std::error::Error;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use towergate_core::id::Uuid;
use towergate_identity::{ports::IdentityStore, rules::linked_identity::LinkedIdentityId};
use towergate_session::Session;

use super::{
    Social,
    error::SocialError,
    pages::{IdentitiesView, IdentityView, SocialPages},
    service::LAST_WAY_IN,
};
use crate::{
    answer,
    form::{self, FormError},
    logout::OnLogout,
    mail::moment,
    pages::ProviderView,
    sensitive::Admission,
};

impl<S: IdentityStore, P: SocialPages, H: OnLogout> Social<S, P, H> {
    /// The accounts elsewhere of a person.
    pub(super) async fn identities<B>(&self, request: Request<B>) -> Response<Bytes>
    where
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let session = match Session::of(&parts.extensions) {
            Ok(session) => session.clone(),
            Err(missing) => return answer::misbuilt(missing.to_string()),
        };
        let removal = match parts.method {
            Method::GET | Method::HEAD => None,
            Method::POST => {
                match form::read(&parts.headers, body, ["action", "identity"]).await.and_then(removed) {
                    Ok(identity) => Some(identity),
                    Err(error) => return answer::unreadable(error, self.pages()),
                }
            }
            _ => return answer::wrong_method("GET, HEAD, POST", self.pages()),
        };
        let Ok(origin) = self.site.origin(&parts.extensions) else {
            tracing::error!("no randomness for a request identifier");
            return answer::broken(self.pages());
        };
        let here = &self.site.paths().identities;
        let record = match self.site.admit(&self.login.store, &session, here, origin.at).await {
            Ok(Admission::Admitted(record)) => record,
            Ok(Admission::Elsewhere(response)) => return *response,
            Err(error) => return answer::store_failed(&error, self.pages()),
        };
        let message = match removal {
            None => None,
            Some(identity) => match self.login.unlink(record.user, identity, Some(record.id), origin).await {
                Ok(()) | Err(SocialError::NotThere) => return answer::see_other(here),
                Err(SocialError::LastWayIn) => Some(LAST_WAY_IN),
                Err(error) => return self.refused(&error, here),
            },
        };
        let identities = match self.login.store.linked_identities_of(record.user).await {
            Ok(identities) => identities,
            Err(error) => return answer::store_failed(&error, self.pages()),
        };
        let label = |name: &str| {
            self.login.desks.get(name).map_or_else(|| name.to_owned(), |desk| desk.provider.label.clone())
        };
        let identities = identities.into_iter().map(|identity| IdentityView {
            id: identity.id.to_string(),
            provider: label(&identity.provider),
            label: identity.label,
            linked_at: moment(identity.linked_at),
            last_used_at: identity.last_used_at.map(moment),
        });
        let path = &self.site.paths().social;
        let providers = self.login.providers().map(|(name, label)| ProviderView::at(path, name, label));
        let view = IdentitiesView {
            action: here.to_string(),
            identities: identities.collect(),
            providers: providers.collect(),
            message: message.map(str::to_owned),
        };
        let status = if message.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        answer::page(status, self.pages().identities(&view), self.pages())
    }
}

fn removed(fields: form::Fields<2>) -> Result<LinkedIdentityId, FormError> {
    let [action, identity] = fields;
    if action.is_none_or(|action| action.expose() != "unlink") {
        return Err(FormError::Missing);
    }
    let id = identity.and_then(|id| Uuid::parse_str(id.expose()).ok()).ok_or(FormError::Missing)?;
    Ok(LinkedIdentityId::from_uuid(id))
}
