//! The laws that the dependency graph shows.

use crate::graph::{Graph, Wing};

const RUNTIMES_SERVERS_DATABASES: &[&str] = &[
    "actix-web",
    "async-std",
    "axum",
    "axum-core",
    "diesel",
    "hyper",
    "hyper-util",
    "poem",
    "redis",
    "reqwest",
    "rocket",
    "rusqlite",
    "salvo",
    "smol",
    "sqlx",
    "tokio",
    "tonic",
    "tower",
    "tower-http",
    "tower-layer",
    "tower-service",
    "warp",
];
const FRAMEWORKS: &[&str] = &["actix-web", "axum", "poem", "rocket", "salvo", "tonic", "warp"];
const RULE_CRATES: &[&str] = &["towergate-identity", "towergate-oauth", "towergate-saml"];
const PURE_SHARED: &[&str] = &["towergate-core", "towergate-jose", "towergate-oauth-types"];

/// Every breach, as a sentence; empty when the house keeps its laws.
pub(crate) fn broken_by(graph: &Graph) -> Vec<String> {
    let mut broken = Vec::new();
    for wing in
        [Wing::Facade, Wing::Shared, Wing::Inbound, Wing::Outbound, Wing::Storage, Wing::Ui, Wing::Example]
    {
        if !graph.house().any(|(_, of)| of == wing) {
            broken.push(format!("the house is empty: no crate in {wing:?}"));
        }
    }
    for (name, wing) in graph.house() {
        for reached in graph.reach(name) {
            if let Some(law) = graph.wing_of(reached).and_then(|other| forbidden_between(wing, other)) {
                broken.push(format!("{name} reaches {reached}: {law}"));
            }
            if let Some(law) = forbidden_outside(name, wing, reached) {
                broken.push(format!("{name} reaches {reached}: {law}"));
            }
        }
    }
    broken
}

fn forbidden_between(from: Wing, to: Wing) -> Option<&'static str> {
    use Wing::{Example, Facade, Federation, Inbound, Outbound, Shared, Storage, Ui, Xtask};
    match (from, to) {
        (Inbound, Outbound) | (Outbound, Inbound) => Some("law 1, inbound and outbound never meet"),
        (Federation, Outbound) | (Outbound, Federation) => Some("law 2, federation never meets outbound"),
        (Inbound, Federation) => Some("law 2, inbound never depends on federation"),
        (Shared, Inbound | Federation | Outbound | Storage | Ui) => Some("law 3, shared knows no wing"),
        (Inbound | Federation | Outbound, Storage | Ui) => Some("law 3, no wing depends on storage or ui"),
        (Ui, Storage) | (Storage, Ui) => Some("law 3, only the facade and examples depend on storage"),
        (Shared | Inbound | Federation | Outbound | Storage | Ui, Facade | Example | Xtask) => {
            Some("the house does not depend on its own front")
        }
        _ => None,
    }
}

fn forbidden_outside(name: &str, wing: Wing, reached: &str) -> Option<&'static str> {
    let pure = RULE_CRATES.contains(&name) || PURE_SHARED.contains(&name);
    if pure && RUNTIMES_SERVERS_DATABASES.contains(&reached) {
        return Some("law 4, a pure crate depends on no runtime, server, database or framework");
    }
    if wing != Wing::Example && FRAMEWORKS.contains(&reached) {
        return Some("law 6, only an example depends on a web framework");
    }
    None
}
