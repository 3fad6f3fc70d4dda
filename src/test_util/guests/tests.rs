//! Everybody stands as they were asked to.

use towergate_core::{Timestamp, clock::ManualClock};
use towergate_identity::{
    ports::{UserStore, memory::MemoryStore},
    rules::session::{SessionRecord, SessionStage},
};
use towergate_login::LoginError;

use super::*;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

fn guests(store: &MemoryStore) -> Guests<MemoryStore> {
    let clock = Arc::new(ManualClock::at(NOW));
    let layer = SessionLayer::new(store.clone()).clock(clock.clone());
    Guests::new(store.clone()).clock(clock).session(layer)
}

async fn recognised(guests: &Guests<MemoryStore>, guest: &Guest) -> Option<Arc<SessionRecord>> {
    let seen = Arc::new(std::sync::Mutex::new(None));
    let told = Arc::clone(&seen);
    let look = move |session: Session| {
        *told.lock().unwrap() = session.record();
        async { Ok(()) }
    };
    // A visit that changes nothing sets no cookie.
    visit(&guests.session, guest.cookie.as_deref(), look).await.unwrap_err();
    seen.lock().unwrap().clone()
}

#[tokio::test]
async fn everybody_stands_as_the_test_asked() {
    let store = MemoryStore::new();
    let guests = guests(&store);
    for standing in Standing::ALL {
        let email = format!("{standing:?}@example.com").to_lowercase();
        let guest = guests.arrive(&email, standing).await.unwrap();
        let record = recognised(&guests, &guest).await;
        let (stage, amr) = match &record {
            Some(record) => (Some(record.stage), record.methods.iter().map(|m| m.as_str()).collect()),
            None => (None, Vec::new()),
        };
        let expected = match standing {
            Standing::Anonymous | Standing::Locked => (None, vec![]),
            Standing::EnrolmentDue => (Some(SessionStage::AwaitsEnrolment), vec!["pwd"]),
            Standing::HalfSignedIn => (Some(SessionStage::AwaitsSecondFactor), vec!["pwd"]),
            Standing::SignedIn | Standing::Unconfirmed => (Some(SessionStage::Complete), vec!["pwd"]),
            Standing::SteppedUp => (Some(SessionStage::Complete), vec!["pwd", "otp"]),
        };
        assert_eq!((stage, amr), expected, "{standing:?}");
        assert_eq!(standing.is_somebody(), stage == Some(SessionStage::Complete), "{standing:?}");
        assert_eq!(record.map(|record| record.user), guest.user.filter(|_| guest.cookie.is_some()));
        if let Some(user) = guest.user {
            let user = store.find_user(user).await.unwrap().unwrap();
            assert_eq!(user.confirmed_at.is_some(), standing != Standing::Unconfirmed);
        }
    }
}

#[tokio::test]
async fn the_right_password_of_somebody_locked_is_refused_and_not_put_off() {
    let store = MemoryStore::new();
    let guests = guests(&store);
    guests.arrive("alice@example.com", Standing::Locked).await.unwrap();
    let login = PasswordLogin::new(store, guests.hasher().unwrap());
    let origin = guests.origin().unwrap();
    let step = move |session: Session| {
        let login = login.clone();
        async move {
            let password = Secret::from(PASSWORD);
            let came = login.attempt("alice@example.com", &password, &session, origin).await;
            assert!(matches!(came, Err(LoginError::Refused)), "{came:?}");
            Ok(())
        }
    };
    visit(&guests.session, None, step).await.unwrap_err();
}

#[tokio::test]
async fn an_address_has_one_person() {
    let guests = guests(&MemoryStore::new());
    guests.arrive("alice@example.com", Standing::SignedIn).await.unwrap();
    guests.arrive("alice@example.com", Standing::SignedIn).await.unwrap_err();
}
