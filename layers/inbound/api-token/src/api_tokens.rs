//! Tokens as plain calls, for a host's own handler.
//!
//! Who may make or revoke one is the caller's to ask: the page of [`ApiTokenRoutes`](crate::ApiTokenRoutes) stands behind the gate
//! of sensitive changes.

use std::{collections::BTreeSet, fmt, sync::Arc};

use towergate_core::{
    Random, RandomUnavailable, Secret, StoreError, Timestamp,
    audit::{AuditLog, Fact, Origin},
    seal::SealError,
    system::OsRandom,
};
use towergate_identity::{
    ports::{
        ApiTokenStore, UserStore,
        api_token::{CreatingApiToken, NotingUse},
    },
    rules::{
        api_token::{
            self as rule, ApiToken, ApiTokenFailure, ApiTokenId, ApiTokenName, BadLifetime, Permission,
        },
        fact::IdentityFact,
        notice::Notice,
        user::UserId,
    },
};
use towergate_login::mail::{Herald, NoticeError};

use crate::{
    asked::Asked,
    caller::ApiCaller,
    keys::RootKeys,
    permissions::PermissionList,
    refusals::Refusals,
    verify::{self, Unverified, Verified},
};

/// Makes, lists, revokes and checks tokens. Cheap to clone when the store is.
#[derive(Clone)]
#[must_use]
pub struct ApiTokens<S> {
    store: S,
    keys: RootKeys,
    permissions: Arc<PermissionList>,
    random: Arc<dyn Random>,
    herald: Herald,
    refusals: Arc<Refusals>,
}

/// What somebody wants of a new token.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    /// What they call it.
    pub name: ApiTokenName,
    /// What it may do.
    pub permissions: BTreeSet<Permission>,
    /// How many days it is good, 1 to 365; 90 where they do not say.
    pub days: Option<u32>,
}

/// A new token. Its text is shown once: nobody has it afterwards but whoever took it down.
#[derive(Debug)]
pub struct MadeApiToken {
    /// The text.
    pub text: Secret<String>,
    /// What is kept.
    pub record: ApiToken,
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiTokenError {
    /// It is to last too long, or not at all.
    #[error(transparent)]
    Lifetime(#[from] BadLifetime),
    /// It could do nothing, or something that the host does not name.
    #[error("Choose what the token may do.")]
    Permissions,
    /// They have so many already.
    #[error("You have {} tokens already. Revoke one before you make another.", rule::MAX_TOKENS)]
    TooMany,
    /// There is no such person, or they are shut out.
    #[error("nobody who may sign in")]
    UserRefused,
    /// It could not be put together: a defect.
    #[error("a token could not be put together")]
    Broken,
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The mail that tells of it could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a token that was shown is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// It is not good. The reason is for operators.
    #[error("the token is not good: {}", .0.as_str())]
    Refused(ApiTokenFailure),
    /// The machine is too busy. The same call may succeed later.
    #[error("the checks of a token could not be run in time")]
    Busy,
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: ApiTokenStore + UserStore + AuditLog> ApiTokens<S> {
    /// Keeps the tokens of the people of `store`, signed by `keys`, which may do what is in `permissions`.
    pub fn new(store: S, keys: RootKeys, permissions: PermissionList) -> Self {
        Self {
            store,
            keys,
            permissions: Arc::new(permissions),
            random: Arc::new(OsRandom::new()),
            herald: Herald::silent(),
            refusals: Arc::default(),
        }
    }

    /// Draws identifiers and keys from `random`.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Tells people by mail, as `herald` does, that a token was made. Nobody is told otherwise.
    pub fn herald(mut self, herald: Herald) -> Self {
        self.herald = herald;
        self
    }

    /// Makes a token for a program of `user`. Writes `api_token.created`.
    ///
    /// # Errors
    /// When it is not to be had, or something failed.
    pub async fn make(
        &self,
        user: UserId,
        wanted: NewApiToken,
        origin: Origin,
    ) -> Result<MadeApiToken, ApiTokenError> {
        let NewApiToken { name, permissions, days } = wanted;
        let lifetime = rule::lifetime(days)?;
        let named = permissions.iter().all(|permission| self.permissions.contains(permission));
        if permissions.is_empty() || !named {
            return Err(ApiTokenError::Permissions);
        }
        let id = ApiTokenId::fresh(origin.at, &*self.random)?;
        let (created_at, expires_at) = (origin.at, origin.at.plus(lifetime));
        let record = ApiToken { id, user, name, permissions, created_at, expires_at, last_used_at: None };
        let text = verify::mint(&record, &self.keys, &*self.random)?.ok_or(ApiTokenError::Broken)?;
        let told = self.herald.notice_to(&self.store, user, Notice::ApiTokenCreated, origin.at).await;
        let notice = told.map_err(|error| match error {
            NoticeError::Seal(error) => ApiTokenError::Seal(error),
            NoticeError::Store(error) => ApiTokenError::Store(error),
        })?;
        match self.store.create_api_token(record.clone(), rule::MAX_TOKENS, notice, origin).await? {
            CreatingApiToken::Created => {
                self.herald.announce();
                Ok(MadeApiToken { text, record })
            }
            CreatingApiToken::TooMany => Err(ApiTokenError::TooMany),
            CreatingApiToken::UserRefused => Err(ApiTokenError::UserRefused),
        }
    }

    /// The tokens of `user` that are good at `now`, newest first.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn of(&self, user: UserId, now: Timestamp) -> Result<Vec<ApiToken>, StoreError> {
        let mut tokens = self.store.api_tokens_of(user).await?;
        tokens.retain(|token| token.is_alive(now));
        Ok(tokens)
    }

    /// Ends a token of `user`, and with it whatever was narrowed from it; `false` when they have no such token.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn revoke(&self, user: UserId, token: ApiTokenId, origin: Origin) -> Result<bool, StoreError> {
        self.store.revoke_api_token(user, token, origin).await
    }

    /// Ends every token of `user`; answers how many were good.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn revoke_all(&self, user: UserId, origin: Origin) -> Result<u64, StoreError> {
        self.store.revoke_api_tokens_of(user, origin).await
    }

    /// Whose program shows this token, and what it may do with this request. Writes `api_token.used_first` the first time, and
    /// `api_token.refused` where a token of ours is not good, once a minute for each at most: a token that is no token of ours is
    /// nobody's, and is not written down.
    ///
    /// # Errors
    /// When it is not good, or something failed.
    pub async fn check(
        &self,
        shown: &str,
        asked: &Asked<'_>,
        origin: Origin,
    ) -> Result<ApiCaller, CheckError> {
        let token = Verified::read(shown, &self.keys).map_err(CheckError::Refused)?;
        match self.judge(&token, asked, origin).await {
            Err(CheckError::Refused(reason)) => {
                let (user, id) = (token.user, token.id);
                if self.refusals.is_new(id, reason, origin.at) {
                    let fact = IdentityFact::ApiTokenRefused { user, token: id, reason };
                    self.store.append(fact.event(&origin)).await?;
                }
                Err(CheckError::Refused(reason))
            }
            judged => judged,
        }
    }

    async fn judge(
        &self,
        token: &Verified,
        asked: &Asked<'_>,
        origin: Origin,
    ) -> Result<ApiCaller, CheckError> {
        let refused = |reason| Err(CheckError::Refused(reason));
        let Some(row) = self.store.find_api_token(token.id).await? else {
            return refused(ApiTokenFailure::Revoked);
        };
        if row.user != token.user {
            return refused(ApiTokenFailure::Forged);
        }
        if !row.is_alive(asked.at) {
            return refused(ApiTokenFailure::Expired);
        }
        let still = |word: &&Permission| row.permissions.contains(*word) && self.permissions.contains(word);
        let permissions = token.permissions.iter().filter(still).cloned().collect();
        let left = token.narrow(asked, permissions).map_err(|unverified| match unverified {
            Unverified::Refused(reason) => CheckError::Refused(reason),
            Unverified::Busy => CheckError::Busy,
        })?;
        if row.is_use_due(asked.at)
            && self.store.note_api_token_use(row.id, origin).await? == NotingUse::Missing
        {
            return refused(ApiTokenFailure::Revoked);
        }
        Ok(ApiCaller { user: row.user, token: row.id, permissions: Arc::new(left) })
    }
}

impl<S> ApiTokens<S> {
    /// What tokens of this host can do.
    #[must_use]
    pub fn permissions(&self) -> &PermissionList {
        &self.permissions
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    pub(crate) fn source(&self) -> &dyn Random {
        &*self.random
    }
}

impl<S> fmt::Debug for ApiTokens<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiTokens")
            .field("keys", &self.keys)
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}
