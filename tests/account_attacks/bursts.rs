//! Many at once: B3, B4.

use http::{Request, StatusCode};
use towergate::{
    client_address::PeerAddress,
    login::SignInLimits,
    test_util::{PASSWORD, Standing},
};

use crate::{
    house::browser::request,
    town::{ALICE, Store, Town, credentials, form, is_nobody, signs_in, whoami},
};

const MANY: usize = 32;

/// Whatever counts once counts once, however many use it at the same time. `tests/races.rs` and the contract of the stores have
/// the same for each step, on SQLite too; codes of devices come with the device grant, assertions of companies with SAML.
pub(crate) async fn b03_what_counts_once_counts_once_in_parallel<S: Store>(store: S) {
    let town = Town::new(store);
    let (guest, half) = town.arrive(ALICE, Standing::HalfSignedIn).await;
    let code = guest.totp.unwrap().code_at(towergate::core::Clock::now(&*town.clock)).unwrap();
    let (_, signed_in) = town.arrive("bob@example.com", Standing::SignedIn).await;
    let mut carol = town.browser();
    town.arrive("carol@example.com", Standing::SignedIn).await;
    carol.post("/magic", &form(&[("email", "carol@example.com")])).await;
    let (_, link) = town.link_to("carol@example.com").await;
    let mut dave = town.browser();
    town.arrive("dave@example.com", Standing::SignedIn).await;
    dave.post("/magic", &form(&[("email", "dave@example.com")])).await;
    let mailed = town.mailbox().await.code_to("dave@example.com").unwrap();
    let mut new = signed_in.clone();
    new.post("/account/email", &form(&[("email", "new@example.com")])).await;
    let (_, change) = town.link_to("new@example.com").await;
    let mut eve = town.browser();
    eve.post("/register", &credentials("eve@example.com", PASSWORD)).await;
    let (_, confirm) = town.link_to("eve@example.com").await;

    town.arrive("fay@example.com", Standing::SignedIn).await;
    let mut fay = town.browser();
    fay.post("/forgot", &form(&[("email", "fay@example.com")])).await;
    let (_, forgotten) = town.link_to("fay@example.com").await;
    let reset = form(&[("token", &forgotten), ("new_password", "a password that was never there")]);

    let kinds = [
        ("a code of an app", half, "/mfa", form(&[("code", code.expose())]), "login.succeeded"),
        ("a mailed link", carol, "/magic", form(&[("token", &link)]), "login.succeeded"),
        (
            "a mailed code",
            dave,
            "/magic",
            form(&[("email", "dave@example.com"), ("code", &mailed)]),
            "login.succeeded",
        ),
        ("a new address", signed_in, "/account/email", form(&[("token", &change)]), "email.changed"),
        ("a forgotten password", fay, "/reset", reset, "password.reset"),
        ("a proof of an address", eve, "/confirm", form(&[("token", &confirm)]), "email.confirmed"),
    ];
    for (what, browser, path, body, action) in kinds {
        let before = town.count(action).await;
        let tasks: Vec<_> = (0..MANY)
            .map(|_| {
                let (mut browser, body) = (browser.clone(), body.clone());
                tokio::spawn(async move { browser.post(path, &body).await.status })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(town.count(action).await - before, 1, "{what}");
    }
}

/// Guesses at a code at once are no more than the tries that there are.
pub(crate) async fn b03_parallel_guesses_are_no_more_than_the_tries<S: Store>(store: S) {
    let town = Town::new(store);
    let (_, half) = town.arrive(ALICE, Standing::HalfSignedIn).await;
    let tasks: Vec<_> = (0..MANY)
        .map(|guess| {
            let mut browser = half.clone();
            tokio::spawn(async move { browser.post("/mfa", &format!("code={guess:06}")).await.status })
        })
        .collect();
    let mut tried = 0;
    for task in tasks {
        tried += usize::from(task.await.unwrap() == StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert!((1..=5).contains(&tried), "{tried}");
}

/// A limit is no higher for a burst, a made-up header, or no address at all.
pub(crate) async fn b04_a_limit_holds_under_bursts_and_made_up_headers<S: Store>(store: S) {
    // `#` is another number each time.
    let cases = [
        ("one after the other or at once", Some("203.0.113.7:4711"), ""),
        ("a header of a stranger's own", Some("203.0.113.7:4711"), "198.51.100.#"),
        ("a header that a proxy appended to", Some("10.0.0.1:443"), "198.51.100.#, 203.0.113.7"),
        ("a proxy that is told of a proxy", Some("10.0.0.1:443"), "198.51.100.#, 203.0.113.7, 10.9.9.9"),
        ("nobody says who connected", None, "198.51.100.#"),
    ];
    for (case, peer, forwarded) in cases {
        // The store counts tries too, at each address by itself.
        let guess = credentials(&format!("{}@example.com", case.replace(' ', "-")), "a wrong password");
        let limits = SignInLimits::default();
        let town = Town::with(store.clone(), SignInLimits { login: limits.login.most(5), ..limits });
        let tasks: Vec<_> = (0..MANY)
            .map(|n| {
                let mut head = Request::post("/login")
                    .header("origin", "https://id.example")
                    .header("host", "id.example");
                if let Some(peer) = peer {
                    head = head.extension(PeerAddress(peer.parse().unwrap()));
                }
                let spoofed = forwarded.replace('#', &n.to_string());
                if !spoofed.is_empty() {
                    head = head.header("x-forwarded-for", spoofed.as_str());
                    head = head.header("forwarded", format!("for={spoofed}")).header("x-real-ip", spoofed);
                }
                let (app, guess) = (town.app.clone(), guess.clone());
                tokio::spawn(async move { request(&app, head, guess).await.status })
            })
            .collect();
        let mut let_in = 0;
        for task in tasks {
            let_in += usize::from(task.await.unwrap() != StatusCode::TOO_MANY_REQUESTS);
        }
        assert_eq!(let_in, 5, "{case}");
    }
}

/// Whom an attacker names in a header is not shut out for it.
pub(crate) async fn b04_nobody_is_limited_in_anothers_name<S: Store>(store: S) {
    let limits = SignInLimits::default();
    let town = Town::with(store.clone(), SignInLimits { login: limits.login.most(5), ..limits });
    town.arrive(ALICE, Standing::SignedIn).await;
    let post = async |peer: &str, forwarded: &str, email: &str| {
        let head =
            Request::post("/login").header("origin", "https://id.example").header("host", "id.example");
        let head = head.extension(PeerAddress(peer.parse().unwrap())).header("x-forwarded-for", forwarded);
        request(&town.app, head, credentials(email, "a wrong password")).await
    };
    for _ in 0..20 {
        post("203.0.113.7:4711", "192.0.2.1", "bob@example.com").await;
        post("10.0.0.1:443", "192.0.2.1, 203.0.113.7", "bob@example.com").await;
    }
    let victim = post("10.0.0.1:443", "192.0.2.1", "carol@example.com").await;
    assert_ne!(victim.status, StatusCode::TOO_MANY_REQUESTS);
    let mut browser = town.browser();
    assert!(signs_in(&browser.post("/login", &credentials(ALICE, PASSWORD)).await));
    assert!(!is_nobody(&whoami(&mut browser).await));
}
