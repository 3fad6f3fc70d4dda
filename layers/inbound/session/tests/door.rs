//! What a handle may do with the session of its request.

#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, atomic::Ordering},
};

use house::{House, cleared, failure, fared, kept, ok, with};
use towergate_core::audit::{Origin, RequestId};
use towergate_identity::{ports::UserStore, rules::session::SignInId};
use towergate_session::{Session, SessionError};

#[tokio::test]
async fn whoever_proves_themself_again_has_a_new_identifier_in_the_same_sign_in() {
    let house = House::new().await;
    let first = house.signed_in().await;
    let before = house.living().await;
    house.pass(60);
    let (second, begun) = house.begun(Some(&first), &house.alice).await;
    let after = house.living().await;
    assert!(house.who(&first).await.is_none());
    assert!(house.who(&second).await.is_some());
    assert_eq!(after.len(), 1);
    assert_ne!(after[0].id, before[0].id);
    assert!(!after[0].digest.matches(&before[0].digest));
    assert_eq!((after[0].id, after[0].sign_in), (begun.session, before[0].sign_in));
    assert_eq!((begun.sign_in, begun.ended), (before[0].sign_in, None));
    assert_eq!(after[0].authenticated_at, house.now());
    let day = std::time::Duration::from_secs(24 * 3600);
    assert_eq!(after[0].absolute_expires_at, house.now().plus(day), "it counts from the new proof");
}

#[tokio::test]
async fn another_person_begins_another_sign_in_and_ends_the_one_before() {
    let house = House::new().await;
    let (first, before) = house.begun(None, &house.alice).await;
    let (second, begun) = house.begun(Some(&first), &house.bob).await;
    assert!(house.who(&first).await.is_none());
    assert_eq!(house.who(&second).await, Some(house.bob.id));
    assert_ne!(begun.sign_in, before.sign_in);
    assert_eq!(begun.ended, Some(before.sign_in));
    assert!(house.living().await.is_empty());
}

#[tokio::test]
async fn a_request_knows_the_sign_in_it_went_on_with() {
    let house = House::new().await;
    let (first, before) = house.begun(None, &house.alice).await;
    let proof = Arc::new(Mutex::new(Some(house.proof())));
    let answer = house
        .ask(Some(&first), async move |session| {
            let proof = proof.lock().unwrap().take().unwrap();
            session.establish(proof).await.unwrap();
            with(session.sign_in_id())
        })
        .await;
    assert_eq!(answer.extensions().get(), Some(&Some(before.sign_in)));
}

#[tokio::test]
async fn a_renewed_identifier_keeps_the_sign_in_and_its_end() {
    let house = House::new().await;
    let old = house.signed_in().await;
    let before = house.living().await;
    house.pass(60);
    let answer = house.ask(Some(&old), async |session| fared(session.renew_id().await)).await;
    let new = kept(answer.headers()).unwrap();
    let after = house.living().await;
    assert!(house.who(&old).await.is_none());
    assert!(house.who(&new).await.is_some());
    assert_ne!(after[0].id, before[0].id);
    assert_eq!(after[0].sign_in, before[0].sign_in);
    assert_eq!(after[0].authenticated_at, before[0].authenticated_at);
    assert_eq!(after[0].absolute_expires_at, before[0].absolute_expires_at);
}

#[tokio::test]
async fn values_stay_as_long_as_the_sign_in_goes_on() {
    let house = House::new().await;
    let old = house.signed_in().await;
    house.ask(Some(&old), async |session| fared(session.set_value("word", Some("kept")).await)).await;
    let answer = house.ask(Some(&old), async |session| fared(session.renew_id().await)).await;
    let renewed = kept(answer.headers()).unwrap();
    let word = async |cookie: &str| {
        let answer =
            house.ask(Some(cookie), async |session| with(session.value("word").await.unwrap())).await;
        answer.extensions().get::<Option<String>>().cloned().unwrap()
    };
    assert_eq!(word(&renewed).await.as_deref(), Some("kept"));
    let again = house.established(Some(&renewed)).await;
    assert_eq!(word(&again).await.as_deref(), Some("kept"));
    let (other, _) = house.begun(Some(&again), &house.bob).await;
    assert_eq!(word(&other).await, None);
}

#[tokio::test]
async fn a_logout_deletes_and_clears() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    let answer = house
        .ask(Some(&cookie), async |session| {
            session.end().await.unwrap();
            with(session.is_anonymous())
        })
        .await;
    assert_eq!(answer.extensions().get::<bool>(), Some(&true));
    assert!(cleared(answer.headers()));
    assert!(house.living().await.is_empty());
    assert!(house.who(&cookie).await.is_none());
}

#[tokio::test]
async fn a_logout_follows_a_session_that_changed_its_identifier_meanwhile() {
    for tried_first in [false, true] {
        let house = House::new().await;
        let cookie = house.signed_in().await;
        let house = &house;
        let cookie = &cookie;
        let answer = house
            .ask(Some(cookie), async move |session: Session| {
                house.ask(Some(cookie), async |other| fared(other.renew_id().await)).await;
                if tried_first {
                    session.set_value("x", None).await.unwrap_err();
                }
                fared(session.end().await)
            })
            .await;
        assert_eq!(failure(&answer), None);
        assert!(house.living().await.is_empty(), "tried first: {tried_first}");
    }
}

#[tokio::test]
async fn a_logout_with_the_old_cookie_ends_what_took_its_place() {
    for renew in [true, false] {
        let house = House::new().await;
        let (old, begun) = house.begun(None, &house.alice).await;
        let new = match renew {
            true => {
                let answer = house.ask(Some(&old), async |session| fared(session.renew_id().await)).await;
                kept(answer.headers()).unwrap()
            }
            false => house.established(Some(&old)).await,
        };
        assert!(house.who(&old).await.is_none(), "the old cookie opens nothing");
        let answer = house
            .ask(Some(&old), async |session| {
                assert!(session.is_anonymous());
                let ending = session.ending_sign_in().await.unwrap();
                session.end().await.unwrap();
                assert_eq!(session.ending_sign_in().await.unwrap(), None);
                with(ending)
            })
            .await;
        assert_eq!(answer.extensions().get(), Some(&Some(begun.sign_in)));
        assert!(cleared(answer.headers()));
        assert!(house.living().await.is_empty());
        assert!(house.who(&new).await.is_none());
    }
}

#[tokio::test]
async fn only_who_holds_the_old_secret_signs_out_with_an_old_identifier() {
    let house = House::new().await;
    let old = house.signed_in().await;
    let new = house.established(Some(&old)).await;
    // The identifier is no secret, so another secret under it must not do.
    let (id, _) = old.rsplit_once('.').unwrap();
    let (_, other) = new.rsplit_once('.').unwrap();
    let answer = house
        .ask(Some(&format!("{id}.{other}")), async |session| {
            session.end().await.unwrap();
            with(session.ending_sign_in().await.unwrap())
        })
        .await;
    assert!(answer.extensions().get::<Option<SignInId>>().unwrap().is_none());
    assert!(house.who(&new).await.is_some());
}

#[tokio::test]
async fn an_old_cookie_signs_nobody_else_out() {
    let house = House::new().await;
    let old = house.signed_in().await;
    let (theirs, _) = house.begun(Some(&old), &house.bob).await;
    house.ask(Some(&old), async |session| fared(session.end().await)).await;
    assert_eq!(house.who(&theirs).await, Some(house.bob.id));
}

#[tokio::test]
async fn a_session_lost_to_another_request_does_not_clear_the_newer_cookie() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    let (house, cookie) = (&house, &cookie);
    let answer = house
        .ask(Some(cookie), async move |session| {
            house.ask(Some(cookie), async |other| fared(other.renew_id().await)).await;
            fared(session.set_value("x", Some("1")).await)
        })
        .await;
    assert!(failure(&answer).is_some());
    assert!(answer.headers().is_empty());
}

#[tokio::test]
async fn somebody_shut_out_gets_no_session() {
    let house = House::new().await;
    let proof = Arc::new(Mutex::new(Some(house.proof())));
    let origin = Origin::detached(house.now(), &*house.random).unwrap();
    house.store.disable_user(house.alice.id, origin).await.unwrap();
    let answer = house
        .ask(None, async move |session| {
            let proof = proof.lock().unwrap().take().unwrap();
            fared(session.establish(proof).await)
        })
        .await;
    assert_eq!(failure(&answer).as_deref(), Some("the person may not sign in"));
    assert!(answer.headers().is_empty());
    assert!(house.living().await.is_empty());
}

#[tokio::test]
async fn a_store_that_fails_keeps_the_person_signed_in() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    let house_ref = &house;
    let answer = house
        .ask(Some(&cookie), async move |session| {
            house_ref.store.set_unavailable(true);
            let fared = fared(session.end().await);
            house_ref.store.set_unavailable(false);
            fared
        })
        .await;
    assert!(failure(&answer).is_some());
    assert!(answer.headers().is_empty());
    assert!(house.who(&cookie).await.is_some());
}

#[tokio::test]
async fn once_the_answer_has_begun_no_session_begins() {
    let house = House::new().await;
    let proof = house.proof();
    let answer = house.ask(None, async |session| with(session)).await;
    let handle = answer.extensions().get::<Session>().unwrap();
    let written = house.actions();
    let error = handle.establish(proof).await.unwrap_err();
    assert!(error.to_string().contains("the answer has begun"));
    assert_eq!(house.actions(), written);
}

#[tokio::test]
async fn a_session_that_missed_its_answer_ends_at_once() {
    let house = House::new().await;
    house.watched.establishes_slowly.store(true, Ordering::SeqCst);
    let proof = Arc::new(Mutex::new(Some(house.proof())));
    let task = Arc::new(Mutex::new(None));
    let started = task.clone();
    let answer = house
        .ask(None, async move |session| {
            let proof = proof.lock().unwrap().take().unwrap();
            let establishing = tokio::spawn(async move { session.establish(proof).await });
            *started.lock().unwrap() = Some(establishing);
            tokio::task::yield_now().await;
            ok()
        })
        .await;
    assert!(answer.headers().is_empty());
    let task = task.lock().unwrap().take().unwrap();
    assert!(matches!(task.await.unwrap(), Err(SessionError::Answered)));
    assert!(house.actions().contains(&"session.created"), "it had begun");
    assert!(house.living().await.is_empty());
}

#[tokio::test]
async fn a_panic_loses_nothing() {
    let house = Arc::new(House::new().await);
    let cookie = house.signed_in().await;
    let task = tokio::spawn({
        let (house, cookie) = (house.clone(), cookie.clone());
        async move {
            house
                .ask(Some(&cookie), async |session| {
                    session.set_value("fails", Some("1")).await.unwrap();
                    panic!("as told")
                })
                .await
        }
    });
    assert!(task.await.unwrap_err().is_panic());
    let answer = house.ask(Some(&cookie), async |session| with(session.value("fails").await.unwrap())).await;
    assert_eq!(answer.extensions().get::<Option<String>>().unwrap().as_deref(), Some("1"));
}

#[tokio::test]
async fn values_are_bounded_and_belong_to_a_session() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    house
        .ask(Some(&cookie), async |session| {
            let (name, value) = ("n".repeat(64), "v".repeat(4096));
            session.set_value(&name, Some(&value)).await.unwrap();
            assert_eq!(session.value(&name).await.unwrap(), Some(value.clone()));
            session.set_value(&name, None).await.unwrap();
            assert_eq!(session.value(&name).await.unwrap(), None);
            session.set_value(&(name.clone() + "n"), None).await.unwrap_err();
            session.set_value(&name, Some(&(value + "v"))).await.unwrap_err();
            session.set_value("", None).await.unwrap_err();
            ok()
        })
        .await;
    house
        .ask(None, async |session| {
            assert_eq!(session.value("n").await.unwrap(), None);
            session.set_value("n", Some("1")).await.unwrap_err();
            session.renew_id().await.unwrap_err();
            session.sessions().await.unwrap_err();
            session.end_others().await.unwrap_err();
            ok()
        })
        .await;
}

#[tokio::test]
async fn the_other_sessions_of_a_person_end_and_this_one_stays() {
    let house = House::new().await;
    let (phone, laptop) = (house.signed_in().await, house.signed_in().await);
    house
        .ask(Some(&laptop), async |session| {
            assert_eq!(session.sessions().await.unwrap().len(), 2);
            assert_eq!(session.end_others().await.unwrap(), 1);
            ok()
        })
        .await;
    assert!(house.who(&phone).await.is_none());
    assert!(house.who(&laptop).await.is_some());
}

#[tokio::test]
async fn the_events_of_a_request_carry_its_identifier() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    let written = house.store.events().len();
    let id = RequestId::fresh(house.now(), &*house.random).unwrap();
    house.ask_as(Some(id), Some(&cookie), async |session| fared(session.end().await)).await;
    let events = house.store.events();
    assert_eq!(events.len(), written + 1);
    assert_eq!(events[written].action, "session.revoked");
    assert_eq!(events[written].reason, Some("logout"));
    assert_eq!(events[written].origin.request, id);
}

#[tokio::test]
async fn no_cookie_is_given_twice() {
    let house = House::new().await;
    let mut seen = HashSet::new();
    for _ in 0..16 {
        assert!(seen.insert(house.signed_in().await));
    }
}
