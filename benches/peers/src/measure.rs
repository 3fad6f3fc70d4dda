//! Ways through code, measured in turns, so that whatever else the machine does falls on all of them alike.

#[path = "../../measure/calls.rs"]
mod calls;
#[path = "../../measure/spent.rs"]
mod spent;
#[path = "../../measure/ticking.rs"]
mod ticking;

use std::{collections::BTreeMap, hint::black_box, time::Duration};

pub(crate) use calls::{answer, at_once};
use rustix::time::{ClockId, clock_gettime};
use spent::spent;
pub(crate) use ticking::Ticking;

/// How many requests are made before they are measured: few enough that they are still in the cache when their turn comes.
pub(crate) const AHEAD: u32 = 16;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// How often each way takes its turn.
    pub rounds: usize,
    /// How long a turn is, about.
    pub turn: Duration,
}

impl Effort {
    /// Enough to trust, or just enough to see that everything runs.
    #[must_use]
    pub fn new(quick: bool) -> Self {
        if quick {
            Self { rounds: 5, turn: Duration::from_millis(5) }
        } else {
            Self { rounds: 31, turn: Duration::from_millis(20) }
        }
    }

    /// The same for what takes long.
    #[must_use]
    pub fn few(self) -> Self {
        Self { rounds: self.rounds.min(9), ..self }
    }
}

/// Runs so often, and answers how long that took.
type Turn<'a> = Box<dyn FnMut(u32) -> Duration + 'a>;

/// Ways through code, each under its name.
#[derive(Default)]
pub struct Rounds<'a> {
    ways: Vec<(&'static str, Turn<'a>)>,
}

impl<'a> Rounds<'a> {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Measures the CPU time that this thread spends in `one`.
    pub fn way<T>(&mut self, name: &'static str, mut one: impl FnMut() -> T + 'a) {
        self.turn(name, move |times| {
            let start = spent();
            for _ in 0..times {
                black_box(one());
            }
            spent().saturating_sub(start)
        });
    }

    /// The same, where each time needs something made beforehand, which is not measured.
    pub fn prepared<I, T: 'a>(
        &mut self,
        name: &'static str,
        prepare: impl FnMut() -> I + 'a,
        one: impl FnMut(I) -> T + 'a,
    ) {
        self.followed(name, prepare, one, drop);
    }

    /// The same, where each answer is read by `after`, which is not measured either: as many as [`AHEAD`] are prepared before the
    /// first of their answers is read.
    pub fn followed<I, T>(
        &mut self,
        name: &'static str,
        mut prepare: impl FnMut() -> I + 'a,
        mut one: impl FnMut(I) -> T + 'a,
        mut after: impl FnMut(T) + 'a,
    ) {
        self.turn(name, move |times| {
            let mut took = Duration::ZERO;
            let mut left = times;
            while left > 0 {
                let ahead = left.min(AHEAD);
                let inputs: Vec<I> = (0..ahead).map(|_| prepare()).collect();
                let start = spent();
                let answers: Vec<T> = inputs.into_iter().map(|input| black_box(one(input))).collect();
                took += spent().saturating_sub(start);
                answers.into_iter().for_each(&mut after);
                left -= ahead;
            }
            took
        });
    }

    /// Measures by whatever clock `turn` reads.
    pub fn turn(&mut self, name: &'static str, turn: impl FnMut(u32) -> Duration + 'a) {
        self.ways.push((name, Box::new(turn)));
    }

    /// Lets each way take its turn, again and again, beginning elsewhere each time.
    #[must_use]
    pub fn measure(mut self, effort: Effort) -> Samples {
        let times: Vec<u32> = self.ways.iter_mut().map(|(_, turn)| times(turn, effort.turn)).collect();
        let mut samples: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
        for round in 0..effort.rounds {
            for place in 0..self.ways.len() {
                let place = (place + round) % self.ways.len();
                let (name, turn) = &mut self.ways[place];
                let took = turn(times[place]).as_secs_f64() * 1e9 / f64::from(times[place]);
                samples.entry(name).or_default().push(took);
            }
        }
        for samples in samples.values_mut() {
            samples.sort_by(f64::total_cmp);
        }
        Samples(samples)
    }
}

/// How often a way goes into a turn.
fn times(turn: &mut Turn<'_>, long: Duration) -> u32 {
    let mut times = 1;
    loop {
        let took = turn(times);
        if took * 4 >= long {
            let fit = long.as_secs_f64() / (took.as_secs_f64() / f64::from(times));
            return (fit.round() as u32).max(1);
        }
        times *= 2;
    }
}

/// What the turns took, in nanoseconds for one time.
#[derive(Debug)]
pub struct Samples(BTreeMap<&'static str, Vec<f64>>);

impl Samples {
    /// What `name` took.
    #[must_use]
    pub fn of(&self, name: &str) -> Took {
        let sorted = self.0.get(name).unwrap_or_else(|| panic!("{name} was not measured"));
        Took { min: sorted[0], median: sorted[sorted.len() / 2] }
    }
}

/// The least and the middle of what something took.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// The least.
    pub min: f64,
    /// The middle.
    pub median: f64,
}

impl Took {
    /// Of these samples; they need not be sorted.
    #[must_use]
    pub fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        Self { min: samples[0], median: samples[samples.len() / 2] }
    }

    /// Both by `change`.
    #[must_use]
    pub fn each(self, other: Self, change: impl Fn(f64, f64) -> f64) -> Self {
        Self { min: change(self.min, other.min), median: change(self.median, other.median) }
    }

    /// So many times as much.
    #[must_use]
    pub fn over(self, other: Self) -> Self {
        self.each(other, |one, other| one / other)
    }

    /// So much more.
    #[must_use]
    pub fn beyond(self, other: Self) -> Self {
        self.each(other, |one, other| one - other)
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.each(other, |one, other| one + other)
    }

    /// So often.
    #[must_use]
    pub fn times(self, times: f64) -> Self {
        Self { min: self.min * times, median: self.median * times }
    }

    /// For people: the middle, in microseconds.
    #[must_use]
    pub fn micros(self) -> String {
        format!("{:.2} µs", self.median / 1e3)
    }

    /// For people: the middle, in milliseconds.
    #[must_use]
    pub fn millis(self) -> String {
        format!("{:.1} ms", self.median / 1e6)
    }
}

/// The CPU time of the whole program so far: all its threads.
#[must_use]
pub fn spent_by_all() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}
