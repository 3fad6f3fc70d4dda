//! `towergate migrate copy`: from SQLite to PostgreSQL.

use std::{error::Error, fmt::Write, path::PathBuf};

use clap::{Args, Subcommand};
use towergate::{
    core::{Clock, system::SystemClock},
    postgres::{PostgresStore, transfer::Target},
    sqlite::transfer::Source,
    transfer::{Compared, Report, Stage, copy},
};

use crate::progress::Progress;

/// Move a host to another store
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Copy(Copy),
}

/// Copy a SQLite database into a PostgreSQL database that is still empty
///
/// No host may be running on either. Stopped at any moment, the same command goes on where it was. At the end both are read and compared; until
/// they are the same, no host opens the copy. The source is not changed. Run again after that, it only compares.
#[derive(Debug, Args)]
struct Copy {
    /// The SQLite database of the host
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The PostgreSQL database: postgres://..; a password can also come by PGPASSWORD or ~/.pgpass
    #[arg(long, value_name = "URL")]
    to: String,
    /// The schema in it
    #[arg(long, value_name = "NAME", default_value = "towergate")]
    schema: String,
    /// Forget an unfinished copy, and begin with the first row again
    #[arg(long)]
    start_over: bool,
}

impl Migrate {
    /// What is printed, and whether it was done.
    pub(crate) fn run(&self) -> (String, bool) {
        let Command::Copy(copy) = &self.command;
        let done = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let done = done.map_err(Box::<dyn Error>::from).and_then(|runtime| runtime.block_on(copy.run()));
        done.unwrap_or_else(|problem| (format!("{problem}\n"), false))
    }
}

impl Copy {
    async fn run(&self) -> Result<(String, bool), Box<dyn Error>> {
        let source = Source::open(&self.from)?;
        let options = PostgresStore::options().schema(&self.schema);
        let mut target = Target::open(&options, &self.to, &source.tables()?).await?;
        if self.start_over {
            target.start_over().await?;
        }
        let mut shown: Option<(Stage, Progress, u64)> = None;
        let told = |stage, done: u64, whole: u64| {
            if shown.as_ref().is_none_or(|(before, ..)| *before != stage)
                && let Some((_, progress, count)) = shown.replace((stage, Progress::of(name(stage)), 0))
            {
                progress.done(count);
            }
            if let Some((_, progress, count)) = &mut shown {
                *count = done;
                progress.at(done, done.saturating_mul(1000) / whole.max(1));
            }
        };
        let copied = copy(&source, &mut target, SystemClock.now(), told).await;
        if let Some((_, progress, count)) = shown {
            progress.done(count);
        }
        let report = copied?;
        let text = said(&report, &source.other_tables()?)?;
        Ok((text, report.same()))
    }
}

const fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Copying => "rows copied",
        Stage::Verifying => "rows compared",
    }
}

fn said(report: &Report, others: &[String]) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    for Compared { table, source, target, difference } in &report.tables {
        let digest = source.digest().as_bytes().iter().take(8);
        let digest = digest.map(|byte| format!("{byte:02x}")).collect::<String>();
        write!(text, "{table:<32} {:>10} rows  sha256 {digest}..  ", source.rows())?;
        match difference {
            None if source.is(target) => writeln!(text, "same")?,
            None => writeln!(text, "NOT the same")?,
            Some(difference) => writeln!(text, "NOT the same, of {} rows\n    {difference}", target.rows())?,
        }
    }
    writeln!(text)?;
    if !others.is_empty() {
        writeln!(text, "not copied, being the host's own: {}", others.join(", "))?;
    }
    match (report.same(), report.finished_before) {
        (true, None) => writeln!(text, "{} rows, the same on both sides. {SEALED}", report.rows())?,
        (true, Some(at)) => writeln!(
            text,
            "{} rows, still the same on both sides; the copy was finished at {}",
            report.rows(),
            at.to_rfc3339()
        )?,
        (false, None) => {
            writeln!(text, "the two sides are not the same, and no host opens the copy: {AGAIN}")?
        }
        (false, Some(at)) => writeln!(
            text,
            "the two sides are not the same any more. The copy was finished at {}: where a host runs on it by now, this is as it \
             should be",
            at.to_rfc3339()
        )?,
    }
    Ok(text)
}

const SEALED: &str = "A host can open the copy now.\nWhat is sealed was copied as it is: the host needs the sealing keys and peppers \
                      that it had before";

const AGAIN: &str = "somebody else wrote to it. Keep them out of it, and begin again with --start-over";
