//! The laws that only the source shows.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::graph::{Graph, Wing, root};

/// The one file that may be unsafe, in one line, and why is written there.
const UNSAFE: &str = "layers/shared/arena/src/lib.rs";

/// Every breach, as a sentence; empty when the source keeps the laws.
pub(crate) fn broken_by(graph: &Graph) -> Vec<String> {
    let mut broken = Vec::new();
    let mut read = 0;
    for (name, wing) in graph.house() {
        let Some(folder) = graph.packages.get(name).and_then(|package| package.folder.clone()) else {
            continue;
        };
        let manifest = fs::read_to_string(root().join(&folder).join("Cargo.toml")).unwrap_or_default();
        broken.extend(breaches_of_manifest(&folder, &manifest));
        for file in rust_files(&root().join(&folder).join("src")) {
            read += 1;
            let text = fs::read_to_string(&file).unwrap_or_default();
            let shown = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
            broken.extend(breaches_of(&shown, wing, &text));
        }
    }
    if read == 0 {
        broken.push(String::from("the house is empty: no source file was read"));
    }
    broken
}

/// What the manifest of the crate in `folder` breaks.
pub(crate) fn breaches_of_manifest(folder: &Path, text: &str) -> Vec<String> {
    let shown = folder.join("Cargo.toml").display().to_string();
    let mut broken = Vec::new();
    let is_root = folder.as_os_str().is_empty();
    if is_root && !text.contains("unsafe_code = \"forbid\"") {
        broken.push(format!("{shown} does not forbid `unsafe_code`: law 7"));
    }
    let of_the_house = text.contains("[lints]\nworkspace = true");
    if !of_the_house && !Path::new(UNSAFE).starts_with(folder.join("src")) {
        broken
            .push(format!("{shown} does not keep the lints of the workspace, which forbid `unsafe`: law 7"));
    }
    broken
}

/// What one file breaks.
pub(crate) fn breaches_of(shown: &str, wing: Wing, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let says = |word: &str| code.iter().any(|line| words(line).any(|found| found == word));
    if shown.contains("/rules/") || shown.ends_with("/rules.rs") {
        for word in ["async", "await", "ports"] {
            if says(word) {
                broken.push(format!("{shown} says `{word}`: law 4, rules are pure and never name ports"));
            }
        }
    }
    let names_any = |crates: &[&str]| crates.iter().any(|name| says(name));
    let is_unsafe = code.iter().filter(|line| words(line).any(|word| word == "unsafe")).count();
    if is_unsafe > usize::from(shown == UNSAFE) {
        broken.push(format!("{shown} says `unsafe`: law 7, one line of {UNSAFE} may, and nothing else"));
    }
    let inbound =
        names_any(&["towergate_identity", "towergate_session", "towergate_scope", "towergate_login"]);
    let outbound = names_any(&["towergate_oauth", "towergate_oauth_server", "towergate_oauth_resource"]);
    let of_a_wing = matches!(wing, Wing::Shared | Wing::Inbound | Wing::Federation | Wing::Outbound);
    if inbound && outbound && (of_a_wing || matches!(wing, Wing::Storage | Wing::Ui)) {
        broken.push(format!("{shown} names both halves: law 5, the bridge is the host's own code"));
    }
    let resolver_for_a_host = code.iter().any(|line| line.contains("AccountResolver for"));
    let in_tests = shown.contains("/tests") || text.contains("#[cfg(test)]");
    if resolver_for_a_host && wing != Wing::Example && !in_tests {
        broken.push(format!("{shown} implements AccountResolver: law 5, only a host does"));
    }
    if resolver_for_a_host && wing == Wing::Example && !shown.ends_with("/accounts.rs") {
        broken.push(format!(
            "{shown} implements AccountResolver: law 5, it lives in accounts.rs and nowhere else"
        ));
    }
    broken
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// The source that is built outside tests: a module under `#[cfg(test)]` may do what only tests do.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let files = all_rust_files(folder);
    let for_tests: Vec<PathBuf> = files.iter().flat_map(|file| test_modules(file)).collect();
    let kept = files.into_iter().filter(|file| {
        !for_tests.iter().any(|module| *file == module.with_extension("rs") || file.starts_with(module))
    });
    kept.collect()
}

/// The modules that `file` declares for tests alone, each as the path of its folder.
fn test_modules(file: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let is_root = file.file_stem().is_some_and(|stem| stem == "lib" || stem == "main" || stem == "mod");
    let folder = if is_root { file.parent().map(Path::to_path_buf) } else { Some(file.with_extension("")) };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let named = lines.iter().enumerate().filter_map(|(at, line)| {
        let name = line.strip_prefix("mod ")?.strip_suffix(';')?;
        let mut above = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        above.any(|line| *line == "#[cfg(test)]").then(|| folder.as_ref().map(|folder| folder.join(name)))?
    });
    named.collect()
}

fn all_rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            files.extend(all_rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
