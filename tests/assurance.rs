//! The table of what ASVS and NIST ask for: every row once, and everything that shows one is there.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use towergate::{
    assurance::{CHAPTERS, Level, Proof, Requirement, Status, report, whole_report},
    core::{
        Random, Timestamp,
        system::OsRandom,
        token::{OpaqueToken, Prefix},
    },
    identity::rules::assurance::Assurance,
};

/// Chapters 6 and 7 whole, with the rows that other chapters and levels add; from the standard, not from the table.
const ASVS: &str = "
    6.1.1 6.1.2 6.1.3
    6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.2.9 6.2.10 6.2.11 6.2.12
    6.3.1 6.3.2 6.3.3 6.3.3@L3 6.3.4 6.3.5 6.3.6 6.3.7 6.3.8
    6.4.1 6.4.2 6.4.3 6.4.4 6.4.5 6.4.6
    6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.5.6 6.5.7 6.5.8
    6.6.1 6.6.1@L3 6.6.2 6.6.3 6.6.4
    6.7.1 6.7.2
    6.8.1 6.8.2 6.8.3 6.8.4
    7.1.1 7.1.2 7.1.3
    7.2.1 7.2.2 7.2.3 7.2.4
    7.3.1 7.3.2
    7.4.1 7.4.2 7.4.3 7.4.4 7.4.5
    7.5.1 7.5.2 7.5.3
    7.6.1 7.6.2
    2.3.1 2.4.1
    3.3.1 3.3.2 3.3.3 3.3.4 3.3.5
    3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.4.7 3.4.8
    3.5.1 3.5.2 3.5.3 3.5.8
    3.7.2 3.7.3
    8.1.3 8.1.4 8.2.1 8.2.2 8.2.4 8.3.1 8.3.2 8.4.1 8.4.2
    9.1.1 9.1.2 9.1.3 9.2.1 9.2.2 9.2.3 9.2.4
    10.1.1 10.1.2 10.2.1 10.2.2 10.2.3 10.3.1 10.3.2 10.3.3 10.3.4 10.3.5
    10.5.1 10.5.2 10.5.3 10.5.4 10.5.5
    11.2.1 11.2.2 11.2.3 11.2.4 11.2.5 11.4.2 11.5.1
    13.3.1 13.3.4
    14.2.1 14.3.1 14.3.2
    15.1.3 15.2.2
    16.2.1 16.2.2 16.2.4 16.2.5
    16.3.1 16.3.2 16.3.2@L3 16.3.3 16.3.4
    16.4.1 16.4.2 16.4.3
    16.5.1 16.5.2 16.5.3
";

/// Sections of SP 800-63B-4, each with our letters.
const NIST: &str = "
    N2.1a N2.1b N2.2a N2.2b N2.2c N2.2d N2.2e N2.2f N2.3a N2.3b
    N3.1.1a N3.1.1b N3.1.1c N3.1.1d N3.1.1e N3.1.1f N3.1.1g N3.1.1h N3.1.1i N3.1.1j N3.1.1k N3.1.1l N3.1.1m N3.1.1n
    N3.1.1o N3.1.1p N3.1.1q
    N3.1.2a
    N3.1.3a N3.1.3b N3.1.3c N3.1.3d
    N3.1.4a N3.1.4b N3.1.4c N3.1.4d N3.1.4e N3.1.4f
    N3.1.6a N3.1.7a NB.a
    N3.2.1 N3.2.2a N3.2.2b N3.2.4 N3.2.5 N3.2.7 N3.2.8 N3.2.9 N3.2.12
    N4.1a N4.1b N4.1c N4.2a N4.2b N4.2c N4.2d N4.3 N4.4 N4.5 N4.6
    N5.1a N5.1b N5.1c N5.1d N5.1e N5.1f N5.1g N5.1.1 N5.1.2 N5.2a N5.2b N5.3
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rows() -> Vec<&'static Requirement> {
    whole_report().rows().collect()
}

#[test]
fn every_row_of_the_standards_is_there_once() {
    let listed: BTreeSet<&str> = ASVS.split_whitespace().chain(NIST.split_whitespace()).collect();
    let mut seen = BTreeSet::new();
    for row in rows() {
        assert!(seen.insert(row.id), "{} is there twice", row.id);
        assert!(listed.contains(row.id), "{} is not among the rows of the standards", row.id);
        let of_nist = row.id.starts_with('N');
        let level = match row.level {
            Level::Asvs(level) if !of_nist => level,
            Level::Aal(level) if of_nist => level,
            other => panic!("{}: {other} is a level of the other standard", row.id),
        };
        assert!((1..=3).contains(&level), "{}", row.id);
    }
    let missing: Vec<_> = listed.difference(&seen).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
}

#[test]
fn everything_that_shows_a_row_is_there() {
    let mut source = Source::default();
    let mut wrong = Vec::new();
    for row in rows() {
        let proofs = match row.status {
            Status::Met([]) => {
                wrong.push(format!("{} is met and nothing shows it", row.id));
                continue;
            }
            Status::Met(proofs) => proofs,
            Status::HostDuty { what } | Status::Gap { missing: what } => {
                assert!(!what.trim().is_empty(), "{} does not say what is to be done", row.id);
                continue;
            }
        };
        for proof in proofs {
            if let Err(problem) = source.find(proof) {
                wrong.push(format!("{}: {problem}", row.id));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_proof_that_is_not_there_is_found_out() {
    let mut source = Source::default();
    let here = "tests/assurance.rs";
    for (proof, holds) in [
        (Proof::Test { file: here, name: "a_proof_that_is_not_there_is_found_out" }, true),
        (Proof::Test { file: here, name: "rust_files" }, false),
        (Proof::Test { file: here, name: "a_proof_that_is_not" }, false),
        (Proof::Test { file: "tests/nowhere.rs", name: "rows" }, false),
        (Proof::Test { file: "tests/races/session.rs", name: "a_slow_request_does_not_undo_a_logout" }, true),
        (Proof::Page { file: "src/manual/threats.md", heading: "threats-and-what-answers-them" }, true),
        (Proof::Page { file: "src/manual/threats.md", heading: "threats" }, false),
    ] {
        assert_eq!(source.find(&proof).is_ok(), holds, "{proof}");
    }
}

#[test]
fn a_profile_asks_for_what_lower_levels_ask_for_and_more() {
    let ids = |profile| report(&[profile]).rows().map(|row| row.id).collect::<BTreeSet<_>>();
    let [aal1, aal2, one, two, three] = Assurance::ALL.map(ids);
    assert!(aal1.is_subset(&aal2) && one.is_subset(&two) && two.is_subset(&three));
    assert!(aal2.contains("N2.2d") && !aal1.contains("N2.2d") && !aal2.contains("N2.3a"));
    let both = report(&[Assurance::Aal2, Assurance::AsvsL2]);
    assert_eq!(both.rows().count(), aal2.len() + two.len());
    let count = both.count();
    let counted = count.met + count.host_duty + count.not_met + count.advice_not_met;
    assert_eq!(counted, both.rows().count());
    assert_eq!(both.chapters().map(|(_, rows)| rows.len()).sum::<usize>(), counted);
    assert!(both.of_rows(|row| matches!(row.status, Status::Met(_))).holds());
}

#[test]
fn a_setting_is_ruled_by_rows_that_are_there() {
    let ids: BTreeSet<&str> = rows().iter().map(|row| row.id).collect();
    for setting in Assurance::Aal2.profile().settings().in_words() {
        for row in setting.ruled_by {
            assert!(ids.contains(row), "{}: no row {row}", setting.name);
        }
    }
    assert_eq!(CHAPTERS.iter().map(|chapter| chapter.rows.len()).sum::<usize>(), ids.len());
}

#[test]
fn secrets_are_drawn_from_the_system_alone() {
    let (one, other) = (OsRandom::new(), OsRandom::new());
    let draw = |random: &OsRandom| {
        let mut bytes = [0; 32];
        random.fill(&mut bytes).unwrap();
        bytes
    };
    assert_ne!(draw(&one), draw(&other));
    assert_ne!(draw(&one), draw(&one));
    let of_its_own =
        ["thread_rng", "SmallRng", "StdRng", "rand::random", "from_entropy", "fastrand", "Uuid::new_v4"];
    for file in rust_files(&root().join("layers")) {
        let text = fs::read_to_string(&file).unwrap();
        for word in of_its_own {
            assert!(!text.contains(word), "{} draws by {word}", file.display());
        }
    }
    let lint = fs::read_to_string(root().join("clippy.toml")).unwrap();
    assert!(lint.contains("ring::rand::SystemRandom::new"), "what draws elsewhere is refused");
}

#[test]
fn an_opaque_token_is_far_smaller_than_a_cookie_may_be() {
    let prefix = Prefix::new("tgs");
    let token = OpaqueToken::mint(prefix, Timestamp::from_unix_seconds(1_700_000_000), &OsRandom::new());
    let cookie = format!("__Host-tgs={}", token.unwrap().reveal().expose());
    assert!(cookie.len() < 128);
}

/// The source tree, read as far as it was asked for.
#[derive(Default)]
struct Source {
    files: BTreeMap<&'static str, Option<String>>,
    everything: Option<String>,
}

impl Source {
    fn find(&mut self, proof: &Proof) -> Result<(), String> {
        match *proof {
            Proof::Test { file, name } => {
                let text = self.read(file).ok_or_else(|| format!("{file} is not there"))?;
                if is_test(&text, name) {
                    return Ok(());
                }
                if !text.contains(&format!("fn {name}<")) && !text.contains(&format!("fn {name}(")) {
                    return Err(format!("{file} has no {name}"));
                }
                let law = ["/contract/", "/journey/"].iter().any(|part| file.contains(part))
                    || file.starts_with("tests/");
                let made_a_test = law && self.everything().lines().any(|line| is_listed(line, name));
                made_a_test.then_some(()).ok_or_else(|| format!("{name} in {file} is no test"))
            }
            Proof::Page { file, heading } => {
                let text = self.read(file).ok_or_else(|| format!("{file} is not there"))?;
                let mut headings = text.lines().filter(|line| line.starts_with('#')).map(slug);
                headings
                    .any(|found| found == heading)
                    .then_some(())
                    .ok_or_else(|| format!("{file} has no {heading}"))
            }
        }
    }

    fn read(&mut self, file: &'static str) -> Option<String> {
        let read = || fs::read_to_string(root().join(file)).ok();
        self.files.entry(file).or_insert_with(read).clone()
    }

    /// Where laws that are written once are made a test of each store or framework.
    fn everything(&mut self) -> &str {
        self.everything.get_or_insert_with(|| {
            let folders = ["tests", "examples/axum/tests", "layers/inbound/identity/src/ports/contract"];
            let files = folders.iter().flat_map(|folder| rust_files(&root().join(folder)));
            files.map(|file| fs::read_to_string(file).unwrap()).collect::<Vec<_>>().join("\n")
        })
    }
}

/// Whether the function is there with an attribute that makes it a test.
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(at, line)| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        let declared = line.strip_prefix("fn ").and_then(|rest| rest.strip_prefix(name));
        declared.is_some_and(|rest| rest.starts_with(['(', '<']))
            && lines
                .iter()
                .take(at)
                .rev()
                .take_while(|line| line.starts_with("#[") || line.ends_with(']'))
                .any(|line| line.starts_with("#[test") || line.starts_with("#[tokio::test"))
    })
}

/// Whether a line of a list names the function, by itself or in its module.
fn is_listed(line: &str, name: &str) -> bool {
    let mut entries = line.split(',').map(str::trim);
    entries.any(|entry| entry == name || entry.rsplit("::").next() == Some(name) && entry.contains("::"))
}

/// A heading as links to it spell it.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let skipped = path.file_name().is_some_and(|name| name == "target" || name == "node_modules");
        if path.is_dir() && !skipped {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
