//! The same little application three times, inside the same stack, each on a socket of its own.

use std::{convert::Infallible, error::Error, net::SocketAddr, sync::Arc};

use http::{Extensions, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Bytes, body::Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tower::{Layer, Service, ServiceBuilder, service_fn};
use towergate::{
    Stack,
    audit::AuditLayer,
    core::{Clock, Secret, audit::Origin, system::OsRandom, system::SystemClock},
    identity::{
        ports::{UserStore, memory::MemoryStore},
        rules::{
            email::EmailAddress,
            password::{HashParams, Password},
            user::{User, UserId, UserState},
        },
    },
    login::{LoginRoutes, PasswordHasher, Site},
    pages::DefaultPages,
    scope::{CurrentScope, ScopeLayer},
    session::{Session, SessionLayer},
};

pub(crate) const EMAIL: &str = "alice@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// How the application is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layers {
    InOrder,
    WithoutSession,
}

/// Where an application listens, and what its store knows.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) store: MemoryStore,
}

pub(crate) async fn axum(layers: Layers) -> Running {
    let app = axum::Router::new().fallback(|request: axum::extract::Request| async move {
        answer(request.uri().path(), request.extensions()).await
    });
    run(app, layers).await
}

pub(crate) async fn warp(layers: Layers) -> Running {
    use warp::Filter;
    let app = warp::path::full().and(warp::ext::get::<CurrentScope>()).and(warp::ext::get::<Session>()).then(
        |path: warp::path::FullPath, scope: CurrentScope, session: Session| async move {
            let mut extensions = Extensions::new();
            extensions.insert(scope);
            extensions.insert(session);
            let (status, text) = answer(path.as_str(), &extensions).await;
            warp::reply::with_status(text, status)
        },
    );
    run(warp::service(app), layers).await
}

pub(crate) async fn hyper(layers: Layers) -> Running {
    let app = service_fn(|request: Request<Incoming>| async move {
        let (status, text) = answer(request.uri().path(), request.extensions()).await;
        let mut response = Response::new(Full::new(Bytes::from(text)));
        *response.status_mut() = status;
        Ok::<_, Infallible>(response)
    });
    run(app, layers).await
}

/// The application itself: says who is signed in, and keeps a word in the session.
async fn answer(path: &str, extensions: &Extensions) -> (StatusCode, String) {
    let session = Session::of(extensions).expect("the session layer is there");
    let scope = CurrentScope::from_extensions(extensions).expect("the scope layer is there");
    match path {
        "/keep-and-break" => {
            session.set_value("word", Some("kept")).await.expect("it is kept");
            (StatusCode::INTERNAL_SERVER_ERROR, String::from("broken"))
        }
        "/word" => (StatusCode::OK, session.value("word").await.expect("it is read").unwrap_or_default()),
        _ => (StatusCode::OK, scope.user().map_or_else(|| String::from("nobody"), |user| user.to_string())),
    }
}

async fn run<S, B>(app: S, layers: Layers) -> Running
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>
        + From<Bytes>
        + Send
        + 'static,
{
    let store = MemoryStore::new();
    let hasher =
        PasswordHasher::new(HashParams::default(), Arc::new(OsRandom::new())).expect("hashing works");
    add_alice(&store, &hasher).await;
    let address = match layers {
        Layers::InOrder => {
            let stack = Stack::new(AuditLayer::new())
                .session(SessionLayer::new(store.clone()))
                .scope(ScopeLayer::new());
            let login = LoginRoutes::new(store.clone(), hasher, Site::new(DefaultPages::new()));
            serve(ServiceBuilder::new().layer(stack).layer(login).service(app)).await
        }
        Layers::WithoutSession => serve(ScopeLayer::new().layer(app)).await,
    };
    Running { address, store }
}

async fn add_alice(store: &MemoryStore, hasher: &PasswordHasher) {
    let (now, random) = (SystemClock.now(), OsRandom::new());
    let password = Password::parse(&Secret::from(PASSWORD)).expect("a password");
    let alice = User {
        id: UserId::fresh(now, &random).expect("an identifier"),
        email: EmailAddress::parse(EMAIL).expect("an address"),
        password: Some(hasher.hash(password).await.expect("a hash")),
        state: UserState::Active,
        created_at: now,
        confirmed_at: None,
    };
    let origin = Origin::detached(now, &random).expect("an origin");
    store.add_user(alice, origin).await.expect("alice is kept");
}

async fn serve<S, B>(app: S) -> SocketAddr
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let service = TowerToHyperService::new(app.clone());
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(connection), service).await;
            });
        }
    });
    address
}
