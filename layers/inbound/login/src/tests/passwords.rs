//! Forgotten, changed and first passwords, driven as browsers would.

use towergate_core::{seal::SealingRing, token::OpaqueToken};
use towergate_identity::{
    ports::{FactorStore, session::Establishment},
    rules::{login_proof::Method, notice::Notice, session, totp::TotpSecret},
};

use super::{
    factors::sealing,
    register::{Bag, OTHER, PASSWORD, link, token},
    *,
};
use crate::{
    FactorRoutes, PasswordRoutes,
    change::WRONG_PASSWORD,
    mail::{Mail, Mailroom, Postman},
    pages::LoginLinkKind,
    password::TOO_MANY_TRIES,
    password_pages::{ForgotView, PasswordDoneView, PasswordPages, PasswordView, ResetView},
    reset::service::DEAD_LINK,
    second_factor::REFUSED,
};

const CHANGE: &str = "/account/password";

impl PasswordPages for Lines {
    fn forgot(&self, view: &ForgotView) -> String {
        let message = view.message.as_deref().unwrap_or("-");
        format!("forgot {} sent {} login {} message {message}", view.email, view.sent, view.login)
    }

    fn reset(&self, view: &ResetView) -> String {
        format!(
            "reset token {} email {} code {} least {} message {}",
            view.token.is_some(),
            view.email,
            view.asks_code,
            view.minimum,
            view.message.as_deref().unwrap_or("-")
        )
    }

    fn password(&self, view: &PasswordView) -> String {
        let message = view.message.as_deref().unwrap_or("-");
        format!("password of {} asks {} message {message}", view.email, view.asks_current)
    }

    fn password_done(&self, view: &PasswordDoneView) -> String {
        format!("done {} {}", view.next, view.signed_in)
    }
}

/// A host with every page of passwords, and what it mailed.
struct Village {
    host: Host,
    room: Mailroom,
    bag: Bag,
    sealing: SealingRing,
}

impl Village {
    fn around(host: Host) -> Self {
        let room = Mailroom::new("https://h.example", &Secret::new([7; 32])).unwrap();
        Self { host, room, bag: Bag::default(), sealing: sealing() }
    }

    async fn new() -> Self {
        let village = Self::around(Host::with_alice().await);
        village.confirm(ALICE).await;
        village
    }

    async fn protected() -> (Self, TotpSecret) {
        let (host, secret) = Host::protected().await;
        let village = Self::around(host);
        village.confirm(ALICE).await;
        (village, secret)
    }

    /// The address is its person's, as a reset proves it.
    async fn confirm(&self, email: &str) {
        let email = EmailAddress::parse(email).unwrap();
        let user = self.host.store.find_user_by_email(&email).await.unwrap().unwrap();
        confirm::of(&self.host, &user).await;
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        self.host.clock.advance(Duration::from_secs(1));
        let Host { store, hasher, clock, random, .. } = &self.host;
        let session = SessionLayer::new(store.clone()).clock(clock.clone()).random(random.clone());
        let site = self.host.site().notices(self.room.clone());
        let routes = PasswordRoutes::new(store.clone(), hasher.clone(), site.clone())
            .with_reset(self.room.clone(), self.sealing.clone());
        let factors = FactorRoutes::new(store.clone(), self.sealing.clone(), "Example", site);
        let inner = self.host.routes().link(LoginLinkKind::Forgot).layer(factors.layer(service_fn(who)));
        receive(session.layer(routes.layer(inner)).oneshot(request).await).await
    }

    async fn get(&self, path: &str, cookie: Option<&str>) -> Answer {
        self.send(request("GET", path, cookie, "")).await
    }

    async fn post(&self, path: &str, cookie: Option<&str>, fields: &[(&str, &str)]) -> Answer {
        self.send(request("POST", path, cookie, &form(fields))).await
    }

    async fn forget(&self, email: &str) -> Answer {
        self.post("/forgot", None, &[("email", email)]).await
    }

    async fn mails(&self) -> Vec<Mail> {
        let postman = Postman::new(self.host.store.clone(), self.room.clone(), self.bag.clone());
        postman.clock(self.host.clock.clone()).deliver().await.unwrap();
        std::mem::take(&mut *self.bag.mails.lock().unwrap())
    }

    /// The mail with the link that Alice asked for.
    async fn asked(&self) -> Mail {
        assert_eq!(self.forget(ALICE).await.status, StatusCode::OK);
        let mails = self.mails().await;
        let mail = mails.iter().find(|mail| mail.text.contains("token=")).unwrap();
        assert_eq!(mail.to, ALICE);
        mail.clone()
    }

    async fn reset(&self, mail: &Mail, password: &str, code: Option<&str>) -> Answer {
        let token = token(mail);
        let mut fields = vec![("token", token.as_str()), ("new_password", password)];
        fields.extend(code.map(|code| ("code", code)));
        self.post("/reset", None, &fields).await
    }

    async fn sign_in(&self, password: &str) -> Answer {
        self.post("/login", None, &[("email", ALICE), ("password", password)]).await
    }

    async fn signs_in(&self, password: &str) -> bool {
        self.sign_in(password).await.status == StatusCode::SEE_OTHER
    }

    /// The cookie of somebody who came in by an account elsewhere.
    async fn signed_in_otherwise(&self, user: UserId) -> String {
        let (token, session) = session_of(&self.host, user);
        let establishment = Establishment {
            session,
            replaces: None,
            is_login: true,
            rests_on_replaced: false,
            visit: Default::default(),
        };
        self.host.store.establish_session(establishment, self.host.origin()).await.unwrap();
        format!("{COOKIE}={}", token.reveal().expose())
    }

    async fn change(&self, cookie: &str, current: &str, new: &str) -> Answer {
        self.post(CHANGE, Some(cookie), &[("password", current), ("new_password", new)]).await
    }
}

/// A session of somebody who came in by an account elsewhere.
pub(super) fn record(host: &Host, user: UserId) -> session::SessionRecord {
    session_of(host, user).1
}

fn session_of(host: &Host, user: UserId) -> (OpaqueToken, session::SessionRecord) {
    let (now, random) = (host.clock.now(), &*host.random);
    let token = OpaqueToken::mint(session::PREFIX, now, random).unwrap();
    let session = session::SessionRecord {
        id: session::SessionId::from_uuid(token.id()),
        digest: token.digest(),
        sign_in: session::SignInId::fresh(now, random).unwrap(),
        user,
        stage: session::SessionStage::Complete,
        methods: [Method::Federated].into(),
        passkey: None,
        authenticated_at: now,
        created_at: now,
        last_seen_at: now,
        idle_expires_at: now.plus(Duration::from_secs(1800)),
        absolute_expires_at: now.plus(Duration::from_secs(3600)),
    };
    (token, session)
}

/// Proves an address, as a mailed link does.
mod confirm {
    use towergate_core::Digest;
    use towergate_identity::{
        ports::EmailTokenStore,
        rules::{
            email_token::{Purpose, Shown, Wanted},
            mail::{MailId, MailKind, MailLimit, OutboxMail},
        },
    };

    use super::*;

    pub(super) async fn of(host: &Host, user: &User) {
        let (now, random) = (host.clock.now(), &*host.random);
        let codes = towergate_core::mac::MacKey::derive(&Secret::new([9; 32]), "test").unwrap();
        let (email, purpose) = (user.email.clone(), Purpose::Confirm);
        let wanted = Wanted { user: user.id, email, purpose, browser: None, password: None };
        let minted = wanted.mint(&codes, now, random).unwrap();
        let (id, digest): (_, Digest) = (minted.token.id, minted.token.digest.clone());
        let mail = OutboxMail {
            id: MailId::fresh(now, random).unwrap(),
            user: user.id,
            kind: MailKind::ConfirmAddress,
            domain: "example.com".into(),
            sealed: vec![],
            created_at: now,
            expires_at: now,
            attempt: 0,
            forgiven: 0,
        };
        let origin = Origin::detached(now, random).unwrap();
        host.store.issue_email_token(minted.token, mail, MailLimit::default(), origin).await.unwrap();
        host.store.confirm_email(id, Shown::Link(digest), true, origin).await.unwrap();
    }
}

fn cookie_of(answer: &Answer, name: &str) -> String {
    let all = answer.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
    let given = all.into_iter().find(|value| value.starts_with(name)).unwrap_or_default();
    given.split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_and_everybody_is_signed_out() {
    let village = Village::new().await;
    let elsewhere = village.sign_in(RIGHT).await.cookie();
    let fields = [("email", " Alice@Example.com "), ("return_to", "/pay?a=b")];
    let asked = village.post("/forgot", None, &fields).await;
    let body = "forgot Alice@Example.com sent true login /login?return_to=%2Fpay%3Fa%3Db message -";
    assert_eq!((asked.status, asked.body.as_str()), (StatusCode::OK, body));
    let mails = village.mails().await;
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!(mail.to, ALICE);

    // The address that stays in the browser holds no secret, and looking spends nothing.
    for _ in 0..3 {
        let moved = village.get(&link(mail), None).await;
        assert_eq!(moved.status, StatusCode::SEE_OTHER);
        assert_eq!(moved.header(header::LOCATION), "/reset?return_to=%2Fpay%3Fa%3Db");
        assert!(
            moved
                .header(header::SET_COOKIE)
                .ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600; Secure")
        );
        let cookie = cookie_of(&moved, "__Host-tgpr");
        let page = village.get("/reset?return_to=%2Fpay%3Fa%3Db", Some(&cookie)).await;
        assert_eq!(page.body, format!("reset token true email {ALICE} code false least 15 message -"));
        assert_eq!(page.header(header::REFERRER_POLICY), "same-origin");
    }
    let token = token(mail);
    let fields = [("token", token.as_str()), ("new_password", PASSWORD), ("return_to", "/pay?a=b")];
    let done = village.post("/reset", Some(&elsewhere), &fields).await;
    assert_eq!(
        (done.status, done.body.as_str()),
        (StatusCode::OK, "done /login?return_to=%2Fpay%3Fa%3Db false")
    );
    assert_eq!(cookie_of(&done, "__Host-tgpr"), "__Host-tgpr=");
    assert_eq!(cookie_of(&done, COOKIE), format!("{COOKIE}="), "this browser's own session is gone too");
    assert_eq!(village.get("/", Some(&elsewhere)).await.body, "nobody");
    assert!(village.signs_in(PASSWORD).await && !village.signs_in(RIGHT).await);
    let again = village.post("/reset", None, &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.body.ends_with(DEAD_LINK), "{}", again.body);
    assert!(village.signs_in(PASSWORD).await);
    let told = village.mails().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        village.host.events("mail.queued").last().unwrap().details[1].1,
        Notice::PasswordReset.as_str()
    );
}

#[tokio::test]
async fn another_persons_session_in_the_browser_goes_on() {
    let village = Village::new().await;
    village.host.add("bob@example.com", Some(village.host.hashed(RIGHT, 16)), UserState::Active).await;
    let bob = village.host.sign_in("bob@example.com", RIGHT, None).await.cookie();
    let mail = village.asked().await;
    let fields = [("token", &*token(&mail)), ("new_password", PASSWORD)];
    let done = village.post("/reset", Some(&bob), &fields).await;
    assert_eq!((done.status, cookie_of(&done, COOKIE)), (StatusCode::OK, String::new()));
    assert_ne!(village.get("/", Some(&bob)).await.body, "nobody");
}

/// ASVS 6.3.8: who has an account is told by no answer.
#[tokio::test]
async fn asking_is_answered_alike_whoever_has_the_address() {
    let village = Village::new().await;
    village.host.add("shut@example.com", None, UserState::Disabled).await;
    village.host.add("new@example.com", None, UserState::Active).await;
    let answer = async |email: &str| {
        let before = village.host.store.events().len();
        let answer = village.forget(email).await;
        let mut headers: Vec<_> =
            answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.sort();
        let events = village.host.store.events();
        let requests = events.iter().skip(before).map(|event| event.origin.request);
        let requests = requests.collect::<std::collections::BTreeSet<_>>().len();
        (answer.status, answer.body.replace(email, "X"), headers, requests)
    };
    let known = answer(ALICE).await;
    assert_eq!((known.0, known.3), (StatusCode::OK, 1), "{known:?}");
    for email in ["nobody@example.com", "shut@example.com", "new@example.com"] {
        assert_eq!(answer(email).await, known, "{email}");
    }
    for _ in 0..6 {
        assert_eq!(answer(ALICE).await, known, "no answer tells that it was too often");
    }
    let mails = village.mails().await;
    let to: Vec<_> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, [ALICE, "new@example.com", ALICE, ALICE, ALICE, ALICE]);
    let typo = village.forget("no address").await;
    assert_eq!(typo.status, StatusCode::UNPROCESSABLE_ENTITY);
    let reasons: Vec<_> =
        village.host.events("email_token.unknown").iter().map(|event| event.reason).collect();
    assert_eq!(reasons, [Some("reset"), Some("reset"), Some("too_many"), Some("too_many")]);
}

#[tokio::test]
async fn a_link_is_dead_after_an_hour_or_a_newer_one() {
    let village = Village::new().await;
    let first = village.asked().await;
    let second = village.asked().await;
    assert_eq!(village.reset(&first, PASSWORD, None).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    village.host.later(3600 - 4);
    let cookie = format!("__Host-tgpr={}", token(&second));
    let page = village.get("/reset", Some(&cookie)).await;
    assert!(page.body.starts_with("reset token true"), "{}", page.body);
    village.host.later(4);
    let page = village.get("/reset", Some(&cookie)).await;
    assert!(page.body.ends_with(DEAD_LINK) && page.body.starts_with("reset token false"), "{}", page.body);
    assert_eq!(village.reset(&second, PASSWORD, None).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(village.signs_in(RIGHT).await);
    for path in ["/reset", "/reset?token=x", "/reset?token=tgm_x.y"] {
        let page = village.get(path, None).await;
        assert_eq!((page.status, page.body.ends_with(DEAD_LINK)), (StatusCode::OK, true), "{path}");
    }
    let missing = village.post("/reset", None, &[("new_password", PASSWORD)]).await;
    assert_eq!(missing.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_password_that_cannot_be_taken_leaves_the_link_good() {
    let village = Village::new().await;
    let mail = village.asked().await;
    for bad in ["too short", "passwordpassword", "alice@example.com", &"語".repeat(129), ""] {
        let answer = village.reset(&mail, bad, None).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert!(
            answer.body.starts_with("reset token true") && !answer.body.ends_with("message -"),
            "{}",
            answer.body
        );
    }
    assert_eq!(village.reset(&mail, PASSWORD, None).await.status, StatusCode::OK);
}

/// ASVS 6.4.3: a reset goes around no second factor.
#[tokio::test]
async fn a_reset_asks_for_the_second_factor_and_a_wrong_code_leaves_the_link() {
    let (village, secret) = Village::protected().await;
    let mail = village.asked().await;
    let cookie = format!("__Host-tgpr={}", token(&mail));
    assert!(village.get("/reset", Some(&cookie)).await.body.contains("code true"));
    for none in [None, Some(""), Some("  ")] {
        let asked = village.reset(&mail, PASSWORD, none).await;
        assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(asked.body.contains("token true") && asked.body.contains("backup code"), "{}", asked.body);
    }
    let wrong = village.reset(&mail, PASSWORD, Some("000000")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.ends_with(REFUSED), "{}", wrong.body);
    assert_eq!(village.host.events("factor.refused")[0].reason, Some("wrong_code"));
    assert!(village.signs_in(RIGHT).await, "nothing is set yet");

    // A second later, as each request is.
    village.host.later(1);
    let code = village.host.code(&secret);
    let done = village.reset(&mail, PASSWORD, Some(&code)).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert!(village.signs_in(PASSWORD).await && !village.signs_in(RIGHT).await);
    let half = village.sign_in(PASSWORD).await;
    assert_eq!(
        half.header(header::LOCATION),
        "/mfa?return_to=%2F",
        "the second factor is asked for as before"
    );
}

#[tokio::test]
async fn whoever_is_asked_for_a_passkey_resets_by_a_backup_code() {
    let village = Village::new().await;
    let alice = village.host.alice().await;
    village.host.give_key(alice).await;
    let keeper = village.host.authenticator();
    let codes = keeper.ask_for_passkey(alice, None, village.host.origin()).await.unwrap();
    let mail = village.asked().await;
    let cookie = format!("__Host-tgpr={}", token(&mail));
    assert!(village.get("/reset", Some(&cookie)).await.body.contains("code true"));
    let asked = village.reset(&mail, PASSWORD, None).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", asked.body);
    let code = codes[0].reveal().expose().clone();
    assert_eq!(village.reset(&mail, PASSWORD, Some(&code)).await.status, StatusCode::OK);
    assert_eq!(village.sign_in(PASSWORD).await.header(header::LOCATION), "/mfa?return_to=%2F");
}

#[tokio::test]
async fn a_backup_code_stands_in_and_is_spent() {
    let village = Village::new().await;
    let alice = village.host.alice().await;
    let keeper = village.host.authenticator();
    let secret = keeper.begin(alice, village.host.origin()).await.unwrap();
    let code = Secret::new(village.host.code(&secret));
    let codes = keeper.confirm(alice, &code, None, village.host.origin()).await.unwrap();
    let code = codes[0].reveal().expose().clone();
    let mail = village.asked().await;
    assert_eq!(village.reset(&mail, PASSWORD, Some(&code)).await.status, StatusCode::OK);
    assert_eq!(village.host.store.backup_codes_left(alice).await.unwrap(), 9);
    let mail = village.asked().await;
    let again = village.reset(&mail, OTHER, Some(&code)).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(village.signs_in(PASSWORD).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wrong_codes_at_a_reset_are_counted_as_at_the_sign_in() {
    let (village, secret) = Village::protected().await;
    let mail = village.asked().await;
    let village = Arc::new(village);
    let tasks: Vec<_> = (0..24)
        .map(|_| {
            let (village, mail) = (Arc::clone(&village), mail.clone());
            tokio::spawn(async move { village.reset(&mail, PASSWORD, Some("000000")).await.status })
        })
        .collect();
    let mut tried = 0;
    for task in tasks {
        tried += u32::from(task.await.unwrap() == StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(tried, 5, "all within the first wait");
    let waiting = village.reset(&mail, PASSWORD, Some(&village.host.code(&secret))).await;
    assert_eq!(waiting.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(waiting.headers.contains_key(header::RETRY_AFTER) && waiting.body.ends_with(TOO_MANY_TRIES));
    let half = village.sign_in(RIGHT).await.cookie();
    let code = village.host.code(&secret);
    let at_sign_in = village.post("/mfa", Some(&half), &[("code", &code)]).await;
    assert_eq!(at_sign_in.status, StatusCode::TOO_MANY_REQUESTS);
    village.host.later(30);
    let code = village.host.code(&secret);
    assert_eq!(
        village.reset(&mail, PASSWORD, Some(&code)).await.status,
        StatusCode::OK,
        "the link is still good"
    );
}

/// B3: one link, one new password, however many use it at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_resets_with_one_link_are_one() {
    let village = Arc::new(Village::new().await);
    let mail = village.asked().await;
    let tasks: Vec<_> = (0..24)
        .map(|n| {
            let (village, mail) = (Arc::clone(&village), mail.clone());
            let password = format!("{PASSWORD} number {n}");
            tokio::spawn(async move {
                let status = village.reset(&mail, &password, None).await.status;
                (status == StatusCode::OK).then_some(password)
            })
        })
        .collect();
    let mut set = Vec::new();
    for task in tasks {
        set.extend(task.await.unwrap());
    }
    let [password] = &set[..] else { panic!("{set:?}") };
    assert!(village.signs_in(password).await);
    assert_eq!(village.host.events("password.reset").len(), 1);
}

/// B1: somebody registered an address that is not theirs, enrolled an app, and waits for its owner.
#[tokio::test]
async fn whoever_proves_the_mailbox_by_a_reset_has_the_account_alone() {
    let (host, _) = Host::protected().await;
    let village = Village::around(host);
    let squatter = village.sign_in(RIGHT).await;
    assert_eq!(squatter.header(header::LOCATION), "/mfa?return_to=%2F");
    let mail = village.asked().await;
    let done = village.reset(&mail, PASSWORD, None).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    let owner = village.sign_in(PASSWORD).await;
    assert_eq!(owner.header(header::LOCATION), "/", "no second factor of the squatter is asked for");
    assert!(!village.signs_in(RIGHT).await);
    assert_eq!(village.get("/", Some(&squatter.cookie())).await.body, "nobody");
    assert_eq!(village.host.events("email.confirmed").len(), 1);
}

/// NIST SP 800-63B-4 section 3.2.2: a password that was guessed at too often opens nothing until it is set anew.
#[tokio::test]
async fn a_reset_opens_what_guessing_has_shut() {
    let village = Village::new().await;
    let alice = TryKey::of_user(CredentialClass::Password, village.host.alice().await);
    for day in 0..101 {
        let at = village.host.clock.now().plus(Duration::from_secs(day * 86_400));
        let origin = Origin::detached(at, &village.host.random).unwrap();
        village.host.store.reserve_try(alice, Default::default(), None, origin).await.unwrap();
    }
    village.host.later(102 * 86_400);
    assert!(!village.signs_in(RIGHT).await);
    let mail = village.asked().await;
    assert_eq!(village.reset(&mail, PASSWORD, None).await.status, StatusCode::OK);
    assert!(village.signs_in(PASSWORD).await);
}

/// ASVS 6.2.3 and 7.4.3: a change asks for the current password, and ends every other session.
#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it_and_the_session_gets_a_new_identifier() {
    let village = Village::new().await;
    let (cookie, elsewhere) = (village.sign_in(RIGHT).await.cookie(), village.sign_in(RIGHT).await.cookie());
    let page = village.get(CHANGE, Some(&cookie)).await;
    assert_eq!(page.body, format!("password of {ALICE} asks true message -"));
    for wrong in ["", "guess", PASSWORD] {
        let refused = village.change(&cookie, wrong, PASSWORD).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.ends_with(WRONG_PASSWORD), "{}", refused.body);
    }
    let without = village.post(CHANGE, Some(&cookie), &[("new_password", PASSWORD)]).await;
    assert!(without.body.ends_with(WRONG_PASSWORD));
    assert_eq!(village.host.events("password.refused").len(), 4);
    for bad in ["too short", "passwordpassword", ALICE] {
        assert_eq!(
            village.change(&cookie, RIGHT, bad).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{bad}"
        );
    }
    let stolen = village.asked().await;
    let done = village.change(&cookie, RIGHT, PASSWORD).await;
    assert_eq!((done.status, done.body.as_str()), (StatusCode::OK, "done /account/security true"));
    let renewed = done.cookie();
    assert_ne!(renewed, cookie);
    assert_ne!(village.get("/", Some(&renewed)).await.body, "nobody");
    for old in [&cookie, &elsewhere] {
        assert_eq!(village.get("/", Some(old)).await.body, "nobody");
    }
    assert!(village.signs_in(PASSWORD).await && !village.signs_in(RIGHT).await);
    let dead = village.reset(&stolen, OTHER, None).await;
    assert_eq!(dead.status, StatusCode::UNPROCESSABLE_ENTITY, "a link that was mailed before opens nothing");
    assert_eq!(village.host.events("session.revoked")[0].reason, Some("password_changed"));
    let told = village.mails().await;
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test]
async fn guesses_at_the_current_password_are_counted_with_those_at_the_sign_in() {
    let village = Village::new().await;
    let cookie = village.sign_in(RIGHT).await.cookie();
    for _ in 0..5 {
        assert_eq!(village.change(&cookie, "guess", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let waiting = village.change(&cookie, RIGHT, PASSWORD).await;
    assert_eq!(waiting.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(waiting.headers.contains_key(header::RETRY_AFTER) && waiting.body.ends_with(TOO_MANY_TRIES));
    assert_eq!(village.sign_in(RIGHT).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn somebody_without_a_password_sets_a_first_one() {
    let village = Village::new().await;
    village.host.add("carol@example.com", None, UserState::Active).await;
    let carol = EmailAddress::parse("carol@example.com").unwrap();
    let carol = village.host.store.find_user_by_email(&carol).await.unwrap().unwrap().id;
    let cookie = village.signed_in_otherwise(carol).await;
    let page = village.get(CHANGE, Some(&cookie)).await;
    assert!(page.body.contains("asks false"), "{}", page.body);
    let weak = village.post(CHANGE, Some(&cookie), &[("new_password", "short")]).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = village.post(CHANGE, Some(&cookie), &[("new_password", PASSWORD)]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_eq!(village.host.events("password.set").len(), 1);
    let signed_in = village.host.sign_in("carol@example.com", PASSWORD, None).await;
    assert_eq!(signed_in.status, StatusCode::SEE_OTHER);
    let again = village.post(CHANGE, Some(&done.cookie()), &[("new_password", OTHER)]).await;
    assert!(again.body.ends_with(WRONG_PASSWORD), "from now on it is asked for: {}", again.body);
}

#[tokio::test]
async fn only_whoever_has_just_proven_who_they_are_changes_a_password() {
    let (village, secret) = Village::protected().await;
    let nobody = village.post(CHANGE, None, &[("password", RIGHT), ("new_password", PASSWORD)]).await;
    assert_eq!(nobody.header(header::LOCATION), "/login?return_to=%2Faccount%2Fpassword");
    let half = village.sign_in(RIGHT).await.cookie();
    let refused = village.change(&half, RIGHT, PASSWORD).await;
    assert_eq!(refused.header(header::LOCATION), "/mfa?return_to=%2Faccount%2Fpassword");
    let code = village.host.code(&secret);
    let whole = village.post("/mfa", Some(&half), &[("code", &code)]).await.cookie();
    village.host.later(301);
    let stale = village.change(&whole, RIGHT, PASSWORD).await;
    assert_eq!(stale.header(header::LOCATION), "/mfa?return_to=%2Faccount%2Fpassword");
    assert!(village.host.events("password.changed").is_empty());
    let code = village.host.code(&secret);
    let fresh = village.post("/mfa", Some(&whole), &[("code", &code)]).await.cookie();
    assert_eq!(village.change(&fresh, RIGHT, PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn password_managers_and_strangers_find_their_way() {
    let village = Village::new().await;
    let well_known = village.get("/.well-known/change-password", None).await;
    assert_eq!((well_known.status, well_known.header(header::LOCATION)), (StatusCode::SEE_OTHER, CHANGE));
    let wrong = village.post("/.well-known/change-password", None, &[]).await;
    assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
    for path in ["/forgot", "/reset", CHANGE] {
        let wrong = village.send(request("PUT", path, None, "")).await;
        assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    let login = village.get("/login?return_to=%2Fpay", None).await;
    assert!(login.body.contains("link forgot /forgot?return_to=%2Fpay"), "{}", login.body);
    assert!(!village.host.get("/login", None).await.body.contains("forgot"), "not unless it is told");

    // Without mail there is no reset.
    let Host { store, hasher, .. } = &village.host;
    let routes = PasswordRoutes::new(store.clone(), hasher.clone(), village.host.site());
    let app = SessionLayer::new(store.clone()).layer(routes.layer(service_fn(who)));
    for path in ["/forgot", "/reset"] {
        let answer = receive(app.clone().oneshot(request("GET", path, None, "")).await).await;
        assert_eq!(answer.body, "nobody", "{path} passes to the host");
    }
}

#[tokio::test]
async fn a_missing_session_layer_is_named_by_every_page_that_needs_it() {
    let village = Village::new().await;
    let Host { store, hasher, .. } = &village.host;
    let routes = PasswordRoutes::new(store.clone(), hasher.clone(), village.host.site());
    let bare = routes.with_reset(village.room.clone(), sealing()).layer(service_fn(who));
    for path in ["/reset", CHANGE] {
        let answer = receive(bare.clone().oneshot(request("GET", path, None, "")).await).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(answer.body.contains("SessionLayer"), "{}", answer.body);
    }
}
