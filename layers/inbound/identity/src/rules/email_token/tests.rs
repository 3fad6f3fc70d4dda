use towergate_core::random::InsecureSeededRandom;

use super::*;
use crate::rules::user::UserId;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

fn codes(byte: u8) -> MacKey {
    MacKey::derive(&Secret::new([byte; 32]), "test").unwrap()
}

fn wanted(random: &dyn Random) -> Wanted {
    Wanted {
        user: UserId::fresh(NOW, random).unwrap(),
        email: EmailAddress::parse("alice@example.com").unwrap(),
        purpose: Purpose::Confirm,
        browser: Some(Digest::of(b"browser")),
        password: None,
    }
}

fn minted() -> Minted {
    let random = InsecureSeededRandom::new(3);
    wanted(&random).mint(&codes(1), NOW, &random).unwrap()
}

fn link(minted: &Minted) -> Shown {
    Shown::Link(OpaqueToken::parse(PREFIX, minted.link.expose()).unwrap().digest())
}

fn typed(minted: &Minted, code: &str) -> Shown {
    let EmailToken { purpose, user, email, .. } = &minted.token;
    Shown::Code(code_digest(&codes(1), *purpose, *user, email, code))
}

fn wrong(minted: &Minted) -> Shown {
    let other = if minted.code.expose() == "000000" { "000001" } else { "000000" };
    typed(minted, other)
}

#[test]
fn link_and_code_are_good_until_their_end_and_no_longer() {
    let minted = minted();
    let end = NOW.plus(Duration::from_secs(24 * 3600));
    for shown in [link(&minted), typed(&minted, minted.code.expose())] {
        assert_eq!(minted.token.judge(&shown, true, end.minus(Duration::from_millis(1))), Verdict::Good);
        assert_eq!(minted.token.judge(&shown, true, end), Verdict::Dead);
    }
}

#[test]
fn what_was_used_or_replaced_is_dead() {
    for state in [EmailTokenState::Spent, EmailTokenState::Replaced] {
        let mut minted = minted();
        minted.token.state = state;
        for shown in [link(&minted), typed(&minted, minted.code.expose())] {
            assert_eq!(minted.token.judge(&shown, true, NOW), Verdict::Dead);
        }
    }
}

#[test]
fn without_firm_ground_neither_is_good_and_a_right_code_looks_wrong() {
    let minted = minted();
    assert_eq!(minted.token.judge(&link(&minted), false, NOW), Verdict::Stranger);
    assert_eq!(minted.token.judge(&typed(&minted, minted.code.expose()), false, NOW), Verdict::Wrong);
    assert_eq!(minted.token.judge(&wrong(&minted), true, NOW), Verdict::Wrong);
}

#[test]
fn five_tries_end_the_code_but_not_the_link() {
    let mut minted = minted();
    minted.token.tries = MAX_TRIES - 1;
    assert_eq!(minted.token.judge(&typed(&minted, minted.code.expose()), true, NOW), Verdict::Good);
    minted.token.tries = MAX_TRIES;
    assert_eq!(minted.token.judge(&typed(&minted, minted.code.expose()), true, NOW), Verdict::Dead);
    assert_eq!(minted.token.judge(&link(&minted), true, NOW), Verdict::Good);
}

#[test]
fn another_links_secret_is_dead() {
    assert_eq!(minted().token.judge(&Shown::Link(Digest::of(b"x")), true, NOW), Verdict::Dead);
}

#[test]
fn a_code_is_bound_to_person_address_and_key() {
    let minted = minted();
    let EmailToken { purpose, user, email, code, .. } = &minted.token;
    let other_user = UserId::fresh(NOW, &InsecureSeededRandom::new(9)).unwrap();
    let other_email = EmailAddress::parse("alice@example.org").unwrap();
    let text = minted.code.expose();
    assert!(code.matches(&code_digest(&codes(1), *purpose, *user, email, text)));
    for other in [
        code_digest(&codes(2), *purpose, *user, email, text),
        code_digest(&codes(1), *purpose, other_user, email, text),
        code_digest(&codes(1), *purpose, *user, &other_email, text),
    ] {
        assert!(!code.matches(&other));
    }
}

#[test]
fn a_code_has_six_digits_and_a_token_keeps_none_of_its_secrets() {
    let random = InsecureSeededRandom::new(4);
    for _ in 0..200 {
        let minted = wanted(&random).mint(&codes(1), NOW, &random).unwrap();
        assert_eq!(read_code(minted.code.expose()).unwrap().expose(), minted.code.expose());
        let kept = format!("{:?}", minted.token);
        assert!(!kept.contains(minted.code.expose().as_str()) || kept.contains("1700"), "{kept}");
        assert!(!kept.contains(minted.link.expose().split_once('.').unwrap().1));
    }
}

#[test]
fn a_code_is_read_however_it_is_spaced() {
    for text in ["123456", " 123 456 ", "123-456"] {
        assert_eq!(read_code(text).unwrap().expose(), "123456");
    }
    let long = "1".repeat(65);
    for text in ["", "12345", "1234567", "12345a", "１２３４５６", long.as_str()] {
        assert!(read_code(text).is_none(), "{text}");
    }
}

#[test]
fn a_browser_is_known_by_its_secret() {
    let token = minted().token;
    assert!(token.was_asked_by(&Digest::of(b"browser")));
    assert!(!token.was_asked_by(&Digest::of(b"other")));
    assert!(!EmailToken { browser: None, ..token }.was_asked_by(&Digest::of(b"browser")));
}
