//! Many connections that ask without a pause, for a while.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::task::JoinSet;

use super::{
    http::{Connection, post},
    peers::{basic, form},
    server::Server,
};

/// How many connections ask at a time.
pub(super) const CONNECTIONS: usize = 32;

/// How many threads the client has.
pub(super) const CLIENT_THREADS: usize = 2;

/// What is asked.
#[derive(Clone)]
pub(super) enum Work {
    /// The same each time.
    Same(Arc<[u8]>),
    /// Each connection trades its refresh token for the next.
    Refresh { path: String, tokens: Arc<[Mutex<String>]> },
    /// Each of these once.
    Once(Arc<Mutex<Vec<Vec<u8>>>>),
}

impl Work {
    pub(super) fn same(request: Vec<u8>) -> Self {
        Self::Same(request.into())
    }

    pub(super) fn once(requests: Vec<Vec<u8>>) -> Self {
        Self::Once(Arc::new(Mutex::new(requests)))
    }

    /// So many of what is asked once.
    pub(super) fn part(&self, count: usize) -> Self {
        match self {
            Self::Once(requests) => {
                let mut left = lock(requests);
                let rest = left.len().saturating_sub(count);
                Self::once(left.split_off(rest))
            }
            other => other.clone(),
        }
    }

    fn next(&self, connection: usize) -> Option<Vec<u8>> {
        match self {
            Self::Same(request) => Some(request.to_vec()),
            Self::Refresh { path, tokens } => {
                let token = lock(tokens.get(connection)?).clone();
                let fields = [("grant_type", "refresh_token"), ("refresh_token", &token)];
                Some(post(path, &[("authorization", &basic("bench"))], &form(&fields)))
            }
            Self::Once(requests) => lock(requests).pop(),
        }
    }

    fn heard(&self, connection: usize, body: &[u8]) {
        if let Self::Refresh { tokens, .. } = self
            && let Ok(answer) = serde_json::from_slice::<Value>(body)
            && let (Some(next), Some(token)) = (answer["refresh_token"].as_str(), tokens.get(connection))
        {
            *lock(token) = next.to_owned();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What came of asking for a while.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Microseconds of the server's CPU for one request.
    pub(super) cpu: f64,
    /// Requests a second.
    pub(super) rate: f64,
}

/// Asks `server` for so long, or until nothing is left to ask.
pub(super) async fn window(server: &Server, work: &Work, long: Duration) -> Window {
    let (start, spent) = (Instant::now(), server.spent());
    let mut awake = JoinSet::new();
    for _ in 0..CLIENT_THREADS {
        awake.spawn(stay_awake());
    }
    let mut connections = JoinSet::new();
    for place in 0..CONNECTIONS {
        let (work, port) = (work.clone(), server.port);
        connections.spawn(async move {
            let mut connection = Connection::to(port).await.expect("a connection");
            let mut done = 0_u64;
            while start.elapsed() < long {
                let Some(request) = work.next(place) else { break };
                let answer = connection.send(&request).await.expect("an answer");
                assert!((200..300).contains(&answer.status), "{}: {}", answer.status, answer.text());
                work.heard(place, answer.body);
                done += 1;
            }
            done
        });
    }
    let done: u64 = connections.join_all().await.into_iter().sum();
    let (took, spent) = (start.elapsed(), server.spent().saturating_sub(spent));
    Window { cpu: spent.as_secs_f64() * 1e6 / done as f64, rate: done as f64 / took.as_secs_f64() }
}

/// Keeps a thread of the client from falling asleep. On one machine whoever answers a sleeper wakes it as well, which costs some
/// microseconds, and the slower the server, the more often. Over a network no server pays for that.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}
