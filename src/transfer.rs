//! Moving a host from SQLite to PostgreSQL: every row of every table, resumable, and proven at the end.
//!
//! This is what `towergate migrate copy` runs; the page [moving to PostgreSQL](crate::manual::moving_to_postgres) has the steps of a
//! move. In order:
//!
//! 1. The source is locked: nobody else may have it open ([`Source::open`]).
//! 2. Every table and column must have its counterpart, and the target no row that a copy has not written ([`Target::open`],
//!    [`Target::begin`]).
//! 3. What an earlier run has copied must still be what the source says; otherwise [`CopyError::SourceChanged`].
//! 4. Rows go over in batches, in the order of their keys; each batch is kept together with how far it came, at once.
//! 5. Both sides are read from the beginning, and compared row by row and by a digest per table. Only when all are the same does the
//!    target become a database that a host can open.

use std::collections::VecDeque;

use crate::core::{
    Timestamp,
    transfer::{Row, Table, Tally, Value},
};
use crate::{
    postgres::transfer::{Copied, Target, TargetError},
    sqlite::transfer::{Source, SourceError},
};

/// Rows that are written at once.
const BATCH: u32 = 1000;

/// What a copy is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Writing rows.
    Copying,
    /// Reading both sides.
    Verifying,
}

/// How both sides of a table compare.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The table.
    pub table: String,
    /// The rows of the source.
    pub source: Tally,
    /// The rows of the target.
    pub target: Tally,
    /// The first row that is not the same, if there is one, and what is wrong with it.
    pub difference: Option<String>,
}

impl Compared {
    /// Whether both sides are the same.
    #[must_use]
    pub fn same(&self) -> bool {
        self.difference.is_none() && self.source.is(&self.target)
    }
}

/// How a copy came out.
#[derive(Debug)]
pub struct Report {
    /// Each table, in the order in which they were filled.
    pub tables: Vec<Compared>,
    /// When an earlier run found both sides to be the same.
    pub finished_before: Option<Timestamp>,
}

impl Report {
    /// Whether both sides are the same.
    #[must_use]
    pub fn same(&self) -> bool {
        self.tables.iter().all(Compared::same)
    }

    /// The rows of the source.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.source.rows()).sum()
    }
}

/// Why a copy stopped. What was written before stays, and the same call goes on from there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The source could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The target could not be written.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Rows that were copied are not what the source says now.
    #[error(
        "the source has changed since its rows were copied, in {0}: a host wrote to it meanwhile, or it is another database. \
         Stop every host of it, and begin again with --start-over"
    )]
    SourceChanged(String),
    /// Rows of the source are not what was copied once and is in use by now.
    #[error(
        "this copy was finished at {at}, and the source has changed since then, in {table}: nothing was done. If the target is not in \
         use yet, drop its schema and copy again"
    )]
    SourceChangedAfter {
        /// When it was finished.
        at: String,
        /// The table.
        table: String,
    },
}

/// Copies what is not copied yet, and compares all of it. `told` hears how many rows of how many are done.
///
/// # Errors
/// When one of the two sides fails, or the source changed since an earlier run.
pub async fn copy(
    source: &Source,
    target: &mut Target,
    now: Timestamp,
    mut told: impl FnMut(Stage, u64, u64),
) -> Result<Report, CopyError> {
    target.begin().await?;
    let tables = target.tables().to_vec();
    let whole = tables.iter().map(|table| source.count(table)).sum::<Result<u64, _>>()?;
    let (mut done, mut finished_before) = (0, None);
    for table in &tables {
        let copied = target.copied(table).await?;
        finished_before = copied.verified_at;
        check_unchanged(source, table, &copied)?;
        fill(source, target, table, copied, |rows| told(Stage::Copying, done + rows, whole)).await?;
        done += source.count(table)?;
    }
    let mut compared = Vec::new();
    done = 0;
    for table in &tables {
        let both = compare(source, target, table, |rows| told(Stage::Verifying, done + rows, whole)).await?;
        done += both.source.rows();
        compared.push(both);
    }
    let report = Report { tables: compared, finished_before };
    if report.same() && finished_before.is_none() {
        target.finish(source.last_event()?, now).await?;
    }
    Ok(report)
}

async fn fill(
    source: &Source,
    target: &mut Target,
    table: &Table,
    mut copied: Copied,
    mut told: impl FnMut(u64),
) -> Result<(), CopyError> {
    while !copied.complete {
        let rows = source.rows(table, copied.last.as_deref(), BATCH)?;
        copied = target.write(table, &rows, &copied).await?;
        told(copied.tally.rows());
    }
    Ok(())
}

/// Reads again what was copied: a row that came, went or changed there gives another digest.
fn check_unchanged(source: &Source, table: &Table, copied: &Copied) -> Result<(), CopyError> {
    let mut again = Tally::of(&table.name);
    let mut last: Option<Vec<Value>> = None;
    while again.rows() < copied.tally.rows() {
        let left = copied.tally.rows() - again.rows();
        let rows = source.rows(table, last.as_deref(), u32::try_from(left).unwrap_or(u32::MAX).min(BATCH))?;
        let Some(row) = rows.last() else { break };
        last = Some(table.key_of(row).to_vec());
        rows.iter().for_each(|row| again.add(row));
    }
    let more = copied.complete && !source.rows(table, last.as_deref(), 1)?.is_empty();
    if again.is(&copied.tally) && !more {
        return Ok(());
    }
    Err(match copied.verified_at {
        Some(at) => CopyError::SourceChangedAfter { at: at.to_rfc3339(), table: table.name.clone() },
        None => CopyError::SourceChanged(table.name.clone()),
    })
}

/// Reads both sides in step.
async fn compare(
    source: &Source,
    target: &mut Target,
    table: &Table,
    mut told: impl FnMut(u64),
) -> Result<Compared, CopyError> {
    let (mut here, mut there) = (Side::of(table), Side::of(table));
    let mut difference = None;
    loop {
        if here.waiting.is_empty() {
            here.refill(table, source.rows(table, here.last.as_deref(), BATCH)?);
            told(here.tally.rows());
        }
        if there.waiting.is_empty() {
            let rows = target.rows(table, there.last.as_deref(), BATCH).await?;
            there.refill(table, rows);
        }
        let (left, right) = (here.waiting.front(), there.waiting.front());
        let key = |row: Option<&Row>| row.map(|row| table.key_of(row).to_vec());
        let (only_here, only_there) = match (key(left), key(right)) {
            (None, None) => break,
            (Some(left), Some(right)) => (left < right, right < left),
            (left, _) => (left.is_some(), left.is_none()),
        };
        let problem = match (left, right) {
            (Some(row), _) if only_here => Some((row, "is missing in the target")),
            (_, Some(row)) if only_there => Some((row, "is only in the target")),
            (Some(left), Some(right)) if left != right => Some((left, "is not the same in the target")),
            _ => None,
        };
        if let (Some((row, problem)), None) = (problem, &difference) {
            difference = Some(format!("{} {problem}", table.row(row)));
        }
        if !only_there {
            here.pass();
        }
        if !only_here {
            there.pass();
        }
    }
    Ok(Compared { table: table.name.clone(), source: here.tally, target: there.tally, difference })
}

/// One side of a table while it is read.
struct Side {
    tally: Tally,
    waiting: VecDeque<Row>,
    last: Option<Vec<Value>>,
}

impl Side {
    fn of(table: &Table) -> Self {
        Self { tally: Tally::of(&table.name), waiting: VecDeque::new(), last: None }
    }

    fn refill(&mut self, table: &Table, rows: Vec<Row>) {
        if let Some(row) = rows.last() {
            self.last = Some(table.key_of(row).to_vec());
        }
        self.waiting = rows.into();
    }

    fn pass(&mut self) {
        if let Some(row) = self.waiting.pop_front() {
            self.tally.add(&row);
        }
    }
}
