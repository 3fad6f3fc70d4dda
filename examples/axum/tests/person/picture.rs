//! Pictures of pages, wide and narrow, light and dark, kept in `target/browser-screenshots`, by framework.

use std::path::PathBuf;

use serde_json::json;

use super::chromium::Chromium;

const SCHEMES: [&str; 2] = ["light", "dark"];
const WIDTHS: [(&str, u64); 2] = [("wide", 1280), ("narrow", 360)];
const HEIGHT: u64 = 800;

impl Chromium {
    /// Looks at the page that the browser shows, in each of its guises: everybody can use it, nothing of it hangs over the
    /// edge, and a picture of it is kept.
    pub(crate) async fn looks_right(&self, page: &str) {
        for scheme in SCHEMES {
            let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
            self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
            for (name, width) in WIDTHS {
                self.size(width, HEIGHT).await;
                let guise = format!("{page}-{name}-{scheme}");
                self.is_accessible(&guise).await;
                let over = self.hangs_over().await;
                assert!(over.is_empty(), "{guise}: {over} hangs over the edge");
                self.size(width, self.height().await.max(HEIGHT)).await;
                self.picture(&guise).await;
            }
        }
        self.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await;
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": [] })).await;
    }

    /// Looks at the page as it is.
    pub(crate) async fn looks_right_here(&self, page: &str) {
        self.is_accessible(page).await;
        self.picture(page).await;
    }

    async fn picture(&self, name: &str) {
        let folder = folder();
        std::fs::create_dir_all(&folder).unwrap();
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    async fn size(&self, width: u64, height: u64) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// What of the page reaches out of it to the right.
    async fn hangs_over(&self) -> String {
        let script = "const edge = document.querySelector('main').getBoundingClientRect().right + 1;
            return [...document.querySelectorAll('main *')]
                .filter(part => part.getBoundingClientRect().right > edge)
                .map(part => part.outerHTML.slice(0, 80)).join(', ')";
        let parts = self.client.execute(script, Vec::new()).await.unwrap();
        parts.as_str().unwrap().to_owned()
    }

    /// How high the page would like to be.
    async fn height(&self) -> u64 {
        let script = "return document.documentElement.scrollHeight";
        self.client.execute(script, Vec::new()).await.unwrap().as_u64().unwrap()
    }
}

fn folder() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let framework = env!("CARGO_PKG_NAME").trim_start_matches("towergate-example-");
    root.join(target).join("browser-screenshots").join(framework)
}
