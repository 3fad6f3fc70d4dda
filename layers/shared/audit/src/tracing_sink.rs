//! The sink that speaks through `tracing`.

use std::fmt;

use towergate_core::audit::{Event, Outcome, Sink};

/// Emits one `tracing` event with the target `towergate::audit` for each audit event: `info` for what succeeded, `warn`
/// for what was refused or broke.
#[derive(Debug, Clone, Copy, Default)]
pub struct TracingSink;

impl Sink for TracingSink {
    fn record(&self, event: &Event) {
        macro_rules! emit {
            ($level:ident) => {
                tracing::$level!(
                    target: "towergate::audit",
                    request = %event.origin.request,
                    at = event.origin.at.unix_millis(),
                    actor.kind = event.actor.kind,
                    actor.id = event.actor.id.as_str(),
                    target.kind = event.target.kind,
                    target.id = event.target.id.as_str(),
                    outcome = event.outcome.as_str(),
                    reason = event.reason,
                    details = %Details(&event.details),
                    "{}",
                    event.action
                )
            };
        }
        match event.outcome {
            Outcome::Succeeded => emit!(info),
            Outcome::Refused | Outcome::Failed => emit!(warn),
        }
    }
}

/// `name=value` with a blank between; control characters escaped, so that a line of a log stays one line.
struct Details<'a>(&'a [(&'static str, String)]);

impl fmt::Display for Details<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            let blank = if index == 0 { "" } else { " " };
            write!(f, "{blank}{name}={}", value.escape_debug())?;
        }
        Ok(())
    }
}
