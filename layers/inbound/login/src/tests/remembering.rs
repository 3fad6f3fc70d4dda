//! Staying signed in, and the limit of sessions, on the pages of every way in.

use towergate_identity::{
    ports::visit::{Beyond, SessionLimit},
    rules::{assurance::SessionCount, totp::TotpSecret},
};
use towergate_session::RememberLayer;

use super::{
    factors::sealing,
    magic::Town,
    register::{code, token},
    *,
};
use crate::{FactorRoutes, MagicRoutes, password::TOO_MANY_SESSIONS};

const FULL: SessionLimit = SessionLimit { most: SessionCount::AtMost(1), beyond: Beyond::RefuseNew };

impl Town {
    /// Through a host that remembers browsers, or not, and lets a person have so many sessions.
    async fn through(&self, remembers: bool, limit: SessionLimit, request: Request<Full<Bytes>>) -> Answer {
        self.host.clock.advance(Duration::from_secs(1));
        let Host { store, clock, random, .. } = &self.host;
        let session =
            SessionLayer::new(store.clone()).clock(clock.clone()).random(random.clone()).limit(limit);
        let magic = MagicRoutes::new(store.clone(), self.room.clone(), self.host.site());
        let factors = FactorRoutes::new(store.clone(), sealing(), "Example", self.host.site());
        let inner = magic.layer(self.host.routes().layer(factors.layer(service_fn(who))));
        if remembers {
            let inner = RememberLayer::new(store.clone()).layer(inner);
            return receive(session.layer(inner).oneshot(request).await).await;
        }
        receive(session.layer(inner).oneshot(request).await).await
    }
}

fn remembers(answer: &Answer) -> bool {
    let set = answer.headers.get_all(header::SET_COOKIE).iter();
    set.into_iter().any(|set| set.to_str().unwrap().starts_with("__Host-tgr="))
}

#[tokio::test]
async fn a_browser_stays_signed_in_by_mail_where_that_is_wanted_and_offered() {
    for (offered, asked, stays) in
        [(true, true, true), (true, false, false), (false, true, false), (false, false, false)]
    {
        for by_link in [true, false] {
            let town = Town::with_alice().await;
            let (browser, mail) = town.asked(ALICE).await;
            let (token, code) = (token(&mail), code(&mail));
            let mut fields = if by_link {
                vec![("token", token.as_str())]
            } else {
                vec![("email", ALICE), ("code", code.as_str())]
            };
            if asked {
                fields.push(("remember", "1"));
            }
            let post = request("POST", "/magic", Some(&browser), &form(&fields));
            let answer = town.through(offered, SessionLimit::default(), post).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
            assert_eq!(remembers(&answer), stays, "{offered} {asked} {by_link}");
            let page =
                town.through(offered, SessionLimit::default(), request("GET", "/magic", None, "")).await;
            assert_eq!(page.body.contains("remember true"), offered, "{}", page.body);
        }
    }
}

#[tokio::test]
async fn whoever_may_not_sign_in_once_more_reads_why_on_every_page() {
    let town = Town::with_alice().await;
    let sign_in = form(&[("email", ALICE), ("password", RIGHT)]);
    let login = || request("POST", "/login", None, &sign_in);
    assert_eq!(town.through(true, FULL, login()).await.status, StatusCode::SEE_OTHER);
    let told = town.through(true, FULL, login()).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.body.contains(TOO_MANY_SESSIONS), "{}", told.body);

    let (browser, mail) = town.asked(ALICE).await;
    let link = form(&[("token", &token(&mail))]);
    let told = town.through(true, FULL, request("POST", "/magic", Some(&browser), &link)).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.body.contains(TOO_MANY_SESSIONS), "{}", told.body);

    let secret = TotpSecret::fresh(&town.host.random).unwrap();
    let alice = town.host.alice().await;
    town.host.authenticator().import(alice, &secret, town.host.origin()).await.unwrap();
    town.host.later(30);
    let first = town.through(true, SessionLimit::default(), login()).await.cookie();
    let code = form(&[("code", &town.host.code(&secret))]);
    let whole = town.through(true, FULL, request("POST", "/mfa", Some(&first), &code)).await;
    assert_eq!(whole.status, StatusCode::SEE_OTHER, "{}", whole.body);
    town.host.later(30);
    let half = town.through(true, FULL, login()).await.cookie();
    let code = form(&[("code", &town.host.code(&secret))]);
    let told = town.through(true, FULL, request("POST", "/mfa", Some(&half), &code)).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.body.contains(TOO_MANY_SESSIONS), "{}", told.body);
}

#[cfg(feature = "social")]
mod elsewhere {
    use towergate_guarded_http::{GuardedClient, Policy};
    use towergate_session::SessionError;

    use super::*;
    use crate::social::{SocialError, SocialRoutes};

    #[test]
    fn whoever_comes_back_from_elsewhere_reads_why_too() {
        let host = Host::new();
        let client = GuardedClient::new(Policy::new()).unwrap();
        let routes = SocialRoutes::new(host.store.clone(), [], client, "https://h.example", host.site());
        let told = routes.refusal(&SocialError::Session(SessionError::TooMany));
        assert_eq!(told.status(), StatusCode::FORBIDDEN);
        assert_eq!(told.body(), TOO_MANY_SESSIONS);
    }
}
