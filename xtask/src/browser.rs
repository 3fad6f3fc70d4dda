//! `cargo xtask browser`: a person in Chromium at the pages of both examples.

use std::fs;

use crate::{
    needs,
    run::{Failure, cargo},
    test::{Count, counted},
};

/// Walks through both examples in Chromium, looks at every page, and keeps pictures of them.
pub(crate) fn alone() -> Result<Count, Failure> {
    needs::of_browser()?;
    forget_pictures()?;
    let arguments = [
        "test",
        "--package",
        "towergate-example-axum",
        "--package",
        "towergate-example-warp",
        "--all-features",
        "--no-fail-fast",
        "--test",
        "browser",
    ];
    let count = counted(cargo(&arguments).env("TOWERGATE_BROWSER_TESTS", "1"))?;
    if count.failed > 0 { Err(Failure(format!("browser: {count}"))) } else { Ok(count) }
}

/// Throws the pictures of an earlier run away, so that none is of a page that is gone.
pub(crate) fn forget_pictures() -> Result<(), Failure> {
    let pictures = needs::target().join("browser-screenshots");
    match fs::remove_dir_all(&pictures) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure(format!("{}: {error}", pictures.display())))
        }
        _ => Ok(()),
    }
}
