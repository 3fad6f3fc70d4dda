//! What a host tells of its work, down to the last line: the spans that the manual names and no other, and nobody's secrets.

#[expect(dead_code, unused_imports, unused_macros, reason = "some of the journeys are walked here")]
#[cfg(test)]
mod journey;
#[cfg(test)]
#[path = "told/mod.rs"]
mod told;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use told::{Told, walk};
use tracing::Level;

const MANUAL: &str = include_str!("../../../src/manual/operations.md");

/// All that was told, of one walk for every law below.
static TOLD: LazyLock<Told> = LazyLock::new(walk::everything);

/// A row of the manual's table.
#[derive(Debug)]
struct Row {
    level: Level,
    fields: BTreeSet<&'static str>,
    inside: &'static str,
}

/// The manual's table.
#[cfg(test)]
fn table() -> BTreeMap<&'static str, Row> {
    let section = MANUAL.split("\n## Spans\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let words = |cell: &'static str| cell.split('`').skip(1).step_by(2);
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [span, level, fields, inside, _] = cells[..] else { panic!("five cells: {row}") };
        // `outcome`: `done`, `failed`; `queue`: what stands before a colon is a field, and what stands alone too.
        let named: Vec<_> = words(fields).collect();
        let fields = match fields.contains("`:") {
            true => named.into_iter().filter(|name| fields.contains(&format!("`{name}`:"))).collect(),
            false => named.into_iter().collect(),
        };
        (words(span).next().unwrap(), Row { level: level.parse().unwrap(), fields, inside })
    })
    .collect()
}

#[test]
fn the_manual_tells_of_every_span_and_of_no_other() {
    let table = table();
    let told: BTreeSet<_> = table.keys().copied().collect();
    let opened: BTreeSet<_> = TOLD.spans.iter().map(|span| span.name).collect();
    assert_eq!(opened, told);
    for span in &TOLD.spans {
        let row = &table[span.name];
        assert_eq!((span.level, &span.declared), (row.level, &row.fields), "{}", span.name);
        let target = if span.name == "request" { "towergate::request" } else { "towergate::span" };
        assert_eq!(span.target, target, "{}", span.name);
    }
}

#[test]
fn each_layer_works_inside_the_request_and_beside_the_others() {
    let table = table();
    for span in &TOLD.spans {
        let is_probe = span.fields.get("endpoint").is_some_and(|name| ["livez", "readyz"].contains(&&**name));
        match table[span.name].inside {
            "nothing" => assert_eq!(span.parent, None, "{span:?}"),
            _ if is_probe => assert_eq!(span.parent, None, "{span:?}"),
            inside if inside.starts_with("`request`") => {
                assert_eq!(span.parent, Some("request"), "{span:?}");
            }
            _ => {}
        }
    }
    let is = |name: &str, field: (&str, &str), parent: Option<&'static str>| {
        let is = |span: &&told::Span| span.name == name && span.parent == parent;
        let says = |span: &&told::Span| span.fields.get(field.0).is_some_and(|value| value == field.1);
        assert!(TOLD.spans.iter().filter(is).any(|span| says(&span)), "{name} {field:?} in {parent:?}");
    };
    let (request, endpoint) = (Some("request"), Some("towergate.endpoint"));
    for outcome in ["known", "unknown"] {
        is("towergate.session", ("outcome", outcome), request);
    }
    for outcome in ["user", "nobody"] {
        is("towergate.scope", ("outcome", outcome), request);
    }
    for outcome in ["admitted", "refused"] {
        for layer in ["api_token", "bearer", "rate_limit", "require_permission"] {
            is(&format!("towergate.{layer}"), ("outcome", outcome), request);
        }
    }
    for name in ["login", "token", "authorize", "interaction", "userinfo", "jwks", "register", "api_tokens"] {
        is("towergate.endpoint", ("endpoint", name), request);
    }
    is("towergate.hashing", ("outcome", "done"), endpoint);
    is("towergate.store", ("step", "establish_session"), endpoint);
    is("towergate.http", ("outcome", "done"), endpoint);
}

#[test]
fn no_span_names_anybody_and_nothing_that_is_told_is_a_secret() {
    let spans = TOLD.spans.iter().flat_map(|span| {
        span.fields.iter().map(move |(field, value)| (span.level, "towergate::span", field, value))
    });
    let lines = TOLD.events.iter().flat_map(|event| {
        event.fields.iter().map(move |(field, value)| (event.level, event.target, field, value))
    });
    let mut heard = 0;
    for (level, target, field, value) in spans.chain(lines) {
        heard += 1;
        let holds = |private: &&String| value.contains(&***private);
        let secret = TOLD.secrets.iter().find(holds);
        assert!(secret.is_none(), "{target} {level} {field}: {value}");
        if level <= Level::INFO {
            let person = TOLD.people.iter().find(holds);
            assert!(person.is_none(), "{target} {level} {field}: {value}");
        }
        // What is written down for good is written down of somebody; that line goes by identifiers.
        if target != "towergate::audit" && level <= Level::INFO {
            let user = TOLD.users.iter().find(holds);
            assert!(user.is_none(), "{target} {level} {field}: {value}");
        }
    }
    assert!(heard > 1000 && !TOLD.users.is_empty() && TOLD.secrets.len() > 15, "{heard}");
    assert!(TOLD.events.iter().any(|event| event.target == "towergate::audit"));
}
