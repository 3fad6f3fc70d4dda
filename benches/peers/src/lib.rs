//! What the house costs, beside what others cost: rows of a report of ratios.
//!
//! `cargo xtask bench` runs all of it and writes `benches/REPORT.md`. Each part can be run alone: `cargo run --release --
//! rows`, and so on; without words it says which there are.

pub mod bare;
pub mod floors;
pub mod goals;
pub mod growth;
#[path = "../../../tests/house/mod.rs"]
#[expect(dead_code, reason = "the benches use a part of what the tests share")]
pub(crate) mod house;
pub mod instructions;
mod least;
pub mod load;
pub mod measure;
pub mod report;
pub mod row;
pub mod rows;
pub mod stacks;
mod visit;
