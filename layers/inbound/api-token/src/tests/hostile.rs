//! What somebody who holds a token writes into it to be let in further, or to keep the machine busy.

use std::time::Duration;

use biscuit_auth::{BlockBuilder, KeyPair, PrivateKey, UnverifiedBiscuit, builder::Algorithm};
use http::Method;
use towergate_identity::rules::api_token::ApiTokenFailure;

use super::{NOW, Town, asked, permissions, root};
use crate::{Asked, RootKeys, dialect, text, verify::Verified};

fn key(n: u8) -> KeyPair {
    KeyPair::from(&PrivateKey::from_bytes(&[n; 32], Algorithm::Ed25519).unwrap())
}

fn read(token: &str) -> UnverifiedBiscuit {
    UnverifiedBiscuit::from(text::decode(token).unwrap()).unwrap()
}

fn write(token: &UnverifiedBiscuit) -> String {
    text::encode(&token.to_vec().unwrap()).unwrap().expose().clone()
}

/// The token with a block appended that says this in Datalog.
fn append(token: &str, code: &str) -> String {
    let block = BlockBuilder::new().code(code).unwrap();
    write(&read(token).append_with_keypair(&key(9), block).unwrap())
}

#[tokio::test]
async fn what_no_narrowing_says_is_refused_before_it_runs() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    for code in [
        r#"permission("delete");"#,
        r#"asks("read");"#,
        "time(2000-01-01T00:00:00Z);",
        r#"asks($p) <- permission($p);"#,
        r#"check if time($t), time($u);"#,
        r#"check if asks($a), asks($b), asks($c), asks($d), asks($e), asks($f), asks($g), asks($h);"#,
        r#"check if method($m), $m.matches("(a{1000}){1000}");"#,
        r#"check if method($m), $m == "GET" || $m == "PUT";"#,
        r#"check if method($m), $m.length() > 1;"#,
        r#"check if method($m), ["GET"].any($x -> $x == $m);"#,
        r#"check if method($m), $m + $m == "GETGET";"#,
        r#"check if method($m), $m.extern::f();"#,
        r#"check if true;"#,
        r#"check all method($m), $m == "GET";"#,
        r#"reject if method($m), $m == "PUT";"#,
        r#"check if method($m) trusting previous;"#,
        r#"check if method($m), ["GET"] == $m;"#,
        r#"check if method($m) or method($m) or method($m) or method($m) or method($m);"#,
    ] {
        let refused = town.check(&append(made.text.expose(), code), &asked()).await;
        assert_eq!(refused, Err(ApiTokenFailure::TooMuch), "{code}");
    }
}

#[tokio::test]
async fn a_block_trusts_nobody_but_the_first() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let block = BlockBuilder::new().scope(biscuit_auth::builder::Scope::Previous);
    let block = block.code(r#"check if method("GET");"#).unwrap();
    let token = write(&read(made.text.expose()).append_with_keypair(&key(9), block).unwrap());
    assert_eq!(town.check(&token, &asked()).await, Err(ApiTokenFailure::TooMuch));
}

#[tokio::test]
async fn what_other_tools_write_in_the_dialect_is_taken() {
    let town = Town::new().await;
    let made = town.make(["read", "write"]).await;
    for code in [
        r#"check if method("GET");"#,
        r#"check if method($m), $m == "GET" or method("HEAD");"#,
        r#"check if time($t), $t <= 2030-01-01T00:00:00Z;"#,
        r#"check if path($p), $p.starts_with("/api/");"#,
        r#"check if asks("read");"#,
        r#"check if address($a), {"203.0.113.7"}.contains($a);"#,
    ] {
        let token = append(made.text.expose(), code);
        assert!(town.check(&token, &asked()).await.is_ok(), "{code}");
    }
    let token = append(made.text.expose(), r#"check if asks("read");"#);
    assert_eq!(town.check(&token, &asked()).await.unwrap().permissions(), &permissions(["read"]));
    let other = Asked { method: &Method::PUT, ..asked() };
    let token = append(made.text.expose(), r#"check if method("GET");"#);
    assert_eq!(town.check(&token, &other).await, Err(ApiTokenFailure::NotForThis));
}

#[tokio::test]
async fn checks_that_make_no_sense_refuse() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    for code in [
        r#"check if nothing($m);"#,
        r#"check if method($m), $m < 5;"#,
        r#"check if method($m), $x == "GET";"#,
        r#"check if user($u);"#,
    ] {
        let token = match BlockBuilder::new().code(code) {
            Ok(block) => write(&read(made.text.expose()).append_with_keypair(&key(9), block).unwrap()),
            Err(_) => continue,
        };
        let answer = town.check(&token, &asked()).await;
        assert!(answer == Err(ApiTokenFailure::NotForThis) || code.contains("user"), "{code}: {answer:?}");
    }
}

#[tokio::test]
async fn a_third_party_has_nothing_to_say() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let token = read(made.text.expose());
    let block = BlockBuilder::new().code(r#"check if method("GET");"#).unwrap();
    let third = token.third_party_request().unwrap().create_block(&key(3).private(), block).unwrap();
    let signed = token.append_third_party(&third.serialize().unwrap()).unwrap();
    assert_eq!(town.check(&write(&signed), &asked()).await, Err(ApiTokenFailure::TooMuch));
}

#[tokio::test]
async fn only_one_kind_of_key_is_taken() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let block = BlockBuilder::new().code(r#"check if method("GET");"#).unwrap();
    let next = KeyPair::new_with_algorithm(Algorithm::Secp256r1);
    let token = read(made.text.expose()).append_with_keypair(&next, block).unwrap();
    assert_eq!(town.check(&write(&token), &asked()).await, Err(ApiTokenFailure::TooMuch));
}

#[tokio::test]
async fn a_sealed_token_is_good_and_stays_as_it_is() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let sealed = write(&read(made.text.expose()).seal().unwrap());
    assert!(town.check(&sealed, &asked()).await.is_ok());
    let to = crate::Attenuation::new().only_until(NOW);
    assert!(crate::attenuate(&sealed, &to, &super::random()).is_err());
}

#[tokio::test]
async fn nothing_is_taken_off_or_put_together_anew() {
    use biscuit_auth::format::schema::Biscuit;
    use prost::Message;

    let town = Town::new().await;
    let made = town.make(["read", "write"]).await;
    let narrow = append(made.text.expose(), r#"check if asks("read");"#);
    let (whole, narrowed) = (text::decode(made.text.expose()).unwrap(), text::decode(&narrow).unwrap());
    let (mut stripped, original) =
        (Biscuit::decode(narrowed.as_slice()).unwrap(), Biscuit::decode(whole.as_slice()).unwrap());
    // Whoever holds the narrowed one does not have the proof of the one before.
    stripped.blocks.clear();
    let mut swapped = Biscuit::decode(narrowed.as_slice()).unwrap();
    swapped.authority.block = {
        let mut block = original.authority.block.clone();
        block.reverse();
        block
    };
    let mut doubled = Biscuit::decode(narrowed.as_slice()).unwrap();
    doubled.blocks.push(doubled.blocks[0].clone());
    let mut other_key = Biscuit::decode(narrowed.as_slice()).unwrap();
    other_key.root_key_id = Some(2);
    let mut no_key = original;
    no_key.root_key_id = None;
    for forged in [stripped, swapped, doubled, other_key, no_key] {
        let token = text::encode(&forged.encode_to_vec()).unwrap();
        assert_eq!(town.check(token.expose(), &asked()).await, Err(ApiTokenFailure::Forged));
    }
}

#[tokio::test]
async fn a_token_of_another_person_is_not_taken_for_a_row() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let mut record = made.record.clone();
    record.user = towergate_identity::rules::user::UserId::from_uuid(towergate_core::id::Uuid::from_u128(2));
    let other = crate::verify::mint(&record, &RootKeys::new(root(1)), &super::random()).unwrap().unwrap();
    assert_eq!(town.check(other.expose(), &asked()).await, Err(ApiTokenFailure::Forged));
    record.user = super::ALICE;
    record.permissions = permissions(["read", "write"]);
    let more = crate::verify::mint(&record, &RootKeys::new(root(1)), &super::random()).unwrap().unwrap();
    let caller = town.check(more.expose(), &asked()).await.unwrap();
    assert_eq!(caller.permissions(), &permissions(["read"]), "what the row has not, the token has not");
}

#[test]
fn garbage_is_no_token() {
    let keys = RootKeys::new(root(1));
    let long = format!("tg_api_{}", "A".repeat(4096));
    for (shown, reason) in [
        ("", ApiTokenFailure::Unreadable),
        // What is missing is nothing, in Protocol Buffers of that age; nothing is signed by nobody.
        ("tg_api_", ApiTokenFailure::Forged),
        ("tg_api_AAAA", ApiTokenFailure::Unreadable),
        ("tg_api_!!!!", ApiTokenFailure::Unreadable),
        ("tg_api_AA==", ApiTokenFailure::Unreadable),
        ("eyJhbGciOiJub25lIn0.e30.", ApiTokenFailure::Unreadable),
        (long.as_str(), ApiTokenFailure::Unreadable),
    ] {
        assert_eq!(Verified::read(shown, &keys).err(), Some(reason), "{shown}");
    }
    assert_eq!(dialect::admit(&[0xff]), Err(ApiTokenFailure::Unreadable));
}

/// A first block that only we could sign, with whatever runs for long: the limits hold where the dialect did not look.
#[test]
fn the_limits_stop_what_the_dialect_lets_through() {
    let mut code = String::from(r#"user("a"); token("b");"#);
    for n in 0..40 {
        code.push_str(&format!("n({n});"));
    }
    code.push_str("pair($a, $b) <- n($a), n($b);");
    let builder = biscuit_auth::Biscuit::builder().root_key_id(1).code(code).unwrap();
    let root_key = KeyPair::from(&PrivateKey::from_bytes(&[1; 32], Algorithm::Ed25519).unwrap());
    let token = builder.build(&root_key).unwrap().to_vec().unwrap();
    let token = text::encode(&token).unwrap();
    let started = Verified::read(token.expose(), &RootKeys::new(root(1)));
    assert!(started.is_err(), "{started:?}");
    assert!(Duration::from_millis(100) >= crate::verify::LIMITS.2);
}
