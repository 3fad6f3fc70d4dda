//! The laws of the house, checked on the resolved dependency graph with all features on, and on the source itself.
//!
//! A law that is only a habit breaks unnoticed; these are red when broken, and `laws/breaches.rs` shows that they are.

#[cfg(test)]
#[path = "laws/breaches.rs"]
mod breaches;
#[cfg(test)]
#[path = "laws/graph.rs"]
mod graph;
#[cfg(test)]
#[path = "laws/rules.rs"]
mod rules;
#[cfg(test)]
#[path = "laws/source.rs"]
mod source;

use graph::Graph;

#[test]
fn the_house_keeps_its_laws() {
    let graph = Graph::of_this_workspace();
    let mut broken = rules::broken_by(&graph);
    broken.extend(source::broken_by(&graph));
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}
