//! A host of its own says where addresses are, and people are told: on the page of their devices, and by the mail about a sign-in in a
//! new browser.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use bytes::Bytes;
use http::{
    Request, Response, StatusCode,
    header::{COOKIE, LOCATION, SET_COOKIE, USER_AGENT},
};
use http_body_util::{BodyExt, Full};
use tower::{ServiceBuilder, ServiceExt, service_fn};
use towergate::{
    client_address::{ClientAddressLayer, PeerAddress},
    core::{Clock, Secret, Timestamp, audit::Origin, clock::ManualClock, random::InsecureSeededRandom},
    identity::{
        ports::{UserStore, memory::MemoryStore},
        rules::{
            email::EmailAddress,
            password::{HashParams, Password, hash},
            user::User,
        },
    },
    login::{
        DeviceRoutes, LoginRoutes, PasswordHasher, Site,
        mail::{Mailroom, Postman},
    },
    pages::DefaultPages,
    session::{Places, RememberLayer, SessionLayer},
    test_util::Mailbox,
};

const ALICE: &str = "alice@example.com";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// A map with two places on it.
struct Map;

impl Places for Map {
    fn place_of(&self, address: IpAddr) -> Option<String> {
        match address.to_string().as_str() {
            "192.0.2.7" => Some(String::from("Lyon, France")),
            "198.51.100.7" => Some(String::from("Osaka <Japan>")),
            _ => None,
        }
    }
}

struct Town {
    store: MemoryStore,
    hasher: PasswordHasher,
    clock: Arc<ManualClock>,
    room: Mailroom,
    mailbox: Mailbox,
}

impl Town {
    async fn new() -> Self {
        let random = Arc::new(InsecureSeededRandom::new(1));
        let (store, cheap) = (MemoryStore::new(), HashParams::insecure_new(16, 1, 1).unwrap());
        let hasher = PasswordHasher::new(cheap, random.clone()).unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_800_000_000)));
        let password = Password::parse(&Secret::from("plenty of characters")).unwrap();
        let phc = hash(&password, cheap, &*random).unwrap();
        let mut user = User::fresh(EmailAddress::parse(ALICE).unwrap(), phc, clock.now(), &*random).unwrap();
        user.confirmed_at = Some(clock.now());
        store.add_user(user, Origin::detached(clock.now(), &*random).unwrap()).await.unwrap();
        let room = Mailroom::new("https://id.example", &Secret::new([7; 32])).unwrap();
        Self { store, hasher, clock, room, mailbox: Mailbox::new() }
    }

    async fn ask(&self, request: http::request::Builder, from: &str, form: &str) -> (Response<()>, String) {
        let site = Site::new(DefaultPages::new()).clock(self.clock.clone()).notices(self.room.clone());
        let store = self.store.clone();
        let app = ServiceBuilder::new()
            .layer(ClientAddressLayer::new())
            .layer(SessionLayer::new(store.clone()).clock(self.clock.clone()).places(Arc::new(Map)))
            .layer(RememberLayer::new(store.clone()).notices(site.browser_notices(store.clone())))
            .layer(LoginRoutes::new(store.clone(), self.hasher.clone(), site.clone()))
            .layer(DeviceRoutes::new(store, site))
            .service(service_fn(async |_: Request<Full<Bytes>>| {
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
            }));
        let peer: SocketAddr = format!("{from}:4711").parse().unwrap();
        let request = request
            .header(USER_AGENT, FIREFOX)
            .header("content-type", "application/x-www-form-urlencoded")
            .extension(PeerAddress(peer))
            .body(Full::new(Bytes::from(form.to_owned())))
            .unwrap();
        let (head, body) = app.oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (Response::from_parts(head, ()), String::from_utf8(body.to_vec()).unwrap())
    }

    /// Signs Alice in, in a browser of its own; answers its cookie and the mail that she got.
    async fn sign_in(&self, from: &str) -> (String, Option<String>) {
        self.clock.advance(std::time::Duration::from_secs(60));
        let form = format!("email={ALICE}&password=plenty+of+characters").replace('@', "%40");
        let (answer, _) = self.ask(Request::post("/login"), from, &form).await;
        assert_eq!(
            (answer.status(), &answer.headers()[LOCATION]),
            (StatusCode::SEE_OTHER, &"/".parse().unwrap())
        );
        let set = answer.headers().get_all(SET_COOKIE).iter().filter_map(|set| set.to_str().ok());
        let cookie =
            set.filter_map(|set| set.split(';').next()).find(|set| set.starts_with("__Host-tgs=")).unwrap();
        self.mailbox.empty();
        let postman = Postman::new(self.store.clone(), self.room.clone(), self.mailbox.clone());
        postman.clock(self.clock.clone()).deliver().await.unwrap();
        (cookie.to_owned(), self.mailbox.newest_to(ALICE).map(|mail| mail.text))
    }
}

#[tokio::test]
async fn a_host_says_where_addresses_are_and_people_are_told() {
    let town = Town::new().await;
    let (_, first) = town.sign_in("192.0.2.7").await;
    assert_eq!(first, None, "there was nothing before it");
    let (cookie, mail) = town.sign_in("198.51.100.7").await;
    let mail = mail.unwrap();
    assert!(mail.contains("It was Firefox on Linux, from Osaka <Japan>, 198.51.100.0/24."), "{mail}");
    let (_, mail) = town.sign_in("203.0.113.7").await;
    let mail = mail.unwrap();
    assert!(mail.contains("It was Firefox on Linux, from 203.0.113.0/24."), "{mail}");

    let (_, page) =
        town.ask(Request::get("/account/devices").header(COOKIE, cookie), "198.51.100.7", "").await;
    for told in ["Lyon, France, 192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(page.contains("Osaka &#60;Japan&#62;") && !page.contains("<Japan>"), "{page}");
    assert!(!page.contains("192.0.2.7"), "the address itself is kept nowhere");
}
