//! `towergate audit`: what an operator or an auditor does with the log of a database, which a host may be writing meanwhile.

mod export;
mod verify;

use std::error::Error;

use clap::{Args, Subcommand};

/// Prove the audit log, or take it elsewhere
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Export(export::Export),
    Verify(verify::Verify),
}

impl Audit {
    /// What is printed at the end, and whether it was done.
    pub(crate) fn run(&self) -> (String, bool) {
        let done = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let done = done.map_err(Box::<dyn Error>::from).and_then(|runtime| {
            runtime.block_on(async {
                match &self.command {
                    Command::Export(export) => export.run().await.map(|()| (String::new(), true)),
                    Command::Verify(verify) => verify.run().await,
                }
            })
        });
        done.unwrap_or_else(|problem| (format!("{problem}\n"), false))
    }
}
