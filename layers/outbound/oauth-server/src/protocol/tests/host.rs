//! A host whose resolver can be told how to feel.

use http::request::Parts;
use towergate_core::StoreError;

use super::*;
use crate::{
    account::{Account, AccountResolver, Claims, Context, ResolverError},
    pages::{ConsentView, ErrorView, OAuthPages},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    Gone,
    Another,
    Away,
    Erring,
    Panicking,
}

pub(super) struct Host {
    pub(super) account: Mutex<Mood>,
    pub(super) claims: Mutex<Mood>,
}

impl AccountResolver for Host {
    fn current_account(&self, _: &Parts, _: &Context) -> Result<Option<Account>, ResolverError> {
        Ok(None)
    }

    async fn account(&self, subject: &Subject, _: &Context) -> Result<Option<Subject>, ResolverError> {
        let mood = *self.account.lock().unwrap();
        match mood {
            Mood::Well => Ok(Some(subject.clone())),
            Mood::Gone => Ok(None),
            Mood::Another => Ok(Some(Subject::parse("mallory").unwrap())),
            Mood::Away => Err(StoreError::unavailable("the users table is away").into()),
            Mood::Erring => Err(ResolverError::new("the users table is on fire")),
            Mood::Panicking => panic!("the users table is on fire"),
        }
    }

    async fn claims(&self, _: &Subject, _: &Context) -> Result<Claims, ResolverError> {
        let mood = *self.claims.lock().unwrap();
        match mood {
            Mood::Away => Err(ResolverError::unavailable("the directory is away", "no answer")),
            Mood::Erring => Err(ResolverError::new("the users table is on fire")),
            Mood::Panicking => panic!("the users table is on fire"),
            Mood::Well | Mood::Gone | Mood::Another => {
                let claims = serde_json::json!({
                    "sub": "mallory", "iss": "mallory", "name": "Alice", "email": "alice@app.example",
                    "email_verified": true, "phone_number": null, "shoe_size": 38,
                });
                let Value::Object(values) = claims else { unreachable!() };
                Ok(Claims { values })
            }
        }
    }

    fn login_redirect(&self, _: &Context) -> LocalPath {
        LocalPath::root()
    }
}

pub(super) struct NoPages;

impl OAuthPages for NoPages {
    fn consent(&self, _: &ConsentView) -> String {
        String::new()
    }

    fn error(&self, _: &ErrorView) -> String {
        String::new()
    }
}
