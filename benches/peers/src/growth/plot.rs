//! The curves, as text that a browser draws: both scales of tens.

use std::fmt::Write;

use super::{At, steps::STEPS};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 500.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 370.0;
const COLOURS: [&str; 5] = ["#1f77b4", "#2e8b57", "#c0392b", "#8e44ad", "#d9a514"];

pub(super) fn whole(name: &str, all: &[At]) -> String {
    let costs = || all.iter().flat_map(|at| at.steps.iter().map(|took| took.median.max(1.0)));
    let (low, high) =
        (costs().fold(f64::MAX, f64::min).log10().floor(), costs().fold(1.0, f64::max).log10().ceil());
    let (first, last) = match (all.first(), all.last()) {
        (Some(first), Some(last)) => ((first.rows as f64).log10(), (last.rows as f64).log10()),
        _ => (0.0, 1.0),
    };
    let x = |rows: f64| LEFT + (rows.log10() - first) / (last - first).max(1e-9) * (RIGHT - LEFT);
    let y = |cost: f64| BOTTOM - (cost.max(1.0).log10() - low) / (high - low).max(1e-9) * (BOTTOM - TOP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <title>How cost grows with {name}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"12\" y=\"22\" font-size=\"15\">How cost grows with {name}</text>\n\
         <text x=\"12\" y=\"40\" fill=\"#555\">Median microseconds for one step, by rows of each kind</text>\n"
    );
    for power in low as i32..=high as i32 {
        let cost = 10_f64.powi(power);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{cost}</text>",
            LEFT - 6.0,
            y(cost) + 4.0,
            y = y(cost)
        );
    }
    for at in all {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            x(at.rows as f64),
            BOTTOM + 18.0,
            at.rows
        );
    }
    for (place, step) in STEPS.iter().enumerate() {
        let colour = COLOURS[place % COLOURS.len()];
        let points = all.iter().map(|at| (x(at.rows as f64), y(at.steps[place].median)));
        let line: Vec<_> = points.clone().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            line.join(" ")
        );
        for (x, y) in points {
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
        }
        let _ = writeln!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"10\" height=\"10\" fill=\"{colour}\"/><text x=\"{}\" y=\"{}\">{}</text>",
            RIGHT + 16.0,
            TOP + 20.0 * place as f64,
            RIGHT + 32.0,
            TOP + 9.0 + 20.0 * place as f64,
            step.name()
        );
    }
    svg.push_str("</svg>\n");
    svg
}
