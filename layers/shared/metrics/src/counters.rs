//! Counters that are looked up once.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{PoisonError, RwLock},
};

use metrics::{Counter, Label, counter};

/// The counters of one name, by the values of its labels, of which there are few. A recorder is asked for each of them once: to be asked
/// takes it longer than to count.
pub(crate) struct Counters<const N: usize> {
    name: &'static str,
    labels: [&'static str; N],
    known: RwLock<BTreeMap<[&'static str; N], Counter>>,
}

impl<const N: usize> Counters<N> {
    pub(crate) const fn of(name: &'static str, labels: [&'static str; N]) -> Self {
        Self { name, labels, known: RwLock::new(BTreeMap::new()) }
    }

    /// Counts one more of these values.
    pub(crate) fn count(&self, values: [&'static str; N]) {
        if let Some(counter) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&values) {
            return counter.increment(1);
        }
        let labels =
            self.labels.into_iter().zip(values).map(|(label, value)| Label::from_static_parts(label, value));
        let counter = counter!(self.name, labels.collect::<Vec<_>>());
        counter.increment(1);
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(values, counter);
    }
}

impl<const N: usize> fmt::Debug for Counters<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counters").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    };

    use metrics::{
        Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit, with_local_recorder,
    };

    use super::*;

    /// Counts all in one, and how often it is asked for a counter.
    #[derive(Default)]
    struct Asked(AtomicUsize, Arc<AtomicU64>);

    impl Recorder for Asked {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
            self.0.fetch_add(1, Ordering::SeqCst);
            Counter::from_arc(Arc::clone(&self.1))
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[test]
    fn all_are_counted_and_each_counter_is_asked_for_once() {
        let (asked, counters) = (Asked::default(), Counters::of("requests", ["class", "outcome"]));
        with_local_recorder(&asked, || {
            for outcome in ["answered", "refused", "answered", "answered"] {
                counters.count(["token", outcome]);
            }
        });
        assert_eq!((asked.0.into_inner(), asked.1.load(Ordering::SeqCst)), (2, 4));
    }
}
