//! One sign-in, signed out of by many at once, and told of by many.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use http::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use towergate::{
    core::{Clock, audit::Origin, system::OsRandom},
    guarded_http::{GuardedClient, Policy},
    identity::ports::IdentityStore,
    oauth::{ports::OAuthStore, rules::client::ClientId},
};

use crate::{
    house::{
        CLIENT, House,
        browser::token_request,
        rows::Log,
        server,
        steps::{VERIFIER, encode, exchange, signed_in, to_code},
    },
    together::together,
};

const BYE: &str = "https://shop.example/bye";

pub(crate) async fn a_sign_out_by_many_is_told_once_by_one<I, O>(people: I, grants: O)
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let house = House::on(people.clone(), grants.clone()).await;
    let (uri, heard) = listener().await;
    let found = grants.find_client(&ClientId::parse(CLIENT).unwrap()).await.unwrap();
    let mut shop = Arc::unwrap_or_clone(found.unwrap());
    shop.metadata.post_logout_redirect_uris = vec![BYE.to_owned()];
    shop.metadata.backchannel_logout_uri = Some(uri);
    let origin = Origin::detached(house.clock.now(), &OsRandom::new()).unwrap();
    grants.put_client(shop, origin).await.unwrap();
    let mut browser = signed_in(&house).await;
    let code = to_code(&mut browser).await;
    let answer = token_request(&house.app, &exchange(&code, VERIFIER)).await.json();
    let hint = answer["id_token"].as_str().unwrap();
    let path = format!("/oauth/end_session?id_token_hint={hint}&post_logout_redirect_uri={}", encode(BYE));

    let answers = together(8, |_| {
        let (mut browser, path) = (browser.clone(), path.clone());
        async move { browser.get(&path).await }
    })
    .await;
    for answer in answers {
        assert_eq!(
            (answer.status, answer.location.as_str()),
            (StatusCode::SEE_OTHER, BYE),
            "{}",
            answer.text
        );
    }
    assert!(people.sessions_of(house.alice, house.clock.now()).await.unwrap().is_empty());
    assert_eq!(grants.log().iter().filter(|fact| fact.starts_with("logout.queued")).count(), 1);

    let outbound = GuardedClient::new(Policy::new().danger_allow_loopback()).unwrap();
    let server = server(&grants, house.clock.clone(), Arc::new(OsRandom::new())).await.outbound(outbound);
    let delivered = together(4, |_| {
        let server = server.clone();
        async move { server.deliver_logouts().await.unwrap().delivered }
    })
    .await;
    assert_eq!(delivered.iter().sum::<u64>(), 1);
    assert_eq!(heard.load(Ordering::SeqCst), 1);
}

/// A client's own address, and how many requests came there.
async fn listener() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/told", listener.local_addr().unwrap());
    let heard = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut some = [0; 4096];
            if tcp.read(&mut some).await.is_ok_and(|count| count > 0) {
                counts.fetch_add(1, Ordering::SeqCst);
                let _ = tcp.write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n").await;
            }
        }
    });
    (uri, heard)
}
