use std::io::{self, IsTerminal, Write};

/// How far a command has come, on the error stream: a bar for whoever looks on, one line at the end for all others.
pub(crate) struct Progress {
    what: &'static str,
    looked_at: bool,
    shown: Option<u64>,
}

const WIDTH: u64 = 30;

impl Progress {
    pub(crate) fn of(what: &'static str) -> Self {
        Self { what, looked_at: io::stderr().is_terminal(), shown: None }
    }

    /// So many are done, and so much of the whole in thousandths.
    pub(crate) fn at(&mut self, count: u64, thousandths: u64) {
        if self.looked_at && self.shown != Some(thousandths) {
            self.shown = Some(thousandths);
            say(&bar(self.what, count, thousandths));
        }
    }

    /// So many were done in the end.
    pub(crate) fn done(self, count: u64) {
        let line = format!("{}: {count}\n", self.what);
        say(&if self.looked_at { format!("\r\x1b[K{line}") } else { line });
    }
}

fn bar(what: &str, count: u64, thousandths: u64) -> String {
    let full = (thousandths.min(1000) * WIDTH) / 1000;
    let part = |sign: &str, count: u64| sign.repeat(usize::try_from(count).unwrap_or(0));
    format!("\r{what}: [{}{}] {count}", part("#", full), part(".", WIDTH - full))
}

/// Nobody may be reading.
fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
