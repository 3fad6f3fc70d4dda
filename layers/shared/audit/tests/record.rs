//! What the record of a request holds, and what it never holds.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    cell::RefCell,
    convert::Infallible,
    future::pending,
    io,
    pin::pin,
    sync::{Arc, Mutex, Once},
    task::{Context, Waker},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{ServiceBuilder, ServiceExt, service_fn};
use towergate_audit::{AuditLayer, Fanout, REQUEST_ID, TracingSink};
use towergate_core::{
    Random, RandomUnavailable, Timestamp,
    audit::{Attempted, Event, Origin, Party, RequestId, Sink},
    clock::ManualClock,
    random::InsecureSeededRandom,
};

type Answer = Response<Full<Bytes>>;

thread_local! {
    static HEARD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What this test's own thread logs.
///
/// One subscriber serves all threads, since `tracing` may remember for good that nobody listens at a place which a
/// thread without a subscriber reached first.
struct Log;

impl Log {
    fn listening() -> Self {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(|| Log).finish();
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
        Self
    }

    fn text(&self) -> String {
        HEARD.with_borrow(|heard| String::from_utf8(heard.clone()).unwrap())
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        HEARD.with_borrow_mut(|heard| heard.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn layer() -> AuditLayer {
    Log::listening();
    AuditLayer::new()
        .clock(Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000))))
        .random(Arc::new(InsecureSeededRandom::new(1)))
}

/// Answers with the identifier it was called under.
async fn echo(request: Request<()>) -> Result<Answer, Infallible> {
    let mut answer = Answer::default();
    assert!(request.headers().get(REQUEST_ID).is_none());
    if let Some(id) = request.extensions().get::<RequestId>() {
        answer.extensions_mut().insert(*id);
    }
    *answer.status_mut() = StatusCode::ACCEPTED;
    Ok(answer)
}

fn event() -> Event {
    let origin =
        Origin::detached(Timestamp::from_unix_seconds(1_700_000_000), &InsecureSeededRandom::new(2)).unwrap();
    Event::succeeded(origin, "code.redeemed", Party::new("client", "c1"), Party::new("code", "k1"))
        .with("sid", "s1")
        .with("odd", "a\nb")
}

#[tokio::test]
async fn each_request_has_a_name_of_its_own_that_the_answer_tells() {
    let app = ServiceBuilder::new().layer(layer()).service(service_fn(echo));
    let mut names = Vec::new();
    for _ in 0..2 {
        let answer = app.clone().oneshot(Request::new(())).await.unwrap();
        let id = answer.extensions().get::<RequestId>().unwrap().to_string();
        assert_eq!(answer.headers()[REQUEST_ID], id.as_str());
        names.push(id);
    }
    assert_ne!(names[0], names[1]);
}

#[tokio::test]
async fn a_record_further_out_goes_on() {
    let inner = AuditLayer::new();
    let service = ServiceBuilder::new().layer(layer()).layer(inner).service(service_fn(echo));
    let answer = service.oneshot(Request::new(())).await.unwrap();
    let id = answer.extensions().get::<RequestId>().unwrap().to_string();
    assert_eq!(answer.headers()[REQUEST_ID], id.as_str());
}

/// What answers as if it had held off an attack.
async fn held_off(_: Request<()>) -> Result<Answer, Infallible> {
    let mut answer = Answer::default();
    answer.extensions_mut().insert(Attempted("forged_form"));
    Ok(answer)
}

#[tokio::test]
async fn of_two_layers_the_outer_one_tells_of_the_request() {
    let log = Log::listening();
    let twice = ServiceBuilder::new().layer(layer()).layer(layer());
    twice.service(service_fn(held_off)).oneshot(Request::new(())).await.unwrap();
    let text = log.text();
    for told in ["answered", "defence.tried"] {
        assert_eq!(text.lines().filter(|line| line.contains(told)).count(), 1, "{told}: {text}");
    }
    assert!(text.lines().all(|line| line.matches("request{").count() <= 1), "{text}");
}

#[tokio::test]
async fn a_sink_of_the_inner_layer_hears_what_was_tried_all_the_same() {
    struct Ear(Mutex<Vec<&'static str>>);
    impl Sink for Ear {
        fn record(&self, event: &Event) {
            self.0.lock().unwrap().push(event.action);
        }
    }
    let ear = Arc::new(Ear(Mutex::default()));
    let service = ServiceBuilder::new().layer(layer()).layer(layer().sink(ear.clone()));
    service.service(service_fn(held_off)).oneshot(Request::new(())).await.unwrap();
    assert_eq!(*ear.0.lock().unwrap(), ["defence.tried"]);
}

#[tokio::test]
async fn whoever_asks_does_not_choose_the_name() {
    let app = ServiceBuilder::new().layer(layer()).service(service_fn(echo));
    let request = Request::builder().header(REQUEST_ID, "chosen").body(()).unwrap();
    let answer = app.oneshot(request).await.unwrap();
    assert_ne!(answer.headers()[REQUEST_ID], "chosen");
}

#[tokio::test]
async fn the_record_tells_method_path_and_status_and_neither_query_nor_header() {
    let log = Log::listening();
    let app = ServiceBuilder::new().layer(layer()).service(service_fn(echo));
    let request = Request::builder()
        .method("PUT")
        .uri("https://host.example/files/7?token=hush1")
        .header("authorization", "hush2")
        .body(())
        .unwrap();
    let answer = app.oneshot(request).await.unwrap();
    let text = log.text();
    let id = answer.headers()[REQUEST_ID].to_str().unwrap();
    for told in ["PUT", "/files/7", "status=202", id, "towergate::request"] {
        assert!(text.contains(told), "{told} in {text}");
    }
    assert!(!text.contains("hush"), "{text}");
    assert_eq!(text.lines().count(), 1);
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_closes_its_record() {
    let log = Log::listening();
    let never = |_: Request<()>| pending::<Result<Answer, Infallible>>();
    {
        let mut future =
            pin!(ServiceBuilder::new().layer(layer()).service_fn(never).oneshot(Request::new(())));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert!(log.text().contains("abandoned"), "{}", log.text());
}

#[tokio::test]
async fn a_service_that_fails_closes_its_record_too() {
    let log = Log::listening();
    let fails = async |_: Request<()>| Err::<Answer, _>(io::Error::other("broken"));
    ServiceBuilder::new().layer(layer()).service_fn(fails).oneshot(Request::new(())).await.unwrap_err();
    assert!(log.text().contains("failed without an answer"));
    assert!(!log.text().contains("abandoned"));
}

#[tokio::test]
async fn without_randomness_a_request_goes_without_a_name() {
    struct Dry;
    impl Random for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomUnavailable> {
            Err(RandomUnavailable)
        }
    }
    let app = ServiceBuilder::new().layer(layer().random(Arc::new(Dry))).service(service_fn(echo));
    let answer = app.oneshot(Request::new(())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert!(!answer.headers().contains_key(REQUEST_ID));
}

#[test]
fn tracing_hears_of_a_success_at_info_and_of_a_refusal_at_warn() {
    let log = Log::listening();
    TracingSink.record(&event());
    let mut refused = event();
    refused.outcome = towergate_core::audit::Outcome::Refused;
    refused.reason = Some("replayed");
    TracingSink.record(&refused);
    let text = log.text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "a line break inside a detail is escaped: {text}");
    let request = event().origin.request.to_string();
    for told in ["INFO", "towergate::audit", "code.redeemed", "c1", "k1", "sid=s1", "succeeded", &request] {
        assert!(lines[0].contains(told), "{told} in {text}");
    }
    for told in ["WARN", "refused", "replayed"] {
        assert!(lines[1].contains(told), "{told} in {text}");
    }
}

#[test]
fn a_fanout_tells_every_sink_in_order() {
    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<Vec<(u8, &'static str)>>>);
    struct Ear(u8, Heard);
    impl Sink for Ear {
        fn record(&self, event: &Event) {
            self.1.0.lock().unwrap().push((self.0, event.action));
        }
    }
    let heard = Heard::default();
    let sink: Arc<dyn Sink> = Arc::new(Fanout::new().and(Ear(1, heard.clone())).and(Ear(2, heard.clone())));
    Fanout::new().and(sink).record(&event());
    assert_eq!(*heard.0.lock().unwrap(), [(1, "code.redeemed"), (2, "code.redeemed")]);
}
