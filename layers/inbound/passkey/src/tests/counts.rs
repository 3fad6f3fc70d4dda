//! A key whose count went back.

use towergate_identity::rules::passkey::{CeremonyFailure, SignCountPolicy};

use super::{Host, party};
use crate::soft::Make;

#[tokio::test]
async fn a_copied_key_is_told_refused_or_revoked_as_the_host_has_it() {
    for policy in [SignCountPolicy::Warn, SignCountPolicy::Refuse, SignCountPolicy::Revoke] {
        let host = Host::of(party().sign_counts(policy)).await;
        let cookie = host.password("alice").await;
        let mut soft = host.passkey(&cookie, Make::BARE_KEY).await;
        let alice = host.user("alice").await.id;
        for _ in 0..3 {
            host.sign_in(&mut soft).await.0.unwrap();
        }
        assert!(host.events("passkey.count_went_back").is_empty());
        assert_eq!(host.passkeys.of(alice).await.unwrap()[0].count, 3);

        // A copy that was made after the first signature.
        soft.count = 1;
        let (came, _) = host.sign_in(&mut soft).await;
        let [told] = &host.events("passkey.count_went_back")[..] else { panic!("told once") };
        for detail in [("kept", "3"), ("seen", "2"), ("policy", policy.as_str())] {
            assert!(told.details.contains(&(detail.0, detail.1.to_owned())), "{detail:?}");
        }
        let kept = host.passkeys.of(alice).await.unwrap();
        if policy == SignCountPolicy::Warn {
            came.unwrap();
            assert_eq!(kept[0].count, 3, "the higher count is kept");
            host.sessions(5).await;
            continue;
        }
        host.refused(came, CeremonyFailure::Count).await;
        let revoked = policy == SignCountPolicy::Revoke;
        assert_eq!(kept.len(), usize::from(!revoked));
        host.sessions(if revoked { 0 } else { 4 }).await;

        // The honest key goes on where it was not taken away.
        soft.count = 3;
        let (came, _) = host.sign_in(&mut soft).await;
        if revoked {
            host.refused(came, CeremonyFailure::UnknownKey).await;
        } else {
            came.unwrap();
        }
    }
}

#[tokio::test]
async fn a_key_that_does_not_count_is_never_suspected() {
    let host = Host::of(party().sign_counts(SignCountPolicy::Revoke)).await;
    let cookie = host.password("alice").await;
    let mut soft = host.passkey(&cookie, Make::PHONE).await;
    for _ in 0..3 {
        host.sign_in(&mut soft).await.0.unwrap();
    }
    // One that did, and stopped, is.
    soft.count = 7;
    host.sign_in(&mut soft).await.0.unwrap();
    soft.count = 0;
    let (came, _) = host.sign_in(&mut soft).await;
    host.refused(came, CeremonyFailure::Count).await;
}
