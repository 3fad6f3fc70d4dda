//! `cargo xtask check`: every gate but the tests, cheapest first.

use crate::{
    features,
    run::{Failure, cargo, is_here, root, show},
};

/// Runs every gate and stops at the first that is red.
pub(crate) fn all() -> Result<(), Failure> {
    show(&mut cargo(&["fmt", "--all", "--", "--check"]))?;
    let peers = root().join("benches/peers");
    show(cargo(&["fmt", "--", "--check"]).current_dir(&peers))?;
    show(&mut cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-Dwarnings"]))?;
    // They stand outside the workspace, and would not be missed until somebody measures.
    let mut clippy = cargo(&["clippy", "--locked", "--all-targets", "--", "-Dwarnings"]);
    show(clippy.current_dir(peers).env_remove("CARGO_TARGET_DIR"))?;
    show(cargo(&["doc", "--workspace", "--all-features", "--no-deps"]).env("RUSTDOCFLAGS", "-Dwarnings"))?;
    features::each()?;
    if !is_here("cargo-deny") {
        show(&mut cargo(&["install", "cargo-deny", "--locked", "--version", "0.20.2"]))?;
    }
    show(&mut cargo(&["deny", "check", "bans", "licenses", "sources"]))
}
