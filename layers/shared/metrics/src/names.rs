//! Every name there is.

use metrics::{describe_counter, describe_gauge, describe_histogram};

/// What kind of figure a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Many values, of which shares and sums are looked at.
    Histogram,
}

impl Kind {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A figure: its name, kind and labels, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, for people.
    pub says: &'static str,
}

pub(crate) const REQUESTS: &str = "towergate_requests_total";
pub(crate) const RATE_LIMITED: &str = "towergate_rate_limit_refusals_total";
pub(crate) const EVENTS: &str = "towergate_audit_events_total";
pub(crate) const SIGN_INS: &str = "towergate_sign_ins_total";
pub(crate) const TOKENS: &str = "towergate_tokens_issued_total";
pub(crate) const HASHING: &str = "towergate_hashing";
pub(crate) const HASHING_SHED: &str = "towergate_hashing_shed_total";
pub(crate) const OUTBOX: &str = "towergate_outbox";
pub(crate) const CONNECTIONS: &str = "towergate_connections";
pub(crate) const STEPS: &str = "towergate_store_step_seconds";

const fn metric(
    name: &'static str,
    kind: Kind,
    labels: &'static [&'static str],
    says: &'static str,
) -> Metric {
    Metric { name, kind, labels, says }
}

/// Every figure of the house, by name.
pub const ALL: &[Metric] = &[
    metric(EVENTS, Kind::Counter, &["action", "outcome"], "audit events, by what was done and how it ended"),
    metric(CONNECTIONS, Kind::Gauge, &["store", "state"], "connections of a store: `in_use`, `idle`"),
    metric(HASHING, Kind::Gauge, &["state"], "passwords being hashed: `running`, `waiting`"),
    metric(HASHING_SHED, Kind::Counter, &[], "passwords that were not hashed because too many waited"),
    metric(OUTBOX, Kind::Gauge, &["queue", "state"], "entries of a queue: `waiting`, `dead`"),
    metric(
        RATE_LIMITED,
        Kind::Counter,
        &["limit", "scope"],
        "requests that were turned away by a rate limit",
    ),
    metric(
        REQUESTS,
        Kind::Counter,
        &["class", "outcome"],
        "requests: `answered`, `refused` (4xx), `failed` (5xx), `abandoned`",
    ),
    metric(SIGN_INS, Kind::Counter, &["method", "outcome"], "sign-ins: `succeeded`, `half`, `failed`"),
    metric(
        STEPS,
        Kind::Histogram,
        &["store", "outcome"],
        "seconds that a step of a store took: `done`, `failed`",
    ),
    metric(TOKENS, Kind::Counter, &["grant"], "access tokens, by the grant that they came from"),
];

/// Tells the recorder what each name means; call it once, after the recorder is installed.
pub fn describe() {
    for metric in ALL {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.says),
            Kind::Gauge => describe_gauge!(metric.name, metric.says),
            Kind::Histogram => describe_histogram!(metric.name, metrics::Unit::Seconds, metric.says),
        }
    }
}
