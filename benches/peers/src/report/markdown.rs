//! The report in words.

use std::fmt::Write;

use super::{Line, Verdict, machine};
use crate::{
    goals::{Bound, Goal},
    row::Part,
};

pub(super) fn whole(lines: &[Line<'_>], parts: &[(&str, Part)]) -> String {
    let mut text = String::from(
        "# What the house costs\n\nWritten by `cargo xtask bench`. Each figure compares two sides that were measured in turns in the same run, \
         since absolute times drift on shared machines; \"least\" is from the least that each side took, \"median\" from the middle.\n\
         CPU time of one thread inside a process, CPU of the server process over HTTP, unless a row says otherwise. A row is doubtful when only one of its \
         two figures is good enough. A floor is what the row would be for somebody who did only what cannot be left out, measured in the same run; where the \
         floor itself misses the goal, the row is missed as *out of reach*.\n\n![Ours over each goal](report.svg)\n\n",
    );
    if parts.iter().any(|(_, part)| part.command.contains("--quick")) {
        text.push_str("**Only tried, not measured: by `--quick`.** The figures show that everything runs, and nothing else.\n\n");
    }
    if cfg!(debug_assertions) {
        text.push_str("**Built without optimisation: the figures mean nothing.**\n\n");
    }
    summary(&mut text, lines);
    table(&mut text, lines);
    texts(&mut text, parts);
    notes(&mut text, parts);
    machine(&mut text, parts);
    text
}

pub(super) fn growth(lines: &[Line<'_>], parts: &[(&str, Part)]) -> String {
    let mut text = String::from(
        "# How cost grows, to ten millions of everything\n\nWritten by `cargo xtask bench --growth`, which fills a database for this alone: the usual report ends \
         earlier.\n\n",
    );
    table(&mut text, lines);
    texts(&mut text, parts);
    machine(&mut text, parts);
    text
}

fn texts(text: &mut String, parts: &[(&str, Part)]) {
    for (_, part) in parts {
        if !part.text.is_empty() {
            let _ = writeln!(text, "{}\n", part.text.trim_end());
        }
    }
}

fn machine(text: &mut String, parts: &[(&str, Part)]) {
    text.push_str("## Machine, versions, commands\n\n");
    for (name, value) in machine::lines() {
        let _ = writeln!(text, "- {name}: {value}");
    }
    let versions: Vec<_> =
        machine::versions().iter().map(|(name, version)| format!("{name} {version}")).collect();
    let _ = writeln!(text, "- versions: {}", versions.join(", "));
    text.push_str("\n| command | seconds |\n|---|---|\n");
    for (_, part) in parts {
        let _ = writeln!(text, "| `{}` | {:.0} |", part.command, part.seconds);
    }
}

fn summary(text: &mut String, lines: &[Line<'_>]) {
    let count = |verdict| lines.iter().filter(|line| line.verdict() == verdict).count();
    let _ = writeln!(
        text,
        "{} met, {} doubtful, {} missed, {} missed and out of reach, {} not measured.\n",
        count(Verdict::Met),
        count(Verdict::Doubtful),
        count(Verdict::Missed),
        count(Verdict::OutOfReach),
        count(Verdict::NotMeasured)
    );
}

fn table(text: &mut String, lines: &[Line<'_>]) {
    text.push_str(
        "| what | against | goal | least | median | | floor | behind it |\n|---|---|---|---|---|---|---|---|\n",
    );
    for line in lines {
        let Goal { title, against, unit, .. } = line.goal;
        let goal = goal(line.goal);
        let verdict = match line.verdict() {
            Verdict::Met => "met",
            Verdict::Missed => "**missed**",
            Verdict::OutOfReach => "**missed**, *out of reach*",
            Verdict::Doubtful => "*doubtful*",
            Verdict::NotMeasured => "**not measured**",
            Verdict::Told => "",
        };
        let figure = |figure| format!("{}{}{unit}", figure_of(figure), space(unit));
        let (what, min, median, detail) = match line.row {
            Some(row) => {
                let what = if row.what.is_empty() { String::new() } else { format!(": {}", row.what) };
                (what, figure(row.min), figure(row.median), row.detail.as_str())
            }
            None => (String::new(), String::from("-"), String::from("-"), ""),
        };
        let floor = line.row.and_then(|row| row.floor.as_ref()).map_or_else(String::new, |floor| {
            format!("{} / {}: {}", figure(floor.min), figure(floor.median), floor.what)
        });
        let _ = writeln!(
            text,
            "| {title}{what} | {against} | {goal} | {min} | {median} | {verdict} | {floor} | {detail} |"
        );
    }
    text.push('\n');
}

fn notes(text: &mut String, parts: &[(&str, Part)]) {
    let notes: Vec<&String> = parts.iter().flat_map(|(_, part)| &part.notes).collect();
    if notes.is_empty() {
        return;
    }
    text.push_str("## Notes\n\n");
    for note in notes {
        let _ = writeln!(text, "- {note}");
    }
    text.push('\n');
}

/// The goal, as people write it.
pub(super) fn goal(goal: &Goal) -> String {
    let unit = goal.unit;
    match goal.bound {
        Bound::Most(most) => format!("at most {most}{}{unit}", space(unit)),
        Bound::Least(least) => format!("at least {least}{}{unit}", space(unit)),
        Bound::None => String::from("-"),
    }
}

pub(super) const fn space(unit: &str) -> &str {
    if unit.len() == 1 && unit.as_bytes()[0] == b'x' || unit.is_empty() { "" } else { " " }
}

/// Three digits that mean something.
pub(super) fn figure_of(figure: f64) -> String {
    let digits = match figure.abs() {
        figure if figure >= 100.0 || figure == figure.trunc() => 0,
        figure if figure >= 10.0 => 1,
        _ => 2,
    };
    format!("{figure:.digits$}")
}
