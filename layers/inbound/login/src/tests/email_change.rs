//! Changing an address, driven as browsers would.

use std::sync::Mutex;

use towergate_identity::{ports::EmailChangeStore, rules::email_token::Purpose};

use super::{
    register::{Bag, code, link, token},
    *,
};
use crate::{
    email_change::{EmailChangePages, EmailChangeRoutes, EmailUndoView, EmailView},
    mail::{Mail, Mailroom, Postman},
};

const NEW: &str = "alice@new.example";
const BOB: &str = "bob@example.com";

impl EmailChangePages for Lines {
    fn email(&self, view: &EmailView) -> String {
        format!(
            "email current {} pending {} token {} changed {} message {}",
            view.current,
            view.pending.as_deref().unwrap_or("-"),
            view.token.is_some(),
            view.changed,
            view.message.as_deref().unwrap_or("-")
        )
    }

    fn email_undo(&self, view: &EmailUndoView) -> String {
        format!("undo token {} email {} undone {}", view.token.is_some(), view.email, view.undone)
    }
}

struct Town {
    host: Host,
    room: Mailroom,
    bag: Bag,
    /// The session cookie that Alice's browser has at the moment.
    cookie: Mutex<String>,
}

impl Town {
    async fn with_alice() -> Self {
        let room = Mailroom::new("https://h.example", &Secret::new([7; 32])).unwrap();
        let host = Host::new();
        for (email, proven) in [(ALICE, true), (BOB, true)] {
            let now = host.clock.now();
            let hash = host.hashed(RIGHT, 16);
            let email = EmailAddress::parse(email).unwrap();
            let mut user = User::fresh(email, hash, now, &host.random).unwrap();
            user.confirmed_at = proven.then_some(now);
            host.store.add_user(user, Origin::detached(now, &*host.random).unwrap()).await.unwrap();
        }
        let cookie = Mutex::new(host.sign_in(ALICE, RIGHT, None).await.cookie());
        Self { host, room, bag: Bag::default(), cookie }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        self.host.clock.advance(Duration::from_secs(1));
        let Host { store, clock, random, .. } = &self.host;
        let session = SessionLayer::new(store.clone()).clock(clock.clone()).random(random.clone());
        let site = self.host.site().notices(self.room.clone());
        let routes = EmailChangeRoutes::new(store.clone(), self.room.clone(), site);
        let inner = self.host.routes().layer(service_fn(who));
        receive(session.layer(routes.layer(inner)).oneshot(request).await).await
    }

    fn cookie(&self) -> String {
        self.cookie.lock().unwrap().clone()
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path, Some(&self.cookie()), "")).await
    }

    /// As Alice in her browser, which keeps the cookie that it is given.
    async fn post(&self, fields: &[(&str, &str)]) -> Answer {
        let answer = self.send(request("POST", "/account/email", Some(&self.cookie()), &form(fields))).await;
        if answer.header(header::SET_COOKIE).starts_with(COOKIE) {
            *self.cookie.lock().unwrap() = answer.cookie();
        }
        answer
    }

    async fn mails(&self) -> Vec<Mail> {
        let postman = Postman::new(self.host.store.clone(), self.room.clone(), self.bag.clone());
        postman.clock(self.host.clock.clone()).deliver().await.unwrap();
        std::mem::take(&mut *self.bag.mails.lock().unwrap())
    }

    async fn mail(&self) -> Mail {
        let mails = self.mails().await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        mails.into_iter().next().unwrap()
    }

    async fn asked(&self, email: &str) -> Mail {
        let asked = self.post(&[("email", email)]).await;
        assert_eq!((asked.status, asked.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/account/email"));
        self.mail().await
    }

    async fn find(&self, email: &str) -> Option<User> {
        self.host.store.find_user_by_email(&EmailAddress::parse(email).unwrap()).await.unwrap()
    }

    /// The link that puts the address back, out of the mail to the address before.
    async fn changed(&self) -> String {
        let mail = self.asked(NEW).await;
        assert_eq!(self.post(&[("token", &token(&mail))]).await.status, StatusCode::OK);
        undo(&self.mail().await)
    }
}

fn undo(mail: &Mail) -> String {
    assert_eq!(mail.to, ALICE);
    link(mail).split_once("undo=").unwrap().1.to_owned()
}

#[tokio::test]
async fn an_address_is_changed_by_the_link_that_was_mailed_to_it_and_the_one_before_is_told() {
    let town = Town::with_alice().await;
    let elsewhere = town.host.sign_in(ALICE, RIGHT, None).await.cookie();
    let mail = town.asked(" Alice@New.example").await;
    assert_eq!(mail.to, NEW);
    let page = town.get(&link(&mail)).await;
    assert!(page.body.contains("pending alice@new.example token true"), "{}", page.body);
    assert!(town.find(NEW).await.is_none(), "looking changes nothing");
    let before = town.cookie();
    let done = town.post(&[("token", &token(&mail))]).await;
    assert!(
        done.body.contains("current alice@new.example pending - token false changed true"),
        "{}",
        done.body
    );
    assert_ne!(town.cookie(), before, "the session has another identifier");
    assert!(town.find(ALICE).await.is_none());
    for (cookie, who) in [(before, None), (elsewhere, None), (town.cookie(), town.find(NEW).await)] {
        let seen = town.send(request("GET", "/", Some(&cookie), "")).await.body;
        assert_eq!(seen, who.map_or_else(|| String::from("nobody"), |user| user.id.to_string()));
    }
    undo(&town.mail().await);
    let again = town.post(&[("token", &token(&mail))]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_code_changes_the_address_and_wrong_ones_are_slowed() {
    let town = Town::with_alice().await;
    let mail = town.asked(NEW).await;
    let wrong = if code(&mail) == "000000" { "000001" } else { "000000" };
    for _ in 0..4 {
        assert_eq!(town.post(&[("code", wrong)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert!(town.post(&[("code", &code(&mail))]).await.body.contains("changed true"));
    town.mails().await;
    let mail = town.asked("third@example.com").await;
    for _ in 0..5 {
        assert_eq!(town.post(&[("code", wrong)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(town.post(&[("code", wrong)]).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(town.post(&[("token", &token(&mail))]).await.body.contains("changed true"));
}

#[tokio::test]
async fn a_proof_is_good_for_its_person_alone_and_for_nobody_who_is_not_signed_in() {
    let town = Town::with_alice().await;
    let mail = town.asked(NEW).await;
    let bob = town.host.sign_in(BOB, RIGHT, None).await.cookie();
    let form = form(&[("token", &token(&mail))]);
    let nobody = town.send(request("POST", "/account/email", None, &form)).await;
    assert_eq!(nobody.header(header::LOCATION), "/login?return_to=%2Faccount%2Femail");
    let nobody = town.send(request("GET", &link(&mail), None, "")).await;
    assert_eq!(nobody.header(header::LOCATION), "/login?return_to=%2Faccount%2Femail", "no token goes along");
    let page = town.send(request("GET", &link(&mail), Some(&bob), "")).await;
    assert!(page.body.contains("token false") && !page.body.contains(NEW), "{}", page.body);
    let refused = town.send(request("POST", "/account/email", Some(&bob), &form)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(town.find(BOB).await.is_some() && town.find(NEW).await.is_none());
}

#[tokio::test]
async fn a_taken_address_is_answered_like_a_free_one_and_its_owner_is_told() {
    let town = Town::with_alice().await;
    let mut seen = Vec::new();
    for email in [NEW, BOB] {
        let asked = town.post(&[("email", email)]).await;
        let page = town.get("/account/email").await;
        let wrong = town.post(&[("code", "no code")]).await;
        let bodies = [&asked, &page, &wrong].map(|answer| answer.body.replace(email, "EMAIL"));
        seen.push((asked.status, wrong.status, bodies));
        let mail = town.mail().await;
        assert_eq!((mail.to.as_str(), mail.text.contains("token=")), (email, email == NEW));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(town.host.events("email_token.issued").len(), 2);
}

#[tokio::test]
async fn asking_needs_a_fresh_proof_and_what_is_no_new_address_is_told() {
    let town = Town::with_alice().await;
    for bad in ["no address", ALICE, ""] {
        let refused = town.post(&[("email", bad)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    let huge = format!("{}@example.com", "a".repeat(60_000));
    assert_eq!(town.post(&[("email", &huge)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    town.host.clock.advance(Duration::from_secs(300));
    let stale = town.post(&[("email", NEW)]).await;
    assert_eq!(stale.header(header::LOCATION), "/login?return_to=%2Faccount%2Femail");
    assert!(town.mails().await.is_empty());
}

#[tokio::test]
async fn a_session_that_has_grown_old_does_not_finish_what_another_one_asked_for() {
    let town = Town::with_alice().await;
    let old = town.cookie();
    town.host.clock.advance(Duration::from_secs(301));
    *town.cookie.lock().unwrap() = town.host.sign_in(ALICE, RIGHT, None).await.cookie();
    let mail = town.asked(NEW).await;
    for fields in [[("token", token(&mail))], [("code", code(&mail))]] {
        let [(name, value)] = &fields;
        let stale =
            town.send(request("POST", "/account/email", Some(&old), &form(&[(*name, value.as_str())]))).await;
        assert_eq!(stale.header(header::LOCATION), "/login?return_to=%2Faccount%2Femail", "{name}");
    }
    let called_off = town.send(request("POST", "/account/email", Some(&old), "action=cancel")).await;
    assert_eq!(called_off.header(header::LOCATION), "/account/email", "anybody of theirs may call it off");
    // The one that asked finishes it, and so does one that began since, however late that is.
    for since in [false, true] {
        let mail = town.asked(if since { "third@example.com" } else { NEW }).await;
        if since {
            *town.cookie.lock().unwrap() = town.host.sign_in(NEW, RIGHT, None).await.cookie();
        }
        town.host.clock.advance(Duration::from_secs(1200));
        assert!(town.post(&[("token", &token(&mail))]).await.body.contains("changed true"), "{since}");
        town.mails().await;
        *town.cookie.lock().unwrap() =
            town.host.sign_in(if since { "third@example.com" } else { NEW }, RIGHT, None).await.cookie();
    }
}

#[tokio::test]
async fn a_change_is_called_off_and_ends_after_a_day() {
    let town = Town::with_alice().await;
    let mail = town.asked(NEW).await;
    assert!(town.get("/account/email").await.body.contains("pending alice@new.example"));
    assert_eq!(town.post(&[("action", "cancel")]).await.status, StatusCode::SEE_OTHER);
    assert!(town.get("/account/email").await.body.contains("pending -"));
    assert_eq!(town.post(&[("token", &token(&mail))]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mail = town.asked(NEW).await;
    town.host.clock.advance(Purpose::ChangeEmail.lifetime());
    *town.cookie.lock().unwrap() = town.host.sign_in(ALICE, RIGHT, None).await.cookie();
    assert_eq!(town.post(&[("token", &token(&mail))]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(town.find(ALICE).await.is_some());
}

#[tokio::test]
async fn the_address_before_puts_it_back_and_whoever_changed_it_is_out() {
    let town = Town::with_alice().await;
    let undo = town.changed().await;
    // In a browser in which nobody is signed in.
    for _ in 0..2 {
        let page = town.send(request("GET", &format!("/account/email?undo={undo}"), None, "")).await;
        assert_eq!(page.body, format!("undo token true email {ALICE} undone false"));
    }
    let form = form(&[("undo", &undo)]);
    let done = town.send(request("POST", "/account/email", None, &form)).await;
    assert_eq!(
        (done.status, done.body),
        (StatusCode::OK, format!("undo token false email {ALICE} undone true"))
    );
    assert_eq!(town.get("/").await.body, "nobody");
    assert!(town.find(NEW).await.is_none() && town.find(ALICE).await.unwrap().password.is_none());
    assert_eq!(town.host.sign_in(ALICE, RIGHT, None).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut told = town.mails().await;
    told.sort_by(|one, other| one.to.cmp(&other.to));
    let [theirs, thiefs] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((theirs.to.as_str(), thiefs.to.as_str()), (ALICE, NEW), "who changed it is told too");
    assert!(
        theirs.text.contains("Nothing else was added") && !thiefs.text.contains("added"),
        "{}",
        theirs.text
    );
    let again = town.send(request("POST", "/account/email", None, &form)).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_way_back_is_good_for_seven_days_and_a_torn_one_for_none() {
    let town = Town::with_alice().await;
    let undo = town.changed().await;
    let alice = EmailAddress::parse(ALICE).unwrap();
    let now = town.host.clock.now();
    assert!(town.host.store.find_address_keeper(&alice, now).await.unwrap().is_some());
    let huge = "A".repeat(50_000);
    for bad in ["", ".", "tgm_x.y", undo.strip_suffix(|_: char| true).unwrap(), huge.as_str()] {
        let refused = town.send(request("POST", "/account/email", None, &form(&[("undo", bad)]))).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", bad.len());
    }
    town.host.clock.advance(Purpose::UndoEmailChange.lifetime());
    let late = town.send(request("POST", "/account/email", None, &form(&[("undo", &undo)]))).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    let now = town.host.clock.now();
    assert!(town.host.store.find_address_keeper(&alice, now).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_posts_of_one_way_back_put_the_address_back_once() {
    let town = Arc::new(Town::with_alice().await);
    let undo = town.changed().await;
    let posts: Vec<_> = (0..16)
        .map(|_| {
            let (town, form) = (Arc::clone(&town), form(&[("undo", &undo)]));
            tokio::spawn(async move {
                town.send(request("POST", "/account/email", None, &form)).await.status == StatusCode::OK
            })
        })
        .collect();
    let mut done = 0;
    for post in posts {
        done += usize::from(post.await.unwrap());
    }
    assert_eq!(done, 1);
}
