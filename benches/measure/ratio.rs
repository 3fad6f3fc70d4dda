//! Ours over its yardstick, from the estimates of this run.

#![expect(clippy::print_stdout, reason = "the ratios are what a bench is run for")]

use std::{env, fs, path::Path};

use serde_json::Value;

/// Prints `group/ours` over the sum of the yardsticks, each so many times; nothing when this run measured nothing.
pub(crate) fn print(group: &str, ours: &str, yardsticks: &[(&str, &str, f64)]) {
    if env::args().any(|argument| ["--test", "--list"].contains(&argument.as_str())) {
        return;
    }
    let sum = yardsticks.iter().map(|(group, name, times)| Some(median(group, name)? * times));
    let (Some(ours_took), Some(yardstick)) = (median(group, ours), sum.sum::<Option<f64>>()) else { return };
    let names: Vec<_> = yardsticks.iter().map(|(_, name, times)| format!("{times} x {name}")).collect();
    println!("{group}: {ours} / ({}) = {:.2}x", names.join(" + "), ours_took / yardstick);
}

/// The median of a measurement, in nanoseconds.
fn median(group: &str, name: &str) -> Option<f64> {
    let file = Path::new(super::FOLDER).join(group.replace('/', "_")).join(name).join("new/estimates.json");
    let estimates: Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    estimates.get("median")?.get("point_estimate")?.as_f64()
}
