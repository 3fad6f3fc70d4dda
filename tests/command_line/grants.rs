//! An operator lists what clients hold of a person, and ends it.

use std::time::Duration;

use towergate::{
    core::{Digest, audit::chain::SealStore, system::OsRandom},
    identity::{
        ports::UserStore,
        rules::{
            email::EmailAddress,
            user::{User, UserId},
        },
    },
    oauth::{
        ports::OAuthStore,
        rules::{
            claims_request::ClaimsRequest,
            client::{Client, ClientId, ClientMetadata},
            code::Code,
            grant::{Grant, GrantId, SignIn, Subject},
        },
    },
};

use super::{
    place::{Place, now, origin, postgres, run, sqlite},
    told, towergate,
};

/// A person, of whom `shop` holds an offline grant and `mail` one that ends with its sign-in.
fn somebody<S: OAuthStore + UserStore>(store: &S) -> (UserId, [GrantId; 2]) {
    let email = EmailAddress::parse("alice@example.com").unwrap();
    let user = User::fresh(email, "no hash".into(), now(), &OsRandom::new()).unwrap();
    let id = user.id;
    run(store.add_user(user, origin())).unwrap();
    let grants = [("shop", "openid offline_access"), ("mail", "openid")].map(|(client, scope)| {
        let client = ClientId::parse(client).unwrap();
        let registered = Client::unchecked(client.clone(), None, ClientMetadata::default());
        run(store.put_client(registered, origin())).unwrap();
        let sign_in = SignIn {
            auth_time: now(),
            acr: None,
            amr: vec![String::from("pwd")],
            sid: Some(String::from("sid")),
        };
        let grant = Grant {
            id: GrantId::fresh(now(), &OsRandom::new()).unwrap(),
            client,
            subject: Subject::parse(&id.to_string()).unwrap(),
            scope: scope.parse().unwrap(),
            audience: vec![String::from("https://api.example")],
            claims: ClaimsRequest::default(),
            sign_in,
            created_at: now(),
        };
        let held = grant.id;
        let code = Code {
            id: *held.as_uuid(),
            digest: Digest::of(b"code"),
            grant: held,
            redirect_uri: String::from("https://app.example/callback"),
            redirect_uri_was_sent: true,
            code_challenge: None,
            nonce: None,
            expires_at: now().plus(Duration::from_secs(60)),
        };
        run(store.issue_code(grant, code, None, origin())).unwrap();
        held
    });
    (id, grants)
}

fn an_operator_ends_grants<S: OAuthStore + UserStore + SealStore, K>(place: &Place<S, K>) {
    let Place { store, database, .. } = place;
    let (user, [shop, mail]) = somebody(store);
    let subject = user.to_string();
    let grants = |words: &[&str]| {
        let output = towergate(&[&["grants"], words, &["--database", database]].concat());
        (told(&output), output.status.success())
    };
    let (text, done) = grants(&["list", "--user", "Alice@example.com"]);
    assert!(done && text.lines().count() == 2, "{text}");
    assert!(text.contains(&format!("{shop} to \"shop\", offline, given 2")), "{text}");
    assert!(text.contains(&format!("{mail} to \"mail\", given 2")), "{text}");
    assert!(text.contains(", for offline_access openid\n"), "{text}");
    assert_eq!(grants(&["list", "--subject", &subject]), (text, true));

    let shops = ["--user", "alice@example.com", "--client", "shop"];
    assert_eq!(grants(&[&["end"], &shops[..]].concat()), ("grants ended: 1\n".into(), true));
    assert_eq!(grants(&[&["list"], &shops[..]].concat()), ("there is no grant\n".into(), true));
    let is_dead = |grant: GrantId| run(store.find_code(*grant.as_uuid())).unwrap().unwrap().revoked;
    assert_eq!((is_dead(shop), is_dead(mail)), (true, false));
    assert_eq!(grants(&["end", "--subject", &subject]), ("grants ended: 1\n".into(), true));
    assert_eq!(grants(&["end", "--subject", &subject]), ("grants ended: 0\n".into(), true));
    assert!(is_dead(mail));
    let events = run(store.events_after(0, 100)).unwrap();
    let ended: Vec<_> = events.iter().filter(|event| event.action == "grant.revoked").collect();
    assert_eq!(ended.len(), 2);
    assert!(ended.iter().all(|event| event.reason.as_deref() == Some("revoked_by_operator")));

    let (text, done) = grants(&["end", "--user", "carol@example.com"]);
    assert!(!done && text.contains("nobody has the address"), "{text}");
    let misspelt = ["--user", "alice@example.com", "--client", "shpo"];
    for word in ["list", "end"] {
        let told = grants(&[&[word], &misspelt[..]].concat());
        assert_eq!(told, ("there is no client \"shpo\"\n".into(), false));
    }
    for wrong in [&["end"][..], &["end", "--user", "alice@example.com", "--subject", &subject]] {
        assert!(!grants(wrong).1, "{wrong:?}");
    }
}

#[test]
fn an_operator_ends_grants_in_a_sqlite_database() {
    an_operator_ends_grants(&sqlite());
}

#[test]
fn an_operator_ends_grants_in_a_postgresql_database() {
    an_operator_ends_grants(&postgres());
}
