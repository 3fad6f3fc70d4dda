use std::time::Duration;

use towergate_core::Secret;

use super::*;
use crate::rules::{
    email_token::Purpose,
    enrolment::EnrolmentDuty,
    lockout::LockoutPolicy,
    password::{Password, PasswordPolicy, PolicyBreach},
    session::SessionLifetime,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[test]
fn each_level_asks_for_what_its_standard_says() {
    let of = |level: Assurance| *level.profile().settings();
    let lives = |level| (of(level).session_idle, of(level).session_absolute);
    assert_eq!(lives(Assurance::Aal1).1, 30 * DAY);
    assert_eq!(lives(Assurance::Aal2), (HOUR, DAY));
    assert_eq!(lives(Assurance::AsvsL2), (HOUR, DAY));
    assert_eq!(lives(Assurance::AsvsL3), (15 * MINUTE, 12 * HOUR));
    let by_mail: Vec<_> = Assurance::ALL.into_iter().filter(|level| of(*level).mail_sign_in).collect();
    assert_eq!(by_mail, [Assurance::AsvsL1, Assurance::AsvsL2]);
    let two: Vec<_> = Assurance::ALL.into_iter().filter(|level| of(*level).second_factor).collect();
    assert_eq!(two, [Assurance::Aal2, Assurance::AsvsL2, Assurance::AsvsL3]);
    for level in Assurance::ALL {
        let asked = of(level);
        assert_eq!((asked.password_minimum, asked.failure_limit), (15, 100), "{level}");
        let within_its_step = matches!(level, Assurance::AsvsL2 | Assurance::AsvsL3);
        assert_eq!(asked.totp_drift, u32::from(!within_its_step), "{level}");
        assert!(asked.mailed_sign_in_lifetime <= 10 * MINUTE && Purpose::Confirm.lifetime() <= DAY);
        assert!(asked.trusted_browser.is_none() || !asked.second_factor, "{level}");
        assert!(level.profile().adjust().build().is_ok(), "{level} contradicts itself");
    }
}

#[test]
fn a_higher_level_of_a_standard_is_nowhere_weaker() {
    let pairs = [(0, 1), (2, 3), (3, 4)].map(|(low, high)| (Assurance::ALL[low], Assurance::ALL[high]));
    for (low, high) in pairs {
        let (low, high) = (low.settings(), high.settings());
        assert_eq!(high.weaker_than(&low), [""; 0]);
        assert_eq!(low.strictest(high), high);
    }
}

#[test]
fn of_two_levels_the_stricter_wins_setting_by_setting() {
    let both = Assurance::Aal2.profile().and(Assurance::AsvsL2);
    let asked = both.settings();
    assert!(asked.password_breach_check, "which ASVS alone asks for");
    assert!(!asked.mail_sign_in, "which NIST alone forbids");
    assert_eq!(asked.phishing_resistance, PhishingResistance::Offered);
    assert_eq!(both, Assurance::AsvsL2.profile().and(Assurance::Aal2));
    assert_eq!(both.levels().collect::<Vec<_>>(), [Assurance::Aal2, Assurance::AsvsL2]);
}

#[test]
fn whatever_was_to_be_stricter_and_is_weaker_is_told_at_once() {
    let refused = Assurance::Aal2
        .profile()
        .adjust()
        .stricter_session_idle(2 * HOUR)
        .stricter_session_absolute(2 * HOUR)
        .stricter_trusted_browser(Some(DAY))
        .stricter_mail_sign_in(true)
        .stricter_password_minimum(1000)
        .build();
    let told = refused.unwrap_err();
    let settings: Vec<_> = told.list().iter().map(ProfileProblem::setting).collect();
    assert_eq!(settings, ["session_idle", "trusted_browser", "mail_sign_in", "password_minimum"]);
    let first = told.to_string();
    assert!(first.starts_with(
        "`stricter_session_idle`: 2 h is weaker than 1 h, which aal2 asks for (7.3.1, N2.1a, N2.2e)"
    ));
    assert!(first.contains("it is called `insecure_session_idle`"));
    assert!(first.contains("`password_minimum` must be 8 to 128"));
}

#[test]
fn weaker_is_to_be_had_by_name_and_is_told() {
    let aal2 = Assurance::Aal2.profile();
    assert_eq!(aal2.weakened(), [""; 0]);
    let weaker = aal2.adjust().insecure_session_idle(8 * HOUR).stricter_free_tries(3).build().unwrap();
    assert_eq!(weaker.settings().session_idle, 8 * HOUR);
    assert_eq!(weaker.weakened(), ["session_idle"]);
    assert_eq!(weaker.and(Assurance::AsvsL3).weakened(), [""; 0], "the stricter wins again");
}

#[test]
fn what_nothing_could_keep_is_refused() {
    let refused = Assurance::AsvsL1
        .profile()
        .adjust()
        .insecure_failure_limit(1000)
        .insecure_password_minimum(4)
        .stricter_session_absolute(HOUR)
        .stricter_concurrent_sessions(SessionCount::AtMost(0))
        .build();
    let told = refused.unwrap_err();
    let settings: Vec<_> = told.list().iter().map(ProfileProblem::setting).collect();
    assert_eq!(
        settings,
        [
            "concurrent_sessions",
            "password_minimum",
            "failure_limit",
            "session_idle",
            "password_minimum_beside_factor"
        ]
    );
    assert!(told.to_string().contains("`session_idle` must not be longer than `session_absolute`"));
}

#[test]
fn a_level_is_known_by_its_word() {
    for level in Assurance::ALL {
        assert_eq!(level.to_string().parse(), Ok(level));
    }
    for other in ["", "aal3", "AAL2", "asvs"] {
        assert_eq!(other.parse::<Assurance>(), Err(UnknownAssurance), "{other}");
    }
}

#[test]
fn the_rules_take_their_numbers_from_the_profile() {
    let profile = Assurance::AsvsL3.profile().adjust().stricter_free_tries(3).build().unwrap();
    let lifetime = SessionLifetime::from(&profile);
    assert_eq!((lifetime.idle, lifetime.absolute), (15 * MINUTE, 12 * HOUR));
    assert!(lifetime.activity_every * 3 < lifetime.idle, "a used session does not idle out");
    assert_eq!(LockoutPolicy::from(&profile), LockoutPolicy::default().free(3));
    assert_eq!(PasswordPolicy::from(&profile), PasswordPolicy::default());
    assert_eq!(EnrolmentDuty::from(&profile), EnrolmentDuty::Now);
    assert_eq!(EnrolmentDuty::from(&Assurance::AsvsL1.profile()), EnrolmentDuty::Free);
    let common = Password::parse(&Secret::from("passwordpassword")).unwrap();
    assert_eq!(PasswordPolicy::from(&profile).check(&common), Err(PolicyBreach::TooCommon));
    let open = profile.adjust().insecure_password_blocklist(false);
    let contradicted = open.clone().build().unwrap_err().to_string();
    assert!(contradicted.contains("`password_context_words` must not be there without"), "{contradicted}");
    let open = open.insecure_password_context_words(false).build().unwrap();
    assert_eq!(PasswordPolicy::from(&open).check(&common), Ok(()));
}

#[test]
fn without_a_profile_the_house_is_as_strict_as_the_first_level_of_each_standard() {
    let lifetime = SessionLifetime::default();
    for level in [Assurance::Aal1, Assurance::AsvsL1] {
        let asked = SessionLifetime::from(&level.profile());
        assert!(lifetime.idle <= asked.idle && lifetime.absolute <= asked.absolute);
        assert_eq!(PasswordPolicy::default(), PasswordPolicy::from(&level.profile()));
        assert_eq!(LockoutPolicy::default(), LockoutPolicy::from(&level.profile()));
    }
}

#[test]
fn a_setting_is_told_with_its_rows() {
    let told = Assurance::Aal2.profile().settings().in_words();
    let absolute = told.iter().find(|setting| setting.name == "session_absolute").unwrap();
    assert_eq!((absolute.value.as_str(), absolute.ruled_by), ("24 h", &["7.3.2", "N2.1a", "N2.2e"][..]));
    let values: Vec<_> = told.iter().map(|setting| setting.value.as_str()).collect();
    assert!(["offered", "any", "no", "yes", "10 min", "30 s"].iter().all(|value| values.contains(value)));
}
