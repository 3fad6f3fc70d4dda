//! The bridge between the two halves: the one file that knows who signs in here and what other software asks.

use std::{collections::BTreeMap, fmt, sync::Arc};

use http::request::Parts;
use serde_json::{Map, Value};
use towergate::{
    core::{Clock, LocalPath, StoreError, audit::Origin},
    identity::{
        ports::IdentityStore,
        rules::{
            session::SignInId,
            user::{UserId, UserState},
        },
    },
    login::{ExportMore, OnLogout},
    oauth::{
        ports::OAuthStore,
        rules::{
            grant::{InvalidSubject, SignIn, Subject},
            interaction::Prompt,
        },
    },
    oauth_server::account::{Account, AccountResolver, Claims, Context, Ending, ResolverError},
    scope::CurrentScope,
    session::{Session, SessionError},
};

use crate::host::Server;

/// What the host knows of its people beyond how they sign in: its own data, here from the configuration.
#[derive(Debug, Clone, Default)]
pub struct Profiles(Arc<BTreeMap<UserId, Map<String, Value>>>);

impl Profiles {
    /// How a person is addressed: by name, else by address, else by identifier.
    #[must_use]
    pub fn name_of(&self, user: UserId) -> String {
        self.named(user).map_or_else(|| user.to_string(), str::to_owned)
    }

    fn named(&self, user: UserId) -> Option<&str> {
        let claims = self.0.get(&user)?;
        ["name", "email"].into_iter().find_map(|key| claims.get(key)?.as_str())
    }

    fn claims_of(&self, user: UserId) -> Option<&Map<String, Value>> {
        self.0.get(&user)
    }
}

impl FromIterator<(UserId, Map<String, Value>)> for Profiles {
    fn from_iter<T: IntoIterator<Item = (UserId, Map<String, Value>)>>(people: T) -> Self {
        Self(Arc::new(people.into_iter().collect()))
    }
}

impl ExportMore for Profiles {
    async fn more(&self, user: UserId) -> Result<Value, StoreError> {
        Ok(self.claims_of(user).map_or(Value::Null, |claims| Value::Object(claims.clone())))
    }
}

/// The host's accounts, as the authorization server asks for them.
#[derive(Clone)]
pub struct Accounts<I> {
    people: I,
    profiles: Profiles,
    clock: Arc<dyn Clock>,
}

impl<I> Accounts<I> {
    /// The accounts of `people`, with what the host knows of them.
    pub fn new(people: I, profiles: Profiles, clock: Arc<dyn Clock>) -> Self {
        Self { people, profiles, clock }
    }
}

impl<I: IdentityStore> Accounts<I> {
    /// Whether the sign-in that an answer rests on still lives: one that signed out, lay idle for too long or was ended from
    /// elsewhere takes what clients hold of it along. An answer that rests on none outlives them all.
    async fn is_signed_in(&self, context: &Context) -> Result<bool, StoreError> {
        let Some(sid) = &context.sid else { return Ok(true) };
        match sid.parse::<SignInId>() {
            Ok(sign_in) => self.people.is_sign_in_alive(sign_in, self.clock.now()).await,
            Err(_) => Ok(false),
        }
    }
}

impl<I: IdentityStore> AccountResolver for Accounts<I> {
    fn current_account(&self, parts: &Parts, _: &Context) -> Result<Option<Account>, ResolverError> {
        let scope = CurrentScope::from_extensions(&parts.extensions)
            .map_err(|missing| ResolverError::missing_layer(missing.advice()))?;
        let (Some(user), Some(auth_time)) = (scope.user(), scope.authenticated_at()) else {
            return Ok(None);
        };
        let sign_in = SignIn {
            auth_time,
            acr: scope.level().map(|level| level.acr().to_owned()),
            amr: scope.methods().iter().map(|method| method.as_str().to_owned()).collect(),
            sid: scope.sign_in().map(|id| id.to_string()),
        };
        Ok(Some(Account { subject: subject_of(user)?, sign_in, display_name: self.profiles.name_of(user) }))
    }

    async fn account(&self, subject: &Subject, context: &Context) -> Result<Option<Subject>, ResolverError> {
        let Some(user) = user_of(subject) else { return Ok(None) };
        if !self.is_signed_in(context).await? {
            return Ok(None);
        }
        let found = self.people.find_user(user).await?;
        Ok(found.filter(|user| user.state == UserState::Active).map(|_| subject.clone()))
    }

    async fn claims(&self, subject: &Subject, _: &Context) -> Result<Claims, ResolverError> {
        let Some(user) = user_of(subject) else { return Ok(Claims::default()) };
        let Some(found) = self.people.find_user(user).await? else { return Ok(Claims::default()) };
        let mut values = self.profiles.claims_of(user).cloned().unwrap_or_default();
        values.entry("email").or_insert_with(|| Value::from(found.email.as_str()));
        // The configuration may vouch for an address; else only its person can.
        let vouched = values.get("email_verified").and_then(Value::as_bool).unwrap_or(false);
        values.insert(String::from("email_verified"), Value::from(vouched || found.confirmed_at.is_some()));
        Ok(Claims { values })
    }

    /// By the name that the host knows, else by the address that they sign in with.
    async fn display_name(&self, account: &Account, _: &Context) -> Result<String, ResolverError> {
        let Some(user) = user_of(&account.subject) else { return Ok(account.display_name.clone()) };
        if let Some(name) = self.profiles.named(user) {
            return Ok(name.to_owned());
        }
        let found = self.people.find_user(user).await?;
        Ok(found.map_or_else(|| account.display_name.clone(), |user| user.email.to_string()))
    }

    fn login_redirect(&self, context: &Context) -> LocalPath {
        let page = if context.prompt.contains(&Prompt::Create) { "/register" } else { "/login" };
        LocalPath::parse(page).unwrap_or_else(LocalPath::root)
    }

    async fn end_session(&self, parts: &Parts, _: &Context) -> Result<Ending, ResolverError> {
        let session = Session::of(&parts.extensions)
            .map_err(|missing| ResolverError::caused_by("the session cannot end", missing))?;
        match session.end().await {
            Ok(()) => Ok(Ending::Ended),
            Err(SessionError::Store(error)) => Err(error.into()),
            Err(error) => Err(ResolverError::caused_by("the session cannot end", error)),
        }
    }
}

impl<I> fmt::Debug for Accounts<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}

/// Ends what other software holds when a person signs out, and has it told.
#[derive(Debug, Clone)]
pub struct EndGrants<I, O>(pub Server<I, O>);

impl<I: IdentityStore, O: OAuthStore> OnLogout for EndGrants<I, O> {
    async fn ending(&self, sign_in: SignInId, origin: Origin) -> Result<(), StoreError> {
        self.0.end_sign_in(&sign_in.to_string(), origin).await?;
        Ok(())
    }

    async fn leaving(&self, user: UserId, origin: Origin) -> Result<(), StoreError> {
        let Ok(subject) = subject_of(user) else { return Ok(()) };
        self.0.end_subject(&subject, origin).await?;
        Ok(())
    }

    async fn has_ended(&self, sign_in: SignInId) -> Result<bool, StoreError> {
        self.0.store().has_sign_in_ended(&sign_in.to_string()).await
    }

    async fn farewell(&self, sign_in: SignInId, then: &LocalPath) -> Option<LocalPath> {
        let page = self.0.farewell(&sign_in.to_string(), then).await;
        page.unwrap_or_else(|error| {
            tracing::warn!(%error, "nobody is told through the browser that a sign-in ended");
            None
        })
    }
}

/// The subject of a person is their identifier: it never changes hands, and tells nothing.
fn subject_of(user: UserId) -> Result<Subject, InvalidSubject> {
    Subject::parse(&user.to_string())
}

fn user_of(subject: &Subject) -> Option<UserId> {
    subject.as_str().parse().ok()
}
