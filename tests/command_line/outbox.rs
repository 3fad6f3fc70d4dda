//! An operator sees what was given up, and has it sent again.

use std::time::Duration;

use towergate::{
    core::system::OsRandom,
    identity::{
        ports::MailOutbox,
        rules::{
            mail::{MailDelivery, MailId, MailKind, MailLimit, OutboxMail},
            user::UserId,
        },
    },
};

use super::{
    place::{Place, now, origin, postgres, run, sqlite},
    told, towergate,
};

fn an_operator_has_it_sent_again<S: MailOutbox, K>(place: &Place<S, K>) {
    let Place { store, database, .. } = place;
    let list = || told(&towergate(&["outbox", "list", "--database", database]));
    assert_eq!(list(), "nothing was given up\n");
    let mut ids = Vec::new();
    for lifetime in [3600, 3600, 0] {
        let made = now();
        let id = MailId::fresh(made, &OsRandom::new()).unwrap();
        ids.push(id.to_string());
        let mail = OutboxMail {
            id,
            user: UserId::fresh(made, &OsRandom::new()).unwrap(),
            kind: MailKind::ResetPassword,
            domain: String::from("example.com"),
            sealed: b"hush".to_vec(),
            created_at: made,
            expires_at: made.plus(Duration::from_secs(lifetime)),
            attempt: 0,
            forgiven: 0,
        };
        run(store.queue_mail(mail, MailLimit::default(), origin())).unwrap();
        let taken = run(store.take_due_mails(now(), Duration::from_secs(60), 1, Vec::new())).unwrap();
        assert_eq!(taken.len(), 1);
        let delivery = MailDelivery::GivenUp { reason: "refused" };
        run(store.finish_mail(id, 1, delivery, origin())).unwrap();
    }
    let listed = list();
    assert!(listed.contains("reset_password to \"example.com\": refused, tries: 1"), "{listed}");
    assert!(ids.iter().all(|id| listed.contains(id)) && !listed.contains("hush"), "{listed}");
    let replay = |words: &[&str]| {
        let output = towergate(&[&["outbox", "replay", "--database", database], words].concat());
        (told(&output), output.status.success())
    };
    assert_eq!(replay(&["--mail", &ids[0]]), ("sent again: 1\n".into(), true));
    assert_eq!(replay(&["--mail", &ids[0]]), ("nothing like that was given up\n".into(), false));
    assert!(!replay(&["--mail", &ids[2]]).1, "too late");
    assert!(!replay(&["--sign-in", "sid", "--client", "shop"]).1, "no such notice");
    assert_eq!(replay(&["--all"]), ("sent again: 1, too late: 1\n".into(), true));
    assert_eq!(run(store.take_due_mails(now(), Duration::ZERO, 9, Vec::new())).unwrap().len(), 2);
    assert!(!replay(&[]).1 && !replay(&["--sign-in", "sid"]).1);
}

#[test]
fn what_was_given_up_is_sent_again_on_sqlite() {
    an_operator_has_it_sent_again(&sqlite());
    let missing = towergate(&["outbox", "list", "--database", "/nowhere.db"]);
    assert!(!missing.status.success() && told(&missing).contains("there is no database"), "{missing:?}");
}

#[test]
fn what_was_given_up_is_sent_again_on_postgresql() {
    an_operator_has_it_sent_again(&postgres());
}
