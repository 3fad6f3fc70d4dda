//! The list of names, the manual's table, the example's dashboard, and what is emitted, are one and the same.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    sync::Mutex,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit, with_local_recorder,
};
use tower::{Layer, Service, service_fn};
use towergate_core::{
    Timestamp,
    audit::{Event, Origin, Party, RequestId, Sink},
    id::Uuid,
    outbox::Backlog,
    store::{Connections, StepWatch},
};
use towergate_metrics::{ALL, Kind, MetricsLayer, MetricsSink, StepTimes, gauges};
use towergate_rate_limit::{RateLimited, RateScope};

const PAGE: &str = include_str!("../../../../src/manual/operations.md");
const DASHBOARD: &str = include_str!("../../../../examples/axum/dashboard.json");

/// Keeps the names, kinds and labels of whatever is told.
#[derive(Default)]
struct Heard(Mutex<BTreeMap<String, (Kind, BTreeSet<String>)>>, Mutex<BTreeSet<(String, String)>>);

impl Heard {
    fn hear(&self, key: &Key, kind: Kind) {
        let labels = key.labels().map(|label| label.key().to_owned()).collect();
        self.0.lock().unwrap().insert(key.name().to_owned(), (kind, labels));
        let values = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned()));
        self.1.lock().unwrap().extend(values);
    }
}

impl Recorder for Heard {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.hear(key, Kind::Counter);
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.hear(key, Kind::Gauge);
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.hear(key, Kind::Histogram);
        Histogram::noop()
    }
}

fn event(action: &'static str) -> Event {
    let origin =
        Origin { request: RequestId::from_uuid(Uuid::from_u128(1)), at: Timestamp::from_unix_seconds(1) };
    let alice = Party::new("user", "0190-alice");
    Event::succeeded(origin, action, alice.clone(), alice).with("ip", "192.0.2.1").with("token", "0190-token")
}

fn request(answer: impl Fn() -> Response<Bytes> + Clone) {
    let mut service = MetricsLayer::new()
        .layer(service_fn(move |_: Request<()>| std::future::ready(Ok::<_, Infallible>(answer()))));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let asked = Request::get("/login/0190-secret?email=alice@example.com").body(()).unwrap();
    runtime.block_on(service.call(asked)).unwrap();
}

/// Emits all there is.
fn emitted() -> Heard {
    let heard = Heard::default();
    with_local_recorder(&heard, || {
        let sink = MetricsSink::new();
        for action in ["login.failed", "factor.refused", "passkey.refused", "provider.refused", "key.moved"] {
            sink.record(&event(action));
        }
        sink.record(&event("login.succeeded").with("amr", "pwd otp alice@example.com"));
        sink.record(&event("login.half").with("amr", "0190-alice"));
        for grant in ["refresh_token", "urn:example:alice"] {
            sink.record(&event("token.issued").with("grant_type", grant));
        }
        request(|| Response::new(Bytes::new()));
        request(|| {
            let mut answer = Response::new(Bytes::new());
            *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            let (scope, wait) = (RateScope::Address, Duration::from_secs(1));
            answer.extensions_mut().insert(RateLimited::TooMany { limit: "login", scope, wait });
            answer
        });
        gauges::hashing(1, 2, 3);
        gauges::outbox("mail", Backlog { waiting: 1, dead: 2 });
        gauges::connections("sqlite", Connections { in_use: 1, idle: 2 });
        StepTimes::of("sqlite").ended(Duration::from_millis(1), true);
    });
    heard
}

#[test]
fn what_is_emitted_is_what_is_listed() {
    let listed: BTreeMap<_, _> = ALL
        .iter()
        .map(|metric| {
            let labels = metric.labels.iter().map(|label| (*label).to_owned()).collect();
            (metric.name.to_owned(), (metric.kind, labels))
        })
        .collect();
    assert_eq!(*emitted().0.lock().unwrap(), listed);
}

#[test]
fn no_label_holds_what_somebody_else_chose() {
    for (label, value) in emitted().1.lock().unwrap().iter() {
        for theirs in ["alice", "0190", "192.0.2.1", "@", "urn:"] {
            assert!(!value.contains(theirs), "{label}={value}");
        }
    }
}

#[test]
fn the_manuals_table_is_the_list() {
    let rows: Vec<_> = PAGE.lines().filter(|line| line.starts_with("| `towergate_")).collect();
    let listed: Vec<_> = ALL
        .iter()
        .map(|metric| {
            let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
            let labels = if labels.is_empty() { String::from("none") } else { labels.join(", ") };
            format!("| `{}` | {} | {labels} | {} |", metric.name, metric.kind.as_str(), metric.says)
        })
        .collect();
    assert_eq!(rows, listed, "\n{}", listed.join("\n"));
}

#[test]
fn the_dashboard_shows_every_figure_and_no_other() {
    let words = DASHBOARD.split(|byte: char| !byte.is_ascii_alphanumeric() && byte != '_');
    let names = words.filter(|word| word.starts_with("towergate_"));
    let shown: BTreeSet<_> = names.map(|name| name.trim_end_matches("_bucket")).collect();
    assert_eq!(shown, ALL.iter().map(|metric| metric.name).collect());
}
