//! The connection, and the one that takes its place when it breaks.
//!
//! While there is none, every question is answered at once that Redis is away: nobody waits for a connection. One task
//! makes a new one, at first at once, then again and again after ever longer pauses; it ends with the store.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, Client, FromRedisValue, RedisError, ScriptInvocation, aio::MultiplexedConnection,
};
use tokio::{runtime::Handle, time};
use towergate_core::{StoreError, work_span};
use tracing::Instrument;

use crate::{
    failure::{self, Away},
    open_error::OpenError,
    options::RedisOptions,
    server::{self, Server},
};

const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// One connection at a time, shared by all; a clone is another handle on the same.
#[derive(Clone)]
pub(crate) struct Link(Arc<Shared>);

/// A connection as long as it lasts.
#[derive(Clone)]
pub(crate) struct Lane {
    #[cfg_attr(
        not(any(feature = "inbound", feature = "outbound")),
        expect(dead_code, reason = "counting needs less")
    )]
    pub(crate) server: Server,
    connection: MultiplexedConnection,
    number: u64,
}

struct Shared {
    client: Client,
    answer: Duration,
    connect: Duration,
    retry_most: Duration,
    keeps_all: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lane: Option<Lane>,
    made: u64,
    is_reopening: bool,
}

impl Link {
    /// Connects, for the first time.
    pub(crate) async fn open(client: Client, options: &RedisOptions) -> Result<Self, OpenError> {
        let &RedisOptions { answer, connect, retry_most, keeps_all, .. } = options;
        let shared = Shared { client, answer, connect, retry_most, keeps_all, state: Mutex::default() };
        shared.connect().await?;
        Ok(Self(Arc::new(shared)))
    }

    /// The connection that there is.
    pub(crate) fn lane(&self) -> Result<Lane, StoreError> {
        let lane = self.0.state.lock().unwrap_or_else(PoisonError::into_inner).lane.clone();
        lane.ok_or_else(|| {
            self.reopen();
            StoreError::unavailable(Away)
        })
    }

    /// Has a script run on `lane`.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        lane: &Lane,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        let mut connection = lane.connection.clone();
        let span = work_span!("towergate.store", store = "redis", step = "script");
        let answer = script.invoke_async(&mut connection).instrument(span).await;
        answer.map_err(|error| self.broken(lane, error))
    }

    /// Has a command run on `lane`.
    pub(crate) async fn ask<T: FromRedisValue>(
        &self,
        lane: &Lane,
        command: &redis::Cmd,
    ) -> Result<T, StoreError> {
        let mut connection = lane.connection.clone();
        let span = work_span!("towergate.store", store = "redis", step = "command");
        let answer = command.query_async(&mut connection).instrument(span).await;
        answer.map_err(|error| self.broken(lane, error))
    }

    /// What the error means to a caller; where `lane` is of no use any more, another takes its place.
    fn broken(&self, lane: &Lane, error: RedisError) -> StoreError {
        if failure::ends_the_connection(&error) {
            let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.lane.as_ref().is_some_and(|current| current.number == lane.number) {
                state.lane = None;
                tracing::warn!(%error, "the connection to Redis is lost");
            }
            drop(state);
            self.reopen();
        }
        failure::told(error)
    }

    /// Begins to make another connection, unless there is one or somebody is at it.
    fn reopen(&self) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_reopening || state.lane.is_some() {
            return;
        }
        state.is_reopening = true;
        drop(state);
        runtime.spawn(reopened(Reopening(Arc::downgrade(&self.0))));
    }
}

impl Shared {
    async fn connect(&self) -> Result<(), OpenError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect))
            .set_response_timeout(Some(self.answer));
        let met = time::timeout(self.connect, async {
            let connecting = self.client.get_multiplexed_async_connection_with_config(&config).await;
            let mut connection = connecting.map_err(OpenError::Unreachable)?;
            let server = server::meet(&mut connection, self.keeps_all).await?;
            Ok((connection, server))
        });
        let (connection, server) = met.await.map_err(|_| OpenError::Silent)??;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.made = state.made.wrapping_add(1);
        state.lane = Some(Lane { server, connection, number: state.made });
        Ok(())
    }
}

async fn reopened(reopening: Reopening) {
    let mut pause = FIRST_PAUSE;
    while let Some(shared) = reopening.0.upgrade() {
        match shared.connect().await {
            Ok(()) => {
                tracing::info!("there is a connection to Redis again");
                return;
            }
            Err(error) => tracing::warn!(%error, "Redis is away"),
        }
        let most = shared.retry_most;
        drop(shared);
        time::sleep(pause.min(most)).await;
        pause = pause.saturating_mul(2).min(most);
    }
}

/// Somebody is making a connection, until this is dropped: also when the runtime ends under them.
struct Reopening(Weak<Shared>);

impl Drop for Reopening {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.state.lock().unwrap_or_else(PoisonError::into_inner).is_reopening = false;
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}
