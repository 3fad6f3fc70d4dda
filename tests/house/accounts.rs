//! A host's seam: reads who is signed in from the request, knows one claim.

use http::request::Parts;
use serde_json::json;
use towergate::{
    core::LocalPath,
    oauth::rules::grant::{SignIn, Subject},
    oauth_server::account::{Account, AccountResolver, Claims, Context, Ending, ResolverError},
    scope::CurrentScope,
    session::Session,
};

pub(crate) struct Accounts;

impl AccountResolver for Accounts {
    fn current_account(&self, parts: &Parts, _: &Context) -> Result<Option<Account>, ResolverError> {
        let scope = CurrentScope::from_extensions(&parts.extensions)
            .map_err(|missing| ResolverError::missing_layer(missing.advice()))?;
        let (Some(user), Some(auth_time)) = (scope.user(), scope.authenticated_at()) else { return Ok(None) };
        let sign_in = SignIn {
            auth_time,
            acr: scope.level().map(|level| level.acr().to_owned()),
            amr: vec![String::from("pwd")],
            sid: scope.sign_in().map(|id| id.to_string()),
        };
        let subject = Subject::parse(&user.to_string()).expect("a user's identifier is a subject");
        Ok(Some(Account { subject, sign_in, display_name: String::from("Alice") }))
    }

    async fn account(&self, subject: &Subject, _: &Context) -> Result<Option<Subject>, ResolverError> {
        Ok(Some(subject.clone()))
    }

    async fn claims(&self, _: &Subject, _: &Context) -> Result<Claims, ResolverError> {
        let claims = json!({ "email": "alice@example.com", "sub": "not-this-one" });
        Ok(Claims { values: claims.as_object().cloned().unwrap_or_default() })
    }

    async fn end_session(&self, parts: &Parts, _: &Context) -> Result<Ending, ResolverError> {
        let session = Session::of(&parts.extensions).expect("the session layer is outside");
        session.end().await.map_err(|error| ResolverError::caused_by("the session did not end", error))?;
        Ok(Ending::Ended)
    }

    fn login_redirect(&self, _: &Context) -> LocalPath {
        LocalPath::parse("/login").expect("a path of this host")
    }
}
