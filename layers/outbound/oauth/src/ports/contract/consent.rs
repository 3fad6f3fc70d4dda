//! Laws of remembered consents.

use super::{
    AuditTrail,
    fixture::{
        Ear, MILLISECOND, NOW, ROOM, alice, bob, client_id, code, grant, grant_id, interaction, origin,
        other_client_id, scope,
    },
    interaction::{approval, with_taken},
};
use crate::{
    ports::{
        OAuthStore,
        interaction::{Approval, Asked, Closing, Issuing},
    },
    rules::{
        consent::Consent,
        fact::OAuthFact,
        grant::{Grant, RevocationReason, SignIn},
        interaction::Interaction,
    },
};

/// A consent is remembered only when that is asked for.
pub async fn a_consent_given_once_is_not_remembered<S: OAuthStore + AuditTrail>(store: &S) {
    with_taken(store).await;
    store.approve_interaction(approval(1), origin(NOW)).await.unwrap();
    assert_eq!(store.find_consent(&alice(), &client_id()).await.unwrap(), None);
}

/// A remembered consent is found under its person and client, and under no other.
pub async fn a_remembered_consent_is_found<S: OAuthStore + AuditTrail>(store: &S) {
    with_remembered(store).await;
    assert_eq!(store.find_consent(&alice(), &client_id()).await.unwrap(), Some(consent("openid profile")));
    assert_eq!(store.find_consent(&bob(), &client_id()).await.unwrap(), None);
    assert_eq!(store.find_consent(&alice(), &other_client_id()).await.unwrap(), None);
}

/// The log tells a consent that is remembered from one that is not.
pub async fn remembering_is_on_record<S: OAuthStore + AuditTrail>(store: &S) {
    with_taken(store).await;
    let mut ear = Ear::on(store).await;
    store.approve_interaction(remembering("openid"), origin(NOW)).await.unwrap();
    let given = OAuthFact::ConsentGiven { subject: alice(), client: client_id(), remembered: true };
    let issued =
        OAuthFact::CodeIssued { code: code(1).id, grant: grant_id(1), client: client_id(), subject: alice() };
    ear.heard(&[given, issued], NOW).await;
}

/// A yes that an earlier one covers issues a code, and neither claims that somebody was asked nor remembers anything.
pub async fn a_consent_that_was_not_asked_for_is_not_on_record<S: OAuthStore + AuditTrail>(store: &S) {
    with_remembered(store).await;
    with_second(store).await;
    let mut ear = Ear::on(store).await;
    let yes = resting_on(Consent { given_at: NOW.plus(MILLISECOND), ..consent("profile") });
    assert_eq!(store.approve_interaction(yes, origin(NOW)).await.unwrap(), Closing::Closed);
    let issued =
        OAuthFact::CodeIssued { code: code(2).id, grant: grant_id(2), client: client_id(), subject: alice() };
    ear.heard(&[issued], NOW).await;
    assert_eq!(store.find_consent(&alice(), &client_id()).await.unwrap(), Some(consent("openid profile")));
}

/// What people consented to for a client that is shut out is forgotten, and stays so when it may act again; what they consented to
/// for others is not.
pub async fn a_disabled_clients_consents_are_forgotten<S: OAuthStore + AuditTrail>(store: &S) {
    with_remembered(store).await;
    store.disable_client(other_client_id(), origin(NOW)).await.unwrap();
    assert!(store.find_consent(&alice(), &client_id()).await.unwrap().is_some());
    store.disable_client(client_id(), origin(NOW)).await.unwrap();
    store.enable_client(client_id(), origin(NOW)).await.unwrap();
    assert_eq!(store.find_consent(&alice(), &client_id()).await.unwrap(), None);
}

/// What rests on a consent comes to nothing, and leaves no trace, once that is taken back or does not reach so far.
pub async fn nothing_rests_on_a_consent_that_is_not_remembered<S: OAuthStore + AuditTrail>(store: &S) {
    with_remembered(store).await;
    with_second(store).await;
    let beyond = [
        Consent { scope: scope("email"), ..consent("openid") },
        Consent { claims: [String::from("email")].into(), ..consent("openid") },
        Consent { resource: [String::from("https://email.example")].into(), ..consent("openid") },
        Consent { subject: bob(), ..consent("openid") },
        Consent { client: other_client_id(), ..consent("openid") },
    ];
    let mut ear = Ear::on(store).await;
    for asked in beyond {
        assert_nothing_rests_on(store, asked).await;
    }
    ear.heard(&[] as &[OAuthFact], NOW).await;
    store.withdraw_consent(alice(), client_id(), origin(NOW)).await.unwrap();
    assert_nothing_rests_on(store, consent("openid")).await;
    assert!(store.find_code(code(2).id).await.unwrap().is_none());
}

/// Whose account is closed: everything that was granted dies, offline grants too, what they consented to is forgotten, and
/// their sign-ins have ended; nobody else's.
pub async fn a_closed_account_leaves_nothing_granted<S: OAuthStore + AuditTrail>(store: &S) {
    with_remembered(store).await;
    let (given, sid) = (grant(2), Some(String::from("sid-2")));
    let offline = Grant { scope: scope("openid offline_access"), client: other_client_id(), ..grant(2) };
    let theirs = Grant { subject: bob(), sign_in: SignIn { sid, ..given.sign_in }, ..grant(3) };
    for (n, grant) in [(2, offline), (3, theirs)] {
        assert_eq!(store.issue_code(grant, code(n), None, origin(NOW)).await.unwrap(), Issuing::Issued);
    }
    let mut ear = Ear::on(store).await;
    assert_eq!(store.end_subject(alice(), origin(NOW)).await.unwrap(), 2);
    let reason = RevocationReason::AccountRefused;
    let died = |n, client| OAuthFact::GrantRevoked { grant: grant_id(n), client, reason };
    ear.heard(&[died(1, client_id()), died(2, other_client_id())], NOW).await;
    assert_eq!(store.find_consent(&alice(), &client_id()).await.unwrap(), None);
    for (n, revoked) in [(1, true), (2, true), (3, false)] {
        assert_eq!(store.find_code(code(n).id).await.unwrap().unwrap().revoked, revoked, "{n}");
    }
    assert!(store.has_sign_in_ended("sid-1").await.unwrap());
    assert!(!store.has_sign_in_ended("sid-2").await.unwrap());
    assert_eq!(store.end_subject(alice(), origin(NOW)).await.unwrap(), 0);
    ear.heard(&[] as &[OAuthFact], NOW).await;
}

/// What clients hold of a person is listed, offline grants too, a part at a time; not what died, nor what is another's.
pub async fn what_clients_hold_of_a_person_is_listed<S: OAuthStore + AuditTrail>(store: &S) {
    with_remembered(store).await;
    let offline = Grant { scope: scope("openid offline_access"), client: other_client_id(), ..grant(2) };
    for (n, grant) in [(2, offline.clone()), (3, Grant { subject: bob(), ..grant(3) }), (4, grant(4))] {
        assert_eq!(store.issue_code(grant, code(n), None, origin(NOW)).await.unwrap(), Issuing::Issued);
    }
    let listed = |after: Option<Grant>, most| async move {
        store.grants_of(&alice(), after.as_ref(), most).await.unwrap()
    };
    assert_eq!(listed(None, 10).await, [grant(1), grant(4), offline.clone()]);
    assert_eq!(listed(None, 2).await, [grant(1), grant(4)]);
    assert_eq!(listed(Some(grant(1)), 10).await, [grant(4), offline.clone()]);
    assert_eq!(listed(Some(grant(4)), 1).await.len(), 1);
    assert_eq!(listed(Some(offline.clone()), 10).await, []);
    assert_eq!(listed(None, 0).await, []);
    store.revoke_grant(grant_id(1), RevocationReason::RevokedByOperator, origin(NOW)).await.unwrap();
    assert_eq!(listed(None, 10).await, [grant(4), offline]);
}

/// A code rests on a consent that is remembered and reaches so far.
pub async fn a_code_rests_on_a_remembered_consent<S: OAuthStore + AuditTrail>(store: &S) {
    with_remembered(store).await;
    let issued = store.issue_code(grant(2), code(2), Some(consent("openid")), origin(NOW)).await.unwrap();
    assert_eq!(issued, Issuing::Issued);
}

/// A second remembered consent is added to the first.
pub async fn a_remembered_consent_grows<S: OAuthStore + AuditTrail>(store: &S) {
    with_remembered(store).await;
    with_second(store).await;
    let later = NOW.plus(MILLISECOND);
    let more = Consent { given_at: later, ..consent("email") };
    let approval = Approval {
        interaction: interaction(2).id,
        asked: Asked::Now { remember: Some(more) },
        ..approval(2)
    };
    store.approve_interaction(approval, origin(later)).await.unwrap();
    let grown = Consent { given_at: later, ..consent("openid profile email") };
    assert_eq!(store.find_consent(&alice(), &client_id()).await.unwrap(), Some(grown));
}

/// A consent whose yes came to nothing is not remembered.
pub async fn a_consent_of_a_lost_yes_is_not_remembered<S: OAuthStore + AuditTrail>(store: &S) {
    with_taken(store).await;
    let late = origin(interaction(1).expires_at);
    store.approve_interaction(remembering("openid"), late).await.unwrap();
    assert_eq!(store.find_consent(&alice(), &client_id()).await.unwrap(), None);
}

/// A consent withdrawn is forgotten and takes along every grant of that person to that client, and no other.
pub async fn a_withdrawn_consent_takes_its_grants_along<S: OAuthStore + AuditTrail>(store: &S) {
    with_remembered(store).await;
    store.issue_code(grant(2), code(2), None, origin(NOW)).await.unwrap();
    let bobs = Grant { subject: bob(), ..grant(3) };
    store.issue_code(bobs, code(3), None, origin(NOW)).await.unwrap();
    let others = Grant { client: other_client_id(), ..grant(4) };
    store.issue_code(others, code(4), None, origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;

    assert_eq!(store.withdraw_consent(alice(), client_id(), origin(NOW)).await.unwrap(), 2);
    let died = |n| OAuthFact::GrantRevoked {
        grant: grant_id(n),
        client: client_id(),
        reason: RevocationReason::ConsentWithdrawn,
    };
    let withdrawn = OAuthFact::ConsentWithdrawn { subject: alice(), client: client_id() };
    ear.heard(&[withdrawn, died(1), died(2)], NOW).await;
    assert_eq!(store.find_consent(&alice(), &client_id()).await.unwrap(), None);
    for (n, revoked) in [(1, true), (2, true), (3, false), (4, false)] {
        assert_eq!(store.find_code(code(n).id).await.unwrap().unwrap().revoked, revoked, "grant {n}");
    }
}

/// Answers the first interaction with a yes to remember.
pub(super) async fn with_remembered<S: OAuthStore>(store: &S) {
    with_taken(store).await;
    store.approve_interaction(remembering("openid profile"), origin(NOW)).await.unwrap();
}

/// A second question to the same person.
async fn with_second<S: OAuthStore>(store: &S) {
    let second = Interaction { subject: Some(alice()), ..interaction(2) };
    store.begin_interaction(second, ROOM, origin(NOW)).await.unwrap();
}

async fn assert_nothing_rests_on<S: OAuthStore>(store: &S, asked: Consent) {
    let issued = store.issue_code(grant(2), code(2), Some(asked.clone()), origin(NOW)).await.unwrap();
    assert_eq!(issued, Issuing::ConsentWithdrawn, "{asked:?}");
    let closed = store.approve_interaction(resting_on(asked.clone()), origin(NOW)).await.unwrap();
    assert_eq!(closed, Closing::ConsentWithdrawn, "{asked:?}");
}

/// The second question's yes, which nobody was asked for.
fn resting_on(asked: Consent) -> Approval {
    Approval { interaction: interaction(2).id, asked: Asked::Before { rests_on: asked }, ..approval(2) }
}

fn remembering(values: &str) -> Approval {
    Approval { asked: Asked::Now { remember: Some(consent(values)) }, ..approval(1) }
}

pub(super) fn consent(values: &str) -> Consent {
    let claims = values.split(' ').map(|value| format!("{value}_claim")).collect();
    let resource = values.split(' ').map(|value| format!("https://{value}.example")).collect();
    Consent { subject: alice(), client: client_id(), scope: scope(values), claims, resource, given_at: NOW }
}
