//! Registering and confirming, driven as browsers would.

use towergate_core::{audit::Outcome, seal::SealError};
use towergate_identity::{
    ports::{EmailTokenStore, MailOutbox},
    rules::{
        email_token::{Purpose, code_digest},
        registration::UnconfirmedAccess,
    },
};

use super::*;
use crate::{
    mail::{Mail, MailError, Mailer, Mailroom, Postman},
    register::{ConfirmView, ConfirmedView, RegisterPages, RegisterRoutes, RegisterView},
};

pub(super) const PASSWORD: &str = "plenty of characters";
pub(super) const OTHER: &str = "something else entirely";

impl RegisterPages for Lines {
    fn register(&self, view: &RegisterView) -> String {
        format!("register {} {}", view.email, view.message.as_deref().unwrap_or("-"))
    }

    fn confirm(&self, view: &ConfirmView) -> String {
        format!(
            "confirm token {} email {} asks {} sent {} return_to {} message {}",
            view.token.is_some(),
            view.email,
            view.asks_password,
            view.sent,
            view.return_to,
            view.message.as_deref().unwrap_or("-")
        )
    }

    fn confirmed(&self, view: &ConfirmedView) -> String {
        format!("confirmed {}", view.next)
    }
}

/// Keeps what it was given, and fails when it is told to.
#[derive(Clone, Default)]
pub(super) struct Bag {
    pub(super) mails: Arc<std::sync::Mutex<Vec<Mail>>>,
    failing: Arc<std::sync::atomic::AtomicBool>,
}

impl Mailer for Bag {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        if self.failing.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(MailError::Later("away".into()));
        }
        self.mails.lock().unwrap().push(mail.clone());
        Ok(())
    }
}

struct Town {
    host: Host,
    room: Mailroom,
    bag: Bag,
}

impl Town {
    fn new() -> Self {
        let room = Mailroom::new("https://h.example", &Secret::new([7; 32])).unwrap();
        Self { host: Host::new(), room, bag: Bag::default() }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        self.host.clock.advance(Duration::from_secs(1));
        let Host { store, hasher, clock, random, .. } = &self.host;
        let session = SessionLayer::new(store.clone()).clock(clock.clone()).random(random.clone());
        let routes = RegisterRoutes::new(store.clone(), hasher.clone(), self.room.clone(), self.host.site());
        let inner = self.host.routes().layer(service_fn(who));
        receive(session.layer(routes.layer(inner)).oneshot(request).await).await
    }

    async fn get(&self, path: &str, cookie: Option<&str>) -> Answer {
        self.send(request("GET", path, cookie, "")).await
    }

    async fn post(&self, path: &str, cookie: Option<&str>, fields: &[(&str, &str)]) -> Answer {
        self.send(request("POST", path, cookie, &form(fields))).await
    }

    async fn register(&self, email: &str, password: &str) -> Answer {
        self.post("/register", None, &[("email", email), ("password", password)]).await
    }

    /// The mails that were sent since the last time.
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

    async fn signs_in(&self, password: &str) -> bool {
        self.host.sign_in(ALICE, password, None).await.status == StatusCode::SEE_OTHER
    }

    async fn is_confirmed(&self) -> bool {
        let alice = EmailAddress::parse(ALICE).unwrap();
        self.host.store.find_user_by_email(&alice).await.unwrap().unwrap().confirmed_at.is_some()
    }
}

pub(super) fn lines(mail: &Mail) -> impl Iterator<Item = &str> {
    mail.text.lines().map(str::trim)
}

pub(super) fn link(mail: &Mail) -> String {
    let link = lines(mail).find(|line| line.starts_with("https://")).unwrap();
    link.strip_prefix("https://h.example").unwrap().to_owned()
}

pub(super) fn token(mail: &Mail) -> String {
    link(mail).split_once("token=").unwrap().1.to_owned()
}

pub(super) fn code(mail: &Mail) -> String {
    lines(mail).find(|line| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit())).unwrap().to_owned()
}

pub(super) fn browser(answer: &Answer) -> String {
    let given = answer.header(header::SET_COOKIE);
    assert!(given.starts_with("__Host-tgmb="), "{given}");
    given.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_link_confirms_in_the_browser_that_asked_and_looking_at_it_does_nothing() {
    let town = Town::new();
    let fields =
        [("email", " Alice@Example.com"), ("password", PASSWORD), ("return_to", "/interaction/7?a=b")];
    let asked = town.post("/register", None, &fields).await;
    assert_eq!(asked.status, StatusCode::OK);
    let (browser, mail) = (browser(&asked), town.mail().await);
    assert_eq!(mail.to, ALICE);
    let link = link(&mail);
    for _ in 0..3 {
        let page = town.get(&link, Some(&browser)).await;
        assert!(page.body.contains("token true") && page.body.contains("asks false"), "{}", page.body);
        assert!(page.body.contains("return_to /interaction/7?a=b"), "{}", page.body);
        assert!(!town.is_confirmed().await);
    }
    let fields = [("token", token(&mail)), ("return_to", String::from("/interaction/7?a=b"))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let done = town.post("/confirm", Some(&browser), &fields).await;
    assert_eq!(
        (done.status, done.body.as_str()),
        (StatusCode::OK, "confirmed /login?return_to=%2Finteraction%2F7%3Fa%3Db")
    );
    assert!(town.is_confirmed().await && town.signs_in(PASSWORD).await);
    let again = town.post("/confirm", Some(&browser), &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_code_confirms_and_five_wrong_ones_end_it() {
    let town = Town::new();
    let browser = browser(&town.register(ALICE, PASSWORD).await);
    let mail = town.mail().await;
    let (right, wrong) = (code(&mail), if code(&mail) == "000000" { "000001" } else { "000000" });
    for _ in 0..5 {
        let refused = town.post("/confirm", Some(&browser), &[("email", ALICE), ("code", wrong)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let late = town.post("/confirm", Some(&browser), &[("email", ALICE), ("code", &right)]).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!town.is_confirmed().await);
    town.post("/confirm", Some(&browser), &[("email", ALICE), ("code", ""), ("action", "resend")]).await;
    let right = code(&town.mail().await);
    let spaced: String = right.chars().flat_map(|digit| [digit, ' ']).collect();
    let done = town.post("/confirm", Some(&browser), &[("email", ALICE), ("code", &spaced)]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert!(town.is_confirmed().await);
}

#[tokio::test]
async fn a_taken_address_is_answered_byte_for_byte_like_a_fresh_one_and_the_owner_is_told() {
    let town = Town::new();
    town.host.add("owner@example.com", Some(town.host.hashed(RIGHT, 16)), UserState::Active).await;
    let owner = EmailAddress::parse("owner@example.com").unwrap();
    let id = town.host.store.find_user_by_email(&owner).await.unwrap().unwrap().id;
    // Confirmed, so that it is nobody else's to ask for.
    let random = &*town.host.random;
    let wanted = towergate_identity::rules::email_token::Wanted {
        user: id,
        email: owner,
        purpose: Purpose::Confirm,
        browser: None,
        password: None,
    };
    let minted = wanted.mint(town.room.codes(), town.host.clock.now(), random).unwrap();
    let digest = minted.token.digest.clone();
    let sealed = towergate_identity::rules::mail::OutboxMail {
        id: towergate_identity::rules::mail::MailId::fresh(town.host.clock.now(), random).unwrap(),
        user: id,
        kind: towergate_identity::rules::mail::MailKind::ConfirmAddress,
        domain: "example.com".into(),
        sealed: vec![],
        created_at: town.host.clock.now(),
        expires_at: town.host.clock.now(),
        attempt: 0,
        forgiven: 0,
    };
    let origin = Origin::detached(town.host.clock.now(), random).unwrap();
    let (token_id, shown) = (minted.token.id, towergate_identity::rules::email_token::Shown::Link(digest));
    town.host.store.issue_email_token(minted.token, sealed, Default::default(), origin).await.unwrap();
    town.host.store.confirm_email(token_id, shown, true, origin).await.unwrap();
    town.mails().await;

    let (fresh, taken) = (
        town.register("fresh@example.com", PASSWORD).await,
        town.register("owner@example.com", PASSWORD).await,
    );
    assert_eq!(fresh.status, taken.status);
    assert_eq!(fresh.body.replace("fresh@", "owner@"), taken.body);
    let names = |answer: &Answer| {
        let mut headers: Vec<_> = answer
            .headers
            .iter()
            .filter(|(name, _)| *name != header::SET_COOKIE)
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        headers.sort();
        headers
    };
    assert_eq!(names(&fresh), names(&taken));
    assert_eq!(browser(&fresh).len(), browser(&taken).len());
    let mails = town.mails().await;
    let told = mails.iter().find(|mail| mail.to == "owner@example.com").unwrap();
    assert!(told.subject.contains("already") && !told.text.contains("token="), "{}", told.text);
    let done = town.host.sign_in("owner@example.com", RIGHT, None).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "nothing has changed for the owner");
    for email in ["fresh@example.com", "owner@example.com", "nobody@example.com", "no address"] {
        let fields = [("email", email), ("code", ""), ("action", "resend")];
        let answer = town.post("/confirm", None, &fields).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body.replace(email, "X").contains("email X asks true sent true"), "{}", answer.body);
        let fields = [("email", email), ("code", "123456"), ("password", OTHER)];
        let answer = town.post("/confirm", None, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
        assert!(answer.body.contains(crate::confirm::service::WRONG_CODE), "{}", answer.body);
    }
}

/// B1: somebody registers an address that is not theirs, and waits for its owner.
#[tokio::test]
async fn a_squatters_link_does_nothing_for_them_in_the_owners_browser() {
    let town = Town::new();
    town.register(ALICE, PASSWORD).await;
    let mail = town.mail().await;
    let page = town.get(&link(&mail), None).await;
    assert!(page.body.contains("asks true"), "{}", page.body);
    for password in [None, Some(OTHER)] {
        let token = token(&mail);
        let mut fields = vec![("token", token.as_str())];
        fields.extend(password.map(|password| ("password", password)));
        let refused = town.post("/confirm", None, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!town.is_confirmed().await);
    }
    // Whoever registered opens the mail on another machine: they know the password.
    let done = town.post("/confirm", None, &[("token", &token(&mail)), ("password", PASSWORD)]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert!(town.is_confirmed().await);
}

/// B1: the owner registers after the squatter; what the squatter set is gone.
#[tokio::test]
async fn whoever_proves_the_address_later_has_it_alone() {
    let town = Town::new();
    town.register(ALICE, PASSWORD).await;
    let squatter = town.host.sign_in(ALICE, PASSWORD, None).await.cookie();
    assert_ne!(town.get("/", Some(&squatter)).await.body, "nobody");
    let before = town.mail().await;
    let browser = browser(&town.register(ALICE, OTHER).await);
    let mail = town.mail().await;
    assert!(town.signs_in(PASSWORD).await && !town.signs_in(OTHER).await, "nothing counts before the proof");
    // The squatter has the mail sent anew: it is still the owner's.
    town.post("/confirm", Some(&squatter), &[("email", ALICE), ("action", "resend")]).await;
    let anew = town.mail().await;
    for old in [&before, &mail] {
        let dead = town.post("/confirm", Some(&browser), &[("token", &token(old))]).await;
        assert_eq!(dead.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let done = town.post("/confirm", Some(&browser), &[("token", &token(&anew))]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_eq!(town.get("/", Some(&squatter)).await.body, "nobody");
    assert!(town.signs_in(OTHER).await && !town.signs_in(PASSWORD).await);
    assert_eq!(town.host.events("session.revoked")[0].reason, Some("address_proven"));
}

#[tokio::test]
async fn what_is_no_address_or_a_weak_password_is_told_and_nothing_is_written() {
    let town = Town::new();
    for (email, password) in [
        ("no address", PASSWORD),
        (ALICE, "too short"),
        (ALICE, "passwordpassword"),
        (ALICE, "alice@example.com"),
        (ALICE, &"語".repeat(129)),
    ] {
        let answer = town.register(email, password).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{email} {password}");
        assert!(answer.body.starts_with("register ") && !answer.body.ends_with(" -"), "{}", answer.body);
    }
    for body in ["email=a&email=b&password=c", "email=a", "email=%ff&password=x"] {
        let answer = town.send(request("POST", "/register", None, body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let huge = format!("email=a&password={}", "a".repeat(65_536));
    assert_eq!(
        town.send(request("POST", "/register", None, &huge)).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(town.send(request("PUT", "/confirm", None, "")).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(town.host.store.events().is_empty());
}

#[tokio::test]
async fn blocked_access_says_nothing_to_whoever_is_not_confirmed() {
    let town = Town::new();
    let browser = browser(&town.register(ALICE, PASSWORD).await);
    let login = || async {
        let routes = town.host.routes().unconfirmed(UnconfirmedAccess::Block);
        let Host { store, clock, random, .. } = &town.host;
        let session = SessionLayer::new(store.clone()).clock(clock.clone()).random(random.clone());
        let form = form(&[("email", ALICE), ("password", PASSWORD)]);
        let request = request("POST", "/login", None, &form);
        receive(session.layer(routes.layer(service_fn(who))).oneshot(request).await).await
    };
    let refused = login().await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains(crate::password::REFUSED));
    assert_eq!(town.host.events("login.failed")[0].reason, Some("unconfirmed"));
    town.post("/confirm", Some(&browser), &[("token", &token(&town.mail().await))]).await;
    assert_eq!(login().await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_person_is_not_flooded() {
    let town = Town::new();
    for _ in 0..8 {
        assert_eq!(town.register(ALICE, PASSWORD).await.status, StatusCode::OK);
    }
    assert_eq!(town.mails().await.len(), 5);
    town.host.clock.advance(Duration::from_secs(3600));
    town.post("/confirm", None, &[("email", ALICE), ("action", "resend")]).await;
    assert_eq!(town.mails().await.len(), 1);
}

#[tokio::test]
async fn mail_that_cannot_go_out_waits_and_what_went_leaves_no_text() {
    let town = Town::new();
    town.bag.failing.store(true, std::sync::atomic::Ordering::Relaxed);
    town.register(ALICE, PASSWORD).await;
    assert!(town.mails().await.is_empty());
    assert_eq!(town.host.events("mail.delayed")[0].outcome, Outcome::Failed);
    town.bag.failing.store(false, std::sync::atomic::Ordering::Relaxed);
    assert!(town.mails().await.is_empty(), "not before its rest is over");
    town.host.clock.advance(Duration::from_secs(10));
    // Another instance of the program, with the same key.
    let room = Mailroom::new("https://h.example", &Secret::new([7; 32])).unwrap();
    let town = Town { room, ..town };
    assert_eq!(town.mail().await.to, ALICE);
    town.host.clock.advance(Duration::from_secs(86_400));
    assert!(
        town.host
            .store
            .take_due_mails(town.host.clock.now(), Duration::from_secs(1), 9, Vec::new())
            .await
            .unwrap()
            .is_empty()
    );
    assert!(town.mails().await.is_empty());
}

#[tokio::test]
async fn an_expired_mail_is_given_up_unsent() {
    let town = Town::new();
    town.register(ALICE, PASSWORD).await;
    town.host.clock.advance(Duration::from_secs(86_400));
    assert!(town.mails().await.is_empty());
    assert_eq!(town.host.events("mail.given_up")[0].reason, Some("expired"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_guesses_over_the_page_are_five_and_parallel_confirmations_one() {
    let town = Arc::new(Town::new());
    let browser = browser(&town.register(ALICE, PASSWORD).await);
    let mail = town.mail().await;
    let at_once = async |fields: Vec<(&'static str, String)>| {
        let tasks: Vec<_> = (0..24)
            .map(|_| {
                let (town, browser, fields) = (Arc::clone(&town), browser.clone(), fields.clone());
                tokio::spawn(async move {
                    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    town.post("/confirm", Some(&browser), &fields).await.status
                })
            })
            .collect();
        let mut confirmed = 0;
        for task in tasks {
            confirmed += u32::from(task.await.unwrap() == StatusCode::OK);
        }
        confirmed
    };
    let wrong = if code(&mail) == "000000" { "000001" } else { "000000" };
    assert_eq!(at_once(vec![("email", ALICE.into()), ("code", wrong.into())]).await, 0);
    let refused = town.host.events("email_token.refused");
    let heard = refused.iter().filter(|event| event.reason == Some("wrong_code")).count();
    assert_eq!(heard, 5);
    assert_eq!(at_once(vec![("token", token(&mail))]).await, 1);
    assert_eq!(town.host.events("email.confirmed").len(), 1);
}

#[test]
fn a_code_is_digested_under_the_rooms_own_key() -> Result<(), SealError> {
    let digest = |byte: u8| {
        let room = Mailroom::new("https://h.example", &Secret::new([byte; 32])).unwrap();
        let email = EmailAddress::parse(ALICE).unwrap();
        let user = UserId::from_uuid(towergate_core::id::Uuid::nil());
        code_digest(room.codes(), Purpose::Confirm, user, &email, "123456")
    };
    assert!(digest(1).matches(&digest(1)) && !digest(1).matches(&digest(2)));
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_kept_for_whom_it_may_go_back_to_is_answered_like_any_other() {
    use towergate_identity::{
        ports::{EmailChangeStore, email_change::EmailChange},
        rules::{
            email_token::{Shown, Wanted},
            mail::{MailKind, MailLimit},
        },
    };

    let town = Town::new();
    let host = &town.host;
    let (now, random) = (host.clock.now(), &*host.random);
    let origin = Origin::detached(now, random).unwrap();
    let owner = EmailAddress::parse("owner@example.com").unwrap();
    let mut user = User::fresh(owner.clone(), host.hashed(RIGHT, 16), now, random).unwrap();
    user.confirmed_at = Some(now);
    let id = user.id;
    host.store.add_user(user, origin).await.unwrap();
    host.sign_in("owner@example.com", RIGHT, None).await;
    let keeps = host.store.sessions_of(id, now).await.unwrap()[0].id;
    let proof = |email: &EmailAddress, purpose, kind| {
        let wanted = Wanted { user: id, email: email.clone(), purpose, browser: None, password: None };
        let minted = wanted.mint(town.room.codes(), now, random).unwrap();
        let letter = town.room.letters().change_email("x", "y");
        let mail = town.room.seal(letter, kind, (id, email), (now, purpose.lifetime()), random).unwrap();
        (minted.token, mail)
    };
    let moved = EmailAddress::parse("owner@new.example").unwrap();
    let (token, mail) = proof(&moved, Purpose::ChangeEmail, MailKind::ChangeEmail);
    let (token_id, shown) = (token.id, Shown::Link(token.digest.clone()));
    host.store.ask_email_change(token, mail, MailLimit::default(), origin).await.unwrap();
    let undo = proof(&owner, Purpose::UndoEmailChange, MailKind::ChangeEmail);
    let change = EmailChange { id: token_id, shown, user: id, keeps, undo };
    host.store.change_email(change, origin).await.unwrap();
    town.mails().await;

    let kept = town.register("owner@example.com", PASSWORD).await;
    assert_eq!(kept.status, StatusCode::OK, "{}", kept.body);
    let free = town.register("fresh@example.com", PASSWORD).await;
    assert_eq!(kept.body.replace("owner@", "fresh@"), free.body);
    let mails = town.mails().await;
    let told = mails.iter().find(|mail| mail.to == "owner@example.com").unwrap();
    assert!(!told.text.contains("token="), "whom it is kept for is told, and nobody gets it");
}
