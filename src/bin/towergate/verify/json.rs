//! For programs.

use serde_json::{Value, json};
use towergate::assurance::{Chapter, Report, Requirement, Status, Weight};

pub(super) fn print(report: &Report, profiles: &[&str]) -> String {
    let count = report.count();
    let rows =
        report.chapters().flat_map(|(chapter, rows)| rows.into_iter().map(|row| written(chapter, row)));
    let whole = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "profiles": profiles,
        "holds": report.holds(),
        "count": {
            "met": count.met,
            "host_duty": count.host_duty,
            "not_met": count.not_met,
            "advice_not_met": count.advice_not_met,
        },
        "requirements": rows.collect::<Vec<_>>(),
    });
    format!("{whole:#}\n")
}

fn written(chapter: &Chapter, row: &Requirement) -> Value {
    let (status, proofs, note) = match row.status {
        Status::Met(proofs) => ("met", proofs, None),
        Status::HostDuty { what } => ("host_duty", &[][..], Some(what)),
        Status::Gap { missing } => ("not_met", &[][..], Some(missing)),
    };
    let weight = match row.weight {
        Weight::Must => "must",
        Weight::Should => "should",
    };
    json!({
        "standard": chapter.standard,
        "id": row.id,
        "level": row.level.to_string(),
        "weight": weight,
        "text": row.text,
        "status": status,
        "shown_by": proofs.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "note": note,
    })
}
