//! A host's seam: reads who is signed in from the request, knows one claim.

use http::{header, request::Parts};
use serde_json::json;
use towergate::{
    core::LocalPath,
    oauth::rules::grant::{SignIn, Subject},
    oauth_server::account::{Account, AccountResolver, Candidate, Claims, Context, Ending, ResolverError},
    scope::CurrentScope,
    session::Session,
};

pub(crate) struct Accounts;

impl AccountResolver for Accounts {
    fn current_account(&self, parts: &Parts, _: &Context) -> Result<Option<Account>, ResolverError> {
        if beside(parts).is_some() { Ok(None) } else { Self::signed_in(parts) }
    }

    fn candidates(&self, parts: &Parts, _: &Context) -> Result<Vec<Candidate>, ResolverError> {
        let Some((account, other)) = Self::signed_in(parts)?.zip(beside(parts)) else {
            return Ok(Vec::new());
        };
        let other = Account { subject: Subject::parse(other)?, ..account.clone() };
        let named = |account: Account| Candidate { names: vec![account.subject.to_string()], account };
        Ok(vec![named(account), named(other)])
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

/// Who else is signed in, while nobody has been chosen: this host keeps it in a cookie.
fn beside(parts: &Parts) -> Option<&str> {
    let cookies = parts.headers.get(header::COOKIE)?.to_str().ok()?;
    cookies.split("; ").find_map(|cookie| cookie.strip_prefix("beside="))
}

impl Accounts {
    fn signed_in(parts: &Parts) -> Result<Option<Account>, ResolverError> {
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
}
