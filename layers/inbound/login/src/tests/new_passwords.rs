//! What is asked of a password, on every way by which one comes to count (B10); and hashes of other kinds.

use towergate_core::LocalPath;
use towergate_identity::rules::password::{Owner, PasswordPolicy, Pepper, Peppers};

use super::{
    factors::sealing,
    register::{PASSWORD, token},
    *,
};
use crate::{
    NewPasswordError, NewPasswords, PasswordChange, PasswordReset,
    mail::{Mailroom, Postman},
    register::{Applicant, Registration},
};

/// What is wrong with each, and who must be told so.
const REFUSED: [(&str, &str); 6] = [
    ("too short", "a password has at least 15 characters"),
    ("passwordpassword", "everybody tries first"),
    ("qwertyuiop12345", "easy to guess"),
    ("alice@example.com", "a password is not made of"),
    ("Alice-Example-2026", "parts of the address"),
    ("turnip turnip shed", "name of the site"),
];

/// A way by which a password comes to count; answers what is said to a password.
async fn by_each_way(passwords: &NewPasswords, password: &str) -> Vec<(&'static str, Result<(), String>)> {
    let host = Host::with_alice().await;
    let room = Mailroom::new("https://h.example", &Secret::new([7; 32])).unwrap();
    let typed = Secret::from(password);

    let applicant = Applicant {
        email: String::from("alice@example.com"),
        password: typed.clone(),
        browser: None,
        return_to: LocalPath::root(),
    };
    let registration = Registration::new(host.store.clone(), host.hasher.clone(), room.clone());
    let registered = registration.passwords(passwords.clone()).register(applicant, host.origin()).await;
    let registered = registered.map_err(|error| error.to_string());

    let reset = PasswordReset::new(host.store.clone(), host.hasher.clone(), sealing(), room.clone());
    let reset = reset.passwords(passwords.clone());
    reset.ask(ALICE, &LocalPath::root(), host.origin()).await.unwrap();
    let bag = super::register::Bag::default();
    let postman = Postman::new(host.store.clone(), room, bag.clone()).clock(host.clock.clone());
    postman.deliver().await.unwrap();
    let mail = bag.mails.lock().unwrap().iter().find(|mail| mail.text.contains("/reset?")).unwrap().clone();
    let link = Secret::new(token(&mail));
    let was_reset = reset.reset(&link, &typed, None, host.origin()).await;
    let was_reset = was_reset.map(drop).map_err(|error| error.to_string());

    let change = PasswordChange::new(host.store.clone(), host.hasher.clone()).passwords(passwords.clone());
    let mut changes = Vec::new();
    for (way, email, hash, current) in [
        ("change", "alice@example.net", Some(host.hashed(RIGHT, 16)), Some(Secret::from(RIGHT))),
        ("set", "alice@example.org", None, None),
    ] {
        let user = host.add(email, hash, UserState::Active).await;
        let record = super::passwords::record(&host, user);
        let changed = change.change(&record, current.as_ref(), &typed, host.origin()).await;
        changes.push((way, changed.map_err(|error| error.to_string())));
    }

    let email = EmailAddress::parse(ALICE).unwrap();
    let owner = Owner { email: &email, second_factor: false };
    let seeded = passwords.hash(&typed, owner, &host.store, host.origin()).await;
    let seeded = seeded.map(drop).map_err(|error| error.advice().unwrap_or_default().to_lowercase());
    let ways = [("register", registered), ("reset", was_reset), ("seed", seeded)];
    ways.into_iter().chain(changes).collect()
}

/// B10: no way by which a password comes to count asks less than another.
#[tokio::test]
async fn every_way_that_sets_a_password_asks_the_same() {
    let host = Host::new();
    let policy = PasswordPolicy::default().site_words(["turnip shed"]);
    let passwords = NewPasswords::new(host.hasher.clone()).policy(policy);
    for (password, reason) in REFUSED {
        for (way, said) in by_each_way(&passwords, password).await {
            let said = said.expect_err(way);
            assert!(said.contains(reason), "{way} of {password}: {said}");
        }
    }
    for long in ["語".repeat(129), String::new()] {
        for (way, said) in by_each_way(&passwords, &long).await {
            assert!(said.is_err(), "{way}");
        }
    }
    let all = by_each_way(&passwords, PASSWORD).await;
    assert_eq!(all.len(), 5);
    for (way, said) in all {
        assert_eq!(said, Ok(()), "{way}");
    }
}

/// ASVS 11.4.2, 6.2.10: what was brought along or made with less counts until its person signs in, and is hashed anew then.
#[tokio::test]
async fn a_hash_that_was_brought_along_is_renewed_at_the_first_sign_in() {
    // Published vectors of bcrypt, of passlib's scrypt, and of PBKDF2 as a PHC string and as Django writes it.
    for (right, brought) in [
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        (
            "password",
            "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        ),
        (
            "Password",
            "$pbkdf2-sha256$i=80000,l=64$TmFDbA$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1ah1CWhIlgzVJrbhBtRybMXaicr3ruh0HhHj2Kzl/M8jQ",
        ),
        (
            "password",
            "$pbkdf2-sha512$1000$//79/Pv6.fgAAQIDBAUGBw$5xAP2qZeZh8bLERQbqrOSm6MqEPbn8WtVYpmeoKXIfBHd1Y8tpidLHvP8s8vrVzuLVK4pp5uE.VxBOTnI3xfxw",
        ),
        ("password", "pbkdf2_sha256$1200$seasalt2$kr6cbEEDBt1FS/Ydpko4GhNiK8Z69wqFrapyb3qiUI0="),
    ] {
        let host = Host::new();
        let user = host.add(ALICE, Some(Secret::from(brought)), UserState::Active).await;
        let wrong = host.sign_in(ALICE, "U*V", None).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{brought}");
        assert_eq!(host.sign_in(ALICE, right, None).await.status, StatusCode::SEE_OTHER, "{brought}");
        let kept = host.store.find_user(user).await.unwrap().unwrap().password.unwrap();
        assert!(kept.expose().starts_with("$argon2id$"), "{}", kept.expose());
        assert_eq!(host.sign_in(ALICE, right, None).await.status, StatusCode::SEE_OTHER);
        assert_eq!(host.events("password.rehashed").len(), 1);
    }
}

#[tokio::test]
async fn a_pepper_turns_over_as_people_sign_in_and_a_lost_one_shuts_them_out() {
    let host = Host::with_alice().await;
    let pepper = |name: &str, byte| Pepper::new(name, &Secret::new([byte; 32])).unwrap();
    let first = Peppers::new(pepper("first", 1));
    let second = Peppers::new(pepper("second", 2));
    let both = second.clone().with_older(pepper("first", 1)).unwrap();
    let mut host = host;
    for (peppers, mark) in [(&first, "pepper=first$"), (&both, "pepper=second$"), (&second, "pepper=second$")]
    {
        host.hasher = PasswordHasher::peppered(cheap(16), peppers.clone(), host.random.clone()).unwrap();
        assert_eq!(host.sign_in(ALICE, RIGHT, None).await.status, StatusCode::SEE_OTHER, "{mark}");
        let email = EmailAddress::parse(ALICE).unwrap();
        let kept = host.store.find_user_by_email(&email).await.unwrap().unwrap().password.unwrap();
        assert!(kept.expose().starts_with(mark), "{}", kept.expose());
    }
    assert_eq!(host.events("password.rehashed").len(), 2);
    host.hasher = PasswordHasher::peppered(cheap(16), first, host.random.clone()).unwrap();
    assert_eq!(host.sign_in(ALICE, RIGHT, None).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(host.events("login.failed").last().unwrap().reason, Some("unreadable_hash"));
}

#[cfg(feature = "breaches")]
mod breaches {
    use std::sync::Mutex;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };
    use towergate_guarded_http::{GuardedClient, Policy};

    use super::*;
    use crate::breaches::Breaches;

    /// A service on this machine that answers `body`, or nothing at all; and what it was asked.
    async fn service(body: Option<String>) -> (String, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (mut peer, _) = listener.accept().await.unwrap();
                let mut head = [0; 2048];
                let length = peer.read(&mut head).await.unwrap();
                heard.lock().unwrap().push(String::from_utf8_lossy(&head[..length]).into_owned());
                let Some(body) = &body else { continue };
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                peer.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        (at, asked)
    }

    fn client() -> GuardedClient {
        GuardedClient::new(Policy::new().danger_allow_loopback()).unwrap()
    }

    /// ASVS 6.2.12: a password that leaked is taken by no way; the service learns five digits of its digest.
    #[tokio::test]
    async fn a_password_that_leaked_is_taken_by_no_way() {
        let (told, kept) = DIGEST.split_at(5);
        let (at, asked) = service(Some(format!("{}:3\r\n{:035}:0\r\n", kept, 0))).await;
        let host = Host::new();
        let passwords = NewPasswords::new(host.hasher.clone()).looked_up(Breaches::at(&at, client()));
        for (way, said) in by_each_way(&passwords, PASSWORD).await {
            assert!(said.expect_err(way).contains("leaked"), "{way}");
        }
        let asked = asked.lock().unwrap().clone();
        assert_eq!(asked.len(), 5);
        for head in &asked {
            assert!(head.starts_with(&format!("GET /range/{} HTTP/1.1\r\n", told)), "{head}");
            assert!(head.to_lowercase().contains("add-padding: true"), "{head}");
            assert!(!head.contains(kept), "{head}");
        }
        for (way, said) in by_each_way(&passwords, "something else entirely").await {
            assert_eq!(said, Ok(()), "{way}");
        }
    }

    /// That of `PASSWORD`, as `sha1sum` prints it.
    const DIGEST: &str = "49797C3C719C43A775BE8E8CA19163211C970013";

    #[tokio::test]
    async fn without_an_answer_a_password_is_taken_and_noted_unless_the_host_refuses() {
        let host = Host::new();
        let (at, _) = service(None).await;
        let breaches = Breaches::at(&at, client());
        let email = EmailAddress::parse(ALICE).unwrap();
        let owner = Owner { email: &email, second_factor: false };
        let hash = async |breaches: Breaches| {
            let passwords = NewPasswords::new(host.hasher.clone()).looked_up(breaches);
            passwords.hash(&Secret::from(PASSWORD), owner, &host.store, host.origin()).await
        };
        assert!(hash(breaches.clone()).await.is_ok());
        assert_eq!(host.events("password.unchecked").len(), 1);
        let refused = hash(breaches.refuse_unchecked()).await;
        assert!(matches!(refused, Err(NewPasswordError::Unchecked)), "{refused:?}");
        assert_eq!(host.events("password.unchecked").len(), 2);
    }
}
