//! Passwords that everybody tries first.

/// Words and runs that passwords are made of by those who guess, lower case. Most are shorter than any policy allows; they
/// count because people repeat them until they are long enough.
const COMMON: &[&str] = &[
    "0123456789",
    "1234567890",
    "123456789",
    "12345678",
    "1234567",
    "123456",
    "12345",
    "1234",
    "123123",
    "123321",
    "987654321",
    "9876543210",
    "abc123",
    "abcd1234",
    "abcdefghijklmno",
    "abcdefghijklmnop",
    "abcdefghijklmnopqrstuvwxyz",
    "access",
    "admin",
    "administrator",
    "asdf",
    "asdfgh",
    "asdfghjkl",
    "azerty",
    "azertyuiop",
    "baseball",
    "bonjour",
    "changeme",
    "charlie",
    "chocolate",
    "computer",
    "correcthorsebatterystaple",
    "donald",
    "dragon",
    "football",
    "hallo",
    "hello",
    "iloveyou",
    "internet",
    "jesus",
    "killer",
    "letmein",
    "login",
    "love",
    "lovely",
    "master",
    "michael",
    "monkey",
    "mustang",
    "ninja",
    "p@ssw0rd",
    "p@ssword",
    "pass",
    "passw0rd",
    "password",
    "password1",
    "password12",
    "password123",
    "password1234",
    "passwort",
    "princess",
    "qazwsx",
    "qazwsxedc",
    "qwer",
    "qwert",
    "qwerty",
    "qwerty123",
    "qwertyuiop",
    "qwertyuiopasdf",
    "qwertyuiopasdfghjkl",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertz",
    "qwertzuiop",
    "secret",
    "shadow",
    "starwars",
    "sunshine",
    "superman",
    "test",
    "thisisapassword",
    "thisismypassword",
    "thequickbrownfox",
    "thequickbrownfoxjumpsoverthelazydog",
    "trustno1",
    "user",
    "welcome",
    "whatever",
    "zaq12wsx",
    "zxcvbnm",
];

/// The longest beginning that counts as a run when it repeats, in characters.
const SHORT: usize = 4;

/// Whether everybody tries it first: a common word, alone or again and again, or a short run again and again. Case, spaces and
/// what surrounds a word as ornament do not save it.
pub(super) fn is_common(password: &str) -> bool {
    let letters: Vec<char> = password
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|character| !character.is_whitespace() && !"-_.,!?".contains(*character))
        .collect();
    if letters.is_empty() || (1..=SHORT).any(|period| repeats(&letters, period)) {
        return true;
    }
    COMMON.iter().any(|word| {
        let word: Vec<char> = word.chars().collect();
        letters.starts_with(&word) && repeats(&letters, word.len())
    })
}

/// Whether every character is the one that stood `period` before it, over at least two periods or exactly one.
fn repeats(letters: &[char], period: usize) -> bool {
    let whole = letters.len() == period || letters.len() >= period.saturating_mul(2);
    whole && letters.iter().zip(letters.iter().skip(period)).all(|(before, after)| before == after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_tries_first_is_common_however_long_it_is_made() {
        for common in [
            "passwordpassword",
            "Password Password!",
            "qwertyuiopasdfghjkl",
            "correct horse battery staple",
            "aaaaaaaaaaaaaaaa",
            "abcabcabcabcabcabc",
            "12345678901234567890",
            "letmein-letmein-letmein",
            "----------------",
        ] {
            assert!(is_common(common), "{common}");
        }
    }

    #[test]
    fn words_of_ones_own_are_not() {
        for own in ["plenty of characters", "語彙の多い合言葉です十五", "password of my aunt", "x"]
        {
            assert!(!is_common(own) || own == "x", "{own}");
        }
    }
}
