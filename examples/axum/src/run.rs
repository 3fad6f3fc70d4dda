//! From a configuration to a host that answers, and back to silence.

use std::{convert::Infallible, error::Error, fmt, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tower::{Layer, util::BoxCloneSyncService};
use towergate::{
    audit::{Fanout, Sealer, TracingSink},
    core::{
        Secret,
        audit::chain::{SealSigner, SealStore},
        random,
        system::OsRandom,
    },
    endpoint::{
        HealthLayer,
        closing::{Closing, ClosingLayer},
    },
    identity::ports::{ApiTokenStore, IdentityStore, memory::MemoryStore as People},
    jose::Algorithm,
    login::mail::Postman,
    metrics::{MetricsLayer, MetricsSink, StepTimes},
    oauth::{
        ports::{OAuthStore, memory::MemoryStore as Grants},
        rules::client::{Client, ClientId, ClientMetadata},
    },
    oauth_server::KeyRing,
    oauth_types::Scope,
    postgres::PostgresStore,
    rate_limit::MemoryStore,
    sqlite::SqliteStore,
};

use crate::{
    cleaner::{self, Cleans},
    clock::clock,
    config::{ClientEntry, Config, Database, Demo, MailSetting, Shutdown},
    courier, demo,
    error::StartError,
    figures::Figures,
    first_start,
    host::Host,
    limits::Counts,
    measures, postgres, postman,
    seal_key::{self, Found},
    seed::SeededUser,
    serve::{TlsSetup, serve},
    turner,
};

/// The host as a service, its people, and its signing keys.
type Opened<B> = (HostService<B>, Vec<SeededUser>, KeyRing);

/// The whole host as one Tower service.
pub type HostService<B> = BoxCloneSyncService<Request<Incoming>, Response<B>, Infallible>;

/// A web framework for the house to stand around.
pub trait Framework {
    /// Its name, for people.
    const NAME: &'static str;
    /// Its response body.
    type Body: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>
        + From<Bytes>
        + Send
        + 'static;

    /// The host's own pages in this framework, with all layers around them.
    fn service<I: IdentityStore + ApiTokenStore, O: OAuthStore>(host: Host<I, O>) -> HostService<Self::Body>;
}

/// Sockets that listen, but do not answer yet.
#[derive(Debug)]
pub struct Listeners {
    host: TcpListener,
    demo: Option<TcpListener>,
    metrics: Option<TcpListener>,
}

impl Listeners {
    /// Takes the addresses of the configuration.
    ///
    /// # Errors
    /// When one of them is taken, or not ours.
    pub async fn bind(config: &Config) -> Result<Self, StartError> {
        let demo = match config.demo {
            Some(demo) => Some(listen(demo.addr).await?),
            None => None,
        };
        let metrics = match config.metrics {
            Some(addr) => Some(listen(addr).await?),
            None => None,
        };
        Ok(Self { host: listen(config.addr).await?, demo, metrics })
    }

    /// Sockets from elsewhere, which the configuration's `addr` keys must speak of.
    #[must_use]
    pub const fn from_parts(host: TcpListener, demo: Option<TcpListener>) -> Self {
        Self { host, demo, metrics: None }
    }
}

/// How far the clock may be from the database's: whoever is further loses codes, which live for a minute.
const CLOCK_WITHIN: Duration = Duration::from_secs(60);

/// How long workers wait for each other that look through what earlier runs left: it has waited already, and whoever comes first
/// shall not. One after the other, they share a connection.
const MOMENT: Duration = Duration::from_millis(50);

/// What a worker may take longer than requests under way.
const LAST_MOMENT: Duration = Duration::from_secs(2);

/// A host that answers.
pub struct Running {
    /// The people of the configuration.
    pub users: Vec<SeededUser>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    closing: Closing,
    ends: Shutdown,
    /// Says goodbye to its server; a file is let go of by its last handle.
    pool: Option<PostgresStore>,
}

impl Running {
    /// Goes on as ever for the grace of the configuration, and says that it ends: who asks whether the host is ready hears no,
    /// and each answer is the last of its connection.
    pub async fn announce_end(&self) {
        self.closing.begin();
        tokio::time::sleep(self.ends.grace).await;
    }

    /// Takes no more connections, lets requests under way finish for as long as the configuration says, ends the workers, and
    /// lets go of the store. What a worker has not finished a little later is cut off, for the next program to take up.
    pub async fn stop(mut self) {
        self.closing.begin();
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(self.ends.within + LAST_MOMENT, ended).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "work that does not end is cut off");
            self.tasks.shutdown().await;
        }
        if let Some(pool) = self.pool
            && tokio::time::timeout(LAST_MOMENT, pool.close()).await.is_err()
        {
            tracing::warn!("the connections to PostgreSQL could not be closed in time");
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("users", &self.users).finish_non_exhaustive()
    }
}

/// Opens the store, seeds it, and answers on `listeners`.
///
/// # Errors
/// When anything that the host needs is not to be had.
pub async fn start<F: Framework>(mut config: Config, listeners: Listeners) -> Result<Running, StartError> {
    let random = OsRandom::new();
    let seal_key = seal_key::find(&config, &random)?;
    let tls = config.tls.as_ref().map(TlsSetup::load).transpose()?;
    let demo = match config.demo {
        Some(demo) => Some(register_demo(&mut config, demo, tls.as_ref())?),
        None => None,
    };
    let seal_key = match seal_key {
        Found::Kept(key) => key,
        Found::New(new) => first_start::keep(new, &config).await?,
    };
    let config = Arc::new(config);
    // Before anything is counted.
    let figures = listeners.metrics.as_ref().map(|_| Figures::kept()).transpose()?;
    let sink = Arc::new(Fanout::new().and(TracingSink).and(MetricsSink::new()));
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let closing = Closing::new();
    let (mut health, mut pool) = (HealthLayer::new().needs("host", closing.clone()), None);
    let (service, users, keys) = match &config.database {
        Database::Memory => {
            let (people, grants) = (People::with_sink(sink.clone()), Grants::with_sink(sink));
            opened::<F, _, _>(
                &config,
                people,
                grants,
                Counts::Memory(MemoryStore::new()),
                seal_key,
                &mut tasks,
                &stopped,
            )
            .await?
        }
        Database::Sqlite(path) => {
            let store = SqliteStore::options().sink(sink).steps(Arc::new(StepTimes::of("sqlite"))).open(path);
            let store = store.map_err(|cause| StartError::Database { path: path.clone(), cause })?;
            health = health.needs("database", store.clone());
            let counts = Counts::Sqlite(store.clone());
            let looked_at = store.clone();
            let connections = move || looked_at.connections();
            tasks.spawn(measures::keep_telling_of_connections("sqlite", connections, stopped.clone()));
            in_database::<F, _>(&config, store, counts, seal_key, &mut tasks, &stopped).await?
        }
        Database::Postgres(url) => {
            let (store, counts) =
                postgres::open(url, config.redis.as_ref(), config.replay_marks, &seal_key, sink).await?;
            health = health.needs("database", store.clone());
            let clock = clock(config.insecure_clock_offset);
            health = health.needs("clock", store.same_time(clock, CLOCK_WITHIN));
            pool = Some(store.clone());
            let looked_at = store.clone();
            let connections = move || looked_at.connections();
            tasks.spawn(measures::keep_telling_of_connections("postgres", connections, stopped.clone()));
            in_database::<F, _>(&config, store, counts, seal_key, &mut tasks, &stopped).await?
        }
    };
    let service = MetricsLayer::new().layer(health.needs("signing", keys).layer(service));
    let service = ClosingLayer::new(closing.clone()).layer(service);
    let ends = config.shutdown;
    tasks.spawn(serve(listeners.host, tls, service, stopped.clone(), ends.within));
    if let Some((listener, figures)) = listeners.metrics.zip(figures) {
        tasks.spawn(serve(listener, None, figures, stopped.clone(), ends.within));
    }
    if let Some((listener, settings)) = listeners.demo.zip(demo) {
        let application = demo::application(settings).map_err(StartError::Demo)?;
        tasks.spawn(serve(listener, None, application, stopped, ends.within));
    }
    Ok(Running { users, stop, tasks, closing, ends, pool })
}

/// One store for everybody and everything, which is kept clean and whose audit log is sealed.
async fn in_database<F: Framework, S: IdentityStore + ApiTokenStore + OAuthStore + SealStore + Cleans>(
    config: &Arc<Config>,
    store: S,
    counts: Counts,
    seal_key: Secret<[u8; 32]>,
    tasks: &mut JoinSet<()>,
    stopped: &watch::Receiver<bool>,
) -> Result<Opened<F::Body>, StartError> {
    let clock = clock(config.insecure_clock_offset);
    tasks.spawn(after(4, cleaner::keep_clean(store.clone(), Arc::clone(&clock), stopped.clone())));
    let signer = Arc::new(SealSigner::derive(&seal_key, "audit seals")?);
    // First, for a seal key of another database is found out here, before anything is sealed by it.
    let opened =
        opened::<F, _, _>(config, store.clone(), store.clone(), counts, seal_key, tasks, stopped).await?;
    tracing::info!(public_key = %signer.public_key(), "the audit log is sealed");
    let mut stopping = stopped.clone();
    tasks.spawn(Sealer::new(store, signer, clock).run(async move {
        drop(stopping.wait_for(|stop| *stop).await);
    }));
    Ok(opened)
}

async fn opened<F: Framework, I: IdentityStore + ApiTokenStore, O: OAuthStore>(
    config: &Arc<Config>,
    people: I,
    grants: O,
    counts: Counts,
    seal_key: Secret<[u8; 32]>,
    tasks: &mut JoinSet<()>,
    stopped: &watch::Receiver<bool>,
) -> Result<Opened<F::Body>, StartError> {
    let (host, users) =
        Host::open_under(clock(config.insecure_clock_offset), Arc::clone(config), people, grants, seal_key)
            .await?;
    let host = host.counting_in(counts);
    let (keys, store) = (host.server.keys().clone(), host.grants.clone());
    let (clock, random) = (Arc::clone(&host.clock), Arc::clone(&host.random));
    tasks.spawn(turner::keep_turning(keys, store, clock, random, stopped.clone()));
    let postman = |host: &Host<I, O>| (host.people.clone(), host.room.clone());
    match host.config.mail.clone() {
        Some(MailSetting::DevMailbox) => {
            let (people, room) = postman(&host);
            let postman = Postman::new(people, room.clone(), host.mailbox.clone());
            let postman = postman.clock(Arc::clone(&host.clock));
            tasks.spawn(after(5, postman::keep_sending(postman, room, stopped.clone())));
        }
        Some(MailSetting::Smtp(mailer)) => {
            let (people, room) = postman(&host);
            let postman = Postman::new(people, room.clone(), mailer).clock(Arc::clone(&host.clock));
            tasks.spawn(after(5, postman::keep_sending(postman, room, stopped.clone())));
        }
        None => {}
    }
    tasks.spawn(measures::keep_telling_of_hashing(host.hasher.clone(), stopped.clone()));
    let (people, grants) = (host.people.clone(), host.grants.clone());
    tasks.spawn(after(1, measures::keep_telling_of_outboxes(people, grants, stopped.clone())));
    tasks.spawn(after(2, cleaner::keep_seeing_off(host.goodbye(), stopped.clone())));
    tasks.spawn(after(3, cleaner::keep_forgetting(host.server.clone(), stopped.clone())));
    tasks.spawn(after(0, courier::keep_telling(host.server.clone(), stopped.clone())));
    let keys = host.server.keys().clone();
    Ok((F::service(host), users, keys))
}

/// Works, once whoever came first was answered and so many other workers have begun.
async fn after(others: u32, work: impl Future<Output = ()>) {
    tokio::time::sleep(MOMENT * (others + 1)).await;
    work.await;
}

async fn listen(addr: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr).await.map_err(|cause| StartError::Listen { addr, cause })
}

/// Registers the third-party application as any other client, with a secret that lives as long as this program.
fn register_demo(
    config: &mut Config,
    demo: Demo,
    tls: Option<&TlsSetup>,
) -> Result<demo::Settings, StartError> {
    const CLIENT: &str = "demo-app";
    let secret: String = random::bytes::<32>(&OsRandom::new())?.map(|byte| format!("{byte:02x}")).concat();
    let settings = demo::Settings {
        issuer: config.issuer_text(),
        client_id: String::from(CLIENT),
        client_secret: secret,
        origin: demo.origin(),
        api: format!("{}/me", config.api_audience()),
        sensitive_api: format!("{}/sensitive", config.api_audience()),
        pinned_certificate: tls.map(|tls| tls.certificate().to_vec()),
    };
    let mut metadata = ClientMetadata::default();
    metadata.client_name = Some(String::from("Third-party app"));
    metadata.redirect_uris = vec![settings.redirect_uri()];
    metadata.scope = Scope::parse("openid profile email").unwrap_or_default();
    metadata.id_token_signed_response_alg = Algorithm::ES256;
    let secret = Secret::from(settings.client_secret.as_str());
    let client = Client::register(ClientId::parse(CLIENT)?, Some(&secret), metadata)?;
    config.clients.retain(|other| other.client.id != client.id);
    config.clients.push(ClientEntry { client, secret: Some(secret) });
    Ok(settings)
}
