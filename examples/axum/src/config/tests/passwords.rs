//! What the file says of passwords.

use std::fs;

use towergate::identity::rules::password::HashParams;

use super::*;

fn read(more: &str) -> Passwords {
    Config::parse("test.toml", &format!("{BASE}[passwords]\n{more}\n")).unwrap().passwords
}

#[test]
fn passwords_are_hashed_at_a_fixed_cost_or_one_that_is_found() {
    assert_eq!(Config::parse("test.toml", BASE).unwrap().passwords.cost, HashCost::default());
    let fixed = HashParams::new(65_536, 3, 1).unwrap();
    assert_eq!(read("hash_memory_kib = 65536\nhash_iterations = 3").cost, HashCost::Fixed(fixed));
    let target = std::time::Duration::from_millis(250);
    let found = HashCost::Calibrated { target, memory_kib: 131_072 };
    assert_eq!(read("hash_target_ms = 250\nhash_memory_kib = 131072").cost, found);
    for (bad, told) in [
        ("hash_memory_kib = 1024", "Argon2id needs 19456 KiB"),
        ("hash_iterations = 11", "Argon2id needs"),
        ("hash_target_ms = 0", "must be 1 to 5000"),
        ("hash_target_ms = 250\nhash_iterations = 3", "finds passes and lanes by itself"),
    ] {
        let all = refusals(&format!("{BASE}[passwords]\n{bad}\n"));
        assert!(all.len() == 1 && all[0].1.contains(told), "{bad}: {all:?}");
    }
}

#[test]
fn a_pepper_is_kept_in_a_file_or_a_variable_and_has_a_name_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pepper.key");
    fs::write(&path, "anything").unwrap();
    let path = path.display();
    // A variable that is there wherever tests run.
    let two = format!(
        "[[passwords.peppers]]\nname = \"new\"\nfile = {path:?}\n[[passwords.peppers]]\nname = \"old\"\nenv = \"PATH\"",
        path = path.to_string()
    );
    let names: Vec<_> = read(&two).peppers.into_iter().map(|pepper| pepper.name).collect();
    assert_eq!(names, ["new", "old"]);
    for (bad, told) in [
        ("name = \"a\"\nfile = \"/nowhere/at.all\"", "there is no file"),
        ("name = \"a\"\nenv = \"NOBODY_SETS_THIS\"", "there is no variable"),
        ("name = \"a\"", "either in a `file` or in a variable"),
        ("name = \"a\"\nenv = \"PATH\"\nfile = \"x\"", "either in a `file` or in a variable"),
        ("env = \"PATH\"", "`name` is missing"),
    ] {
        let all = refusals(&format!("{BASE}[[passwords.peppers]]\n{bad}\n"));
        assert!(all.len() == 1 && all[0].1.contains(told), "{bad}: {all:?}");
    }
    let twice = two.replace("old", "new");
    let all = refusals(&format!("{BASE}[passwords]\n{twice}\n"));
    assert!(all.len() == 1 && all[0].1.contains("is there twice"), "{all:?}");
}

#[test]
fn new_passwords_are_looked_up_where_the_file_says_so() {
    assert_eq!(read("").breaches, None);
    let there = read("breach_check = true\nbreach_service = \"http://127.0.0.1:1\"\nrefuse_unchecked = true");
    let service = String::from("http://127.0.0.1:1");
    assert_eq!(there.breaches, Some(BreachEntry { service, refuse_unchecked: true }));
    let all = refusals(&format!("{BASE}[passwords]\nbreach_service = \"pwned\"\n"));
    assert!(all.len() == 1 && all[0].1.contains("must be an address"), "{all:?}");
}

#[test]
fn all_that_a_profile_asks_for_and_the_file_does_not_give_is_told_at_once() {
    let profile = "[mail]\ndev_mailbox = false\n[passkeys]\nenabled = false\n[assurance]\nprofile = [\"aal2\", \"asvs-l2\"]\n";
    let all = refusals(&format!("{BASE}{profile}"));
    for word in [
        "`password_breach_check` is asked for by aal2 and asvs-l2 (6.2.12)",
        "set `breach_check = true` in [passwords]",
        "`phishing_resistance` is asked for",
        "`change_notices` is asked for",
        "`sign_in_notices` is asked for",
    ] {
        assert!(all.iter().any(|(_, text)| text.contains(word)), "{word}: {all:?}");
    }
    assert_eq!(all.len(), 4, "{all:?}");
    let given =
        format!("{BASE}[passwords]\nbreach_check = true\n[assurance]\nprofile = [\"aal2\", \"asvs-l2\"]\n");
    assert!(Config::parse("test.toml", &given).is_ok());
}

#[test]
fn under_a_profile_the_passwords_of_the_file_are_held_to_what_is_asked_of_new_ones() {
    let user = |email: &str, password: &str| {
        format!("[[users]]\nemail = \"{email}@example.com\"\npassword = \"{password}\"\n")
    };
    let weak = [("alice", "passwordpassword"), ("bob", "Zw9 kfm§u"), ("carol", "carol@example.com")];
    let users: String = weak.iter().map(|(email, password)| user(email, password)).collect();
    let fine = user("dave", "plenty of characters");
    assert!(Config::parse("test.toml", &format!("{BASE}{users}{fine}")).is_ok(), "it is told at the start");
    let base = format!("{BASE}[assurance]\nprofile = \"asvs-l1\"\n");
    let all = refusals(&format!("{base}{users}{fine}"));
    assert_eq!(all.len(), 3, "{all:?}");
    for ((email, password), (_, told)) in weak.iter().zip(&all) {
        assert!(told.contains(&format!("\"{email}@example.com\": `password`")), "{told}");
        let rest = told.replace("carol@example.com", "");
        assert!(!rest.contains(password), "a password is not told again: {told}");
    }
    let bob = user("bob", "Zw9 kfm§u") + "totp_secret = \"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\"\n";
    assert!(
        Config::parse("test.toml", &format!("{base}{bob}")).is_ok(),
        "eight characters do beside a factor"
    );
    let all = refusals(&format!("{base}password_minimum_beside_factor = 12\n{bob}"));
    assert!(all.len() == 1 && all[0].1.contains("at least 12 characters"), "{all:?}");
    let meant = format!("{base}{}insecure_password = true\n", user("alice", "x"));
    assert!(Config::parse("test.toml", &meant).is_ok());
}

#[test]
fn a_hash_that_is_brought_along_is_one_that_can_be_worked_with() {
    let user =
        |hash: &str| format!("{BASE}[[users]]\nemail = \"a@example.com\"\npassword_hash = \"{hash}\"\n");
    for good in [
        "pbkdf2_sha256$1200$seasalt2$kr6cbEEDBt1FS/Ydpko4GhNiK8Z69wqFrapyb3qiUI0=",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ] {
        assert!(Config::parse("test.toml", &user(good)).is_ok(), "{good}");
    }
    for bad in
        ["$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "5f4dcc3b5aa765d61d8327deb882cf99"]
    {
        let all = refusals(&user(bad));
        assert!(
            all.len() == 1 && all[0].1.contains("`password_hash` must be") && !all[0].1.contains(bad),
            "{all:?}"
        );
    }
}
