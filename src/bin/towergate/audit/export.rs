use std::{
    error::Error,
    io::{self, BufWriter, ErrorKind, Write},
};

use clap::{Args, ValueEnum};
use serde_json::json;
use towergate::core::{
    Timestamp,
    audit::{StoredEvent, chain::SealStore},
};

use crate::{place::Place, progress::Progress};

/// Events that are in memory at once.
const PAGE: u32 = 1000;

/// Write the log to the output, oldest first
///
/// However long the log is, little of it is in memory. What is written after the beginning is left out: begin the next time --after the last
/// number.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The host's database: a SQLite file, or postgres://..
    #[arg(long, value_name = "FILE|URL")]
    database: String,
    /// One object of JSON per line, or a table for a spreadsheet
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Format,
    /// Only events with greater numbers
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: i64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Jsonl,
    Csv,
}

impl Export {
    pub(crate) async fn run(&self) -> Result<(), Box<dyn Error>> {
        let place = Place::open(&self.database).await?;
        let mut output = BufWriter::new(io::stdout().lock());
        match self.write(&place, &mut output).await {
            // Nobody may be reading to the end, as `head` does.
            Err(error) if is_broken_pipe(&*error) => Ok(()),
            done => done,
        }
    }

    async fn write(&self, place: &Place, output: &mut impl Write) -> Result<(), Box<dyn Error>> {
        let end = place.newest_event().await?.unwrap_or(0);
        let mut progress = Progress::of("events exported");
        let (mut last, mut count) = (self.after, 0);
        if matches!(self.format, Format::Csv) {
            output.write_all(HEAD.as_bytes())?;
        }
        loop {
            let mut events = place.events_after(last, PAGE).await?;
            events.retain(|event| event.id <= end);
            let Some(latest) = events.last() else { break };
            last = latest.id;
            for event in &events {
                let line = match self.format {
                    Format::Jsonl => json_line(event),
                    Format::Csv => csv_line(event),
                };
                output.write_all(line.as_bytes())?;
            }
            count += u64::try_from(events.len())?;
            let done =
                last.saturating_sub(self.after).saturating_mul(1000) / end.saturating_sub(self.after).max(1);
            progress.at(count, u64::try_from(done).unwrap_or(0));
        }
        output.flush()?;
        progress.done(count);
        Ok(())
    }
}

fn json_line(event: &StoredEvent) -> String {
    let details: serde_json::Map<_, _> =
        event.details.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let line = json!({
        "id": event.id,
        "at": moment(event.at),
        "request": event.request.to_string(),
        "action": event.action,
        "outcome": event.outcome.as_str(),
        "actor": { "kind": event.actor.kind, "id": event.actor.id },
        "target": { "kind": event.target.kind, "id": event.target.id },
        "reason": event.reason,
        "details": details,
    });
    format!("{line}\n")
}

const HEAD: &str =
    "id,at,request,action,outcome,actor_kind,actor_id,target_kind,target_id,reason,details\r\n";

/// A row as RFC 4180 has it.
fn csv_line(event: &StoredEvent) -> String {
    let details: serde_json::Map<_, _> =
        event.details.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let details = serde_json::Value::Object(details).to_string();
    let fields = [
        &event.id.to_string(),
        &moment(event.at),
        &event.request.to_string(),
        &event.action,
        event.outcome.as_str(),
        &event.actor.kind,
        &event.actor.id,
        &event.target.kind,
        &event.target.id,
        event.reason.as_deref().unwrap_or_default(),
        &details,
    ];
    fields.map(cell).join(",") + "\r\n"
}

/// One field in quotes. A spreadsheet takes what begins with some signs for a formula: an apostrophe before it keeps it a text.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

/// To the millisecond, as it is kept.
fn moment(at: Timestamp) -> String {
    let seconds = at.to_rfc3339();
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), at.unix_millis().rem_euclid(1000))
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
