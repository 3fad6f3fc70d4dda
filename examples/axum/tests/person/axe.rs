//! Whether everybody can use a page: what [axe-core](https://github.com/dequelabs/axe-core) finds on it.

use std::{path::PathBuf, sync::LazyLock};

use serde_json::{Value, json};
use towergate_example_axum::run::Framework;

use super::{chromium::Chromium, place::Place};

/// The rules of WCAG 2.2 at its levels A and AA, which hold those of the editions before.
const RULES: [&str; 4] = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

/// How many rules a page at least meets; a run of fewer looked at nothing.
const LEAST: u64 = 5;

static AXE: LazyLock<String> = LazyLock::new(|| {
    let file = folder().join("node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!("{}: {error}: `cargo xtask browser` installs it", file.display());
    })
});

/// Runs as the driver's, to which the policy of the page does not apply.
const RUN: &str = r"
    const done = arguments[arguments.length - 1];
    const options = { runOnly: { type: 'tag', values: arguments[0] }, preload: false, iframes: false };
    axe.run(document, options).then(
        found => done({ passed: found.passes.length, against: found.violations.flatMap(rule => rule.nodes.map(
            node => `${rule.id} at ${node.target.join(' ')}: ${node.failureSummary}`)) }),
        error => done({ passed: 0, against: [String(error)] }));
";

/// Only what hears is a proof.
pub(crate) async fn a_page_that_keeps_people_out_is_noticed<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.go(&place.at("/login")).await;
    browser.is_accessible("login").await;
    let script = "document.querySelector('label[for=email]').remove(); document.title = ''";
    browser.client.execute(script, Vec::new()).await.unwrap();
    let against = browser.keeps_out().await;
    for broken in ["label at #email: ", "document-title at html: "] {
        assert!(against.iter().any(|line| line.starts_with(broken)), "{broken}: {against:?}");
    }
    browser.close().await;
    place.close().await;
}

impl Chromium {
    /// Nothing on the page that the browser shows keeps anybody out.
    pub(crate) async fn is_accessible(&self, page: &str) {
        let against = self.keeps_out().await;
        assert!(against.is_empty(), "{page}: {}", against.join("\n"));
    }

    /// The rules that the page breaks, each with where and why.
    async fn keeps_out(&self) -> Vec<String> {
        self.client.execute(&AXE, Vec::new()).await.unwrap();
        let found = self.client.execute_async(RUN, vec![json!(RULES)]).await.unwrap();
        assert!(found["passed"].as_u64() >= Some(LEAST), "{found}");
        let against = found["against"].as_array().unwrap();
        against.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/browser")
}
