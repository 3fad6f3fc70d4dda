//! Everybody walks, one fault comes after the other, and in the end everything is held to what it answered.

use std::{iter, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::sleep};
use towergate::core::{
    random::{self, InsecureSeededRandom},
    system::{OsRandom, Stopwatch},
};

use crate::{
    assertion::Machine,
    book::{Book, Broken},
    dead,
    fault::Fault,
    figures::{Figures, Healed, Sample},
    law, machine,
    place::{CONNECTIONS_OF_HOSTS, Place},
    walker::{Walker, keep_walking},
};

/// How many go the whole way at once.
const WALKERS: usize = 6;
/// How many look for those who should be dead.
const LOOKERS: usize = 2;
/// So soon after a fault has gone a whole way begins at each host on which each step is answered.
const HEALED_WITHIN: Duration = Duration::from_secs(30);
/// And so soon it has come to its end, on a machine that others use too.
const WALKED_WITHIN: Duration = Duration::from_secs(120);
/// A fault begins so long after the one before it began, or as soon as that is healed.
const EVERY: Duration = Duration::from_secs(10);
/// How much a host may grow from its first minutes to its last, in KiB.
const GROWS_AT_MOST: u64 = 96 * 1024;
/// How many files and sockets a host has open at most.
const FILES_AT_MOST: usize = 160;

/// Each of `faults`, so long after the one before it began.
pub(crate) async fn through(faults: impl Iterator<Item = Fault>, every: Duration) {
    let whole = Run::start().await;
    whole.through(faults, every, |turn| turn % 2).await;
}

/// Faults as they fall, for so long. In each half another host is spared whatever ends a program, to see whether it grows.
pub(crate) async fn through_for(long: Duration) {
    let whole = Run::start().await;
    let (dice, began) = (dice(), Stopwatch::started());
    let mut bag = Vec::new();
    let faults = iter::from_fn(|| {
        if began.elapsed() >= long {
            return None;
        }
        // Each as often as any other, in no order.
        if bag.is_empty() {
            bag = Fault::ALL.to_vec();
        }
        Some(bag.swap_remove(thrown(&dice, bag.len())))
    });
    whole.through(faults, EVERY, |_| usize::from(began.elapsed() < long / 2)).await;
}

struct Run {
    place: Place,
    book: Arc<Book>,
    probes: [Walker; 2],
    everybody: JoinSet<()>,
}

impl Run {
    async fn start() -> Self {
        let book = Arc::<Book>::default();
        let names: Vec<_> = (0..WALKERS).map(|walker| format!("walker{walker}")).collect();
        let of_probes = [0, 1].map(|probe| format!("probe{probe}"));
        let proves = Machine::new();
        let place = Place::start(&book, &[&names[..], &of_probes].concat(), &proves).await;
        // The one of whom the hosts' configuration speaks.
        book.sure("user.registered");
        let [one, other] = of_probes;
        let [at_one, at_other] = place.clients.clone();
        let probes = [(one, at_one), (other, at_other)]
            .map(|(name, at)| Walker::new(name, at, place.hosts.clone(), Arc::clone(&book)));
        let mut everybody = JoinSet::new();
        for name in names {
            everybody.spawn(keep_walking(name, place.client.clone(), place.hosts.clone(), Arc::clone(&book)));
        }
        let (issuer, hosts) = (place.client.issuer.clone(), place.hosts.clone());
        everybody.spawn(machine::keep_proving(proves, issuer, hosts, Arc::clone(&book)));
        for _ in 0..LOOKERS {
            everybody.spawn(dead::keep_looking(place.client.clone(), Arc::clone(&book)));
        }
        Self { place, book, probes, everybody }
    }

    /// `at` says which host a fault of that turn is about.
    async fn through(
        mut self,
        faults: impl Iterator<Item = Fault>,
        every: Duration,
        at: impl Fn(usize) -> usize,
    ) {
        let (began, dice) = (Stopwatch::started(), dice());
        let mut figures = Figures::default();
        sleep(every.min(Duration::from_secs(5))).await;
        for (turn, fault) in faults.enumerate() {
            let since = Stopwatch::started();
            let held = Duration::from_millis(1500 + 250 * u64::try_from(thrown(&dice, 11)).unwrap());
            let instance = at(turn);
            self.book.fault_begins(fault.loses_answers());
            if let Err(why) = fault.befall(&mut self.place, instance, held) {
                self.book.breach(format!("{fault}: {why}"));
            }
            let healed = self.heals(fault).await;
            self.book.fault_is_healed();
            println!(
                "{:.0} s: {fault}; healed after {:.1} s, walked after {:.1} s",
                began.elapsed().as_secs_f64(),
                healed.since.as_secs_f64(),
                healed.walked.as_secs_f64()
            );
            figures.healed(fault, healed);
            figures.sampled(Sample {
                at: began.elapsed(),
                spared: 1 - instance,
                sizes: self.place.sizes(),
                connections: self.place.connections(),
            });
            if turn.is_multiple_of(30) {
                println!("{}", figures.told(&self.book, began.elapsed()));
            }
            sleep(every.saturating_sub(since.elapsed())).await;
        }
        let walked = began.elapsed();
        // Everybody goes their way to its end, so that what became of each request is known.
        self.book.evening_falls();
        while self.everybody.join_next().await.is_some() {}
        self.within_bounds(&figures);
        let found = law::holds(&self.place, &self.book).await;
        println!("{}", figures.told(&self.book, walked));
        for (error, times) in self.place.errors() {
            println!("error in a log, {times} times:{error}");
        }
        println!(
            "{} events, last seal {}, everything sent {:.1} s after the last step",
            found.events,
            found.seals,
            found.emptied.as_secs_f64(),
        );
        let (count, breaches) = self.book.breaches();
        assert!(count == 0, "{count} breaches: {breaches:#?}");
        assert!(figures.faults() > 0 && self.book.pages().laps > 0, "nothing happened");
    }

    /// How long it takes until each host answers a whole way.
    async fn heals(&mut self, fault: Fault) -> Healed {
        let [one, other] = &mut self.probes;
        let (one, other) = tokio::join!(heals(one), heals(other));
        let healed = Healed { since: one.since.max(other.since), walked: one.walked.max(other.walked) };
        if healed.since > HEALED_WITHIN || healed.walked > WALKED_WITHIN {
            self.book.breach(format!("{fault}: {healed:?}"));
        }
        healed
    }

    /// Nothing grows without end.
    fn within_bounds(&self, figures: &Figures) {
        for sample in &figures.samples {
            if sample.connections > CONNECTIONS_OF_HOSTS {
                self.book.breach(format!("{} connections to PostgreSQL", sample.connections));
            }
            for size in sample.sizes {
                if size.files > FILES_AT_MOST {
                    self.book.breach(format!("{} open files", size.files));
                }
            }
        }
        for (host, (first, last)) in figures.growth() {
            if last > first + GROWS_AT_MOST {
                self.book.breach(format!("host {host} grew from {first} KiB to {last} KiB"));
            }
        }
    }
}

/// Tries until one whole way is answered.
async fn heals(probe: &mut Walker) -> Healed {
    let tried = Stopwatch::started();
    loop {
        let since = tried.elapsed();
        let is_answered = probe.probe().await;
        let walked = tried.elapsed();
        if is_answered.is_ok() {
            return Healed { since, walked };
        }
        if walked > WALKED_WITHIN {
            return Healed { since: walked, walked };
        }
        if is_answered != Err(Broken::Waits) {
            sleep(Duration::from_millis(50)).await;
        }
    }
}

fn dice() -> InsecureSeededRandom {
    let seed = u64::from_be_bytes(random::bytes(&OsRandom::new()).unwrap());
    InsecureSeededRandom::new(seed)
}

/// A number below `sides`.
fn thrown(dice: &InsecureSeededRandom, sides: usize) -> usize {
    usize::from(u16::from_be_bytes(random::bytes(dice).unwrap())) % sides
}
