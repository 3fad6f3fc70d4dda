//! Everything that is kept of a person, for them to take along.
//!
//! One JSON object: `format` (`towergate-export`), `version` (1), `exported_at`, `account`, `second_factors`, `passkeys`,
//! `linked_accounts`, `sessions`, and `host`, which is what the host adds. Times are RFC 3339 in UTC. No secret is in it, and no
//! hash of one: neither password, nor secret of an app, nor backup code, nor key, nor cookie. A field may be added under the
//! same version; none changes its meaning.

use std::future::{self, Future};

use serde_json::{Value, json};
use towergate_core::{StoreError, Timestamp};
use towergate_identity::{
    ports::IdentityStore,
    rules::{
        linked_identity::LinkedIdentity, passkey::Passkey, session::SessionRecord, user::User, user::UserId,
    },
};

/// How many sessions are told of, the newest.
const MOST_SESSIONS: usize = 1000;

/// What the host keeps of people beside. `()` keeps nothing.
pub trait ExportMore: Send + Sync + 'static {
    /// What the host keeps of `user`, for the field `host`.
    ///
    /// # Errors
    /// When it is not to be had.
    fn more(&self, user: UserId) -> impl Future<Output = Result<Value, StoreError>> + Send;
}

impl ExportMore for () {
    fn more(&self, _: UserId) -> impl Future<Output = Result<Value, StoreError>> + Send {
        future::ready(Ok(Value::Null))
    }
}

/// Everything that `store` keeps of `user` at `now`, and what the host adds; `None` when there is no such person.
///
/// # Errors
/// When the store or the host failed.
pub async fn export<S: IdentityStore, X: ExportMore>(
    store: &S,
    host: &X,
    user: UserId,
    now: Timestamp,
) -> Result<Option<Value>, StoreError> {
    let Some(person) = store.find_user(user).await? else { return Ok(None) };
    let app = store.find_totp(user).await?.filter(|totp| totp.is_enrolled());
    let backup_codes = store.backup_codes_left(user).await?;
    let passkeys = store.passkeys_of(user).await?;
    let linked = store.linked_identities_of(user).await?;
    let mut sessions = store.sessions_of(user, now).await?;
    sessions.truncate(MOST_SESSIONS);
    Ok(Some(json!({
        "format": "towergate-export",
        "version": 1,
        "exported_at": now.to_rfc3339(),
        "account": account(&person),
        "second_factors": {
            "authenticator_app": app.map(|app| json!({ "added_at": app.created_at.to_rfc3339() })),
            "asks_for_passkey": store.has_passkey_factor(user).await?,
            "backup_codes_left": backup_codes,
        },
        "passkeys": passkeys.iter().map(passkey).collect::<Vec<_>>(),
        "linked_accounts": linked.iter().map(linked_account).collect::<Vec<_>>(),
        "sessions": sessions.iter().map(session).collect::<Vec<_>>(),
        "host": host.more(user).await?,
    })))
}

fn account(person: &User) -> Value {
    json!({
        "id": person.id.to_string(),
        "email": person.email.as_str(),
        "email_confirmed_at": person.confirmed_at.map(Timestamp::to_rfc3339),
        "created_at": person.created_at.to_rfc3339(),
        "has_password": person.password.is_some(),
    })
}

fn passkey(passkey: &Passkey) -> Value {
    json!({
        "id": passkey.id.to_string(),
        "name": passkey.name.as_str(),
        "copied_between_devices": passkey.backed_up,
        "created_at": passkey.created_at.to_rfc3339(),
        "last_used_at": passkey.last_used_at.map(Timestamp::to_rfc3339),
    })
}

fn linked_account(linked: &LinkedIdentity) -> Value {
    json!({
        "provider": linked.provider,
        "issuer": linked.account.issuer(),
        "subject": linked.account.subject(),
        "label": linked.label,
        "linked_at": linked.linked_at.to_rfc3339(),
        "last_used_at": linked.last_used_at.map(Timestamp::to_rfc3339),
    })
}

fn session(session: &SessionRecord) -> Value {
    json!({
        "methods": session.methods.iter().map(|method| method.as_str()).collect::<Vec<_>>(),
        "signed_in_at": session.authenticated_at.to_rfc3339(),
        "began_at": session.created_at.to_rfc3339(),
        "last_seen_at": session.last_seen_at.to_rfc3339(),
        "ends_at": session.absolute_expires_at.to_rfc3339(),
    })
}
