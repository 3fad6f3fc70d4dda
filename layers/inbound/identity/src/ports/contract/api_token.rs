//! Laws of the tokens of people's programs.

use std::{collections::BTreeSet, time::Duration};

use towergate_core::id::Uuid;

use super::{
    AuditTrail,
    deletion::{delete, end, leave},
    fixture::{Ear, MILLISECOND, NOW, establish, login, origin, session_id, user_id, with_people},
    mail::outbox_mail,
    password,
};
use crate::{
    ports::{
        ApiTokenStore, IdentityStore,
        api_token::{CreatingApiToken, NotingUse},
        password::{ChangingPassword, ResettingPassword},
    },
    rules::{
        api_token::{ApiToken, ApiTokenId, ApiTokenName, LIFETIME, Permission},
        deletion::Ending,
        fact::{IdentityFact, SessionEnd},
        mail::{MailKind, OutboxMail},
        notice::Notice,
    },
};

pub(super) fn token_id(n: u128) -> ApiTokenId {
    ApiTokenId::from_uuid(Uuid::from_u128(0xe000 + n))
}

/// The `n`th token, of the first person.
pub(super) fn token(n: u128) -> ApiToken {
    let permissions = ["reports:read", "reports:write"].map(|word| Permission::parse(word).unwrap());
    ApiToken {
        id: token_id(n),
        user: user_id(1),
        name: ApiTokenName::parse(&format!("token {n}")).unwrap(),
        permissions: BTreeSet::from(permissions),
        created_at: NOW,
        expires_at: NOW.plus(LIFETIME),
        last_used_at: None,
    }
}

pub(super) async fn create<S: ApiTokenStore>(store: &S, token: ApiToken) -> CreatingApiToken {
    store.create_api_token(token, 50, None, origin(NOW)).await.unwrap()
}

fn created(n: u128) -> IdentityFact {
    let ApiToken { id, user, permissions, expires_at, .. } = token(n);
    let permissions = permissions.into_iter().collect();
    IdentityFact::ApiTokenCreated { user, token: id, permissions, expires_at }
}

fn ended(n: u128, reason: SessionEnd) -> IdentityFact {
    IdentityFact::ApiTokenRevoked { user: user_id(1), token: token_id(n), reason }
}

/// Two people, of whom each has a token, and the first one more that has ended by itself at `NOW`.
async fn with_tokens<S: IdentityStore + ApiTokenStore>(store: &S) {
    with_people(store).await;
    let old = ApiToken { created_at: NOW.minus(MILLISECOND * 2), expires_at: NOW, ..token(3) };
    for token in [token(1), ApiToken { user: user_id(2), ..token(2) }, old] {
        assert_eq!(create(store, token).await, CreatingApiToken::Created);
    }
}

async fn is_there<S: ApiTokenStore>(store: &S, n: u128) -> bool {
    store.find_api_token(token_id(n)).await.unwrap().is_some()
}

/// A token reads back whole, and its person is told.
pub async fn a_token_reads_back_whole<S: IdentityStore + ApiTokenStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let mut ear = Ear::on(store).await;
    let notice = OutboxMail { kind: MailKind::Notice(Notice::ApiTokenCreated), ..outbox_mail(1) };
    let queued = IdentityFact::MailQueued { mail: notice.id, user: notice.user, kind: notice.kind };
    let kept = store.create_api_token(token(1), 50, Some(notice), origin(NOW)).await.unwrap();
    assert_eq!(kept, CreatingApiToken::Created);
    ear.heard(&[created(1), queued], NOW).await;
    assert_eq!(store.find_api_token(token_id(1)).await.unwrap(), Some(token(1)));
    assert_eq!(store.find_api_token(token_id(2)).await.unwrap(), None);
    let later = ApiToken { created_at: NOW.plus(MILLISECOND), ..token(2) };
    create(store, later.clone()).await;
    assert_eq!(store.api_tokens_of(user_id(1)).await.unwrap(), [later, token(1)], "newest first");
    assert_eq!(store.api_tokens_of(user_id(2)).await.unwrap(), []);
}

/// A person has so many tokens that are good, and whoever is shut out has none.
pub async fn a_person_has_so_many_tokens<S: IdentityStore + ApiTokenStore + AuditTrail>(store: &S) {
    with_tokens(store).await;
    let at = async |n, most| store.create_api_token(token(n), most, None, origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    assert_eq!(at(4, 1).await, CreatingApiToken::TooMany);
    ear.silence().await;
    assert_eq!(at(4, 2).await, CreatingApiToken::Created, "what has ended by itself does not count");
    store.disable_user(user_id(1), origin(NOW)).await.unwrap();
    assert_eq!(at(5, 50).await, CreatingApiToken::UserRefused);
    let nobodys = ApiToken { user: user_id(9), ..token(6) };
    assert_eq!(create(store, nobodys).await, CreatingApiToken::UserRefused);
    assert!(!is_there(store, 5).await && !is_there(store, 6).await);
}

/// A use is noted, never backwards, and the first is written down.
pub async fn the_first_use_of_a_token_is_told<S: IdentityStore + ApiTokenStore + AuditTrail>(store: &S) {
    with_tokens(store).await;
    let mut ear = Ear::on(store).await;
    let later = NOW.plus(Duration::from_secs(3600));
    let note = async |at| store.note_api_token_use(token_id(1), origin(at)).await.unwrap();
    assert_eq!(note(later).await, NotingUse::First);
    ear.heard(&[IdentityFact::ApiTokenUsedFirst { user: user_id(1), token: token_id(1) }], later).await;
    assert_eq!(note(NOW).await, NotingUse::Noted);
    let last = store.find_api_token(token_id(1)).await.unwrap().unwrap().last_used_at;
    assert_eq!(last, Some(later));
    let missing = store.note_api_token_use(token_id(9), origin(NOW)).await.unwrap();
    assert_eq!(missing, NotingUse::Missing);
    ear.silence().await;
}

/// A token is revoked by its own person, once.
pub async fn a_token_is_revoked_by_its_person<S: IdentityStore + ApiTokenStore + AuditTrail>(store: &S) {
    with_tokens(store).await;
    let mut ear = Ear::on(store).await;
    let revoke = async |user, n| store.revoke_api_token(user, token_id(n), origin(NOW)).await.unwrap();
    assert!(!revoke(user_id(2), 1).await, "another person's");
    ear.silence().await;
    assert!(revoke(user_id(1), 1).await);
    ear.heard(&[ended(1, SessionEnd::RevokedByUser)], NOW).await;
    assert!(!revoke(user_id(1), 1).await);
    assert!(!is_there(store, 1).await && is_there(store, 2).await);
    let noted = store.note_api_token_use(token_id(1), origin(NOW)).await.unwrap();
    assert_eq!(noted, NotingUse::Missing);
    ear.silence().await;
}

/// All tokens of a person end at once; what had ended by itself goes unnoticed.
pub async fn all_tokens_of_a_person_end<S: IdentityStore + ApiTokenStore + AuditTrail>(store: &S) {
    with_tokens(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(store.revoke_api_tokens_of(user_id(1), origin(NOW)).await.unwrap(), 1);
    ear.heard(&[ended(1, SessionEnd::RevokedByUser)], NOW).await;
    assert_eq!(store.api_tokens_of(user_id(1)).await.unwrap(), []);
    assert!(is_there(store, 2).await);
}

/// A forgotten password set anew ends all tokens; signing out, or a change by whoever knows the password, ends none.
pub async fn a_reset_ends_tokens_and_a_change_does_not<S: IdentityStore + ApiTokenStore + AuditTrail>(
    store: &S,
) {
    with_tokens(store).await;
    establish(store, login(1)).await;
    let changed = password::change(Some("$argon2id$old"), "$argon2id$next");
    let changed = store.change_password(changed, None, origin(NOW)).await.unwrap();
    assert!(matches!(changed, ChangingPassword::Changed { .. }));
    store.end_session(session_id(1), SessionEnd::Logout, origin(NOW)).await.unwrap();
    store.end_sessions_of(user_id(1), None, SessionEnd::RevokedByUser, origin(NOW)).await.unwrap();
    assert!(is_there(store, 1).await);
    password::ask(store, password::proof(1), 1).await;
    let mut ear = Ear::on(store).await;
    let done = password::reset(store, 1, None, NOW).await;
    assert!(matches!(done, ResettingPassword::Reset { .. }));
    let reset = IdentityFact::PasswordReset { user: user_id(1), token: super::email_token::token_id(1) };
    ear.heard(&[reset, ended(1, SessionEnd::PasswordReset)], NOW).await;
    assert!(!is_there(store, 1).await && is_there(store, 2).await);
}

/// Whoever is shut out, or says goodbye, has no token any more, and none when they stay.
pub async fn no_token_outlives_its_person<S: IdentityStore + ApiTokenStore + AuditTrail>(store: &S) {
    with_tokens(store).await;
    let mut ear = Ear::on(store).await;
    store.disable_user(user_id(2), origin(NOW)).await.unwrap();
    let user = user_id(2);
    let gone = IdentityFact::ApiTokenRevoked { user, token: token_id(2), reason: SessionEnd::UserDisabled };
    ear.heard(&[IdentityFact::UserDisabled { user }, gone], NOW).await;
    leave(store).await;
    assert!(!is_there(store, 1).await && !is_there(store, 2).await);
    assert_eq!(create(store, token(4)).await, CreatingApiToken::UserRefused);
    store.withdraw_deletion(user_id(1), None, origin(NOW)).await.unwrap();
    assert!(!is_there(store, 1).await);
    create(store, ApiToken { expires_at: NOW.plus(MILLISECOND), ..token(5) }).await;
    leave(store).await;
    delete(store, Ending::Erase, end()).await;
    assert_eq!(store.api_tokens_of(user_id(1)).await.unwrap(), []);
}
