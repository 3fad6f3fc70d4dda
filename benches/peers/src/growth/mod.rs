//! How cost grows: the hot steps on a store that holds a thousand of everything, ten thousand, and so on.
//!
//! Rows are copies of rows that the house made itself, put in by the database alone: under other identifiers, with the same
//! secrets, so that each of them can be presented.

mod curve;
mod database;
mod fill;
mod plot;
mod steps;

use std::{fmt::Write, path::Path, time::Instant};

use database::{Postgres, Sqlite};
use fill::{Database, TABLES};
use steps::{Ground, STEPS};
use towergate::{identity::ports::IdentityStore, oauth::ports::OAuthStore};

use crate::{
    goals,
    measure::Took,
    row::{Part, Row, scratch},
};

/// How far to go.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    /// Just enough to see that it runs.
    pub quick: bool,
    /// As far as ten millions, which takes its time.
    pub huge: bool,
}

impl Reach {
    /// The power of ten to end at, and what the plot is called.
    fn of(self, name: &str, usual: u32) -> (u32, String) {
        match self {
            Self { quick: true, .. } => (4, name.to_owned()),
            Self { huge: true, .. } => (7, format!("{name}-huge")),
            _ => (usual, name.to_owned()),
        }
    }
}

/// What was measured at one size, in microseconds, one for each of the steps.
pub(crate) struct At {
    pub(crate) rows: u64,
    pub(crate) steps: Vec<Took>,
}

/// SQLite.
#[must_use]
pub fn sqlite(reach: Reach) -> Part {
    let folder = scratch();
    let (database, store) = Sqlite::new(folder.path());
    let clean = async |store: &towergate::sqlite::SqliteStore, now| store.cleanup(now).await.map(|_| ());
    grow("SQLite", reach.of("sqlite", 6), reach.quick, (database, store), clean)
}

/// PostgreSQL.
#[must_use]
pub fn postgres(reach: Reach) -> Part {
    let (database, store) = Postgres::new();
    let clean = async |store: &towergate::postgres::PostgresStore, now| store.cleanup(now).await.map(|_| ());
    grow("PostgreSQL", reach.of("postgres", 5), reach.quick, (database, store), clean)
}

fn grow<D: Database, S: IdentityStore + OAuthStore>(
    name: &str,
    (most, file): (u32, String),
    quick: bool,
    (mut database, store): (D, S),
    clean: impl AsyncFn(&S, towergate::core::Timestamp) -> Result<(), towergate::core::StoreError>,
) -> Part {
    let runtime = database.runtime();
    let ground = runtime.block_on(Ground::on(store));
    let mut all: Vec<At> = Vec::new();
    let mut sizes = Vec::new();
    let mut filled = 0;
    for power in 3..=most {
        let rows = 10_u64.pow(power);
        eprintln!("  {name}, {rows} of each");
        sizes = TABLES
            .iter()
            .map(|table| (table.name, database.fill(table, &ground.templates, filled, rows)))
            .collect();
        database.settle();
        filled = rows;
        let steps = runtime.block_on(ground.walk(rows, if quick { 40 } else { 400 }));
        all.push(At { rows, steps });
    }
    let (mut pauses, mut without) = (Vec::new(), Vec::new());
    for round in 0..(if quick { 1 } else { 5 }) {
        database.fill_expired(&ground.templates, round, if quick { 2_000 } else { 20_000 });
        let start = Instant::now();
        pauses.push(runtime.block_on(ground.pause(&clean)));
        let as_long = start.elapsed();
        let nothing = async |_: &S, _| {
            tokio::time::sleep(as_long).await;
            Ok(())
        };
        without.push(runtime.block_on(ground.pause(&nothing)));
    }
    report(name, &file, &all, &sizes, (Took::of(pauses), Took::of(without)))
}

fn report(name: &str, file: &str, all: &[At], sizes: &[(&str, f64)], (pause, without): (Took, Took)) -> Part {
    let mut part = Part::default();
    let text = &mut part.text;
    let _ = write!(
        text,
        "## How cost grows: {name}\n\nSo many users, sessions, access tokens, grants with refresh tokens, and clients; microseconds of the wall clock for one step on \
         a row drawn at random: the tenth that was fastest / median.\n\n| step |"
    );
    for at in all {
        let _ = write!(text, " {} |", at.rows);
    }
    let _ = write!(text, " grows by the power |\n|---|{}---|\n", "---|".repeat(all.len()));
    let mut worst = (f64::MIN, "");
    for (place, step) in STEPS.iter().enumerate() {
        let _ = write!(text, "| {} |", step.name());
        for at in all {
            let _ = write!(text, " {:.0} / {:.0} |", at.steps[place].min, at.steps[place].median);
        }
        let points: Vec<(f64, f64)> = all.iter().map(|at| (at.rows as f64, at.steps[place].min)).collect();
        let power = curve::power(&points);
        let _ = writeln!(text, " {power:.2} |");
        if power > worst.0 {
            worst = (power, step.name());
        }
    }
    let sizes: Vec<_> = sizes.iter().map(|(table, bytes)| format!("{table} {bytes:.0}")).collect();
    let _ = writeln!(
        text,
        "\nBytes per row with its indexes: {}.\n\n![How cost grows with {name}](growth-{file}.svg)",
        sizes.join(", ")
    );
    let most = all.last().map_or(0, |at| at.rows);
    let detail = format!(
        "the worst, {}, up to {most} rows of each; a logarithm looks like 0.15 here, a scan like 1",
        worst.1
    );
    part.rows.push(Row::exact(goals::GROWTH, name, worst.0, detail));
    let detail = format!("while cleaning {name} of 20000 tokens, 8 asking at a time");
    let row = Row::new(goals::CLEANUP, name, pause, detail);
    part.rows.push(row.above("as many asking for as long, while nobody cleans", without));
    let benches = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::write(benches.join(format!("growth-{file}.svg")), plot::whole(name, all)).expect("a plot");
    part
}

/// Whether nothing grew worse than it may.
#[must_use]
pub fn holds(part: &Part) -> bool {
    let goal = goals::ALL.iter().find(|goal| goal.id == goals::GROWTH);
    part.rows
        .iter()
        .filter(|row| row.goal == goals::GROWTH)
        .all(|row| goal.is_some_and(|goal| goal.met(row.median)))
}
