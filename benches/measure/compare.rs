//! Two samples of times, compared: how likely it is that whoever measures could tell them apart.

use std::time::Duration;

/// A sample of times, sorted.
pub(crate) struct Sample {
    pub(crate) name: String,
    sorted: Vec<Duration>,
}

impl Sample {
    pub(crate) fn new(name: &str, mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self { name: name.to_owned(), sorted: times }
    }

    /// The time below which this share of the sample lies.
    fn quantile(&self, share: f64) -> Duration {
        let last = self.sorted.len().saturating_sub(1);
        self.sorted[((last as f64) * share).round() as usize]
    }

    /// A line with its distribution.
    pub(crate) fn print(&self) {
        let [p10, p50, p90] = [0.1, 0.5, 0.9].map(|share| micros(self.quantile(share)));
        println!(
            "  {:<34} n {:>4}   p10 {p10:>9.1} µs   median {p50:>9.1} µs   p90 {p90:>9.1} µs",
            self.name,
            self.sorted.len()
        );
    }

    /// A line that says in words whether this sample can be told from `other`.
    pub(crate) fn print_against(&self, other: &Self) {
        let (z, odds) = mann_whitney(&self.sorted, &other.sorted);
        let gap = micros(self.quantile(0.5)) - micros(other.quantile(0.5));
        let words = match z.abs() {
            z if z < 1.96 => "no difference seen",
            z if z < 3.29 => "perhaps a difference",
            _ => "A DIFFERENCE",
        };
        println!(
            "  {} against {}: {words} (z {z:+.2}; slower in {:.1} % of pairs; medians {gap:+.1} µs apart)",
            self.name,
            other.name,
            odds * 100.0
        );
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The Mann-Whitney test of two sorted samples, by its normal approximation: how many standard deviations the count of pairs in which
/// the first is slower lies from one half, and that share itself. It asks nothing of the shape of the distributions.
fn mann_whitney(first: &[Duration], second: &[Duration]) -> (f64, f64) {
    let slower: f64 = first
        .iter()
        .map(|time| {
            let below = second.partition_point(|other| other < time);
            let ties = second.partition_point(|other| other <= time) - below;
            below as f64 + ties as f64 / 2.0
        })
        .sum();
    let (n, m) = (first.len() as f64, second.len() as f64);
    let deviation = (n * m * (n + m + 1.0) / 12.0).sqrt();
    ((slower - n * m / 2.0) / deviation, slower / (n * m))
}
