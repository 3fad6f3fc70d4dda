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

/// Writes both files into `benches`.
pub fn write(benches: &Path) {
    let parts: Vec<(&str, Part)> =
        PARTS.iter().filter_map(|name| Some((*name, Part::found(&folder(), name)?))).collect();
    let lines: Vec<Line<'_>> = goals::ALL
        .iter()
        .flat_map(|goal| {
            let rows: Vec<_> =
                parts.iter().flat_map(|(_, part)| &part.rows).filter(|row| row.goal == goal.id).collect();
            match rows.is_empty() {
                true => vec![Line { goal, row: None }],
                false => rows.into_iter().map(|row| Line { goal, row: Some(row) }).collect(),
            }
        })
        .collect();
    fs::write(benches.join("REPORT.md"), markdown::whole(&lines, &parts)).expect("the report");
    fs::write(benches.join("report.svg"), chart::whole(&lines)).expect("the chart");
}
