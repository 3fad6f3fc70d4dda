//! Challenges and their answers, as the script posts them.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use serde::Deserialize;
use serde_json::Value;
use towergate_core::{Digest, LocalPath, audit::Origin};
use towergate_endpoint::body;
use towergate_identity::{
    ports::IdentityStore,
    rules::{passkey::PasskeyName, session::SessionStage},
};
use towergate_login::{OnLogout, SignedIn, sensitive::Admission};
use towergate_session::Session;

use super::{
    json,
    service::{Ceremony, Half, PasskeyEndpoints},
};
use crate::{
    pages::PasskeyPages,
    wire::{Answer, Challenge},
};

/// What the script posts. A challenge needs none of it.
#[derive(Deserialize)]
struct Posted {
    #[serde(default)]
    ceremony: String,
    #[serde(default)]
    credential: Value,
    #[serde(default)]
    return_to: Option<String>,
    #[serde(default)]
    name: Option<String>,
    /// Whether the browser is to stay signed in: a box beside the button says so.
    #[serde(default)]
    remember: bool,
    /// Whether the browser is to be trusted.
    #[serde(default)]
    trust: bool,
}

/// A request for a ceremony, read.
struct Asking {
    session: Session,
    browser: Option<Digest>,
    origin: Origin,
    return_to: LocalPath,
    posted: Posted,
}

impl<S: IdentityStore, P: PasskeyPages, H: OnLogout> PasskeyEndpoints<S, P, H> {
    pub(super) async fn ceremony<B>(
        &self,
        ceremony: Ceremony,
        half: Half,
        request: Request<B>,
    ) -> Response<Bytes>
    where
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        if request.method() != Method::POST {
            return json::wrong_method("POST");
        }
        let (parts, body) = request.into_parts();
        let read = body::read_json(&parts.headers, body).await;
        let asking = match read
            .map_err(|error| Box::new(json::unread(error)))
            .and_then(|bytes| self.asking(&parts, &bytes))
        {
            Ok(asking) => asking,
            Err(response) => return *response,
        };
        match half {
            Half::Challenge => self.challenge(ceremony, asking).await,
            Half::Answer => self.answer_to(ceremony, asking).await,
        }
    }

    fn asking(&self, parts: &Parts, bytes: &[u8]) -> Result<Asking, Box<Response<Bytes>>> {
        let session = match Session::of(&parts.extensions) {
            Ok(session) => session.clone(),
            Err(missing) => {
                tracing::error!("{missing}");
                return Err(Box::new(json::message(StatusCode::INTERNAL_SERVER_ERROR, &missing.to_string())));
            }
        };
        let posted: Posted = serde_json::from_slice(bytes).map_err(|_| {
            Box::new(json::message(StatusCode::BAD_REQUEST, "this is no JSON that is wanted here"))
        })?;
        let origin = self.site.origin(&parts.extensions).map_err(|_| {
            tracing::error!("no randomness for a request identifier");
            Box::new(json::broken())
        })?;
        let return_to =
            posted.return_to.as_deref().and_then(LocalPath::parse).unwrap_or_else(LocalPath::root);
        Ok(Asking { session, browser: self.site.browser(&parts.headers), origin, return_to, posted })
    }

    async fn challenge(&self, ceremony: Ceremony, asking: Asking) -> Response<Bytes> {
        let Asking { session, browser, origin, return_to, .. } = asking;
        if ceremony == Ceremony::Register
            && let Some(elsewhere) = self.gate(&session, origin).await
        {
            return elsewhere;
        }
        let (browser, given) = match browser {
            Some(browser) => (browser, None),
            None => match self.site.new_browser() {
                Ok((browser, given)) => (browser, Some(given)),
                Err(_) => return json::broken(),
            },
        };
        let begun = match ceremony {
            Ceremony::Register => self.passkeys.begin_registration(&session, &browser, origin).await,
            Ceremony::SecondFactor => self.passkeys.begin_second_factor(&session, &browser, origin).await,
            Ceremony::SignIn => self.passkeys.begin_sign_in(&browser, origin).await,
        };
        match begun {
            Ok(challenge) => offered(&challenge, given),
            Err(error) => json::failed(&error, &self.site.paths().login, &return_to),
        }
    }

    async fn answer_to(&self, ceremony: Ceremony, asking: Asking) -> Response<Bytes> {
        let Asking { session, browser, origin, return_to, posted } = asking;
        let Ok(answer) = Answer::new(&posted.ceremony, posted.credential) else {
            return json::message(StatusCode::BAD_REQUEST, "this is not the answer of an authenticator");
        };
        let (passkeys, entered) = (self.passkeys.clone(), session.clone());
        let signed_in = match ceremony {
            Ceremony::Register => {
                return self.register(&answer, posted.name.as_deref(), &session, browser, origin).await;
            }
            Ceremony::SecondFactor => {
                if posted.trust {
                    session.ask_for_trust();
                }
                let way = async move {
                    passkeys.finish_second_factor(&answer, &entered, browser.as_ref(), origin).await
                };
                self.site.sign_in(&session, origin, way).await
            }
            Ceremony::SignIn => {
                if posted.remember {
                    session.ask_to_be_remembered();
                }
                let way =
                    async move { passkeys.finish_sign_in(&answer, &entered, browser.as_ref(), origin).await };
                self.site.sign_in(&session, origin, way).await
            }
        };
        match signed_in {
            Ok(SignedIn { stage, .. }) => self.welcome(stage, &return_to),
            Err(error) => json::failed(&error, &self.site.paths().login, &return_to),
        }
    }

    async fn register(
        &self,
        answer: &Answer,
        name: Option<&str>,
        session: &Session,
        browser: Option<Digest>,
        origin: Origin,
    ) -> Response<Bytes> {
        if let Some(elsewhere) = self.gate(session, origin).await {
            return elsewhere;
        }
        let name = match name.map(str::trim).filter(|name| !name.is_empty()).map(PasskeyName::parse) {
            None => PasskeyName::default(),
            Some(Ok(name)) => name,
            Some(Err(bad)) => return json::message(StatusCode::UNPROCESSABLE_ENTITY, &bad.to_string()),
        };
        let registered =
            self.passkeys.finish_registration(answer, name, session, browser.as_ref(), origin).await;
        let page = &self.site.paths().passkeys;
        match registered {
            // What was made proves nothing yet: whoever had to enrol a second factor goes on to use it.
            Ok(_) if session.user().is_none() => self.welcome(SessionStage::AwaitsSecondFactor, page),
            Ok(_) => json::go(StatusCode::OK, page.as_str()),
            Err(error) => json::failed(&error, &self.site.paths().login, page),
        }
    }

    /// Whoever may not make a sensitive change now is told where to prove it.
    async fn gate(&self, session: &Session, origin: Origin) -> Option<Response<Bytes>> {
        let page = &self.site.paths().passkeys;
        match self.site.admit(self.passkeys.store(), session, page, origin.at).await {
            Ok(Admission::Admitted(_)) => None,
            Ok(Admission::Elsewhere(response)) => Some(json::go(StatusCode::FORBIDDEN, &location(&response))),
            Err(error) => Some(json::store_failed(&error)),
        }
    }

    /// Where somebody goes who has just proven themself.
    fn welcome(&self, stage: SessionStage, return_to: &LocalPath) -> Response<Bytes> {
        json::go(StatusCode::OK, &location(&self.site.welcome(stage, return_to)))
    }
}

/// The challenge, and the secret of a browser that had none.
fn offered(challenge: &Challenge, given: Option<HeaderValue>) -> Response<Bytes> {
    let Ok(value) = serde_json::to_value(challenge) else { return json::broken() };
    let mut response = json::json(StatusCode::OK, &value);
    if let Some(given) = given {
        response.headers_mut().append(header::SET_COOKIE, given);
    }
    response
}

/// Where a redirect leads.
fn location(response: &Response<Bytes>) -> String {
    let location = response.headers().get(header::LOCATION);
    location.and_then(|value| value.to_str().ok()).unwrap_or("/").to_owned()
}
