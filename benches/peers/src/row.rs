//! What was measured for one row of the report, and the folder where the parts of a run leave theirs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::measure::Took;

/// What was measured for a goal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Which goal it is of.
    pub goal: String,
    /// What was measured, in words, when one goal has several.
    pub what: String,
    /// From the least of both sides.
    pub min: f64,
    /// From the middle of both sides.
    pub median: f64,
    /// What stands behind the ratio.
    pub detail: String,
    /// What nobody could go below, measured in the same run.
    #[serde(default)]
    pub floor: Option<Floor>,
}

/// What a row would be for somebody who did only what cannot be left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Floor {
    /// What cannot be left out, in words.
    pub what: String,
    /// From the least of both sides.
    pub min: f64,
    /// From the middle of both sides.
    pub median: f64,
}

impl Row {
    /// A row of two figures.
    pub fn new(goal: &str, what: &str, took: Took, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { goal: goal.into(), what: what.into(), min: took.min, median: took.median, detail, floor: None }
    }

    /// With the figure that `what` alone would have.
    #[must_use]
    pub fn above(mut self, what: &str, floor: Took) -> Self {
        self.floor = Some(Floor { what: what.into(), min: floor.min, median: floor.median });
        self
    }

    /// A row of one exact figure.
    pub fn exact(goal: &str, what: &str, figure: f64, detail: impl Into<String>) -> Self {
        Self::new(goal, what, Took { min: figure, median: figure }, detail)
    }
}

/// What one part of a run leaves.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Part {
    /// What it measured.
    pub rows: Vec<Row>,
    /// What it did not measure, and why.
    pub notes: Vec<String>,
    /// Text of its own for the report.
    pub text: String,
    /// What it was started by.
    pub command: String,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl Part {
    /// Leaves it under `name` for the report.
    pub fn leave(&self, folder: &Path, name: &str) {
        fs::create_dir_all(folder).expect("a folder for results");
        let text = serde_json::to_string_pretty(self).expect("JSON");
        fs::write(folder.join(format!("{name}.json")), text).expect("a file for results");
    }

    /// What was left under `name`.
    #[must_use]
    pub fn found(folder: &Path, name: &str) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(format!("{name}.json"))).ok()?).ok()
    }
}

/// Where the parts leave what they measured.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/results")
}

/// A folder for databases, on the disk that the builds are on; it goes with its owner.
#[must_use]
pub fn scratch() -> tempfile::TempDir {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    fs::create_dir_all(&target).and_then(|()| tempfile::tempdir_in(target)).expect("a folder")
}
