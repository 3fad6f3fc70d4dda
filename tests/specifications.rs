//! The manual's table of specifications against the metadata document of a server that offers everything, both ways.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use house::{House, browser::request, everything};
use http::Request;
use serde_json::Value;
use towergate::{
    identity::ports::memory::MemoryStore as People, oauth::ports::memory::MemoryStore as Grants,
};

const TABLE: &str = include_str!("../src/manual/specifications.md");

/// What the table claims: each member, and its value where the table gives one.
fn claimed() -> BTreeMap<String, Option<String>> {
    let mut claimed = BTreeMap::new();
    for cell in rows().iter().map(|row| &row[4]) {
        for claim in cell.split('`').skip(1).step_by(2) {
            let (name, value) = match claim.split_once(": ") {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (claim, None),
            };
            let before = claimed.insert(name.to_owned(), value);
            assert!(before.is_none(), "{name} is claimed twice");
        }
    }
    claimed
}

/// The cells of every row.
fn rows() -> Vec<Vec<&'static str>> {
    let lines = TABLE.lines().filter(|line| line.starts_with("| [") || line.starts_with("| RFC"));
    let rows: Vec<Vec<_>> =
        lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect();
    assert!(rows.iter().all(|row: &Vec<_>| row.len() == 6), "each row has six cells");
    rows
}

/// The value of a member as the table writes it.
fn written(value: &Value) -> String {
    match value {
        Value::Array(list) => list.iter().map(|text| text.as_str().unwrap()).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[tokio::test]
async fn the_table_claims_what_the_metadata_says_and_nothing_else() {
    let house = House::with_config(People::new(), Grants::new(), everything).await;
    let path = "/.well-known/oauth-authorization-server";
    let document = request(&house.app, Request::get(path), String::new()).await.json();
    let document = document.as_object().unwrap();
    let claimed = claimed();
    for (name, value) in &claimed {
        let said =
            document.get(name).unwrap_or_else(|| panic!("the table claims {name}, the document has none"));
        if let Some(value) = value {
            assert_eq!(&written(said), value, "{name}");
        }
        assert!(
            value.is_some() || !said.is_boolean(),
            "{name}: the table must say whether it is true or false"
        );
    }
    for name in document.keys() {
        assert!(claimed.contains_key(name), "no row of the table explains {name}");
    }
}

#[test]
fn the_table_names_every_proof_by_specification_and_each_proof_is_there() {
    let named: BTreeSet<&str> = rows()
        .iter()
        .flat_map(|row| row[5].split('`').skip(1).step_by(2))
        .filter(|name| name.contains('/'))
        .collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in &named {
        assert!(root.join(name).exists(), "{name} is not there");
    }
    let about_one =
        |name: &str| name.starts_with("rfc") || name.starts_with("openid") || name.starts_with("wycheproof");
    for file in fs::read_dir(root.join("tests/rfc")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if about_one(&name) {
            assert!(named.contains(format!("tests/rfc/{name}").as_str()), "the table does not name {name}");
        }
    }
}
