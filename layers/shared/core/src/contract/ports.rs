//! The methods of ports, read from their source, and where they are called.

use std::{fs, path::Path};

/// The methods of the traits in the files of `ports` that no file in `callers`, however deep, calls. Those in `excused` are left out,
/// each with the reason; one that is excused and called, or is no method, comes as well: the excuse is out of date.
///
/// # Panics
/// When the source cannot be read, or has no methods.
#[must_use]
pub fn uncalled(ports: &Path, callers: &Path, excused: &[(&str, &str)]) -> Vec<String> {
    let methods: Vec<_> = files(ports, false).iter().flat_map(|text| methods(text)).collect();
    assert!(methods.len() > 10, "only {} methods were found in {}", methods.len(), ports.display());
    let callers = files(callers, true).concat();
    let is_called = |method: &str| callers.contains(&format!(".{method}("));
    let excuse = |method: &str| excused.iter().any(|(name, _)| *name == method);
    let uncalled = methods.iter().filter(|method| !is_called(method) && !excuse(method));
    let outdated = excused.iter().map(|(name, _)| *name);
    let outdated = outdated.filter(|name| is_called(name) || !methods.iter().any(|method| method == name));
    let outdated = outdated.map(|name| format!("{name} (its excuse is out of date)"));
    uncalled.cloned().chain(outdated).collect()
}

/// What stands behind `fn ` at the depth of a trait's methods.
fn methods(text: &str) -> Vec<String> {
    let mut methods = Vec::new();
    let mut is_trait = false;
    for line in text.lines() {
        match line {
            _ if line.starts_with("pub trait ") => is_trait = true,
            "}" => is_trait = false,
            _ => {}
        }
        let name = line.strip_prefix("    fn ").and_then(|rest| rest.split_once(['(', '<']));
        methods.extend(name.filter(|_| is_trait).map(|(name, _)| name.to_owned()));
    }
    methods
}

fn files(folder: &Path, deep: bool) -> Vec<String> {
    let inside = fs::read_dir(folder).expect("the source is there");
    let places = inside.map(|place| place.expect("a folder can be read").path());
    let texts = places.flat_map(|place| match place.is_dir() {
        true if deep => files(&place, true),
        true => Vec::new(),
        false => vec![fs::read_to_string(place).expect("a source is text")],
    });
    texts.collect()
}
