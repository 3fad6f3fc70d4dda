//! The page of the manual.

use std::fmt::Write;

use towergate::{
    assurance::{Report, Requirement, Status, Weight},
    identity::rules::assurance::Assurance,
};

const HEAD: &str = "# Assurance

What NIST SP 800-63B-4 and OWASP ASVS 5.0 ask of signing in, and how things stand. The texts are short and ours; the standards
themselves count. NIST numbers no sentences: an `N` is followed by a section of SP 800-63B-4 and a letter of ours.

This page is printed by the program itself, from the table that its tests hold to be true:

```sh
cargo run --features cli --bin towergate -- verify --assurance all --format markdown > src/manual/assurance.md
cargo run --features cli --bin towergate -- verify --assurance aal2,asvs-l2
```

The second command prints what two profiles ask for together, and ends with 1 while something is not met that a standard insists on.

";

pub(super) fn print(report: &Report) -> String {
    let mut page = String::from(HEAD);
    profiles(&mut page);
    counts(&mut page, report);
    for (chapter, rows) in report.chapters() {
        let _ = write!(
            page,
            "\n## {} {}\n\n| | Level | Asked for | Status | Shown by, or what there is to do |\n|---|---|---|---|---|\n",
            chapter.standard, chapter.title
        );
        for row in rows {
            line(&mut page, row);
        }
    }
    page
}

/// What each profile sets.
fn profiles(page: &mut String) {
    page.push_str(
        "## What a profile sets\n\nOne choice sets it all; of several the stricter counts. A host may be stricter, and weaker only by an `insecure_` name: \
         see `identity::rules::assurance`.\n\n",
    );
    let columns = Assurance::ALL.map(|level| level.profile().settings().in_words());
    let names: Vec<_> = Assurance::ALL.map(Assurance::as_str).into();
    let _ = writeln!(page, "| Setting | {} | Ruled by |", names.join(" | "));
    page.push_str("|---|---|---|---|---|---|---|\n");
    let mut columns = columns.map(Vec::into_iter);
    loop {
        let row: Vec<_> = columns.iter_mut().filter_map(Iterator::next).collect();
        let Some(first) = row.first() else { break };
        let values: Vec<_> = row.iter().map(|setting| setting.value.as_str()).collect();
        let _ =
            writeln!(page, "| `{}` | {} | {} |", first.name, values.join(" | "), first.ruled_by.join(", "));
    }
    page.push('\n');
}

fn counts(page: &mut String, report: &Report) {
    page.push_str(
        "## How much is there\n\n| | met | host's duty | not met | advice not met |\n|---|---|---|---|---|\n",
    );
    for level in Assurance::ALL {
        let count = towergate::assurance::report(&[level]).count();
        let _ = writeln!(
            page,
            "| `{level}` | {} | {} | {} | {} |",
            count.met, count.host_duty, count.not_met, count.advice_not_met
        );
    }
    let count = report.count();
    let _ = writeln!(
        page,
        "| every row below | {} | {} | {} | {} |",
        count.met, count.host_duty, count.not_met, count.advice_not_met
    );
}

fn line(page: &mut String, row: &Requirement) {
    let shown = match row.status {
        Status::Met(proofs) => {
            proofs.iter().map(|proof| format!("`{proof}`")).collect::<Vec<_>>().join("<br>")
        }
        Status::HostDuty { what } => what.to_owned(),
        Status::Gap { missing } => missing.to_owned(),
    };
    let advised = match row.weight {
        Weight::Must => "",
        Weight::Should => "Advised: ",
    };
    let _ = writeln!(
        page,
        "| {} | {} | {advised}{} | {} | {shown} |",
        row.id,
        row.level,
        row.text,
        row.status.as_str()
    );
}
