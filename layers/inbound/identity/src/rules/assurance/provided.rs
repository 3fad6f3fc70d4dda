//! What a host gives, held against what a profile asks for.

use super::{PhishingResistance, Profile, ProfileProblem, ProfileProblems};

/// What a host gives of what a profile may ask for and cannot switch on by itself. Nothing, to begin with.
///
/// ```
/// use towergate_identity::rules::assurance::{Assurance, Provided};
///
/// let profile = Assurance::AsvsL2.profile();
/// let given = Provided::default().mail().second_factors();
/// let missing = profile.check(given).map_err(|problems| problems.to_string());
/// assert!(missing.is_err_and(|told| told.contains("password_breach_check")));
/// assert_eq!(profile.check(given.breach_check()), Ok(()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct Provided {
    breach_check: bool,
    mail: bool,
    second_factors: bool,
    passkeys: bool,
}

impl Provided {
    /// New passwords can be looked up among those that leaked.
    pub const fn breach_check(mut self) -> Self {
        self.breach_check = true;
        self
    }

    /// Mail can be sent.
    pub const fn mail(mut self) -> Self {
        self.mail = true;
        self
    }

    /// People can enrol a second factor.
    pub const fn second_factors(mut self) -> Self {
        self.second_factors = true;
        self
    }

    /// People can sign in with passkeys.
    pub const fn passkeys(mut self) -> Self {
        self.passkeys = true;
        self
    }
}

impl Profile {
    /// Whether a host gives all that it takes; to be asked before the first request is answered.
    ///
    /// # Errors
    /// Everything that is asked for and not given.
    pub fn check(&self, given: Provided) -> Result<(), ProfileProblems> {
        let asked = self.settings();
        let notices = "no mail can be sent";
        let wanted = [
            (
                "password_breach_check",
                asked.password_breach_check && !given.breach_check,
                "nothing looks passwords up among those that leaked",
            ),
            ("second_factor", asked.second_factor && !given.second_factors, "nobody can enrol one"),
            (
                "phishing_resistance",
                asked.phishing_resistance != PhishingResistance::NotAsked && !given.passkeys,
                "nobody can sign in with a passkey",
            ),
            ("change_notices", asked.change_notices && !given.mail, notices),
            ("sign_in_notices", asked.sign_in_notices && !given.mail, notices),
        ];
        let levels = self.levels().map(|level| level.as_str()).collect::<Vec<_>>().join(" and ");
        let rows = |setting: &str| {
            let ruled = asked.in_words().into_iter().find(|told| told.name == setting);
            ruled.map(|told| told.ruled_by.join(", ")).unwrap_or_default()
        };
        let problems: Vec<_> = wanted
            .into_iter()
            .filter(|(_, lacks, _)| *lacks)
            .map(|(setting, _, missing)| {
                let (levels, rows) = (levels.clone(), rows(setting));
                ProfileProblem::Unprovided { setting, levels, rows, missing }
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(ProfileProblems::of(problems)) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Assurance;
    use super::*;

    #[test]
    fn all_that_a_profile_asks_for_and_nobody_gives_is_told_at_once() {
        let lacking = |level: Assurance, given| -> Vec<&str> {
            let checked = level.profile().check(given);
            checked.err().map_or_else(Vec::new, |problems| {
                problems.list().iter().map(ProfileProblem::setting).collect()
            })
        };
        let notices = ["change_notices", "sign_in_notices"];
        let nothing = Provided::default();
        assert_eq!(lacking(Assurance::Aal1, nothing), notices);
        let second = ["password_breach_check", "second_factor"];
        assert_eq!(lacking(Assurance::AsvsL2, nothing), [second, notices].concat());
        assert_eq!(lacking(Assurance::AsvsL2, nothing.mail()), second);
        assert_eq!(lacking(Assurance::Aal2, nothing.mail()), ["second_factor", "phishing_resistance"]);
        let all = nothing.mail().breach_check().second_factors().passkeys();
        for level in Assurance::ALL {
            assert_eq!(lacking(level, all), [""; 0], "{level}");
        }
        let told =
            Assurance::AsvsL2.profile().check(nothing.mail().second_factors()).unwrap_err().to_string();
        assert!(
            told.contains("asvs-l2 (6.2.12)") && told.contains("`insecure_password_breach_check`"),
            "{told}"
        );
    }

    #[test]
    fn what_is_left_out_by_an_insecure_name_need_not_be_given() {
        let adjusted = Assurance::AsvsL2.profile().adjust().insecure_password_breach_check(false).build();
        assert_eq!(adjusted.unwrap().check(Provided::default().mail().second_factors()), Ok(()));
    }
}
