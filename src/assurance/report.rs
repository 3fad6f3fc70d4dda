//! What a profile asks for, and how much of it is there.

use towergate_identity::rules::assurance::Assurance;

use super::{CHAPTERS, Chapter, Level, Requirement, Status, Weight};

/// The rows that were asked for, in the order of the table.
#[derive(Debug, Clone)]
pub struct Report {
    rows: Vec<(&'static Chapter, &'static Requirement)>,
}

/// How many rows stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Count {
    /// Met.
    pub met: usize,
    /// The host's to do.
    pub host_duty: usize,
    /// Not met, though the standard insists.
    pub not_met: usize,
    /// Not met, which the standard only advises.
    pub advice_not_met: usize,
}

/// What these profiles ask for together.
#[must_use]
pub fn report(profiles: &[Assurance]) -> Report {
    whole_report().of_rows(|row| profiles.iter().any(|profile| asks_for(*profile, row.level)))
}

/// Every row, also those of levels that no profile reaches.
#[must_use]
pub fn whole_report() -> Report {
    let rows = CHAPTERS.iter().flat_map(|chapter| chapter.rows.iter().map(move |row| (chapter, row)));
    Report { rows: rows.collect() }
}

impl Report {
    /// The same of some rows alone.
    #[must_use]
    pub fn of_rows(mut self, wanted: impl Fn(&Requirement) -> bool) -> Self {
        self.rows.retain(|(_, row)| wanted(row));
        self
    }

    /// Its rows.
    pub fn rows(&self) -> impl Iterator<Item = &'static Requirement> + '_ {
        self.rows.iter().map(|(_, row)| *row)
    }

    /// Its rows, each under its chapter; a chapter without rows is left out.
    pub fn chapters(&self) -> impl Iterator<Item = (&'static Chapter, Vec<&'static Requirement>)> + '_ {
        let same = |one: &(&Chapter, _), other: &(&Chapter, _)| one.0 == other.0;
        self.rows.chunk_by(same).filter_map(|chunk| {
            let (chapter, _) = chunk.first()?;
            Some((*chapter, chunk.iter().map(|(_, row)| *row).collect()))
        })
    }

    /// How many rows stand how.
    #[must_use]
    pub fn count(&self) -> Count {
        let mut count = Count::default();
        for row in self.rows() {
            let counter = match (&row.status, row.weight) {
                (Status::Met(_), _) => &mut count.met,
                (Status::HostDuty { .. }, _) => &mut count.host_duty,
                (Status::Gap { .. }, Weight::Must) => &mut count.not_met,
                (Status::Gap { .. }, Weight::Should) => &mut count.advice_not_met,
            };
            *counter = counter.saturating_add(1);
        }
        count
    }

    /// Whether everything is met or the host's to do, advice aside.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.count().not_met == 0
    }
}

const fn asks_for(profile: Assurance, level: Level) -> bool {
    match (profile, level) {
        (Assurance::Aal1, Level::Aal(from)) => from <= 1,
        (Assurance::Aal2, Level::Aal(from)) => from <= 2,
        (Assurance::AsvsL1, Level::Asvs(from)) => from <= 1,
        (Assurance::AsvsL2, Level::Asvs(from)) => from <= 2,
        (Assurance::AsvsL3, Level::Asvs(from)) => from <= 3,
        _ => false,
    }
}
