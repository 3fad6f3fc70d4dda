//! How a store is opened.

use std::{fmt, sync::Arc, time::Duration};

use sqlx::{
    AssertSqlSafe, Connection, Executor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use towergate_core::{
    Clock,
    audit::{Silent, Sink},
    store::StepWatch,
    system::SystemClock,
};

#[cfg(feature = "outbound")]
use crate::oauth::marks::MakeMarks;
use crate::{
    beside::Beside,
    migrations,
    open_error::OpenError,
    store::{PostgresStore, Shared},
};

/// For how long an idle connection is believed to be alive.
const BELIEVED: Duration = Duration::from_secs(1);

/// How many statements each connection keeps prepared: more than there are.
const STATEMENTS: usize = 1000;

/// How a store is opened. The defaults are right for a few servers on one database.
#[derive(Clone)]
#[must_use]
pub struct PostgresOptions {
    pub(crate) schema: String,
    sink: Arc<dyn Sink>,
    steps: Option<Arc<dyn StepWatch>>,
    connections: u32,
    acquire_timeout: Duration,
    lock_timeout: Duration,
    statement_timeout: Duration,
    migrate: bool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) beside: Beside,
    #[cfg(feature = "outbound")]
    pub(crate) marks: Option<MakeMarks>,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            schema: String::from("towergate"),
            sink: Arc::new(Silent),
            steps: None,
            connections: 16,
            acquire_timeout: Duration::from_secs(3),
            lock_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            migrate: true,
            clock: Arc::new(SystemClock),
            beside: Beside::default(),
            #[cfg(feature = "outbound")]
            marks: None,
        }
    }
}

impl PostgresOptions {
    /// The schema that the tables are in, made where it is not there: `towergate`.
    pub fn schema(self, schema: impl Into<String>) -> Self {
        Self { schema: schema.into(), ..self }
    }

    /// Tells `sink` of every audit event once it is committed. The default hears nothing.
    pub fn sink(self, sink: Arc<dyn Sink>) -> Self {
        Self { sink, ..self }
    }

    /// Tells `watch` how long each step took, its waits and its repetitions included. The default hears nothing.
    pub fn steps(self, watch: Arc<dyn StepWatch>) -> Self {
        Self { steps: Some(watch), ..self }
    }

    /// How many connections this store opens at most: 16. A host's own pool has its own number.
    pub fn connections(self, connections: u32) -> Self {
        Self { connections, ..self }
    }

    /// How long to wait for a free connection: 3 seconds. A host's own pool has its own time.
    pub fn acquire_timeout(self, acquire_timeout: Duration) -> Self {
        Self { acquire_timeout, ..self }
    }

    /// How long a statement waits for a lock that another transaction holds: 2 seconds.
    pub fn lock_timeout(self, lock_timeout: Duration) -> Self {
        Self { lock_timeout, ..self }
    }

    /// How long a statement may take: 5 seconds. A transaction in which nothing happens for so long is ended too.
    pub fn statement_timeout(self, statement_timeout: Duration) -> Self {
        Self { statement_timeout, ..self }
    }

    /// Whether migrations that are due are applied (the default), or make opening fail.
    pub fn migrate(self, migrate: bool) -> Self {
        Self { migrate, ..self }
    }

    /// Tells when a migration was applied, which people may read later; nothing else asks it. The system's clock.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Opens the database at `url` with connections of its own.
    ///
    /// Over a network the server must show a certificate of its name, unless `url` says `sslmode` itself.
    ///
    /// # Errors
    /// When it cannot be reached, refuses, or its schema is not one this program knows.
    pub async fn connect(&self, url: &str) -> Result<PostgresStore, OpenError> {
        let address = address(url)?;
        self.check_schema()?;
        let session: Arc<str> = self.settings("SET").into();
        let pool = PgPoolOptions::new()
            .max_connections(self.connections)
            .acquire_timeout(self.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, was| {
                Box::pin(async move {
                    if was.idle_for > BELIEVED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(move |connection, _| {
                let session = Arc::clone(&session);
                Box::pin(async move {
                    connection.execute(AssertSqlSafe(session)).await?;
                    connection.execute(DURABLE).await.map(drop)
                })
            })
            .connect_with(address)
            .await?;
        self.start(pool, String::new()).await
    }

    /// Opens the database that the host's own `pool` is connected to, and shares its connections.
    ///
    /// Nothing of ours stays set on a connection: each transaction sets what it needs for itself. That costs reads two
    /// more ways to the server than with [`PostgresOptions::connect`].
    ///
    /// # Errors
    /// As [`PostgresOptions::connect`].
    pub async fn pool(&self, pool: PgPool) -> Result<PostgresStore, OpenError> {
        self.check_schema()?;
        self.start(pool, format!("; {}", self.settings("SET LOCAL"))).await
    }

    async fn start(&self, pool: PgPool, settings: String) -> Result<PostgresStore, OpenError> {
        let mut connection = pool.acquire().await?;
        // What fails halfway must leave nothing set on a connection that others use.
        connection.close_on_drop();
        migrations::bring_up_to_date(&mut connection, &self.schema, self.migrate, self.clock.now()).await?;
        migrations::refuse_half_a_copy(&mut connection, &self.schema).await?;
        let shared = Shared {
            seen: Arc::default(),
            pool,
            settings,
            patience: self.acquire_timeout + self.statement_timeout * 3,
            sink: Arc::clone(&self.sink),
            steps: self.steps.clone(),
            beside: self.beside.clone(),
        };
        #[cfg(feature = "outbound")]
        if let Some(make) = &self.marks {
            let beside = self.beside.clone().marking(make, PostgresStore::new(shared.clone()));
            return Ok(PostgresStore::new(Shared { beside, ..shared }));
        }
        Ok(PostgresStore::new(shared))
    }

    /// What our transactions need, whatever the server's own defaults are. Tables of the host's are not found by
    /// accident, and none can stand before ours.
    fn settings(&self, set: &str) -> String {
        let Self { schema, .. } = self;
        let lock = self.lock_timeout.as_millis();
        let statement = self.statement_timeout.as_millis();
        format!(
            "{set} search_path TO \"{schema}\", pg_temp; {set} lock_timeout = {lock}; \
             {set} statement_timeout = {statement}; {set} idle_in_transaction_session_timeout = {statement}"
        )
    }

    /// The name stands in statements, where no value can stand for it.
    pub(crate) fn check_schema(&self) -> Result<(), OpenError> {
        let name = self.schema.as_bytes();
        let well_formed = name.len() <= 63
            && name.first().is_some_and(u8::is_ascii_lowercase)
            && name.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_')
            && !self.schema.starts_with("pg_");
        if well_formed { Ok(()) } else { Err(OpenError::Schema(self.schema.clone())) }
    }
}

/// What was answered survives a lost power supply, even where the server's default says that it need not.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'";

/// Reads the address; a server beyond this machine must prove who it is, unless the address says otherwise itself.
pub(crate) fn address(url: &str) -> Result<PgConnectOptions, OpenError> {
    // The driver reads any scheme as its own.
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(OpenError::Address);
    }
    let address: PgConnectOptions = url.parse().map_err(|_| OpenError::Address)?;
    let address = address.statement_cache_capacity(STATEMENTS).application_name("towergate");
    let here = address.get_socket().is_some()
        || address.get_host().starts_with('/')
        || matches!(address.get_host(), "localhost" | "127.0.0.1" | "::1" | "[::1]");
    if here || url.contains("sslmode=") || url.contains("ssl-mode=") {
        return Ok(address);
    }
    Ok(address.ssl_mode(PgSslMode::VerifyFull))
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("schema", &self.schema)
            .field("connections", &self.connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("migrate", &self.migrate)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_elsewhere_must_prove_who_it_is() {
        let mode = |url| address(url).unwrap().get_ssl_mode();
        assert!(matches!(mode("postgres://db.example/towergate"), PgSslMode::VerifyFull));
        assert!(matches!(mode("postgres://db.example/towergate?sslmode=disable"), PgSslMode::Disable));
        assert!(matches!(mode("postgres://localhost/towergate"), PgSslMode::Prefer));
        assert!(matches!(mode("postgres://x@localhost/towergate?host=/run/postgresql"), PgSslMode::Prefer));
    }

    #[test]
    fn an_address_that_cannot_be_read_is_not_shown() {
        for url in ["mysql://u:hunter2@h/d", "postgres://u:hunter2@h:x/d", "hunter2"] {
            let error = address(url).unwrap_err();
            assert!(matches!(error, OpenError::Address));
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_schema_has_a_plain_name() {
        let check = |name: &str| PostgresStore::options().schema(name).check_schema();
        assert!(check("towergate").is_ok() && check("tg_2").is_ok());
        for name in ["", "2tg", "Tower", "a b", "a\"; DROP", "pg_x", &"a".repeat(64)] {
            assert!(matches!(check(name), Err(OpenError::Schema(_))), "{name}");
        }
    }
}
