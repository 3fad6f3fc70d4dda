//! What must hold of every value, not only of the ones somebody thought of.

use std::time::Duration;

use proptest::prelude::*;
use towergate_core::{
    LocalPath, Timestamp, id,
    random::InsecureSeededRandom,
    token::{OpaqueToken, Prefix},
};
use url::Url;

const PREFIX: Prefix = Prefix::new("tgtest");
const BASES: [&str; 3] =
    ["https://host.example/login", "http://localhost:3000/a/b?c", "https://host.example:8443"];

/// Texts made of what addresses are read differently for.
fn tricky() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "/",
        "//",
        "\\",
        ".",
        "..",
        "%2e",
        "%2E",
        "%2f",
        "%5c",
        ":",
        "@",
        "?",
        "#",
        "\t",
        "\n",
        "\r",
        " ",
        "\0",
        "evil.example",
        "http:",
        "https:",
        "javascript:",
        "a",
        "é",
        "。",
        "／",
        "[::1]",
        "%",
        "%0a",
        ";",
        "&",
    ]);
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

/// Such texts that begin as a path does: most others are refused at once.
fn tricky_path() -> impl Strategy<Value = String> {
    let few = prop::sample::select(vec!["/", "\\", ".", "..", "%2e", "evil.example"]);
    let few = prop::collection::vec(few, 0..6).prop_map(|pieces| format!("/{}", pieces.concat()));
    prop_oneof![few, tricky(), tricky().prop_map(|rest| format!("/{rest}")), ".{0,20}", "/[!-~]{0,20}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) })]

    #[test]
    fn a_local_path_never_leaves_its_host(text in tricky_path()) {
        if let Some(path) = LocalPath::parse(&text) {
            for base in BASES {
                let base = Url::parse(base).unwrap();
                let target = base.join(path.as_str()).unwrap();
                prop_assert_eq!(target.origin(), base.origin());
                prop_assert!(target.username().is_empty() && target.password().is_none());
                let twice = base.join(target.path()).unwrap();
                prop_assert_eq!(twice.origin(), base.origin());
            }
        }
    }

    #[test]
    fn a_local_path_is_kept_as_it_came(text in tricky_path()) {
        if let Some(path) = LocalPath::parse(&text) {
            prop_assert_eq!(path.as_str(), text.as_str());
            prop_assert_eq!(LocalPath::parse(path.as_str()), Some(path));
        }
    }

    #[test]
    fn plain_paths_of_this_host_pass(text in "(/[a-z0-9_-]{1,8}){1,5}(\\?[a-z=&%0-9./:]{0,20})?") {
        prop_assert!(LocalPath::parse(&text).is_some(), "{}", text);
    }

    #[test]
    fn a_header_takes_every_local_path(text in tricky_path()) {
        if let Some(path) = LocalPath::parse(&text) {
            prop_assert!(path.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }

    #[test]
    fn a_token_reads_back_whenever_it_was_minted(millis in any::<i64>(), seed in any::<u64>()) {
        let now = Timestamp::from_unix_millis(millis);
        let token = OpaqueToken::mint(PREFIX, now, &InsecureSeededRandom::new(seed)).unwrap();
        let read = OpaqueToken::parse(PREFIX, token.reveal().expose()).unwrap();
        prop_assert_eq!(read.id(), token.id());
        prop_assert!(read.digest().matches(&token.digest()));
    }

    #[test]
    fn each_token_has_one_text(text in "tgtest_[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}") {
        if let Some(token) = OpaqueToken::parse(PREFIX, &text) {
            let written = token.reveal();
            prop_assert_eq!(written.expose(), &text);
        }
    }

    #[test]
    fn a_changed_token_is_another_token(seed in any::<u64>(), place in 0_usize..73, to in "[A-Za-z0-9_.-]") {
        let token = OpaqueToken::mint(PREFIX, Timestamp::from_unix_seconds(1), &InsecureSeededRandom::new(seed));
        let token = token.unwrap();
        let text = token.reveal();
        let mut changed = text.expose().clone();
        prop_assume!(changed.get(place..=place) != Some(to.as_str()));
        changed.replace_range(place..=place, &to);
        if let Some(other) = OpaqueToken::parse(PREFIX, &changed) {
            prop_assert!(other.id() != token.id() || !other.digest().matches(&token.digest()));
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>()) {
        prop_assert!(OpaqueToken::parse(PREFIX, &text).is_none());
        let _ = (LocalPath::parse(&text), id::parse(&text));
    }

    #[test]
    fn an_identifier_reads_back(bits in any::<u128>()) {
        let kept = id::Uuid::from_u128(bits);
        prop_assert_eq!(id::parse(&kept.to_string()), Ok(kept));
    }

    #[test]
    fn later_identifiers_sort_after_earlier_ones(early in 0_i64..1 << 47, by in 1_i64..1 << 46, seed in any::<u64>()) {
        let random = InsecureSeededRandom::new(seed);
        let first = id::time_ordered(Timestamp::from_unix_millis(early), &random).unwrap();
        let second = id::time_ordered(Timestamp::from_unix_millis(early + by), &random).unwrap();
        prop_assert!(first < second);
    }

    #[test]
    fn time_moves_there_and_back(millis in -(1_i64 << 50)..1 << 50, by in 0_u64..1 << 50) {
        let (start, by) = (Timestamp::from_unix_millis(millis), Duration::from_millis(by));
        prop_assert_eq!(start.plus(by).minus(by), start);
        prop_assert_eq!(start.plus(by).since(start), by);
        prop_assert!(by.is_zero() || start.since(start.plus(by)).is_zero());
    }

    #[test]
    fn time_never_turns_round(millis in any::<i64>(), seconds in any::<u64>()) {
        let (start, by) = (Timestamp::from_unix_millis(millis), Duration::from_secs(seconds));
        prop_assert!(start.plus(by) >= start);
        prop_assert!(start.minus(by) <= start);
        prop_assert!(start.unix_seconds() <= start.plus(by).unix_seconds());
    }

    #[test]
    fn seconds_round_down(millis in any::<i64>()) {
        let moment = Timestamp::from_unix_millis(millis);
        let rest = i128::from(millis) - i128::from(moment.unix_seconds()) * 1000;
        prop_assert!((0..1000).contains(&rest));
    }
}
