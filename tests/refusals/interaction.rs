//! On the way between the request and its answer: the same browser, the same person, in time, once.

use http::{Method, header};
use towergate::core::id::Uuid;

use crate::{
    house::{
        ISSUER,
        steps::{signed_in, to_consent},
    },
    refusal::Refusal,
    request::{Sent, and, but, get, of_alice, post, request},
    stage::Stage,
};

fn cookies(sent: Sent, pairs: &[(&str, &str)]) -> Sent {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    and(and(sent, header::COOKIE, &pairs.join("; ")), header::ORIGIN, ISSUER)
}

pub(crate) async fn browsers(stage: &mut Stage) -> Vec<Refusal> {
    let mut other = signed_in(&stage.house).await;
    let others = to_consent(&mut other).await;
    stage.secrets.extend(other.cookies.values().cloned());
    let (session, bound) = (other.cookies["__Host-tgs"].clone(), other.cookies["__Host-tgib"].clone());
    let bobs = stage.session_of("bob@example.com").await;
    let alices = stage.alice.cookies["__Host-tgib"].clone();
    let asked = stage.asked.clone();
    let allow = "decision=allow";
    let unknown = format!("/interaction/{}", Uuid::nil());
    let mut rows = vec![
        Refusal::page("no identifier", of_alice(stage, get("/interaction/")), 400, "invalid_request"),
        Refusal::page(
            "no identifier, answered",
            of_alice(stage, post("/interaction/", allow)),
            400,
            "invalid_request",
        ),
        Refusal::page(
            "a torn identifier",
            of_alice(stage, get(asked.split_at(asked.len() - 1).0)),
            400,
            "invalid_request",
        ),
        Refusal::page(
            "more than an identifier",
            of_alice(stage, get(&format!("{asked}/x"))),
            400,
            "invalid_request",
        ),
        Refusal::page("an unknown identifier", of_alice(stage, get(&unknown)), 400, "invalid_request"),
        Refusal::page(
            "an unknown identifier, answered",
            of_alice(stage, post(&unknown, allow)),
            400,
            "invalid_request",
        ),
        Refusal::page("another browser's question", of_alice(stage, get(&others)), 403, "access_denied"),
        Refusal::page(
            "another browser's question, answered",
            of_alice(stage, post(&others, allow)),
            403,
            "access_denied",
        ),
    ];
    for (law, pairs) in [
        ("without cookies", vec![]),
        ("signed in, in another browser", vec![("__Host-tgs", session.as_str()), ("__Host-tgib", &bound)]),
        ("signed in, without the browser's cookie", vec![("__Host-tgs", &session)]),
        ("with another browser's cookie alone", vec![("__Host-tgib", &bound)]),
        ("of somebody else in the same browser", vec![("__Host-tgs", &bobs), ("__Host-tgib", &alices)]),
        ("with a made-up cookie", vec![("__Host-tgs", &session), ("__Host-tgib", "tgib_x.y")]),
    ] {
        let look = cookies(get(&asked), &pairs);
        rows.push(Refusal::page(format!("a look {law}"), look, 403, "access_denied"));
        let answer = cookies(post(&asked, allow), &pairs);
        rows.push(Refusal::page(format!("an answer {law}"), answer, 403, "access_denied"));
    }
    rows
}

pub(crate) async fn answers(stage: &mut Stage) -> Vec<Refusal> {
    let answered = to_consent(&mut stage.alice).await;
    stage.alice.post(&answered, "decision=allow").await;
    let denied = to_consent(&mut stage.alice).await;
    stage.alice.post(&denied, "decision=deny").await;
    let asked = stage.asked.clone();
    let unclear = "invalid_request";
    let mut rows = Vec::new();
    for (law, form) in [
        ("nothing", String::new()),
        ("an empty answer", String::from("decision=")),
        ("maybe", String::from("decision=maybe")),
        ("yes in capitals", String::from("decision=ALLOW")),
        ("yes and no", String::from("decision=allow&decision=deny")),
        ("yes and yes", String::from("decision=allow&decision=allow")),
        ("yes, remembered twice", String::from("decision=allow&remember=on&remember=on")),
        ("an answer of no UTF-8", String::from("decision=%ff")),
        ("an answer of more than 64 KiB", format!("decision=allow&x={}", "x".repeat(65_536))),
    ] {
        rows.push(Refusal::page(law, of_alice(stage, post(&asked, &form)), 400, unclear));
    }
    let form = post(&asked, "decision=allow");
    let plain = but(of_alice(stage, post(&asked, "decision=allow")), header::CONTENT_TYPE, "text/plain");
    rows.push(Refusal::page("an answer of another media type", plain, 400, unclear));
    let query = post(&format!("{asked}?decision=allow"), "");
    rows.push(Refusal::page("an answer in the query", of_alice(stage, query), 400, unclear));
    for (law, path) in [("what was allowed", &answered), ("what was denied", &denied)] {
        let already = "answered already";
        rows.push(Refusal::page(format!("{law}, looked at again"), of_alice(stage, get(path)), 400, already));
        for choice in ["allow", "deny"] {
            let again = of_alice(stage, post(path, &format!("decision={choice}")));
            rows.push(Refusal::page(format!("{law}, answered again with {choice}"), again, 400, already));
        }
    }
    let elsewhere = but(of_alice(stage, form.clone()), header::ORIGIN, "https://evil.example");
    rows.push(Refusal::plain("an answer that another site sent", elsewhere, 403));
    let marked = and(of_alice(stage, form.clone()), "sec-fetch-site".parse().unwrap(), "cross-site");
    rows.push(Refusal::plain("an answer that the browser says another site sent", marked, 403));
    let beside = and(of_alice(stage, form), "sec-fetch-site".parse().unwrap(), "same-site");
    rows.push(Refusal::plain("an answer that a neighbour site sent", beside, 403));
    for method in [Method::PUT, Method::DELETE] {
        let sent = of_alice(stage, request(method.clone(), &asked, ""));
        rows.push(Refusal::plain(format!("{method} of it"), sent, 405).header(header::ALLOW, "GET, POST"));
    }
    rows
}

/// A quarter of an hour later.
pub(crate) async fn expired(stage: &mut Stage) -> Vec<Refusal> {
    stage.later(900);
    let asked = stage.asked.clone();
    let (look, answer) = (get(&asked), post(&asked, "decision=allow"));
    [("a question of a quarter of an hour ago", look), ("an answer a quarter of an hour late", answer)]
        .map(|(law, sent)| Refusal::page(law, of_alice(stage, sent), 400, "waited too long"))
        .into_iter()
        .enumerate()
        // Whoever comes with a session that has not been used for so long prolongs it.
        .map(|(place, row)| if place == 0 { row.changed("sessions") } else { row })
        .collect()
}
