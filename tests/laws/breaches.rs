//! The test of the test: each law turns red when it is broken on purpose.

use crate::{
    graph::{Graph, Package, Wing},
    rules, source,
};

fn house() -> Graph {
    let mut graph = Graph::default();
    for folder in [
        "",
        "layers/shared/core",
        "layers/shared/jose",
        "layers/shared/guarded-http",
        "layers/inbound/identity",
        "layers/inbound/session",
        "layers/federation/saml",
        "layers/outbound/oauth",
        "layers/outbound/oauth-server",
        "layers/storage/sqlite",
        "layers/ui/pages",
        "examples/axum",
    ] {
        let name = match folder {
            "" => String::from("towergate"),
            "examples/axum" => String::from("towergate-example-axum"),
            _ => format!("towergate-{}", folder.rsplit('/').next().unwrap()),
        };
        graph.packages.insert(name, Package { folder: Some(folder.into()), ..Package::default() });
    }
    for foreign in ["tokio", "axum", "between"] {
        graph.packages.insert(foreign.into(), Package::default());
    }
    graph
}

fn with(edges: &[(&str, &str)]) -> Vec<String> {
    let mut graph = house();
    for (from, to) in edges {
        graph.packages.get_mut(*from).unwrap().depends_on.insert((*to).into());
    }
    rules::broken_by(&graph)
}

#[test]
fn a_lawful_house_is_green() {
    let edges = [
        ("towergate", "towergate-sqlite"),
        ("towergate-sqlite", "towergate-oauth"),
        ("towergate-sqlite", "towergate-identity"),
        ("towergate-example-axum", "axum"),
        ("towergate-session", "tokio"),
    ];
    assert_eq!(with(&edges), Vec::<String>::new());
}

#[test]
fn an_empty_house_is_red() {
    assert!(!rules::broken_by(&Graph::default()).is_empty());
    assert!(!source::broken_by(&Graph::default()).is_empty());
}

#[test]
fn each_forbidden_edge_is_red() {
    for (law, from, to) in [
        ("law 1", "towergate-session", "towergate-oauth"),
        ("law 1", "towergate-oauth-server", "towergate-identity"),
        ("law 2", "towergate-saml", "towergate-oauth"),
        ("law 2", "towergate-identity", "towergate-saml"),
        ("law 3", "towergate-core", "towergate-identity"),
        ("law 3", "towergate-guarded-http", "towergate-oauth"),
        ("law 3", "towergate-session", "towergate-sqlite"),
        ("law 3", "towergate-oauth-server", "towergate-pages"),
        ("law 3", "towergate-pages", "towergate-sqlite"),
        ("law 4", "towergate-oauth", "tokio"),
        ("law 4", "towergate-jose", "tokio"),
        ("law 6", "towergate-session", "axum"),
        ("own front", "towergate-session", "towergate"),
    ] {
        let broken = with(&[(from, to)]);
        assert!(broken.iter().any(|breach| breach.contains(law)), "{from} -> {to}: {broken:?}");
    }
}

#[test]
fn a_detour_does_not_hide_a_breach() {
    assert!(!with(&[("towergate-session", "between"), ("between", "towergate-oauth")]).is_empty());
}

#[test]
fn each_breach_in_the_source_is_red() {
    let rules = "layers/outbound/oauth/src/rules/x.rs";
    for (wing, shown, text) in [
        (Wing::Outbound, rules, "async fn f() {}"),
        (Wing::Outbound, rules, "use crate::ports::Store;"),
        (
            Wing::Storage,
            "layers/storage/sqlite/src/x.rs",
            "use towergate_oauth::a; use towergate_session::b;",
        ),
        (Wing::Outbound, "layers/outbound/oauth-server/src/x.rs", "impl AccountResolver for X {}"),
        (Wing::Example, "examples/axum/src/main.rs", "impl AccountResolver for X {}"),
        (Wing::Shared, "layers/shared/core/src/x.rs", "unsafe { f() }"),
        (Wing::Shared, "layers/shared/arena/src/lib.rs", "unsafe { f() }\nunsafe { g() }"),
    ] {
        assert!(!source::breaches_of(shown, wing, text).is_empty(), "{text}");
    }
    assert!(source::breaches_of(rules, Wing::Outbound, "// async is what ports are for").is_empty());
}

#[test]
fn a_crate_that_does_not_forbid_what_is_unsafe_is_red() {
    let breaches = |folder: &str, text: &str| source::breaches_of_manifest(folder.as_ref(), text).len();
    let lints = "[lints]\nworkspace = true\n";
    assert_eq!(breaches("layers/shared/core", lints), 0);
    assert_eq!(breaches("layers/shared/core", "[lints.rust]\n"), 1);
    assert_eq!(breaches("layers/shared/arena", "[lints.rust]\n"), 0);
    assert_eq!(breaches("", &format!("{lints}unsafe_code = \"forbid\"")), 0);
    assert_eq!(breaches("", lints), 1);
    assert_eq!(
        source::breaches_of("layers/shared/arena/src/lib.rs", Wing::Shared, "unsafe { f() }").len(),
        0
    );
}
