//! The chart: how each figure stands to its goal, as text that a browser draws.

use std::fmt::Write;

use super::{Line, Verdict, markdown};
use crate::goals::Bound;

const WIDTH: f64 = 1080.0;
const ROW: f64 = 20.0;
const HEAD: f64 = 56.0;
/// Where names end and bars begin.
const LEFT: f64 = 470.0;
/// Where the goal is; a bar that ends before it is good.
const GOAL: f64 = 690.0;
/// What a factor of ten is long.
const DECADE: f64 = 150.0;

pub(super) fn whole(lines: &[Line<'_>]) -> String {
    let shown: Vec<_> = lines.iter().filter_map(|line| Some((line, beyond(line)?))).collect();
    let height = HEAD + ROW * shown.len() as f64 + 16.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <title>How each figure stands to its goal</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"12\" y=\"22\" font-size=\"15\">How each figure stands to its goal</text>\n\
         <text x=\"12\" y=\"40\" fill=\"#555\">Median of one run, on a scale of tens. Left of the line: better than the goal. Grey: out of reach for anybody, see the floor in the report.</text>\n"
    );
    for (place, (line, beyond)) in shown.iter().enumerate() {
        let top = HEAD + ROW * place as f64;
        bar(&mut svg, line, *beyond, top);
    }
    let _ = writeln!(
        svg,
        "<line x1=\"{GOAL}\" y1=\"{}\" x2=\"{GOAL}\" y2=\"{}\" stroke=\"#222\"/>\n\
         <text x=\"{GOAL}\" y=\"{}\" text-anchor=\"middle\">goal</text>\n</svg>",
        HEAD - 4.0,
        height - 12.0,
        HEAD - 8.0
    );
    svg
}

/// How many times worse than the goal a figure is; less than one is better.
fn beyond(line: &Line<'_>) -> Option<f64> {
    let figure = line.row?.median.max(1e-3);
    match line.goal.bound {
        // Nothing cannot be divided by: one more than nothing counts as the double.
        Bound::Most(0.0) => Some(if figure < 0.5 { 0.5 } else { 1.0 + figure }),
        Bound::Most(most) => Some(figure / most),
        Bound::Least(least) => Some(least / figure),
        Bound::None => None,
    }
}

fn bar(svg: &mut String, line: &Line<'_>, beyond: f64, top: f64) {
    let colour = match line.verdict() {
        Verdict::Missed => "#c0392b",
        Verdict::OutOfReach => "#8d99a6",
        Verdict::Doubtful => "#d9a514",
        _ => "#2e8b57",
    };
    let end = (GOAL + DECADE * beyond.log10()).clamp(LEFT + 4.0, WIDTH - 150.0);
    let row = line.row;
    let mut name = line.goal.title.to_owned();
    if let Some(row) = row.filter(|row| !row.what.is_empty()) {
        let _ = write!(name, ": {}", row.what);
    }
    let against = if line.goal.against == "-" { String::new() } else { format!(" / {}", line.goal.against) };
    let name = format!("{name}{against}").replace('`', "").replace('&', "&amp;").replace('<', "&lt;");
    // What does not fit is in the report.
    let name =
        if name.chars().count() > 84 { name.chars().take(82).chain("…".chars()).collect() } else { name };
    let figure = row.map_or_else(String::new, |row| markdown::figure_of(row.median));
    let (bar, text) = (top + 3.0, top + 14.0);
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{text}\" text-anchor=\"end\" font-size=\"10\">{name}</text>\
         <rect x=\"{LEFT}\" y=\"{bar}\" width=\"{:.1}\" height=\"{}\" fill=\"{colour}\"/>\
         <text x=\"{:.1}\" y=\"{text}\">{figure}{}{} <tspan fill=\"#777\">({})</tspan></text>",
        LEFT - 8.0,
        end - LEFT,
        ROW - 6.0,
        end + 5.0,
        markdown::space(line.goal.unit),
        line.goal.unit,
        markdown::goal(line.goal)
    );
}
