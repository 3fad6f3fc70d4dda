//! Words that are near a password's person and site, and that guessers therefore try: the name of the site, and the parts of
//! the address.

use crate::rules::email::EmailAddress;

/// Shorter ones are in many passwords by chance.
const SHORTEST: usize = 4;

/// How many letters and digits a password needs beside such words.
const BESIDE: usize = 8;

/// The words around somebody with this address, at a site that is known by `site`; lower case.
pub(super) fn words(email: &EmailAddress, site: &[String]) -> Vec<String> {
    let address = email.as_str();
    let (name, domain) = address.split_once('@').unwrap_or((address, ""));
    let mut words: Vec<String> = vec![plain(name), plain(domain)];
    let parts = address.split(|c: char| !c.is_alphanumeric()).chain(site.iter().map(String::as_str));
    words.extend(parts.map(plain));
    words.extend(site.iter().flat_map(|name| name.split_whitespace()).map(plain));
    words.retain(|word| word.chars().count() >= SHORTEST);
    // The longest first, so that a part does not hide the whole.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    words
}

/// Whether a password is such words and little else.
pub(super) fn is_made_of(password: &str, words: &[String]) -> bool {
    let letters = plain(password);
    let left = words.iter().fold(letters.clone(), |left, word| left.replace(word.as_str(), ""));
    left.len() < letters.len() && left.chars().count() < BESIDE
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_more_than_the_words_around_its_person() {
        let email = EmailAddress::parse("alice.liddell@wonderland.example").unwrap();
        let words = words(&email, &[String::from("Tea Party")]);
        for near in [
            "alice-liddell-2026",
            "Wonderland.Example!",
            "TeaParty12345",
            "liddellliddell1",
            "alice@wonderland",
            "party party party",
        ] {
            assert!(is_made_of(near, &words), "{near}");
        }
        for own in ["alice likes purple turnips", "seven purple ladders", "語彙多合言葉十五文字暗号鍵"]
        {
            assert!(!is_made_of(own, &words), "{own}");
        }
    }
}
