//! How hard a password is to guess, by what guessers know: common passwords and words, names, keyboard runs, dates, and repetitions.

use zxcvbn::Score;

/// How many characters are looked at: the work grows faster than the length, and more characters make nothing easier to guess.
const LOOKED_AT: usize = 64;

/// How hard a password is to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// Less than a thousand guesses.
    TooGuessable,
    /// Less than a million: it withstands guessing over the network that is slowed.
    VeryGuessable,
    /// Less than a hundred million: it withstands guessing over the network.
    SomewhatGuessable,
    /// Less than ten thousand million: it withstands slow guessing at a stolen hash.
    SafelyUnguessable,
    /// More.
    VeryUnguessable,
}

/// What is found about a password, and what its person may be told.
pub(super) struct Estimate {
    pub(super) strength: Strength,
    pub(super) advice: String,
}

/// Estimates a password, by `words` too that are near its person.
pub(super) fn estimate(password: &str, words: &[&str]) -> Estimate {
    let beginning: String = password.chars().take(LOOKED_AT).collect();
    let found = zxcvbn::zxcvbn(&beginning, words);
    let strength = match found.score() {
        Score::Zero => Strength::TooGuessable,
        Score::One => Strength::VeryGuessable,
        Score::Two => Strength::SomewhatGuessable,
        Score::Three => Strength::SafelyUnguessable,
        _ => Strength::VeryUnguessable,
    };
    let told = found.feedback().map(|feedback| {
        let warning = feedback.warning().map(|warning| warning.to_string());
        let suggestions = feedback.suggestions().iter().map(ToString::to_string);
        warning.into_iter().chain(suggestions).collect::<Vec<_>>().join(" ")
    });
    let advice = told.filter(|told| !told.is_empty());
    let advice =
        advice.unwrap_or_else(|| String::from("Add another word or two. Uncommon words are better."));
    Estimate { strength, advice }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_guessers_know_is_told_from_what_they_do_not() {
        for (password, least, most) in [
            ("password", Strength::TooGuessable, Strength::TooGuessable),
            ("qwertyuiop12345", Strength::TooGuessable, Strength::VeryGuessable),
            ("seven purple ladders", Strength::VeryUnguessable, Strength::VeryUnguessable),
            ("語彙多合言葉十五文字暗号鍵", Strength::SafelyUnguessable, Strength::VeryUnguessable),
        ] {
            let strength = estimate(password, &[]).strength;
            assert!(least <= strength && strength <= most, "{password}: {strength:?}");
        }
        assert!(
            estimate("zwiebelfisch", &["zwiebelfisch"]).strength < estimate("zwiebelfisch", &[]).strength
        );
    }

    #[test]
    fn whoever_is_refused_is_told_what_to_do() {
        for weak in ["password", "aaaaaaaaaaaaaaaa", "19841984", "asdfghjkl"] {
            let Estimate { advice, .. } = estimate(weak, &[]);
            assert!(advice.ends_with('.'), "{weak}: {advice}");
        }
    }

    #[test]
    fn a_long_password_is_looked_at_no_further_than_is_worth_it() {
        let long = format!("{}{}", "xk7 Qm2 vp9 ".repeat(6), "a".repeat(60));
        let beginning: String = long.chars().take(LOOKED_AT).collect();
        assert_eq!(estimate(&long, &[]).strength, estimate(&beginning, &[]).strength);
    }
}
