//! One session, many requests of its browser.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    sync::{Arc, Barrier},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{service_fn, util::BoxCloneSyncService};
use towergate::{
    core::Clock,
    identity::ports::IdentityStore,
    oauth::ports::OAuthStore,
    session::{Session, SessionError},
};

use crate::{
    house::{
        App, House,
        rows::Log,
        steps::{login_form, signed_in},
    },
    together::together,
};

const COOKIE: &str = "__Host-tgs";

pub(crate) async fn a_slow_request_does_not_undo_a_logout<I, O>(people: I, grants: O)
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let doors = Doors::of(2);
    let house = House::around(people.clone(), grants, doors.pages()).await;
    for path in ["/slow/set_value", "/slow/renew_id"] {
        let browser = signed_in(&house).await;
        let answers = together(2, |number| {
            let (mut browser, doors) = (browser.clone(), doors.clone());
            async move {
                if number == 0 {
                    return browser.get(path).await;
                }
                doors.entered.wait();
                let answer = browser.post("/logout", "").await;
                doors.left.wait();
                answer
            }
        })
        .await;
        assert_eq!(answers[0].text, "gone", "{path}");
        assert_eq!(answers[1].status, StatusCode::SEE_OTHER);
        assert_eq!(browser.clone().get("/who").await.text, "nobody");
        assert!(people.sessions_of(house.alice, house.clock.now()).await.unwrap().is_empty(), "{path}");
    }
}

pub(crate) async fn a_logout_ends_whatever_a_renewal_makes_meanwhile<I, O>(people: I, grants: O)
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let house = House::around(people.clone(), grants, Doors::of(4).pages()).await;
    for _ in 0..8 {
        let browser = signed_in(&house).await;
        let answers = together(4, |number| {
            let mut browser = browser.clone();
            async move { browser.get(if number == 0 { "/slow/end" } else { "/slow/renew_id" }).await }
        })
        .await;
        assert_eq!(answers[0].text, "done");
        let living = people.sessions_of(house.alice, house.clock.now()).await.unwrap();
        assert!(living.is_empty(), "{} sessions outlived the logout", living.len());
    }
}

pub(crate) async fn a_logout_with_the_old_cookie_ends_a_renewal_whose_answer_is_on_its_way<I, O>(
    people: I,
    grants: O,
) where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let doors = Doors::of(2);
    let house = House::around(people.clone(), grants, doors.pages()).await;
    let browser = signed_in(&house).await;
    let mut answers = together(2, |number| {
        let (mut browser, doors) = (browser.clone(), doors.clone());
        async move {
            if number == 0 {
                assert_eq!(browser.get("/renewed").await.text, "done");
            } else {
                doors.entered.wait();
                assert_eq!(browser.clone().get("/who").await.text, "nobody", "the old cookie opens nothing");
                assert_eq!(browser.post("/logout", "").await.status, StatusCode::SEE_OTHER);
                doors.left.wait();
            }
            browser
        }
    })
    .await;
    assert_eq!(answers[0].get("/who").await.text, "nobody");
    assert!(people.sessions_of(house.alice, house.clock.now()).await.unwrap().is_empty());
}

pub(crate) async fn a_logout_leaves_nothing_of_a_sign_in_that_is_gone_on_with<I, O>(people: I, grants: O)
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let house = House::around(people.clone(), grants, Doors::of(2).pages()).await;
    let living = async || people.sessions_of(house.alice, house.clock.now()).await.unwrap();
    for _ in 0..8 {
        let browser = signed_in(&house).await;
        let sign_in = living().await[0].sign_in;
        let answers = together(2, |number| {
            let mut browser = browser.clone();
            async move {
                let (path, form) =
                    if number == 0 { ("/logout", String::new()) } else { ("/login", login_form()) };
                let answer = browser.post(path, &form).await;
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
                browser
            }
        })
        .await;
        assert!(!people.is_sign_in_alive(sign_in, house.clock.now()).await.unwrap());
        // Whoever was quicker to sign out has signed in anew.
        for mut browser in answers {
            browser.post("/logout", "").await;
        }
        assert!(living().await.is_empty());
    }
}

pub(crate) async fn parallel_logins_of_one_browser_each_stand<I, O>(people: I, grants: O)
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let house = House::around(people.clone(), grants, Doors::of(2).pages()).await;
    let browser = signed_in(&house).await;
    let sign_in = people.sessions_of(house.alice, house.clock.now()).await.unwrap()[0].sign_in;
    let answers = together(8, |_| {
        let mut browser = browser.clone();
        async move {
            let answer = browser.post("/login", &login_form()).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
            browser
        }
    })
    .await;
    assert_eq!(browser.clone().get("/who").await.text, "nobody", "the session before them is gone");
    let mut living = people.sessions_of(house.alice, house.clock.now()).await.unwrap();
    living.sort_by_key(|session| session.sign_in);
    living.dedup_by_key(|session| session.sign_in);
    assert_eq!(living.len(), 8, "one went on with the sign-in, the others began their own");
    assert_eq!(living.iter().filter(|session| session.sign_in == sign_in).count(), 1);
    let cookies: BTreeSet<_> = answers.iter().map(|browser| browser.cookies[COOKIE].clone()).collect();
    assert_eq!(cookies.len(), 8);
    for mut browser in answers {
        assert_eq!(browser.get("/who").await.text, house.alice.to_string());
    }
}

/// The two doors of a slow page: all enter it with a living session, or with what it made of one, before any goes on.
#[derive(Clone)]
struct Doors {
    entered: Arc<Barrier>,
    left: Arc<Barrier>,
}

impl Doors {
    fn of(count: usize) -> Self {
        Self { entered: Arc::new(Barrier::new(count)), left: Arc::new(Barrier::new(count)) }
    }

    fn pages(&self) -> App {
        let doors = self.clone();
        BoxCloneSyncService::new(service_fn(move |request: Request<Full<Bytes>>| {
            let doors = doors.clone();
            async move {
                let session = Session::of(request.extensions()).unwrap();
                let path = request.uri().path();
                if path.starts_with("/slow/") {
                    assert!(session.user().is_some());
                    doors.entered.wait();
                    doors.left.wait();
                }
                let text = match path {
                    "/renewed" => {
                        let fared = fared(&session.renew_id().await.map(|_| ()));
                        doors.entered.wait();
                        doors.left.wait();
                        fared
                    }
                    "/slow/set_value" => fared(&session.set_value("cart", Some("1")).await),
                    "/slow/end" => fared(&session.end().await),
                    "/slow/renew_id" => fared(&session.renew_id().await.map(|_| ())),
                    _ => session.user().map_or_else(|| String::from("nobody"), |user| user.to_string()),
                };
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(text))))
            }
        }))
    }
}

fn fared(result: &Result<(), SessionError>) -> String {
    match result {
        Ok(()) => String::from("done"),
        Err(SessionError::Gone) => String::from("gone"),
        Err(other) => other.to_string(),
    }
}
