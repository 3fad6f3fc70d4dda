//! The handle that a host clones and hands around.

use std::{
    any::type_name,
    fmt,
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use sqlx::{PgConnection, PgPool};
use towergate_core::{
    StoreError,
    audit::Sink,
    store::{Connections, StepWatch, step_name},
    system::Stopwatch,
    work_span,
};
use tracing::Instrument;

use crate::{
    audit_seal::Seen,
    beside::Beside,
    connection::Lease,
    failure::Failure,
    fields::Fields,
    open_error::OpenError,
    options::PostgresOptions,
    params::Params,
    query,
    step::{self, Answer, Lane, Step},
};

/// A store in one PostgreSQL database. Clones share it.
#[derive(Clone)]
pub struct PostgresStore(Arc<Shared>);

/// What every clone shares.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) pool: PgPool,
    /// What makes a transaction ours on a connection that is the host's; empty where the connection is ours already.
    pub(crate) settings: String,
    /// How long one answer may take altogether, so that a network that swallows everything holds nobody.
    pub(crate) patience: Duration,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) steps: Option<Arc<dyn StepWatch>>,
    pub(crate) beside: Beside,
    /// What of the audit log waits to be settled before it is sealed.
    pub(crate) seen: Arc<Mutex<Option<Seen>>>,
}

impl PostgresStore {
    /// Opens the database at `url` (`postgres://user:password@host/database`) with the default [`PostgresOptions`].
    ///
    /// # Errors
    /// As [`PostgresOptions::connect`].
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        PostgresOptions::default().connect(url).await
    }

    /// The default options, to be changed before [`PostgresOptions::connect`] or [`PostgresOptions::pool`].
    pub fn options() -> PostgresOptions {
        PostgresOptions::default()
    }

    /// Closes the connections, once what is under way has come to its end; a host's own pool is closed with it.
    pub async fn close(&self) {
        self.0.pool.close().await;
    }

    /// The connections of the pool; a host's own pool is told as a whole.
    #[must_use]
    pub fn connections(&self) -> Connections {
        let (all, idle) = (self.0.pool.size(), self.0.pool.num_idle());
        let all = usize::try_from(all).unwrap_or(usize::MAX);
        Connections { in_use: all.saturating_sub(idle), idle }
    }

    async fn traced<S, T>(&self, step: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let span = work_span!("towergate.store", store = "postgres", step = step_name(type_name::<S>()),);
        self.watched(step).instrument(span).await
    }

    async fn watched<T>(&self, step: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let Some(watch) = &self.0.steps else { return step.await };
        let began = Stopwatch::started();
        let answer = step.await;
        watch.ended(began.elapsed(), answer.is_ok());
        answer
    }

    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Where it is marked what was shown once, if not here.
    #[cfg(feature = "outbound")]
    pub(crate) fn marks(&self) -> Option<&dyn crate::oauth::marks::Marks> {
        self.0.beside.marks.as_deref()
    }

    /// Where sessions are answered from, if not only from here.
    #[cfg(feature = "inbound")]
    pub(crate) fn session_cache(&self) -> Option<&dyn towergate_identity::ports::SessionCache> {
        self.0.beside.sessions.as_deref()
    }

    #[cfg(test)]
    pub(crate) fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    pub(crate) fn seen(&self) -> &Mutex<Option<Seen>> {
        &self.0.seen
    }

    /// The first row of one statement, if there is one.
    pub(crate) async fn one<T>(
        &self,
        sql: &'static str,
        params: Params,
        read: impl FnOnce(&mut Fields<'_>) -> Result<T, Failure> + Send + Sync,
    ) -> Result<Option<T>, StoreError> {
        let row = self.read((sql, params), |connection, (sql, params)| {
            Box::pin(query::first(connection, sql, params.clone()))
        });
        Ok(row.await?.map(|row| read(&mut Fields::of(&row))).transpose()?)
    }

    /// Every row of one statement.
    pub(crate) async fn all<T>(
        &self,
        sql: &'static str,
        params: Params,
        mut read: impl FnMut(&mut Fields<'_>) -> Result<T, Failure> + Send + Sync,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.read((sql, params), |connection, (sql, params)| {
            Box::pin(query::rows(connection, sql, params.clone()))
        });
        let rows = rows.await?;
        Ok(rows.iter().map(|row| read(&mut Fields::of(row))).collect::<Result<_, _>>()?)
    }

    /// Whether one statement finds a row.
    pub(crate) async fn exists(&self, sql: &'static str, params: Params) -> Result<bool, StoreError> {
        Ok(self.one(sql, params, |_| Ok(())).await?.is_some())
    }

    /// Reads by several statements. It is run again once where the connection turns out to be gone.
    pub(crate) async fn read<I, T, R>(&self, input: I, read: R) -> Result<T, StoreError>
    where
        I: Send + Sync,
        T: Send,
        R: for<'r> Fn(&'r mut PgConnection, &'r I) -> Answer<'r, T> + Send + Sync,
    {
        let answer = async {
            match self.0.read_once(&input, &read).await {
                Err(failure) if failure.lost_the_connection() => Ok(self.0.read_once(&input, &read).await?),
                read => Ok(read?),
            }
        };
        answer.instrument(work_span!("towergate.store", store = "postgres", step = "read")).await
    }

    /// Does a business step, serializable and durable, and answers once it is committed.
    ///
    /// The step is a function of the open [`Step`] and of `input`, and is done anew when it loses a race: it takes what
    /// it needs by reference and keeps nothing elsewhere. Nothing happens before the first poll; from then on the step
    /// goes its way whether anybody waits or not.
    pub(crate) async fn write<I, T, S>(&self, input: I, step: S) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        S: for<'s> Fn(&'s mut Step, &'s I) -> Answer<'s, T> + Send + Sync + 'static,
    {
        self.traced::<S, T>(step::run(Arc::clone(&self.0), Lane::Free, input, step)).await
    }

    /// As [`PostgresStore::write`], but each statement sees what was committed before it: for steps that decide by
    /// nothing, or only by rows that they have locked, and that many do at once.
    pub(crate) async fn write_by_locks<I, T, S>(&self, input: I, step: S) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        S: for<'s> Fn(&'s mut Step, &'s I) -> Answer<'s, T> + Send + Sync + 'static,
    {
        self.traced::<S, T>(step::run(Arc::clone(&self.0), Lane::ByLocks, input, step)).await
    }
}

impl Shared {
    /// Waits for `answer`, and not for ever.
    pub(crate) async fn bounded<T>(
        &self,
        answer: impl Future<Output = Result<T, Failure>> + Send,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(self.patience, answer).await {
            Ok(answer) => answer,
            Err(elapsed) => Err(Failure::Store(StoreError::unavailable(elapsed))),
        }
    }

    async fn read_once<I, T, R>(&self, input: &I, read: &R) -> Result<T, Failure>
    where
        I: Sync,
        T: Send,
        R: for<'r> Fn(&'r mut PgConnection, &'r I) -> Answer<'r, T> + Sync,
    {
        let mut lease = Lease::of(&self.pool).await?;
        let read = async {
            if self.settings.is_empty() {
                return read(&mut lease, input).await;
            }
            lease.begin(&format!("BEGIN READ ONLY{}", self.settings)).await?;
            let answer = read(&mut lease, input).await;
            lease.roll_back().await;
            answer
        };
        let answer = self.bounded(read).await;
        if matches!(answer, Err(Failure::Store(StoreError::Unavailable(_)))) {
            lease.give_up();
        }
        answer
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}
