//! The figures of a run.

use std::{collections::BTreeMap, fmt::Write, time::Duration};

use crate::{book::Book, fault::Fault, program::Size};

#[derive(Default)]
pub(crate) struct Figures {
    healed: BTreeMap<Fault, Vec<Healed>>,
    pub(crate) samples: Vec<Sample>,
}

/// How long after a fault had gone the hosts were well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Healed {
    /// From then on each step of a whole way was answered.
    pub(crate) since: Duration,
    /// That way was at its end.
    pub(crate) walked: Duration,
}

/// What the hosts take of the machine after a fault.
pub(crate) struct Sample {
    pub(crate) at: Duration,
    /// The host that nobody ends in this half.
    pub(crate) spared: usize,
    pub(crate) sizes: [Size; 2],
    pub(crate) connections: usize,
}

/// From then on a host has all that it keeps.
const WARM: Duration = Duration::from_secs(120);

impl Figures {
    pub(crate) fn healed(&mut self, fault: Fault, healed: Healed) {
        self.healed.entry(fault).or_default().push(healed);
    }

    pub(crate) fn sampled(&mut self, sample: Sample) {
        self.samples.push(sample);
    }

    pub(crate) fn faults(&self) -> usize {
        self.healed.values().map(Vec::len).sum()
    }

    /// What each spared host took of memory once it was warm, and in the end; in KiB.
    pub(crate) fn growth(&self) -> BTreeMap<usize, (u64, u64)> {
        let mut spared: BTreeMap<usize, Vec<&Sample>> = BTreeMap::new();
        for sample in &self.samples {
            spared.entry(sample.spared).or_default().push(sample);
        }
        let mut growth = BTreeMap::new();
        for (host, samples) in spared {
            let since = samples[0].at + WARM;
            let warm: Vec<_> = samples
                .iter()
                .filter(|sample| sample.at >= since)
                .map(|sample| sample.sizes[host].kib)
                .collect();
            if let [first, .., last] = warm.as_slice() {
                growth.insert(host, (*first, *last));
            }
        }
        growth
    }

    pub(crate) fn told(&self, book: &Book, long: Duration) -> String {
        let mut text = format!("\n{:.0} s\n", long.as_secs_f64());
        let pages = book.pages();
        let _ = writeln!(text, "| step | answered | 503 | lost | longest |\n|---|---|---|---|---|");
        let mut all = [0, 0, 0];
        for (kind, steps) in &pages.steps {
            let (answered, refused, lost) = (steps.answered, steps.refused, steps.lost);
            let longest = steps.longest.as_secs_f64();
            let _ = writeln!(text, "| {kind} | {answered} | {refused} | {lost} | {longest:.1} s |");
            all = [all[0] + answered, all[1] + refused, all[2] + lost];
        }
        let _ = writeln!(text, "| all | {} | {} | {} | |\n", all[0], all[1], all[2]);
        let _ = writeln!(
            text,
            "| fault | times | healed p50 | max | walked p50 | max |\n|---|---|---|---|---|---|"
        );
        let mut every = Vec::new();
        for (fault, healed) in &self.healed {
            every.extend(healed);
            let _ = writeln!(text, "| {fault} | {} | {} |", healed.len(), times_of(healed));
        }
        let _ = writeln!(text, "| all | {} | {} |\n", every.len(), times_of(&every));
        let _ = writeln!(
            text,
            "{} laps, {} waits of an account, {} times 503 in peace; {} ended, looked at {} times; {} mails, {} missing; {} logouts heard, {} times",
            pages.laps,
            pages.waits,
            pages.refused_in_peace,
            pages.died,
            pages.looked_at,
            pages.mails,
            pages.mails_missing(),
            pages.logouts_heard.len(),
            pages.logouts,
        );
        drop(pages);
        let most =
            |of: fn(&Size) -> u64| self.samples.iter().flat_map(|sample| sample.sizes.iter().map(of)).max();
        let connections = self.samples.iter().map(|sample| sample.connections).max();
        let _ = writeln!(
            text,
            "at most {} MiB, {} files, {} threads of one host, {} connections of both; grown (KiB): {:?}",
            most(|size| size.kib / 1024).unwrap_or(0),
            most(|size| u64::try_from(size.files).unwrap_or(0)).unwrap_or(0),
            most(|size| size.threads).unwrap_or(0),
            connections.unwrap_or(0),
            self.growth(),
        );
        let (breaches, _) = book.breaches();
        let _ = writeln!(text, "{breaches} breaches");
        text
    }
}

fn times_of(healed: &[Healed]) -> String {
    let of = |time: fn(&Healed) -> Duration| middle_and_longest(healed.iter().map(time).collect());
    format!("{} | {}", of(|healed| healed.since), of(|healed| healed.walked))
}

fn middle_and_longest(mut times: Vec<Duration>) -> String {
    times.sort();
    let told = |time: Option<&Duration>| time.map_or(0.0, Duration::as_secs_f64);
    format!("{:.1} s | {:.1} s", told(times.get(times.len() / 2)), told(times.last()))
}
