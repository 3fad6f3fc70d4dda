//! Counting in Redis.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::house::{Server, block_on, until};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header::RETRY_AFTER};
use http_body_util::Full;
use proptest::{prelude::*, test_runner::TestRunner};
use tower::{ServiceBuilder, ServiceExt};
use towergate_client_address::{ClientAddressLayer, PeerAddress};
use towergate_core::{StoreError, Timestamp, contract::NOW};
use towergate_rate_limit::{
    Bucket, Limit, RateKey, RateLimitLayer, RatePolicy, RateStore, Taking, rules::policy::take,
};
use towergate_redis::RedisStore;

/// A store whose server lives as long as it does.
#[derive(Clone)]
struct Held(RedisStore, #[expect(dead_code, reason = "it ends with the store")] Arc<Server>);

impl Held {
    fn new() -> Self {
        let server = Server::start();
        Self(server.store(), Arc::new(server))
    }
}

impl RateStore for Held {
    async fn take(&self, buckets: Vec<Bucket>, now: Timestamp) -> Result<Taking, StoreError> {
        self.0.take(buckets, now).await
    }
}

mod laws {
    towergate_rate_limit::rate_store_contract!(make: crate::rate_limit::Held::new, block_on: crate::house::block_on);
}

fn bucket(account: &str, most: u32) -> Bucket {
    Bucket { key: RateKey::account("law", account), policy: RatePolicy::new(most, Duration::from_secs(60)) }
}

async fn granted(store: &RedisStore, times: u32) -> u32 {
    let mut granted = 0;
    for _ in 0..times {
        let taking = store.take(vec![bucket("a", 5)], NOW).await.unwrap();
        granted += u32::from(taking == Taking::Granted);
    }
    granted
}

#[test]
fn many_connections_together_get_no_more_than_the_limit() {
    let server = Server::start();
    let stores: Vec<_> = (0..8).map(|_| server.store()).collect();
    let granted = block_on(async {
        let tasks = stores.into_iter().map(|store| {
            tokio::spawn(async move {
                let one = |_| {
                    let store = store.clone();
                    tokio::spawn(async move { store.take(vec![bucket("a", 100)], NOW).await.unwrap() })
                };
                let mut granted = 0;
                for asked in (0..50).map(one).collect::<Vec<_>>() {
                    granted += u32::from(asked.await.unwrap() == Taking::Granted);
                }
                granted
            })
        });
        let mut sum = 0;
        for task in tasks.collect::<Vec<_>>() {
            sum += task.await.unwrap();
        }
        sum
    });
    assert_eq!(granted, 100);
}

#[test]
fn a_bucket_is_gone_once_it_is_empty() {
    let server = Server::start();
    let store = server.store();
    let policy = RatePolicy::new(2, Duration::from_secs(60));
    let ask = Bucket { key: RateKey::account("law", "a"), policy };
    block_on(store.take(vec![ask], NOW)).unwrap();
    let [key] = &*server.say::<Vec<Vec<u8>>>(&["KEYS", "towergate:rate:law:account:*"]) else {
        panic!("not one")
    };
    let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    let left: i64 = redis::cmd("PTTL").arg(key).query(&mut connection).unwrap();
    assert!((1..=30_000).contains(&left), "{left}");
}

#[test]
fn counting_begins_anew_where_redis_was_flushed() {
    let server = Server::start();
    let store = server.store();
    assert_eq!(block_on(granted(&store, 9)), 5);
    server.say::<()>(&["FLUSHALL"]);
    assert_eq!(block_on(granted(&store, 9)), 5);
}

#[test]
fn nobody_passes_while_redis_is_gone_and_all_goes_on_when_it_is_back() {
    let mut server = Server::start();
    let store = server.store();
    let app = ServiceBuilder::new()
        .layer(ClientAddressLayer::new())
        .layer(RateLimitLayer::new(store).post("/", Limit::new("law", 100, Duration::from_secs(60))))
        .service_fn(async |_: Request<()>| {
            Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::default()))
        });
    let ask = || {
        let peer = PeerAddress("192.0.2.1:1".parse().unwrap());
        let request = Request::post("/").extension(peer).body(()).unwrap();
        block_on(app.clone().oneshot(request)).unwrap()
    };
    assert_eq!(ask().status(), StatusCode::OK);
    server.kill();
    for _ in 0..3 {
        let refused = ask();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()[RETRY_AFTER], "1");
    }
    server.restart();
    until(|| (ask().status() == StatusCode::OK).then_some(()));
}

#[test]
fn a_redis_that_stands_still_holds_nobody_up() {
    let server = Server::start();
    let store = server.store_with(RedisStore::options().answer_within(Duration::from_millis(50)));
    server.pause();
    let asked = (0..20).map(|_| block_on(store.take(vec![bucket("a", 5)], NOW)));
    assert!(asked.into_iter().all(|taking| matches!(taking, Err(StoreError::Unavailable(_)))));
    server.resume();
    until(|| block_on(store.take(vec![bucket("a", 5)], NOW)).ok());
}

#[test]
fn a_full_redis_counts_nothing() {
    let server = Server::start();
    let store = server.store();
    server.say::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    let refused = block_on(store.take(vec![bucket("a", 5)], NOW));
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    server.say::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(block_on(granted(&store, 9)), 5);
}

#[test]
fn a_counter_that_the_house_did_not_write_is_corrupt() {
    let server = Server::start();
    let store = server.store();
    block_on(granted(&store, 1));
    let [key] = &*server.say::<Vec<Vec<u8>>>(&["KEYS", "*"]) else { panic!("not one") };
    let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    redis::cmd("SET").arg(key).arg("nonsense").exec(&mut connection).unwrap();
    let refused = block_on(store.take(vec![bucket("a", 5)], NOW));
    assert!(matches!(refused, Err(StoreError::Corrupt { .. })), "{refused:?}");
    redis::cmd("DEL").arg(key).exec(&mut connection).unwrap();
    redis::cmd("LPUSH").arg(key).arg("nonsense").exec(&mut connection).unwrap();
    let refused = block_on(store.take(vec![bucket("a", 5)], NOW));
    assert!(matches!(refused, Err(StoreError::Corrupt { .. })), "{refused:?}");
}

/// So many buckets of so many policies, and how far the clock was moved before: back and forth too.
type Asked = (Vec<(u8, u32, u64)>, i64);

fn asking() -> impl Strategy<Value = Vec<Asked>> {
    let bucket = (0_u8..4, 1_u32..6, 50_u64..100);
    let buckets = proptest::collection::vec(bucket, 1..4).prop_map(|mut buckets| {
        buckets.sort_unstable();
        buckets.dedup_by_key(|(name, ..)| *name);
        buckets
    });
    proptest::collection::vec((buckets, -40_000_i64..60_000), 1..60)
}

#[test]
fn the_script_says_what_the_rule_says() {
    let server = Server::start();
    let store = server.store();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) };
    let outcome = TestRunner::new(config).run(&asking(), |asked| {
        server.say::<()>(&["FLUSHALL"]);
        let mut model = BTreeMap::new();
        let mut now = NOW;
        for (buckets, moved) in asked {
            now = Timestamp::from_unix_millis(now.unix_millis() + moved);
            let bucket = |(name, most, within): (u8, _, _)| Bucket {
                key: RateKey::account("law", &name.to_string()),
                policy: RatePolicy::new(most, Duration::from_secs(within)),
            };
            let buckets: Vec<_> = buckets.into_iter().map(bucket).collect();
            let before: Vec<_> =
                buckets.iter().map(|bucket| (bucket.policy, model.get(&bucket.key).copied())).collect();
            let (expected, kept) = take(&before, now);
            for (bucket, empty_at) in buckets.iter().zip(kept).filter(|(_, empty_at)| *empty_at > now) {
                model.insert(bucket.key.clone(), empty_at);
            }
            prop_assert_eq!(block_on(store.take(buckets, now)).unwrap(), expected);
        }
        Ok(())
    });
    outcome.unwrap();
}
