//! What asking about an address comes to, for somebody and for nobody: as many steps, of as many facts.

use towergate_core::seal::{SealingKey, SealingRing};

use super::*;
use crate::{PasswordReset, magic::MagicLink, mail::Mailroom, register::Registration};

const SHUT_OUT: &str = "dora@example.com";

const NOBODY: &str = "nobody@example.com";

#[derive(Debug, Clone, Copy)]
enum Form {
    Forgot,
    Magic,
    Resend,
}

async fn ask(host: &Host, form: Form, email: &str) -> usize {
    let room = Mailroom::new("https://h.example", &Secret::new([7; 32])).unwrap();
    let (before, home) = (host.store.events().len(), LocalPath::root());
    let origin = Origin::detached(host.clock.now(), &*host.random).unwrap();
    match form {
        Form::Forgot => {
            let sealing = SealingRing::new(SealingKey::new(Secret::new([7; 32])));
            let reset = PasswordReset::new(host.store.clone(), host.hasher.clone(), sealing, room);
            reset.ask(email, &home, origin).await.unwrap();
        }
        Form::Magic => {
            let magic = MagicLink::new(host.store.clone(), room);
            magic.ask(email, None, &home, origin).await.unwrap();
        }
        Form::Resend => {
            let registration = Registration::new(host.store.clone(), host.hasher.clone(), room);
            registration.resend(email, &home, origin).await.unwrap();
        }
    }
    host.store.events().len() - before
}

#[tokio::test]
async fn asking_about_nobody_writes_as_much_as_about_somebody_and_is_limited_alike() {
    for form in [Form::Forgot, Form::Magic, Form::Resend] {
        let host = Host::with_alice().await;
        host.add(SHUT_OUT, None, UserState::Disabled).await;
        for email in [ALICE, SHUT_OUT, NOBODY] {
            for nth in 1..=6 {
                let expected = if nth <= 5 { 2 } else { 1 };
                assert_eq!(ask(&host, form, email).await, expected, "{form:?} {email} {nth}");
            }
        }
        host.clock.advance(Duration::from_secs(3600));
        for email in [ALICE, SHUT_OUT, NOBODY] {
            assert_eq!(ask(&host, form, email).await, 2, "{form:?} {email} later");
        }
        // However it is typed, an address is one.
        for _ in 0..4 {
            ask(&host, form, NOBODY).await;
        }
        assert_eq!(ask(&host, form, "Nobody@Example.com").await, 1, "{form:?}");
        assert_eq!(ask(&host, form, "another@example.com").await, 2, "{form:?}");
    }
}
