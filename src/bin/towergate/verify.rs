//! `towergate verify`: what a standard asks for, and what shows that it is so.

mod json;
mod markdown;
mod text;

use clap::{
    Args, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser, ValueParser},
};
use towergate::{
    assurance::{Report, report, whole_report},
    identity::rules::assurance::Assurance,
};

/// Print what a standard asks for, and what shows that it is met
///
/// Each row is met, the host's duty, or not met.
///
/// Ends with 1 while something is not met that a standard insists on, else with 0.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The assurance profiles; `all` is every row of both standards
    #[arg(long, value_name = "PROFILE", value_delimiter = ',', required = true, value_parser = profiles())]
    assurance: Vec<Asked>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    All,
    Profile(Assurance),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people at a terminal of 80 columns
    Text,
    /// For programs
    Json,
    /// The page of the manual
    Markdown,
}

impl Verify {
    /// What is printed, and whether everything holds.
    pub(crate) fn run(&self) -> (String, bool) {
        let report = self.report();
        let printed = match self.format {
            Format::Text => text::print(&report, &self.title()),
            Format::Json => json::print(&report, &self.names()),
            Format::Markdown => markdown::print(&report),
        };
        (printed, report.holds())
    }

    fn report(&self) -> Report {
        let profiles: Option<Vec<Assurance>> = self.assurance.iter().map(|asked| asked.profile()).collect();
        profiles.map_or_else(whole_report, |profiles| report(&profiles))
    }

    fn names(&self) -> Vec<&'static str> {
        self.assurance.iter().map(|asked| asked.as_str()).collect()
    }

    fn title(&self) -> String {
        self.names().join(" and ")
    }
}

impl Asked {
    const fn profile(self) -> Option<Assurance> {
        match self {
            Self::All => None,
            Self::Profile(profile) => Some(profile),
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Profile(profile) => profile.as_str(),
        }
    }
}

fn profiles() -> ValueParser {
    let words = Assurance::ALL.into_iter().map(Assurance::as_str).chain(["all"]).map(PossibleValue::new);
    let read = |word: String| word.parse().map_or(Asked::All, Asked::Profile);
    ValueParser::new(PossibleValuesParser::new(words).map(read))
}
