//! Six weak points of other session layers (lost logouts, lost writes, adopted identifiers, cached cookies), each as a
//! law of this one.

#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;

use std::sync::Arc;

use house::{House, failure, fared, kept, ok, status};
use http::{StatusCode, header};
use tokio::sync::Notify;

#[tokio::test]
async fn a_slower_request_cannot_undo_a_logout() {
    let house = House::new().await;
    for slow in ["set_value", "renew_id"] {
        let cookie = house.signed_in().await;
        let gate = Arc::new(Notify::new());
        let opened = gate.clone();
        let request_a = house.ask(Some(&cookie), async move |session| {
            assert!(session.user().is_some());
            gate.notified().await;
            let fared = match slow {
                "set_value" => fared(session.set_value("cart", Some("1")).await),
                _ => fared(session.renew_id().await),
            };
            assert!(session.is_anonymous());
            fared
        });
        let request_b = async {
            house.ask(Some(&cookie), async |session| fared(session.end().await)).await;
            opened.notify_one();
        };
        let (answer, ()) = tokio::join!(request_a, request_b);
        assert!(failure(&answer).unwrap().contains("no longer alive"), "{slow}");
        assert!(kept(answer.headers()).is_none());
        assert!(house.living().await.is_empty(), "{slow}");
        assert!(house.who(&cookie).await.is_none(), "{slow}");
    }
}

#[tokio::test]
async fn a_write_survives_a_lost_connection() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    let written = Arc::new(Notify::new());
    let seen = written.clone();
    let request = house.ask(Some(&cookie), async move |session| {
        session.set_value("fails", Some("1")).await.unwrap();
        written.notify_one();
        std::future::pending().await
    });
    tokio::select! {
        biased;
        _ = request => panic!("it never answers"),
        () = seen.notified() => {}
    }
    let answer =
        house.ask(Some(&cookie), async |session| house::with(session.value("fails").await.unwrap())).await;
    assert_eq!(answer.extensions().get::<Option<String>>().unwrap().as_deref(), Some("1"));
}

#[tokio::test]
async fn a_session_survives_a_connection_lost_after_it_was_established() {
    let house = House::new().await;
    let proof = std::sync::Mutex::new(Some(house.proof()));
    let proof = &proof;
    {
        let written = Notify::new();
        let written = &written;
        let request = house.ask(None, async move |session| {
            let proof = proof.lock().unwrap().take().unwrap();
            session.establish(proof).await.unwrap();
            written.notify_one();
            std::future::pending().await
        });
        tokio::select! {
            biased;
            _ = request => panic!("it never answers"),
            () = written.notified() => {}
        }
    }
    assert_eq!(house.living().await.len(), 1);
}

#[tokio::test]
async fn a_write_survives_an_error_status() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    let answer = house
        .ask(Some(&cookie), async |session| {
            session.set_value("fails", Some("1")).await.unwrap();
            session.renew_id().await.unwrap();
            status(StatusCode::INTERNAL_SERVER_ERROR)
        })
        .await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let renewed = kept(answer.headers()).expect("the new cookie goes out with a 500");
    assert!(house.who(&renewed).await.is_some());
}

#[tokio::test]
async fn twenty_requests_at_once_lose_no_write() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    let start = tokio::sync::Barrier::new(20);
    let (house_ref, cookie_ref, start_ref) = (&house, cookie.as_str(), &start);
    let requests = (0..20).map(|n| async move {
        house_ref
            .ask(Some(cookie_ref), async move |session| {
                start_ref.wait().await;
                session.set_value(&format!("n{n}"), Some("1")).await.unwrap();
                ok()
            })
            .await
    });
    futures_util::future::join_all(requests).await;
    for n in 0..20 {
        let answer = house
            .ask(Some(&cookie), async move |session| {
                house::with(session.value(&format!("n{n}")).await.unwrap())
            })
            .await;
        assert!(answer.extensions().get::<Option<String>>().unwrap().is_some(), "n{n}");
    }
}

#[tokio::test]
async fn an_identifier_chosen_by_the_browser_is_not_adopted() {
    let house = House::new().await;
    let chosen = house.signed_in().await;
    house.ask(Some(&chosen), async |session| fared(session.end().await)).await;

    let given = house.established(Some(&chosen)).await;
    assert_ne!(given, chosen);
    assert!(house.who(&chosen).await.is_none());
    assert_eq!(house.who(&given).await, Some(house.alice.id));
}

#[tokio::test]
async fn an_answer_that_sets_the_cookie_is_not_kept_by_caches() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    let answer = house
        .ask(Some(&cookie), async |session| {
            session.renew_id().await.unwrap();
            let mut answer = ok();
            answer.headers_mut().insert(header::CACHE_CONTROL, "public, max-age=60".parse().unwrap());
            answer.headers_mut().insert(header::SET_COOKIE, "theme=dark".parse().unwrap());
            answer
        })
        .await;
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    let cookies: Vec<_> = answer.headers().get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies.len(), 2, "other cookies stay");
    assert_eq!(cookies[0], "theme=dark");

    let untouched = house.ask(Some(&kept(answer.headers()).unwrap()), async |_| ok()).await;
    assert!(untouched.headers().is_empty(), "a session that did not change sets nothing");
}
