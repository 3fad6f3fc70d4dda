//! What the application tells of its doings.

use std::error::Error;

/// One thing that the application did, and what came of it.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) title: &'static str,
    pub(super) told: String,
    pub(super) failed: bool,
    pub(super) blocks: Vec<Block>,
    /// Where the visitor may go to do something about it.
    pub(super) way_on: Option<String>,
}

/// Something to look at.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) name: String,
    pub(super) text: String,
}

impl Block {
    pub(super) fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }
}

impl Step {
    /// It went well.
    pub(super) fn done(title: &'static str, told: impl Into<String>, blocks: Vec<Block>) -> Box<Self> {
        Box::new(Self { title, told: told.into(), failed: false, blocks, way_on: None })
    }

    /// It went wrong.
    pub(super) fn failed(title: &'static str, told: impl Into<String>) -> Box<Self> {
        Box::new(Self { title, told: told.into(), failed: true, blocks: Vec::new(), way_on: None })
    }

    /// It went wrong for this reason and all that lie behind it.
    pub(super) fn broke(title: &'static str, error: &(dyn Error + 'static)) -> Box<Self> {
        let mut told = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            told = format!("{told}: {error}");
            cause = error.source();
        }
        Self::failed(title, told)
    }
}
