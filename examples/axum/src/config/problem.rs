//! What is wrong with a configuration: all of it, in the order of the file.

use std::{error::Error, fmt, ops::Range};

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    source: String,
    line_starts: Vec<usize>,
    list: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line it stands in, counted from one.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub text: String,
}

impl Problems {
    pub(super) fn of(source: &str, text: &str) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at.saturating_add(1));
        Self {
            source: source.to_owned(),
            line_starts: std::iter::once(0).chain(starts).collect(),
            list: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, place: &Range<usize>, text: impl Into<String>) {
        let line = self.line_starts.partition_point(|start| *start <= place.start);
        self.list.push(Problem { line, text: text.into() });
    }

    pub(super) fn or_else<T>(mut self, value: Option<T>) -> Result<T, Self> {
        self.list.sort();
        self.list.dedup();
        match value {
            Some(value) if self.list.is_empty() => Ok(value),
            _ => Err(self),
        }
    }

    /// What is wrong, in the order of the file.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.list
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.list.len() == 1 { "problem" } else { "problems" };
        write!(f, "{}: {} {noun}", self.source, self.list.len())?;
        for problem in &self.list {
            write!(f, "\n  line {}: {}", problem.line, problem.text)?;
        }
        Ok(())
    }
}

impl Error for Problems {}
