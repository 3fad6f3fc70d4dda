//! The resolved dependency graph: who is in the house, in which wing, and whom each depends on.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Packages by name; an edge is a normal or build dependency, never one of tests alone.
#[derive(Debug, Default, Clone)]
pub(crate) struct Graph {
    pub(crate) packages: BTreeMap<String, Package>,
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Package {
    /// The folder of a workspace member, relative to the root; `None` for everybody else's crates.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) depends_on: BTreeSet<String>,
}

/// Where a crate of the house belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wing {
    Facade,
    Shared,
    Inbound,
    Federation,
    Outbound,
    Storage,
    Ui,
    Example,
    Xtask,
}

impl Graph {
    pub(crate) fn of_this_workspace() -> Self {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| String::from("cargo"));
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--all-features"])
            .current_dir(root())
            .output()
            .expect("cargo metadata runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self::read(&serde_json::from_slice(&output.stdout).expect("cargo metadata speaks JSON"))
    }

    fn read(metadata: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let members: BTreeSet<_> = array(&metadata["workspace_members"]).iter().map(text).collect();
        let mut names = BTreeMap::new();
        let mut graph = Self::default();
        for package in array(&metadata["packages"]) {
            let (id, name) = (text(&package["id"]), text(&package["name"]));
            let manifest = PathBuf::from(text(&package["manifest_path"]));
            let folder = members
                .contains(&id)
                .then(|| manifest.parent().and_then(|at| at.strip_prefix(root()).ok()).map(Path::to_path_buf))
                .flatten();
            names.insert(id, name.clone());
            let entry = graph.packages.entry(name).or_default();
            entry.folder = entry.folder.take().or(folder);
        }
        for node in array(&metadata["resolve"]["nodes"]) {
            let Some(from) = names.get(&text(&node["id"])) else { continue };
            for dependency in array(&node["deps"]) {
                let for_tests_only = array(&dependency["dep_kinds"]).iter().all(|kind| kind["kind"] == "dev");
                let Some(to) = names.get(&text(&dependency["pkg"])) else { continue };
                if !for_tests_only && let Some(package) = graph.packages.get_mut(from) {
                    package.depends_on.insert(to.clone());
                }
            }
        }
        graph
    }

    /// The crates of the house.
    pub(crate) fn house(&self) -> impl Iterator<Item = (&str, Wing)> {
        self.packages
            .iter()
            .filter_map(|(name, package)| Some((name.as_str(), wing(package.folder.as_deref()?)?)))
    }

    /// Everything that `name` reaches, itself excluded.
    pub(crate) fn reach(&self, name: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut open = vec![name];
        while let Some(next) = open.pop() {
            for to in self.packages.get(next).into_iter().flat_map(|package| &package.depends_on) {
                if reached.insert(to.as_str()) {
                    open.push(to);
                }
            }
        }
        reached
    }

    /// The wing of a crate of the house.
    pub(crate) fn wing_of(&self, name: &str) -> Option<Wing> {
        wing(self.packages.get(name)?.folder.as_deref()?)
    }
}

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn wing(folder: &Path) -> Option<Wing> {
    let mut parts = folder.iter().map(|part| part.to_str().unwrap_or_default());
    Some(match (parts.next().unwrap_or_default(), parts.next()) {
        ("", None) => Wing::Facade,
        ("layers", Some("shared")) => Wing::Shared,
        ("layers", Some("inbound")) => Wing::Inbound,
        ("layers", Some("federation")) => Wing::Federation,
        ("layers", Some("outbound")) => Wing::Outbound,
        ("layers", Some("storage")) => Wing::Storage,
        ("layers", Some("ui")) => Wing::Ui,
        ("examples", Some(_)) => Wing::Example,
        ("xtask", None) => Wing::Xtask,
        _ => return None,
    })
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
