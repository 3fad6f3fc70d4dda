//! A page behind each layer and behind the whole stack, beside the page alone: somebody signed in, nobody, a torn cookie.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a bench that cannot run stops")]
#![expect(clippy::indexing_slicing, reason = "a bench that cannot run stops")]

#[expect(dead_code, reason = "the bench uses a part")]
#[path = "../tests/house/mod.rs"]
mod house;
mod measure;

use std::sync::Arc;

use axum::{Router, body::Body, routing::get};
use criterion::Criterion;
use house::{House, accounts::Accounts, steps::signed_in};
use http::{Request, header};
use measure::{calls::answer, cpu_time::CpuTime, ratio};
use tower::{Layer, Service, layer::util::Stack as Both};
use towergate::{
    Stack, audit::AuditLayer, identity, oauth, oauth_server::account::AccountLayer, scope::ScopeLayer,
    session::SessionLayer,
};

const COOKIES: [&str; 3] = ["valid cookie", "no cookie", "torn cookie"];
const STACKS: [&str; 5] = ["bare", "audit", "session", "session and scope", "whole stack"];

fn main() {
    let mut criterion = measure::criterion();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let people = identity::ports::memory::MemoryStore::new();
    let (house, valid) = runtime.block_on(async {
        let house = House::on(people.clone(), oauth::ports::memory::MemoryStore::new()).await;
        let valid = signed_in(&house).await.cookies["__Host-tgs"].clone();
        (house, valid)
    });
    let torn: String = valid.chars().take(40).collect();
    for (name, cookie) in COOKIES.into_iter().zip([Some(valid), None, Some(torn)]) {
        page(&mut criterion, name, cookie.as_deref(), &people, &house);
    }
    criterion.final_summary();
    for cookie in COOKIES {
        for stack in &STACKS[1..] {
            ratio::print(cookie, stack, &[(cookie, "bare", 1.0)]);
        }
    }
}

fn page(
    criterion: &mut Criterion<CpuTime>,
    name: &str,
    cookie: Option<&str>,
    people: &identity::ports::memory::MemoryStore,
    house: &House,
) {
    let bare = Router::new().route("/me", get(async || "hello"));
    let audit = || AuditLayer::new().clock(house.clock.clone());
    let session = || SessionLayer::new(people.clone()).clock(house.clock.clone());
    let account = AccountLayer::new(Arc::new(Accounts));
    let whole = Stack::new(audit()).session(session()).scope(ScopeLayer::new()).account(account);
    let mut group = criterion.benchmark_group(name);
    let mut measure = |stack: &str, service: &mut dyn FnMut(Request<Body>)| {
        group.bench_function(stack, |bencher| {
            bencher.iter_batched(|| request(cookie), &mut *service, criterion::BatchSize::SmallInput);
        });
    };
    measure(STACKS[0], &mut calls(bare.clone()));
    measure(STACKS[1], &mut calls(audit().layer(bare.clone())));
    measure(STACKS[2], &mut calls(session().layer(bare.clone())));
    measure(STACKS[3], &mut calls(Both::new(ScopeLayer::new(), session()).layer(bare.clone())));
    measure(STACKS[4], &mut calls(whole.layer(bare)));
    group.finish();
}

fn calls<S>(service: S) -> impl FnMut(Request<Body>)
where
    S: Service<Request<Body>, Error: std::fmt::Debug> + Clone,
{
    move |request| drop(answer(&service, request))
}

fn request(cookie: Option<&str>) -> Request<Body> {
    let mut request = Request::get("/me").header(header::HOST, "id.example");
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, format!("theme=dark; __Host-tgs={cookie}"));
    }
    request.body(Body::empty()).expect("a request")
}
