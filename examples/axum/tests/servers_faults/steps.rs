//! Every step, killed in its beginning, in its middle and at its end.

use std::time::Duration;

use http::{Method, StatusCode};
use towergate::{
    core::{Clock, Secret, system::SystemClock},
    identity::rules::totp::TotpSecret,
};

use crate::{
    client::{Browser, Code, PASSWORD, Page, Tokens, code_in, is_invalid_grant, json, tokens_in},
    house::{House, TOTP, with_an_app},
    rows,
};

/// How often each step is killed: spread over the time that it takes, and a little beyond.
const KILLS: u32 = 8;
const NEW: &str = "seven purple ladders";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Login,
    SecondFactor,
    Consent,
    Code,
    Refresh,
    Revoke,
    Logout,
    LogoutEverywhere,
    Mail,
    Register,
    Reset,
}

const STEPS: [Step; 11] = [
    Step::Login,
    Step::SecondFactor,
    Step::Consent,
    Step::Code,
    Step::Refresh,
    Step::Revoke,
    Step::Logout,
    Step::LogoutEverywhere,
    Step::Mail,
    Step::Register,
    Step::Reset,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_killed_in_any_step_has_done_it_whole_or_not_at_all() {
    let mut house = House::start(1 + usize::try_from(KILLS).unwrap());
    for step in STEPS {
        assert!(step.walked(&mut house, 0, None).await, "{step:?} undisturbed");
        let took = house.took;
        let mut answered = 0;
        for kill in 0..KILLS {
            let after = took * (2 * kill + 1) / (2 * (KILLS - 2));
            let number = usize::try_from(kill).unwrap() + 1;
            answered += u32::from(step.walked(&mut house, number, Some(after)).await);
        }
        rows::check(&house.database);
        println!("{step:?}: takes {took:?}; {answered} of {KILLS} were answered before the kill");
    }
}

impl Step {
    /// Goes the way to this step, which is killed, and holds the program that is started anew to what it answered.
    /// Whether it did.
    async fn walked(self, house: &mut House, number: usize, after: Option<Duration>) -> bool {
        match self {
            Self::Login => login(house, after).await,
            Self::SecondFactor => second_factor(house, number, after).await,
            Self::Consent => consent(house, after).await,
            Self::Code => code(house, after).await,
            Self::Refresh => refresh(house, after).await,
            Self::Revoke => revoke(house, after).await,
            Self::Logout => logout(house, after).await,
            Self::LogoutEverywhere => logout_everywhere(house, after).await,
            Self::Mail => mail(house, after).await,
            Self::Register => register(house, after).await,
            Self::Reset => reset(house, after).await,
        }
    }
}

async fn login(house: &mut House, after: Option<Duration>) -> bool {
    let (email, mut browser) = (house.somebody(), Browser::default());
    let page = browser.try_open(house.client.at("/login")).await.unwrap();
    let typed = [("email", email.as_str()), ("password", PASSWORD)];
    let answer = house.cut(after, browser.try_submit(&page, &typed)).await;
    assert!(answer.as_ref().is_none_or(is_redirect), "{answer:?}");
    assert_eq!(house.is_signed_in(&browser).await, answer.is_some());
    let mut again = Browser::default();
    assert!(is_redirect(&house.sign_in(&mut again, &email, PASSWORD).await));
    assert!(house.is_signed_in(&again).await);
    answer.is_some()
}

/// A code of the app counts once, whatever happens.
async fn second_factor(house: &mut House, number: usize, after: Option<Duration>) -> bool {
    let (email, mut browser) = (with_an_app(number), Browser::default());
    let mfa = house.client.at("/mfa");
    let half = house.sign_in(&mut browser, &email, PASSWORD).await;
    let asked = browser.try_open(half.redirect().unwrap()).await.unwrap();
    let secret = TotpSecret::parse(&Secret::from(TOTP)).unwrap();
    let shown = secret.code_at(SystemClock.now()).unwrap().expose().to_owned();
    let fields = [("code", shown.as_str())];
    let answer = house.cut(after, browser.try_submit(&asked, &fields)).await;
    assert!(answer.as_ref().is_none_or(is_redirect), "{answer:?}");
    let mut accepted = usize::from(house.is_signed_in(&browser).await);
    assert!(answer.is_none() || accepted == 1, "{answer:?}");
    for _ in 0..2 {
        let mut again = Browser::default();
        house.sign_in(&mut again, &email, PASSWORD).await;
        let asked = again.try_open(mfa.clone()).await.unwrap();
        let again = again.try_submit(&asked, &fields).await.unwrap();
        accepted += usize::from(is_redirect(&again));
    }
    assert!(accepted <= 1, "a code of the app counted {accepted} times");
    answer.is_some()
}

async fn consent(house: &mut House, after: Option<Duration>) -> bool {
    let (mut browser, page, verifier) = before_consent(house).await;
    let answer = house.cut(after, browser.clone().try_submit(&page, &[("decision", "allow")])).await;
    let code = match &answer {
        Some(answer) => Some(code_in(answer)),
        None => {
            let again = browser.try_submit(&page, &[("decision", "allow")]).await.unwrap();
            // Approved by what was not answered: then the code is lost, and the person begins anew.
            (again.status != StatusCode::BAD_REQUEST).then(|| code_in(&again))
        }
    };
    if let Some(code) = code {
        let code = Code { code, verifier };
        tokens_in(&house.client.redeem(&code).await.unwrap());
        assert!(is_invalid_grant(&house.client.redeem(&code).await.unwrap()));
    }
    answer.is_some()
}

async fn code(house: &mut House, after: Option<Duration>) -> bool {
    let (client, code) = (house.client.clone(), a_code(house).await);
    let answer = house.cut(after, client.redeem(&code)).await;
    let tokens = match &answer {
        Some(answer) => Some(tokens_in(answer)),
        None => {
            let again = client.redeem(&code).await.unwrap();
            (!is_invalid_grant(&again)).then(|| tokens_in(&again))
        }
    };
    // Whoever tries again has nothing, and takes away what the first try brought.
    assert!(is_invalid_grant(&client.redeem(&code).await.unwrap()));
    if let Some(tokens) = tokens {
        is_over(house, &tokens).await;
    }
    answer.is_some()
}

async fn refresh(house: &mut House, after: Option<Duration>) -> bool {
    let (client, tokens) = (house.client.clone(), some_tokens(house).await);
    let answer = house.cut(after, client.refresh(&tokens.refresh)).await;
    let again = tokens_in(&client.refresh(&tokens.refresh).await.unwrap());
    if let Some(answer) = &answer {
        let first = tokens_in(answer);
        assert_eq!(first.refresh, again.refresh, "asked again so soon, the answer is the same");
    }
    assert!(json(&client.userinfo(&again.access).await.unwrap())["email"].is_string());
    tokens_in(&client.refresh(&again.refresh).await.unwrap());
    answer.is_some()
}

async fn revoke(house: &mut House, after: Option<Duration>) -> bool {
    let (client, tokens) = (house.client.clone(), some_tokens(house).await);
    let answer = house.cut(after, client.revoke(&tokens.refresh)).await;
    if answer.is_none() {
        assert_eq!(client.revoke(&tokens.refresh).await.unwrap().status, StatusCode::OK);
    }
    is_over(house, &tokens).await;
    answer.is_some()
}

async fn logout(house: &mut House, after: Option<Duration>) -> bool {
    let (email, mut browser) = (house.somebody(), Browser::default());
    house.sign_in(&mut browser, &email, PASSWORD).await;
    let front = browser.try_open(house.client.at("/")).await.unwrap();
    let answer = house.cut(after, browser.clone().try_submit(&front, &[])).await;
    if answer.is_none() {
        let again = browser.clone().try_submit(&front, &[]).await.unwrap();
        assert!(is_redirect(&again), "{}: {}", again.status, again.text);
    }
    assert!(!house.is_signed_in(&browser).await);
    answer.is_some()
}

async fn logout_everywhere(house: &mut House, after: Option<Duration>) -> bool {
    let (email, mut here, mut elsewhere) = (house.somebody(), Browser::default(), Browser::default());
    house.sign_in(&mut elsewhere, &email, PASSWORD).await;
    house.sign_in(&mut here, &email, PASSWORD).await;
    let page = house.client.at("/account/devices");
    let form = "action=devices-end-all";
    let mut asking = here.clone();
    let answer = house.cut(after, asking.try_send(Method::POST, page.clone(), &[], form)).await;
    if answer.is_none() {
        // Signed out here already, or not: in again, and once more.
        let mut here = Browser::default();
        house.sign_in(&mut here, &email, PASSWORD).await;
        let again = here.try_send(Method::POST, page, &[], form).await.unwrap();
        assert!(is_redirect(&again), "{}: {}", again.status, again.text);
    }
    assert!(!house.is_signed_in(&here).await && !house.is_signed_in(&elsewhere).await);
    answer.is_some()
}

/// A mail that was promised waits or was sent, and is one.
async fn mail(house: &mut House, after: Option<Duration>) -> bool {
    let (email, mut browser) = (house.somebody(), Browser::default());
    let forgot = browser.try_open(house.client.at("/forgot")).await.unwrap();
    let answer = house.cut(after, browser.try_submit(&forgot, &[("email", &email)])).await;
    let mails = rows::count(
        &house.database,
        &format!(
            "SELECT count(*) FROM towergate_mails WHERE kind LIKE '%reset%' AND user_id IN
             (SELECT id FROM towergate_users WHERE email = '{email}')"
        ),
    );
    let tokens = rows::count(
        &house.database,
        &format!("SELECT count(*) FROM towergate_email_tokens WHERE email = '{email}'"),
    );
    assert_eq!(mails, tokens, "what was made to be mailed is mailed");
    assert!(mails <= 1 && (answer.is_none() || mails == 1), "{mails}: {answer:?}");
    answer.is_some()
}

async fn register(house: &mut House, after: Option<Duration>) -> bool {
    let number = house.somebody();
    let (email, mut browser) = (format!("new-{number}"), Browser::default());
    let page = browser.try_open(house.client.at("/register")).await.unwrap();
    let typed = [("email", email.as_str()), ("password", NEW)];
    let answer = house.cut(after, browser.clone().try_submit(&page, &typed)).await;
    if answer.is_none() {
        let again = browser.try_submit(&page, &typed).await.unwrap();
        assert!(again.status.is_success() || is_redirect(&again), "{}: {}", again.status, again.text);
    }
    let accounts = format!("SELECT count(*) FROM towergate_users WHERE email = '{email}'");
    assert_eq!(rows::count(&house.database, &accounts), 1);
    let mut again = Browser::default();
    house.sign_in(&mut again, &email, NEW).await;
    assert!(house.is_signed_in(&again).await, "whoever made an account is in");
    answer.is_some()
}

/// One of the two passwords counts: the new one, where it was answered.
async fn reset(house: &mut House, after: Option<Duration>) -> bool {
    let (email, mut browser) = (house.somebody(), Browser::default());
    let forgot = browser.try_open(house.client.at("/forgot")).await.unwrap();
    browser.try_submit(&forgot, &[("email", &email)]).await.unwrap();
    let page = browser.try_open(house.link_to(&email).await).await.unwrap();
    let answer = house.cut(after, browser.try_submit(&page, &[("new_password", NEW)])).await;
    let (mut one, mut other) = (Browser::default(), Browser::default());
    house.sign_in(&mut one, &email, PASSWORD).await;
    house.sign_in(&mut other, &email, NEW).await;
    let (by_old, by_new) = (house.is_signed_in(&one).await, house.is_signed_in(&other).await);
    assert!(by_old != by_new && (answer.is_none() || by_new), "{by_old} {by_new}: {answer:?}");
    answer.is_some()
}

async fn before_consent(house: &mut House) -> (Browser, Page, String) {
    let (email, mut browser) = (house.somebody(), Browser::default());
    let (url, verifier) = house.client.leave();
    let login = browser.try_open(url).await.unwrap();
    let consent = browser.submit(&login, &[("email", &email), ("password", PASSWORD)]).await;
    (browser, consent, verifier)
}

async fn a_code(house: &mut House) -> Code {
    let (mut browser, consent, verifier) = before_consent(house).await;
    let answer = browser.try_submit(&consent, &[("decision", "allow")]).await.unwrap();
    Code { code: code_in(&answer), verifier }
}

async fn some_tokens(house: &mut House) -> Tokens {
    let code = a_code(house).await;
    tokens_in(&house.client.redeem(&code).await.unwrap())
}

async fn is_over(house: &House, tokens: &Tokens) {
    let told = house.client.introspect(&tokens.access).await.unwrap();
    assert_eq!(json(&told)["active"], false, "{}", told.text);
    let refused = house.client.refresh(&tokens.refresh).await.unwrap();
    assert!(is_invalid_grant(&refused), "{}", refused.text);
}

fn is_redirect(answer: &Page) -> bool {
    answer.status == StatusCode::SEE_OTHER
}
