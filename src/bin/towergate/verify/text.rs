//! For people at a terminal of 80 columns.

use std::fmt::Write;

use towergate::assurance::{Proof, Report, Requirement, Status, Weight};

const WIDTH: usize = 80;
/// Where the text of a row begins, after its status, name and level.
const INDENT: usize = 28;
/// Where what shows it begins.
const PROOF: usize = 4;

pub(super) fn print(report: &Report, title: &str) -> String {
    let mut page = Page(String::new());
    for (chapter, rows) in report.chapters() {
        page.line(&format!("{}, {}", chapter.standard, chapter.title));
        page.line("");
        for row in rows {
            page.row(row);
        }
    }
    page.line(&format!("{title}: {}", summary(report)));
    page.0
}

/// How many rows stand how, in one sentence.
fn summary(report: &Report) -> String {
    let count = report.count();
    let mut told =
        format!("{} met, {} the host's duty, {} not met", count.met, count.host_duty, count.not_met);
    if count.advice_not_met > 0 {
        let _ = write!(told, "; of what is only advised, {} not met", count.advice_not_met);
    }
    told.push('.');
    told
}

struct Page(String);

impl Page {
    fn row(&mut self, row: &Requirement) {
        let advised = match row.weight {
            Weight::Must => "",
            Weight::Should => "Advised: ",
        };
        let head = format!("{:<11}  {:<8} {:<4}", row.status.as_str(), row.id, row.level.to_string());
        self.wrapped(&head, INDENT, &format!("{advised}{}", row.text));
        match row.status {
            Status::Met(proofs) => self.proofs(proofs),
            Status::HostDuty { what } => self.wrapped("", PROOF, what),
            Status::Gap { missing } => self.wrapped("", PROOF, missing),
        }
        self.line("");
    }

    /// Each file once, with what is in it that shows it.
    fn proofs(&mut self, proofs: &[Proof]) {
        let mut last = "";
        for proof in proofs {
            let (file, inside) = match *proof {
                Proof::Test { file, name } => (file, name),
                Proof::Page { file, heading } => (file, heading),
            };
            if file != last {
                self.wrapped("", PROOF, file);
            }
            last = file;
            self.wrapped("", PROOF.saturating_add(2), inside);
        }
    }

    /// `head`, then `text` from column `indent` on, broken between words; a word longer than a line stays whole.
    fn wrapped(&mut self, head: &str, indent: usize, text: &str) {
        let mut line = format!("{head:<indent$}");
        let mut empty = true;
        for word in text.split_whitespace() {
            let end = line.chars().count().saturating_add(word.chars().count()).saturating_add(1);
            if !empty && end > WIDTH {
                self.line(&line);
                line = " ".repeat(indent);
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.line(&line);
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }
}
