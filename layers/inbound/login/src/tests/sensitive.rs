//! The gate in front of sensitive changes.

use towergate_core::LocalPath;
use towergate_identity::{ports::SessionStore, rules::fact::SessionEnd};

use super::*;
use crate::sensitive::Admission;

#[tokio::test]
async fn a_session_that_ended_while_its_form_was_held_back_admits_nobody() {
    for ends in [false, true] {
        let host = Host::with_alice().await;
        let cookie = host.sign_in(ALICE, RIGHT, None).await.cookie();
        let (site, store, origin) = (host.site(), host.store.clone(), host.origin());
        let gate = service_fn(move |request: Request<Full<Bytes>>| {
            let (site, store) = (site.clone(), store.clone());
            async move {
                let session = Session::of(request.extensions()).unwrap().clone();
                let user = session.record().unwrap().user;
                if ends {
                    store.end_sessions_of(user, None, SessionEnd::RevokedByUser, origin).await.unwrap();
                }
                let here = LocalPath::parse("/account/security").unwrap();
                Ok::<_, Infallible>(match site.admit(&store, &session, &here, origin.at).await.unwrap() {
                    Admission::Admitted(_) => Response::new(Full::new(Bytes::from("admitted"))),
                    Admission::Elsewhere(response) => response.map(Full::new),
                })
            }
        });
        let layer = SessionLayer::new(host.store.clone()).clock(host.clock.clone());
        let answer = layer.layer(gate).oneshot(request("POST", "/account/security", Some(&cookie), "")).await;
        let answer = receive(answer).await;
        if ends {
            assert!(answer.header(header::LOCATION).starts_with("/login?return_to="), "{}", answer.body);
        } else {
            assert_eq!(answer.body, "admitted");
        }
    }
}
