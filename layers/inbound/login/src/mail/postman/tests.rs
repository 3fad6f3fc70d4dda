//! Sending, by one and by two, and when one of them dies.

use std::{collections::BTreeMap, future::ready, sync::Mutex};

use futures_util::future::{BoxFuture, FutureExt};
use tokio::sync::Notify;
use towergate_core::{
    Secret, Timestamp, clock::ManualClock, outbox::Replaying, random::InsecureSeededRandom,
};
use towergate_identity::{
    ports::memory::MemoryStore,
    rules::{
        email::EmailAddress,
        mail::{MailKind, MailLimit},
        user::UserId,
    },
};

use super::*;
use crate::mail::{Letters, Mail, PlainLetters};

const START: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// A mailer that holds what goes to `slow.example` until it is let go, and says what it is told to.
#[derive(Default)]
struct Carrier {
    handed: Mutex<Vec<Mail>>,
    refuses: Mutex<Option<bool>>,
    lets_go: Notify,
}

impl Mailer for Carrier {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.handed.lock().unwrap().push(mail.clone());
        if mail.to.ends_with("@slow.example") {
            self.lets_go.notified().await;
        }
        match *self.refuses.lock().unwrap() {
            None => Ok(()),
            Some(true) => Err(MailError::Never("no such mailbox".into())),
            Some(false) => Err(MailError::Later("come back".into())),
        }
    }
}

struct Bench {
    store: MemoryStore,
    clock: Arc<ManualClock>,
    room: Mailroom,
    carrier: Arc<Carrier>,
    random: Arc<InsecureSeededRandom>,
}

impl Bench {
    fn new() -> Self {
        Self {
            store: MemoryStore::new(),
            clock: Arc::new(ManualClock::at(START)),
            room: Mailroom::new("https://h.example", &Secret::new([1; 32])).unwrap(),
            carrier: Arc::default(),
            random: Arc::new(InsecureSeededRandom::new(5)),
        }
    }

    fn postman(&self) -> Postman<MemoryStore, Arc<Carrier>> {
        let postman = Postman::new(self.store.clone(), self.room.clone(), Arc::clone(&self.carrier));
        postman.clock(self.clock.clone()).random(self.random.clone())
    }

    fn origin(&self) -> Origin {
        Origin::detached(self.clock.now(), &self.random).unwrap()
    }

    async fn write(&self, to: &[&str]) {
        for to in to {
            let email = EmailAddress::parse(to).unwrap();
            let letter = PlainLetters::new("h.example").confirm_address("https://h.example/x", "123456");
            let user = UserId::fresh(START, &*self.random).unwrap();
            let when = (self.clock.now(), Duration::from_secs(24 * 3600));
            let mail = self.room.seal(letter, MailKind::ConfirmAddress, (user, &email), when, &*self.random);
            self.store.queue_mail(mail.unwrap(), MailLimit::default(), self.origin()).await.unwrap();
        }
    }

    fn handed(&self) -> Vec<String> {
        self.carrier.handed.lock().unwrap().iter().map(|mail| mail.to.clone()).collect()
    }

    fn handed_to(&self, domain: &str) -> usize {
        self.handed().iter().filter(|to| to.ends_with(domain)).count()
    }
}

const fn sent(sent: u32) -> Posted {
    Posted { sent, delayed: 0, given_up: 0 }
}

fn polled_once<'f, T>(future: impl Future<Output = T> + Send + 'f) -> BoxFuture<'f, T> {
    let mut future = future.boxed();
    assert!(future.as_mut().now_or_never().is_none());
    future
}

#[tokio::test]
async fn a_domain_that_is_slow_holds_up_no_other() {
    let bench = Bench::new();
    bench.write(&["a@slow.example", "b@slow.example", "c@slow.example", "d@Quick.example"]).await;
    let postman = bench.postman();
    let mut sending = polled_once(postman.deliver());
    while bench.handed().len() < 3 {
        assert!(sending.as_mut().now_or_never().is_none());
    }
    assert_eq!((bench.handed_to("@slow.example"), bench.handed_to("@quick.example")), (2, 1));
    // Nor does it hold up what is written now.
    bench.write(&["e@quick.example"]).await;
    bench.room.wake();
    assert!(sending.as_mut().now_or_never().is_none());
    assert_eq!(bench.handed().last().unwrap(), "e@quick.example");
    let done = async {
        loop {
            bench.carrier.lets_go.notify_waiters();
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        posted = sending => assert_eq!(posted.unwrap(), sent(5)),
        () = done => {}
    }
}

#[tokio::test]
async fn whoever_is_to_stop_finishes_what_it_began_and_begins_nothing() {
    let bench = Bench::new();
    bench.write(&["a@slow.example", "b@slow.example", "c@slow.example"]).await;
    let postman = bench.postman();
    assert_eq!(postman.deliver_until(ready(())).await.unwrap(), sent(0));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let sending = polled_once(postman.deliver_until(stopped.map(|_| ())));
    stop.send(()).unwrap();
    bench.carrier.lets_go.notify_waiters();
    assert_eq!(sending.await.unwrap(), sent(2));
    assert_eq!(bench.handed_to("@slow.example"), 2);
}

#[tokio::test]
async fn what_a_worker_that_dies_had_is_sent_by_another_when_its_lease_is_over_and_known_for_the_same() {
    let bench = Bench::new();
    bench.write(&["a@slow.example", "b@quick.example"]).await;
    let (one, two) = (bench.postman(), bench.postman());
    // Killed when the next server may have the mail already, and nobody wrote that down.
    drop(polled_once(one.deliver()));
    assert_eq!(two.deliver().await.unwrap(), sent(0), "the lease holds");
    bench.clock.advance(LEASE);
    let sending = polled_once(two.deliver());
    bench.carrier.lets_go.notify_waiters();
    let again = sending.await.unwrap().sent;
    let mut seen = BTreeMap::<_, Vec<_>>::new();
    for mail in bench.carrier.handed.lock().unwrap().iter() {
        seen.entry(mail.to.clone()).or_default().push(mail.message_id.clone());
    }
    assert!(again >= 1);
    let slow = &seen["a@slow.example"];
    assert_eq!((slow.len(), &slow[0]), (2, &slow[1]));
    assert!(seen.contains_key("b@quick.example"));
}

#[tokio::test]
async fn of_two_that_send_at_once_one_sends_each_mail() {
    let bench = Bench::new();
    let people: Vec<_> = (0..40).map(|n| format!("a{n}@quick{}.example", n % 5)).collect();
    bench.write(&people.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let (one, two) = (bench.postman(), bench.postman());
    let (one, two) = tokio::join!(one.deliver(), two.deliver());
    assert_eq!(one.unwrap().sent + two.unwrap().sent, 40);
    let mut handed = bench.handed();
    handed.sort();
    handed.dedup();
    assert_eq!(handed.len(), 40);
}

#[tokio::test]
async fn what_never_goes_out_is_a_dead_letter_after_seven_tries_and_goes_out_when_it_is_replayed() {
    let bench = Bench::new();
    bench.write(&["a@quick.example"]).await;
    let postman = bench.postman();
    *bench.carrier.refuses.lock().unwrap() = Some(false);
    for seconds in [0, 10, 60, 360, 2160, 12_960] {
        bench.clock.advance(Duration::from_secs(seconds));
        assert_eq!(postman.deliver().await.unwrap().delayed, 1, "{seconds}");
        assert_eq!(postman.deliver().await.unwrap(), Posted::default(), "{seconds}");
    }
    bench.clock.advance(Duration::from_secs(21_600));
    assert_eq!(postman.deliver().await.unwrap().given_up, 1);
    let [dead] = &bench.store.dead_mails(9).await.unwrap()[..] else { panic!("one") };
    assert_eq!(
        (dead.reason.as_str(), dead.attempts, dead.destination.as_str()),
        ("unreachable", 7, "quick.example")
    );
    *bench.carrier.refuses.lock().unwrap() = None;
    assert_eq!(bench.store.replay_mail(dead.id, bench.origin()).await.unwrap(), Replaying::Replayed);
    assert_eq!(postman.deliver().await.unwrap(), sent(1));
    let handed = bench.carrier.handed.lock().unwrap();
    assert!(handed.iter().all(|mail| mail.message_id == handed[0].message_id));
}
