//! A host with one client and one browser at a time.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header, request::Parts};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};
use towergate_core::{
    LocalPath, Timestamp,
    audit::Origin,
    clock::{Clock, ManualClock},
    random::InsecureSeededRandom,
};
use towergate_oauth::{
    ports::{ClientStore, GrantStore, memory::MemoryStore},
    rules::{
        client::{Client, ClientId, ClientMetadata},
        grant::{SignIn, Subject},
        interaction::Prompt,
    },
};
use towergate_oauth_types::Scope;

use crate::{
    AuthorizationServer, Issuer, ServerConfig,
    account::{
        Account, AccountLayer, AccountResolver, Candidate, Claims, Context, Ending, Purpose, ResolverError,
    },
    pages::{ConsentView, ErrorView, OAuthPages},
    test_keys::keys,
};

pub(super) const CALLBACK: &str = "https://shop.example/cb";
pub(super) const GOOD: &str = "/oauth/authorize?response_type=code&client_id=shop\
    &redirect_uri=https%3A%2F%2Fshop.example%2Fcb&scope=openid%20email&state=a%20b\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

/// The good request and one more parameter.
pub(super) fn with(name: &str, value: &str) -> String {
    let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    format!("{GOOD}&{name}={value}")
}

type Service = AccountLayer<Host>;

/// Everything that stands for the duration of one test.
pub(super) struct House {
    pub(super) store: MemoryStore,
    pub(super) clock: Arc<ManualClock>,
    pub(super) host: Arc<Host>,
    pub(super) server: AuthorizationServer<MemoryStore, Host, Plain>,
    account: Service,
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut ServerConfig)) -> Self {
        let store = MemoryStore::new();
        let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000)));
        let random = Arc::new(InsecureSeededRandom::new(7));
        let host = Arc::new(Host::default());
        let mut config = ServerConfig::new(Issuer::https("https://id.example").unwrap());
        change(&mut config);
        let server = AuthorizationServer::new(store.clone(), keys(), Arc::clone(&host), Plain, config)
            .clock(clock.clone())
            .random(random.clone());
        let origin = Origin::detached(clock.now(), &*random).unwrap();
        store.put_client(client(), origin).await.unwrap();
        Self { account: AccountLayer::new(Arc::clone(&host)), store, clock, host, server }
    }

    /// Somebody signs in a second from now, with the host's own session.
    pub(super) fn sign_in(&self, name: &str) {
        self.sign_in_at(name, None);
    }

    /// The same, at a level.
    pub(super) fn sign_in_at(&self, name: &str, acr: Option<&str>) {
        self.clock.advance(Duration::from_secs(1));
        self.host.0.lock().unwrap().account = Some(Account {
            subject: Subject::parse(name).unwrap(),
            sign_in: SignIn {
                auth_time: self.clock.now(),
                acr: acr.map(str::to_owned),
                amr: Vec::new(),
                sid: Some(format!("sid-{name}")),
            },
            display_name: format!("{name}@example.com"),
        });
    }

    pub(super) fn sign_out(&self) {
        self.host.0.lock().unwrap().account = None;
    }

    /// Whoever is signed in stays so, and makes room for somebody else.
    pub(super) fn step_aside(&self) {
        let mut state = self.host.0.lock().unwrap();
        let aside = state.account.take().unwrap();
        state.beside.push(aside);
    }

    pub(super) fn is_signed_in(&self) -> bool {
        self.host.0.lock().unwrap().account.is_some()
    }

    pub(super) fn host_recovers(&self) {
        self.host.0.lock().unwrap().failure = None;
    }

    /// The host looks up how people are addressed, and finds this.
    pub(super) fn host_knows_them_as(&self, name: &str) {
        self.host.0.lock().unwrap().name = Some(name.to_owned());
    }

    pub(super) fn host_fails(&self, failure: Failure) {
        self.host.0.lock().unwrap().failure = Some(failure);
    }

    pub(super) async fn end_sign_in(&self, sid: &str) {
        let origin = Origin::detached(self.clock.now(), &InsecureSeededRandom::new(97)).unwrap();
        self.store.end_session_grants(sid.to_owned(), origin).await.unwrap();
    }

    pub(super) async fn disable_client(&self) {
        let origin = Origin::detached(self.clock.now(), &InsecureSeededRandom::new(99)).unwrap();
        self.store.disable_client(ClientId::parse("shop").unwrap(), origin).await.unwrap();
    }

    pub(super) async fn client(&self) -> Client {
        let found = self.store.find_client(&ClientId::parse("shop").unwrap()).await.unwrap();
        Arc::unwrap_or_clone(found.unwrap())
    }

    pub(super) async fn register(&self, change: impl FnOnce(&mut ClientMetadata)) {
        let mut client = client();
        change(&mut client.metadata);
        let origin = Origin::detached(self.clock.now(), &InsecureSeededRandom::new(98)).unwrap();
        self.store.put_client(client, origin).await.unwrap();
    }

    /// What the audit log says was done since the client was registered.
    pub(super) fn facts(&self) -> Vec<&'static str> {
        self.store
            .events()
            .iter()
            .map(|event| event.action)
            .filter(|action| *action != "client.registered")
            .collect()
    }

    /// A browser without cookies.
    pub(super) fn browser(&self) -> Browser<'_> {
        Browser { house: self, cookie: None }
    }

    pub(super) async fn send<B>(&self, request: Request<B>) -> Answer
    where
        B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
    {
        let inner = service_fn(async |_: Request<B>| {
            let mut response = Response::new(Full::<Bytes>::from("not ours"));
            *response.status_mut() = StatusCode::NOT_FOUND;
            Ok::<_, Infallible>(response)
        });
        let browser = self.server.browser_state().layer(self.server.browser().layer(inner));
        let service = self.account.layer(browser);
        let (parts, body) = service.oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

fn client() -> Client {
    let mut metadata = ClientMetadata::default();
    metadata.client_name = Some(String::from("The Shop"));
    metadata.redirect_uris = vec![CALLBACK.to_owned()];
    metadata.scope = Scope::parse("openid email").unwrap();
    Client::unchecked(ClientId::parse("shop").unwrap(), None, metadata)
}

/// A browser that keeps its cookie.
pub(super) struct Browser<'a> {
    house: &'a House,
    pub(super) cookie: Option<String>,
}

impl Browser<'_> {
    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::builder().method(Method::GET).uri(path), "").await
    }

    pub(super) async fn post(&mut self, path: &str, form: &str) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, form).await
    }

    pub(super) async fn send(&mut self, mut request: http::request::Builder, body: &str) -> Answer {
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, format!("other=1; {cookie}"));
        }
        let answer = self.house.send(request.body(Full::from(body.to_owned())).unwrap()).await;
        let set = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|set| set.to_str().ok());
        if let Some(set) = set.into_iter().find(|set| set.starts_with("__Host-tgib")) {
            self.cookie = set.split(';').next().map(str::to_owned);
        }
        answer
    }
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// The parameters of a redirect to the client.
    pub(super) fn to_client(&self) -> Vec<(String, String)> {
        let location = self.location();
        let query =
            location.strip_prefix(CALLBACK).unwrap_or_else(|| panic!("not to the client: {location}"));
        url::form_urlencoded::parse(query.trim_start_matches(['?', '#']).as_bytes()).into_owned().collect()
    }

    pub(super) fn param(&self, name: &str) -> Option<String> {
        self.to_client().into_iter().find(|pair| pair.0 == name).map(|pair| pair.1)
    }

    /// The interaction that the sign-in page is to come back to.
    pub(super) fn return_to(&self) -> String {
        let location = self.location();
        let query =
            location.strip_prefix("/login?").unwrap_or_else(|| panic!("not to the login: {location}"));
        let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
        pairs.into_iter().find(|pair| pair.0 == "return_to").unwrap().1
    }
}

/// How the host's resolver fails, if it does.
#[derive(Clone, Copy)]
pub(super) enum Failure {
    CurrentAccountErrs,
    CurrentAccountPanics,
    DisplayNameErrs,
    DisplayNamePanics,
    LoginRedirectPanics,
    EndsElsewhere,
    EndSessionErrs,
    LogoutRedirectPanics,
}

#[derive(Default)]
pub(super) struct State {
    account: Option<Account>,
    beside: Vec<Account>,
    name: Option<String>,
    failure: Option<Failure>,
}

#[derive(Default)]
pub(super) struct Host(Mutex<State>);

impl AccountResolver for Host {
    fn current_account(&self, _: &Parts, _: &Context) -> Result<Option<Account>, ResolverError> {
        let (account, failure) = {
            let state = self.0.lock().unwrap();
            (state.account.clone(), state.failure)
        };
        match failure {
            Some(Failure::CurrentAccountErrs) => Err(ResolverError::new("the users table is on fire")),
            Some(Failure::CurrentAccountPanics) => panic!("the users table is on fire"),
            Some(_) | None => Ok(account),
        }
    }

    fn candidates(&self, _: &Parts, _: &Context) -> Result<Vec<Candidate>, ResolverError> {
        let state = self.0.lock().unwrap();
        let named = |account: &Account| Candidate {
            account: account.clone(),
            names: vec![account.display_name.clone()],
        };
        Ok(state.beside.iter().map(named).collect())
    }

    async fn account(&self, subject: &Subject, _: &Context) -> Result<Option<Subject>, ResolverError> {
        Ok(Some(subject.clone()))
    }

    async fn claims(&self, _: &Subject, _: &Context) -> Result<Claims, ResolverError> {
        Ok(Claims::default())
    }

    async fn display_name(&self, account: &Account, _: &Context) -> Result<String, ResolverError> {
        let (name, failure) = {
            let state = self.0.lock().unwrap();
            (state.name.clone(), state.failure)
        };
        match failure {
            Some(Failure::DisplayNameErrs) => Err(ResolverError::new("the names table is on fire")),
            Some(Failure::DisplayNamePanics) => panic!("the names table is on fire"),
            Some(_) | None => Ok(name.unwrap_or_else(|| account.display_name.clone())),
        }
    }

    async fn end_session(&self, _: &Parts, context: &Context) -> Result<Ending, ResolverError> {
        let mut state = self.0.lock().unwrap();
        assert_eq!((context.purpose, context.return_to.is_some()), (Purpose::Logout, true));
        match state.failure {
            Some(Failure::EndsElsewhere | Failure::LogoutRedirectPanics) => Ok(Ending::Elsewhere),
            Some(Failure::EndSessionErrs) => Err(ResolverError::new("the sessions table is on fire")),
            Some(_) | None => {
                state.account = None;
                Ok(Ending::Ended)
            }
        }
    }

    fn logout_redirect(&self, _: &Context) -> Option<LocalPath> {
        let failure = self.0.lock().unwrap().failure;
        if matches!(failure, Some(Failure::LogoutRedirectPanics)) {
            panic!("the sessions table is on fire");
        }
        LocalPath::parse("/bye?theme=dark")
    }

    fn login_redirect(&self, context: &Context) -> LocalPath {
        let failure = self.0.lock().unwrap().failure;
        if matches!(failure, Some(Failure::LoginRedirectPanics)) {
            panic!("no login page today");
        }
        assert!(context.interaction.is_some() && context.return_to.is_some() && context.client.is_some());
        let creates = context.prompt.contains(&Prompt::Create);
        LocalPath::parse(if creates { "/register" } else { "/login" }).unwrap()
    }
}

pub(super) struct Plain;

impl OAuthPages for Plain {
    fn consent(&self, view: &ConsentView) -> String {
        let scopes: Vec<_> = view.scopes.iter().map(|scope| scope.meaning.as_str()).collect();
        let each_time = if view.may_remember { "" } else { " (each time)" };
        let more =
            view.claims.iter().map(|claim| &claim.meaning).chain(&view.resources).chain(&view.logo_uri);
        let more: String = more.map(|more| format!("; {more}")).collect();
        let of = view.client_host.as_ref().map(|host| format!(" of {host}")).unwrap_or_default();
        format!(
            "{}{of} at {} asks {}: {}{more}{each_time}",
            view.client_name,
            view.redirect_host,
            view.account,
            scopes.join(", ")
        )
    }

    fn error(&self, view: &ErrorView) -> String {
        assert!(view.request_id.is_some());
        let go_on = view.go_on.as_ref().map(|path| format!(" -> {path}")).unwrap_or_default();
        format!("{} {}: {}{go_on}", view.status, view.code, view.message)
    }
}
