//! Signing in by mail, driven as browsers would.

use towergate_identity::{
    ports::{EmailTokenStore, FactorStore},
    rules::{email_token::Purpose, factor::TotpFactor},
};

use super::{
    register::{Bag, browser, code, link, token},
    *,
};
use crate::{
    magic::{MagicPages, MagicRoutes, MagicView},
    mail::{Mail, Mailroom, Postman},
};

const NOBODY: &str = "nobody@example.com";

impl MagicPages for Lines {
    fn magic(&self, view: &MagicView) -> String {
        format!(
            "magic token {} asks {} at {} email {} sent {} remember {} return_to {} message {}",
            view.token.is_some(),
            view.asks_address,
            view.asked_at.as_deref().unwrap_or("-"),
            view.email,
            view.sent,
            view.offers_remembering,
            view.return_to,
            view.message.as_deref().unwrap_or("-")
        )
    }
}

pub(super) struct Town {
    pub(super) host: Host,
    pub(super) room: Mailroom,
    bag: Bag,
}

impl Town {
    pub(super) async fn with_alice() -> Self {
        let room = Mailroom::new("https://h.example", &Secret::new([7; 32])).unwrap();
        let town = Self { host: Host::with_alice().await, room, bag: Bag::default() };
        town.prove(ALICE).await;
        town
    }

    /// Lets somebody sign in by mail, which proves their address; then sets their password as it was.
    async fn prove(&self, email: &str) {
        let user = self.user(email).await;
        let random = &*self.host.random;
        let now = self.host.clock.now();
        let origin = Origin::detached(now, random).unwrap();
        let wanted = towergate_identity::rules::email_token::Wanted {
            user: user.id,
            email: user.email,
            purpose: Purpose::Confirm,
            browser: None,
            password: None,
        };
        let minted = wanted.mint(self.room.codes(), now, random).unwrap();
        let mail = self
            .room
            .seal(
                self.room.letters().confirm_address("x", "y"),
                towergate_identity::rules::mail::MailKind::ConfirmAddress,
                (user.id, &minted.token.email),
                (now, Duration::from_secs(1)),
                random,
            )
            .unwrap();
        let (id, shown) = (minted.token.id, minted.token.digest.clone());
        let limit = towergate_identity::rules::mail::MailLimit::default();
        self.host.store.issue_email_token(minted.token, mail, limit, origin).await.unwrap();
        let shown = towergate_identity::rules::email_token::Shown::Link(shown);
        self.host.store.confirm_email(id, shown, true, origin).await.unwrap();
        self.mails().await;
    }

    async fn user(&self, email: &str) -> User {
        let email = EmailAddress::parse(email).unwrap();
        self.host.store.find_user_by_email(&email).await.unwrap().unwrap()
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        self.host.clock.advance(Duration::from_secs(1));
        let Host { store, clock, random, .. } = &self.host;
        let session = SessionLayer::new(store.clone()).clock(clock.clone()).random(random.clone());
        let routes = MagicRoutes::new(store.clone(), self.room.clone(), self.host.site());
        let inner = self.host.routes().layer(service_fn(who));
        receive(session.layer(routes.layer(inner)).oneshot(request).await).await
    }

    async fn get(&self, path: &str, cookie: Option<&str>) -> Answer {
        self.send(request("GET", path, cookie, "")).await
    }

    async fn post(&self, cookie: Option<&str>, fields: &[(&str, &str)]) -> Answer {
        self.send(request("POST", "/magic", cookie, &form(fields))).await
    }

    /// Asks for a mail; answers the cookie of the browser that asked, and the mail.
    pub(super) async fn asked(&self, email: &str) -> (String, Mail) {
        let asked = self.post(None, &[("email", email)]).await;
        assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
        (browser(&asked), self.mail().await)
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

    /// Who the browser with this session is signed in as.
    async fn who(&self, answer: &Answer) -> String {
        self.get("/", Some(&answer.cookie())).await.body
    }
}

fn wrong(mail: &Mail) -> &'static str {
    if code(mail) == "000000" { "000001" } else { "000000" }
}

fn signed_in(answer: &Answer) -> bool {
    answer.status == StatusCode::SEE_OTHER && answer.header(header::SET_COOKIE).starts_with(COOKIE)
}

#[tokio::test]
async fn the_link_signs_in_the_browser_that_asked_and_looking_at_it_does_nothing() {
    let town = Town::with_alice().await;
    let asked = town.post(None, &[("email", " Alice@Example.com"), ("return_to", "/home?a=b")]).await;
    assert!(asked.body.contains("sent true") && !signed_in(&asked), "{}", asked.body);
    let (browser, mail) = (browser(&asked), town.mail().await);
    assert_eq!(mail.to, ALICE);
    for _ in 0..3 {
        let page = town.get(&link(&mail), Some(&browser)).await;
        assert!(page.body.contains("token true asks false"), "{}", page.body);
        assert!(page.body.contains("return_to /home?a=b") && !signed_in(&page));
    }
    let fields = [("token", token(&mail)), ("return_to", String::from("/home?a=b"))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let done = town.post(Some(&browser), &fields).await;
    assert!(signed_in(&done) && done.header(header::LOCATION) == "/home?a=b", "{}", done.body);
    assert_eq!(town.who(&done).await, town.user(ALICE).await.id.to_string());
    let again = town.post(Some(&browser), &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!signed_in(&again));
    let login = &town.host.events("login.succeeded")[0];
    assert!(format!("{login:?}").contains("email"), "{login:?}");
}

#[tokio::test]
async fn the_code_signs_in_the_browser_that_asked_and_no_other() {
    let town = Town::with_alice().await;
    let (browser, mail) = town.asked(ALICE).await;
    let spaced: String = code(&mail).chars().flat_map(|digit| [digit, ' ']).collect();
    for _ in 0..4 {
        let elsewhere = town.post(None, &[("email", ALICE), ("code", &spaced)]).await;
        assert_eq!(elsewhere.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!signed_in(&elsewhere));
    }
    let open = town.host.store.open_email_token_of(
        town.user(ALICE).await.id,
        Purpose::SignIn,
        Timestamp::from_unix_seconds(0),
    );
    assert_eq!(open.await.unwrap().unwrap().tries, 0, "a stranger spends none of the mail's tries");
    let done = town.post(Some(&browser), &[("email", ALICE), ("code", &spaced)]).await;
    assert!(signed_in(&done), "{}", done.body);
}

#[tokio::test]
async fn a_link_opened_elsewhere_signs_in_only_whom_types_its_address() {
    let town = Town::with_alice().await;
    let (_, mail) = town.asked(ALICE).await;
    let page = town.get(&link(&mail), None).await;
    assert!(page.body.contains("token true asks true at 2023-11-14 22:13"), "{}", page.body);
    assert!(!page.body.contains(ALICE), "whoever finds the link is not told whose it is");
    for typed in [None, Some(""), Some("bob@example.com"), Some("not an address")] {
        let token = token(&mail);
        let mut fields = vec![("token", token.as_str())];
        fields.extend(typed.map(|typed| ("email", typed)));
        let refused = town.post(None, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:?}");
        assert!(refused.body.contains("token true asks true") && !signed_in(&refused));
    }
    let done = town.post(None, &[("token", &token(&mail)), ("email", "ALICE@example.com ")]).await;
    assert!(signed_in(&done), "{}", done.body);
}

#[tokio::test]
async fn an_attackers_own_link_does_not_sign_the_victim_in_as_the_attacker() {
    let town = Town::with_alice().await;
    town.host.add("mallory@example.com", None, UserState::Active).await;
    let (_, mail) = town.asked("mallory@example.com").await;
    // The victim has a browser of their own that asked for something once, and perhaps a session.
    let (victim, _) = town.asked(ALICE).await;
    let session = town.host.sign_in(ALICE, RIGHT, None).await.cookie();
    for cookie in [None, Some(victim.as_str()), Some(session.as_str())] {
        for typed in [&[][..], &[("email", ALICE)]] {
            let fields = [&[("token", token(&mail))][..]].concat();
            let mut fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            fields.extend(typed);
            let lured = town.post(cookie, &fields).await;
            assert_eq!(lured.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(!signed_in(&lured));
        }
    }
    assert_eq!(town.get("/", Some(&session)).await.body, town.user(ALICE).await.id.to_string());
}

#[tokio::test]
async fn a_victims_click_does_not_sign_in_the_browser_that_asked() {
    let town = Town::with_alice().await;
    let (attacker, mail) = town.asked(ALICE).await;
    let done = town.post(None, &[("token", &token(&mail)), ("email", ALICE)]).await;
    assert!(signed_in(&done));
    assert_eq!(town.get("/", Some(&attacker)).await.body, "nobody");
    let late = town.post(Some(&attacker), &[("token", &token(&mail))]).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    let late = town.post(Some(&attacker), &[("email", ALICE), ("code", &code(&mail))]).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn whoever_is_signed_in_as_its_person_opens_the_link_anywhere() {
    let town = Town::with_alice().await;
    let session = town.host.sign_in(ALICE, RIGHT, None).await.cookie();
    let (_, mail) = town.asked(ALICE).await;
    let page = town.get(&link(&mail), Some(&session)).await;
    assert!(page.body.contains("token true asks false"), "{}", page.body);
    assert!(signed_in(&town.post(Some(&session), &[("token", &token(&mail))]).await));
}

#[tokio::test]
async fn whoever_has_the_address_is_not_told_and_costs_as_many_writes() {
    let town = Town::with_alice().await;
    town.host.add("shut@example.com", None, UserState::Disabled).await;
    town.host.add("unproven@example.com", None, UserState::Active).await;
    let mut answers = Vec::new();
    for email in [ALICE, NOBODY, "shut@example.com", "unproven@example.com"] {
        let asked = town.post(None, &[("email", email)]).await;
        assert!(browser(&asked).len() > 20);
        let (_, secret) = asked.header(header::SET_COOKIE).split_once('=').unwrap();
        assert_eq!(secret.len(), asked.header(header::SET_COOKIE).len() - "__Host-tgmb=".len());
        answers.push((asked.status, asked.body.replace(email, "EMAIL"), asked.headers.len()));
        let guess = town.post(Some(&browser(&asked)), &[("email", email), ("code", "123456")]).await;
        answers.push((guess.status, guess.body.replace(email, "EMAIL"), guess.headers.len()));
    }
    let first: Vec<_> = answers.drain(..2).collect();
    assert_eq!((first[0].0, first[1].0), (StatusCode::OK, StatusCode::UNPROCESSABLE_ENTITY));
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(*answer, first[n % 2]);
    }
    let mut mailed: Vec<_> = town.mails().await.into_iter().map(|mail| mail.to).collect();
    mailed.sort();
    assert_eq!(mailed, [ALICE, "unproven@example.com"]);
    // Nobody was registered, and each asking left something in the log.
    let nobody = EmailAddress::parse(NOBODY).unwrap();
    assert!(town.host.store.find_user_by_email(&nobody).await.unwrap().is_none());
    let unknown = town.host.events("email_token.unknown");
    let asked = unknown.iter().filter(|event| event.reason == Some("sign_in")).count();
    assert_eq!((asked, town.host.events("email_token.issued").len()), (2, 3));
}

#[tokio::test]
async fn guessing_codes_is_slowed_over_all_mails_and_links_open_all_the_same() {
    let town = Town::with_alice().await;
    for email in [ALICE, NOBODY, "not an address"] {
        let asked = town.post(None, &[("email", ALICE)]).await;
        let (cookie, mail) = (browser(&asked), town.mail().await);
        for _ in 0..5 {
            let refused = town.post(Some(&cookie), &[("email", email), ("code", wrong(&mail))]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
        }
        let waits = town.post(Some(&cookie), &[("email", email), ("code", wrong(&mail))]).await;
        assert_eq!(waits.status, StatusCode::TOO_MANY_REQUESTS, "{email}");
        assert!(!waits.header(header::RETRY_AFTER).is_empty());
    }
    // A new mail does not begin the count anew.
    let (browser, mail) = town.asked(ALICE).await;
    let waits = town.post(Some(&browser), &[("email", ALICE), ("code", &code(&mail))]).await;
    assert_eq!(waits.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(signed_in(&town.post(Some(&browser), &[("token", &token(&mail))]).await));
    let (browser, mail) = town.asked(ALICE).await;
    assert!(signed_in(&town.post(Some(&browser), &[("email", ALICE), ("code", &code(&mail))]).await));
}

#[tokio::test]
async fn whoever_cannot_use_their_password_any_more_signs_in_by_mail() {
    let town = Town::with_alice().await;
    for _ in 0..100 {
        town.host.clock.advance(Duration::from_secs(3600));
        town.host.sign_in(ALICE, "wrong", None).await;
    }
    town.host.clock.advance(Duration::from_secs(3600));
    assert_eq!(town.host.sign_in(ALICE, RIGHT, None).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let (browser, mail) = town.asked(ALICE).await;
    assert!(signed_in(&town.post(Some(&browser), &[("token", &token(&mail))]).await));
}

#[tokio::test]
async fn a_mail_is_good_for_ten_minutes_and_a_clock_set_back_makes_it_no_better() {
    let town = Town::with_alice().await;
    let (browser, mail) = town.asked(ALICE).await;
    let asked_at = town.host.clock.now();
    // Each request takes a second of this clock.
    town.host.clock.set(asked_at.plus(Duration::from_secs(599)));
    let late = town.post(Some(&browser), &[("token", &token(&mail))]).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    town.host.clock.set(asked_at.plus(Duration::from_secs(598)));
    assert!(signed_in(&town.post(Some(&browser), &[("token", &token(&mail))]).await));
    town.host.clock.set(asked_at);
    let spent = town.post(Some(&browser), &[("token", &token(&mail))]).await;
    assert_eq!(spent.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn only_the_newest_mail_is_good() {
    let town = Town::with_alice().await;
    let (browser, old) = town.asked(ALICE).await;
    let resent = town.post(Some(&browser), &[("email", ALICE), ("code", "1"), ("action", "resend")]).await;
    assert!(resent.body.contains("sent true") && resent.header(header::SET_COOKIE).is_empty());
    let new = town.mail().await;
    let refused = town.post(Some(&browser), &[("token", &token(&old))]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(signed_in(&town.post(Some(&browser), &[("token", &token(&new))]).await));
}

#[tokio::test]
async fn a_squatter_is_out_once_the_owner_signs_in_by_mail() {
    let town = Town::with_alice().await;
    town.host
        .add("owner@example.com", Some(town.host.hashed("squatted for long", 16)), UserState::Active)
        .await;
    let squatter = town.host.sign_in("owner@example.com", "squatted for long", None).await.cookie();
    let (browser, mail) = town.asked("owner@example.com").await;
    let done = town.post(Some(&browser), &[("token", &token(&mail))]).await;
    assert!(signed_in(&done));
    assert_eq!(town.get("/", Some(&squatter)).await.body, "nobody");
    let refused = town.host.sign_in("owner@example.com", "squatted for long", None).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let owner = town.user("owner@example.com").await;
    assert!(owner.confirmed_at.is_some() && town.who(&done).await == owner.id.to_string());
}

#[tokio::test]
async fn whoever_has_a_second_factor_is_half_signed_in() {
    let town = Town::with_alice().await;
    let id = town.user(ALICE).await.id;
    let origin = Origin::detached(town.host.clock.now(), &*town.host.random).unwrap();
    town.host.store.begin_totp(id, b"sealed".to_vec(), origin).await.unwrap();
    let enrolment = towergate_identity::ports::factor::Enrolment {
        user: id,
        sealed: b"sealed".to_vec(),
        step: towergate_identity::rules::totp::TotpStep::new(1),
        codes: Vec::new(),
        keeps: None,
        notice: None,
    };
    town.host.store.enrol_totp(enrolment, origin).await.unwrap();
    assert!(town.host.store.find_totp(id).await.unwrap().as_ref().is_some_and(TotpFactor::is_enrolled));
    let (browser, mail) = town.asked(ALICE).await;
    let half = town.post(Some(&browser), &[("token", &token(&mail)), ("return_to", "/home")]).await;
    assert_eq!(half.header(header::LOCATION), "/mfa?return_to=%2Fhome");
    assert_eq!(town.who(&half).await, "nobody");
}

#[tokio::test]
async fn what_is_no_token_is_refused_without_a_trace_of_it() {
    let town = Town::with_alice().await;
    let (browser, mail) = town.asked(ALICE).await;
    let good = token(&mail);
    let (public, _) = good.split_once('.').unwrap();
    let longer = format!("{good}A");
    let huge = "A".repeat(60_000);
    let other = format!("{public}.{}", "A".repeat(43));
    for bad in ["", "tgm_", ".", public, longer.as_str(), huge.as_str(), other.as_str(), "\u{0}", "tgm_é.é"]
    {
        let refused = town.post(Some(&browser), &[("token", bad)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", bad.len());
        assert!(!refused.body.contains("token true"));
    }
    let too_long = town.post(Some(&browser), &[("token", &"A".repeat(70_000))]).await;
    assert_eq!(too_long.status, StatusCode::PAYLOAD_TOO_LARGE);
    let none = town.post(Some(&browser), &[("return_to", "/")]).await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
    let twice = town.send(request("POST", "/magic", None, "token=a&token=b")).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    let no_address = town.post(None, &[("email", "no address")]).await;
    assert_eq!(no_address.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(signed_in(&town.post(Some(&browser), &[("token", &good)]).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_posts_of_one_link_sign_in_once() {
    let town = Arc::new(Town::with_alice().await);
    let (browser, mail) = town.asked(ALICE).await;
    let posts: Vec<_> = (0..16)
        .map(|_| {
            let (town, browser, token) = (Arc::clone(&town), browser.clone(), token(&mail));
            tokio::spawn(async move { signed_in(&town.post(Some(&browser), &[("token", &token)]).await) })
        })
        .collect();
    let mut done = 0;
    for post in posts {
        done += usize::from(post.await.unwrap());
    }
    assert_eq!(done, 1);
}

#[tokio::test]
async fn a_site_whose_assurance_forbids_it_signs_nobody_in_by_mail() {
    use towergate_identity::rules::assurance::Assurance;

    let town = Town::with_alice().await;
    for (assurance, allowed) in
        [(Assurance::Aal1, false), (Assurance::AsvsL1, true), (Assurance::AsvsL3, false)]
    {
        let site = town.host.site().assurance(&assurance.profile());
        assert_eq!(site.signs_in_by_mail(), allowed, "{assurance:?}");
        let Host { store, hasher, .. } = &town.host;
        let login = LoginRoutes::new(store.clone(), hasher.clone(), site.clone())
            .link(crate::pages::LoginLinkKind::Magic)
            .layer(service_fn(who));
        let routes = MagicRoutes::new(store.clone(), town.room.clone(), site).layer(login);
        let app = SessionLayer::new(store.clone()).layer(routes);
        let page = receive(app.clone().oneshot(request("GET", "/magic", None, "")).await).await;
        assert_eq!(page.body.starts_with("magic "), allowed, "{}", page.body);
        let page = receive(app.oneshot(request("GET", "/login?return_to=%2Fhome", None, "")).await).await;
        let linked = page.body.contains("link magic /magic?return_to=%2Fhome");
        assert_eq!(linked, allowed, "{}", page.body);
    }
}
