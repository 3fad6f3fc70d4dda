//! Several ways through the same code, measured in turns and compared with the first.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of samples are small, and places in them positive"
)]

use std::{fmt::Write, time::Duration};

use towergate::core::{Random, random};

/// How far the middle of a class may be from the reference's, over that: more is told apart from afar.
const MARGIN: f64 = 0.05;

/// How many standard deviations the ranks must be apart before chance is no explanation.
const CERTAIN: f64 = 5.0;

/// A share of the first rounds that only warms up.
const WARM_UP: usize = 20;

/// Samples of each class, in nanoseconds.
pub(crate) struct Comparison {
    names: Vec<&'static str>,
    samples: Vec<Vec<f64>>,
    rounds: usize,
    dice: u64,
}

impl Comparison {
    /// A comparison of these classes; the first is what the others are compared with.
    pub(crate) fn of(names: impl Iterator<Item = &'static str>, rounds: usize, dice: &dyn Random) -> Self {
        let names: Vec<_> = names.collect();
        let samples = names.iter().map(|_| Vec::with_capacity(rounds)).collect();
        let dice = u64::from_le_bytes(random::bytes::<8>(dice).expect("randomness")) | 1;
        Self { names, samples, rounds, dice }
    }

    /// Measures each class once a round, in another order each time.
    pub(crate) fn measure(&mut self, mut one: impl FnMut(usize) -> Duration) {
        let mut order: Vec<_> = (0..self.names.len()).collect();
        for round in 0..self.rounds + self.rounds / WARM_UP {
            self.shuffle(&mut order);
            for class in &order {
                let took = one(*class);
                if round >= self.rounds / WARM_UP {
                    self.samples[*class].push(took.as_secs_f64() * 1e9);
                }
            }
        }
        for samples in &mut self.samples {
            samples.sort_by(f64::total_cmp);
        }
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            // xorshift64: good enough to mix an order.
            self.dice ^= self.dice << 13;
            self.dice ^= self.dice >> 7;
            self.dice ^= self.dice << 17;
            order.swap(last, usize::try_from(self.dice % (last as u64 + 1)).expect("a place"));
        }
    }

    /// The figures, and in words which classes differ.
    pub(crate) fn table(&self, family: &str) -> String {
        let mut table = format!("{family}, {} of each, in ns\n", self.rounds);
        let _ = writeln!(
            table,
            "  {:<24} {:>9} {:>9} {:>9} {:>9} {:>9} {:>8} {:>8} {:>8}",
            "class", "mean*", "p5", "median", "p95", "p99", "of ref.", "Welch t", "rank z"
        );
        let reference = &self.samples[0];
        for (name, samples) in self.names.iter().zip(&self.samples) {
            let off = quantile(samples, 0.5) / quantile(reference, 0.5) - 1.0;
            let (welch, rank) = (welch(reference, samples), rank(reference, samples));
            let word = if std::ptr::eq(samples, reference) {
                "the reference"
            } else if rank.abs() < CERTAIN {
                "alike"
            } else if off.abs() > MARGIN {
                "DIFFERS"
            } else {
                "differs a little"
            };
            let [p5, median, p95, p99] = [0.05, 0.5, 0.95, 0.99].map(|share| quantile(samples, share));
            let _ = writeln!(
                table,
                "  {name:<24} {:>9.0} {p5:>9.0} {median:>9.0} {p95:>9.0} {p99:>9.0} {:>7.1}% {welch:>8.1} {rank:>8.1}  {word}",
                mean(trimmed(samples)),
                off * 100.0,
            );
        }
        let _ = writeln!(
            table,
            "  * without the slowest hundredth. Alike: the ranks are less than {CERTAIN} deviations apart; a little: the \
             medians less than {:.0} %.",
            MARGIN * 100.0
        );
        table
    }
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() - 1) as f64 * share;
    sorted[place.round() as usize]
}

/// Without what only the machine was slow at.
fn trimmed(sorted: &[f64]) -> &[f64] {
    &sorted[..sorted.len() - sorted.len() / 100]
}

fn mean(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / samples.len() as f64
}

/// Welch's t of the trimmed samples.
fn welch(reference: &[f64], samples: &[f64]) -> f64 {
    let part = |samples: &[f64]| {
        let mean = mean(samples);
        let squares: f64 = samples.iter().map(|sample| (sample - mean).powi(2)).sum();
        (mean, squares / (samples.len() - 1) as f64 / samples.len() as f64)
    };
    let ((left, left_error), (right, right_error)) = (part(trimmed(reference)), part(trimmed(samples)));
    if left_error + right_error == 0.0 { 0.0 } else { (right - left) / (left_error + right_error).sqrt() }
}

/// The Mann-Whitney U of two sorted samples in standard deviations; ties count half.
fn rank(reference: &[f64], samples: &[f64]) -> f64 {
    let (mut below, mut upto, mut u) = (0, 0, 0.0);
    for sample in samples {
        while reference.get(below).is_some_and(|other| other < sample) {
            below += 1;
        }
        upto = upto.max(below);
        while reference.get(upto).is_some_and(|other| other <= sample) {
            upto += 1;
        }
        u += below as f64 + (upto - below) as f64 / 2.0;
    }
    let (n, m) = (reference.len() as f64, samples.len() as f64);
    (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}
