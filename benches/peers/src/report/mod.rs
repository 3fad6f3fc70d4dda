//! `benches/REPORT.md` and its chart, from what the parts of a run left.

mod chart;
mod machine;
mod markdown;

use std::{fs, path::Path};

use crate::{
    goals::{self, Goal},
    row::{Part, Row, folder},
};

/// The parts of a run, in the order in which they are told of.
const PARTS: [&str; 10] = [
    "allocations",
    "rows",
    "load",
    "storm",
    "store-sqlite",
    "store-postgres",
    "memory",
    "growth-sqlite",
    "growth-postgres",
    "instructions",
];

/// What became of a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Met,
    Missed,
    /// Missed, and by what cannot be left out alone.
    OutOfReach,
    /// Met by one of the two figures alone.
    Doubtful,
    NotMeasured,
    /// Nothing was asked.
    Told,
}

/// A goal and what was measured for it.
pub(crate) struct Line<'a> {
    pub(crate) goal: &'a Goal,
    pub(crate) row: Option<&'a Row>,
}

impl Line<'_> {
    pub(crate) fn verdict(&self) -> Verdict {
        let Some(row) = self.row else { return Verdict::NotMeasured };
        if self.goal.bound == goals::Bound::None {
            return Verdict::Told;
        }
        match (self.goal.met(row.min), self.goal.met(row.median)) {
            (true, true) => Verdict::Met,
            (false, false) => match &row.floor {
                Some(floor) if !self.goal.met(floor.min) && !self.goal.met(floor.median) => {
                    Verdict::OutOfReach
                }
                _ => Verdict::Missed,
            },
            _ => Verdict::Doubtful,
        }
    }
}

/// Writes the report and its chart into `benches`.
pub fn write(benches: &Path) {
    let parts = parts(&PARTS);
    let lines = lines(goals::ALL, &parts);
    fs::write(benches.join("REPORT.md"), markdown::whole(&lines, &parts)).expect("the report");
    fs::write(benches.join("report.svg"), chart::whole(&lines)).expect("the chart");
}

/// Writes how cost grows to ten millions of everything.
pub fn write_growth(benches: &Path) {
    let parts = parts(&["growth-huge-sqlite", "growth-huge-postgres"]);
    let goals: Vec<Goal> = goals::ALL
        .iter()
        .filter(|goal| [goals::GROWTH, goals::CLEANUP].contains(&goal.id))
        .copied()
        .collect();
    let lines = lines(&goals, &parts);
    fs::write(benches.join("GROWTH.md"), markdown::growth(&lines, &parts)).expect("the report of growth");
}

fn parts(names: &[&'static str]) -> Vec<(&'static str, Part)> {
    names.iter().filter_map(|name| Some((*name, Part::found(&folder(), name)?))).collect()
}

/// A line for each row of each goal, and one for a goal without any.
fn lines<'a>(goals: &'a [Goal], parts: &'a [(&str, Part)]) -> Vec<Line<'a>> {
    let of = |goal: &'a Goal| {
        let rows: Vec<_> =
            parts.iter().flat_map(|(_, part)| &part.rows).filter(|row| row.goal == goal.id).collect();
        match rows.is_empty() {
            true => vec![Line { goal, row: None }],
            false => rows.into_iter().map(|row| Line { goal, row: Some(row) }).collect(),
        }
    };
    goals.iter().flat_map(of).collect()
}
