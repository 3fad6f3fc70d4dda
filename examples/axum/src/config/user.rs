//! `[[users]]`: people, and what clients may learn of them.

use serde_json::{Map, Value};
use towergate::{
    core::Secret,
    identity::rules::{
        email::EmailAddress,
        password::{Owner, Password, PasswordPolicy, is_workable},
        totp::TotpSecret,
    },
};
use url::Url;

use super::reader::{Section, Text};

/// A person of the configuration.
#[derive(Debug, Clone)]
pub struct UserEntry {
    /// The address they sign in with.
    pub email: EmailAddress,
    /// Their password; without one, one is made when they are first seen.
    pub password: Option<Secret<String>>,
    /// Whether the password counts whatever is asked of others: for tests and demonstrations.
    pub insecure_password: bool,
    /// The hash of a password that they bring along from elsewhere.
    pub password_hash: Option<Secret<String>>,
    /// The secret of their authenticator app, if they are to have one from the start.
    pub totp_secret: Option<TotpSecret>,
    /// Their claims, under their OpenID Connect names.
    pub claims: Map<String, Value>,
}

impl UserEntry {
    /// Whether the configuration vouches for the address.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.claims.get("email_verified").and_then(Value::as_bool).unwrap_or(false)
    }
}

const TEXTS: &[&str] = &[
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "gender",
    "zoneinfo",
    "locale",
    "phone_number",
];
const ADDRESSES: &[&str] = &["profile", "picture", "website"];
const FLAGS: &[&str] = &["email_verified", "phone_number_verified"];
const POSTAL: &[&str] = &["formatted", "street_address", "locality", "region", "postal_code", "country"];

pub(super) fn read(section: Section<'_>) -> Option<UserEntry> {
    let email = section.required_text("email").and_then(|text| email_of(&section, &text));
    let password = section.text("password").map(|text| password_of(&section, text));
    let password_hash = section.text("password_hash");
    if let Some(text) = password_hash.as_ref().filter(|_| password.is_some()) {
        section.refuse(&text.place, "`password_hash` cannot stand beside `password`");
    }
    let password_hash = password_hash.map(|text| password_hash_of(&section, text));
    let insecure_password = section.flag("insecure_password").unwrap_or(false);
    let totp_secret = section.text("totp_secret").map(|text| totp_secret_of(&section, text));
    let mut claims = Map::new();
    for key in TEXTS {
        claims.extend(section.text(key).map(|text| ((*key).to_owned(), Value::from(text.value))));
    }
    for key in ADDRESSES {
        claims.extend(
            section
                .text(key)
                .and_then(|text| web_address(&section, key, text))
                .map(|url| ((*key).into(), url)),
        );
    }
    for key in FLAGS {
        claims.extend(section.flag(key).map(|flag| ((*key).to_owned(), Value::from(flag))));
    }
    claims.extend(
        section
            .text("birthdate")
            .and_then(|text| birthdate(&section, text))
            .map(|date| ("birthdate".into(), date)),
    );
    claims.extend(section.seconds("updated_at").map(|at| ("updated_at".to_owned(), Value::from(at))));
    claims.extend(section.section("address").map(|inner| ("address".to_owned(), postal_address(inner))));
    section.finish();
    let email = email?;
    claims.insert("email".to_owned(), Value::from(email.as_str()));
    claims.entry("email_verified").or_insert(Value::Bool(false));
    match (password, password_hash, totp_secret) {
        (Some(None), _, _) | (_, Some(None), _) | (_, _, Some(None)) => None,
        (password, password_hash, totp_secret) => {
            let (password, totp_secret) = (password.flatten(), totp_secret.flatten());
            let password_hash = password_hash.flatten();
            Some(UserEntry { email, password, insecure_password, password_hash, totp_secret, claims })
        }
    }
}

fn email_of(section: &Section<'_>, text: &Text) -> Option<EmailAddress> {
    EmailAddress::parse(&text.value)
        .map_err(|problem| section.refuse(&text.place, format!("`email` is {problem}")))
        .ok()
}

fn password_of(section: &Section<'_>, text: Text) -> Option<Secret<String>> {
    let password = Secret::new(text.value);
    Password::parse(&password)
        .map_err(|problem| section.refuse(&text.place, format!("`password`: {problem}")))
        .ok()
        .map(|_| password)
}

/// Tells whose password is not what is asked of new ones; the password itself is told nowhere.
pub(super) fn refuse_weak(section: &Section<'_>, users: &[UserEntry], policy: &PasswordPolicy) {
    for entry in users.iter().filter(|entry| !entry.insecure_password) {
        let Some(password) = entry.password.as_ref().and_then(|text| Password::parse(text).ok()) else {
            continue;
        };
        let owner = Owner { email: &entry.email, second_factor: entry.totp_secret.is_some() };
        if let Err(problem) = policy.check_for(&password, owner) {
            let (email, place) =
                (entry.email.as_str(), section.place_in("users", "email", entry.email.as_str()));
            let text = format!(
                "[[users]] {email:?}: `password`: {problem}; for tests and demonstrations there is `insecure_password = true`"
            );
            section.refuse(&place, text);
        }
    }
}

fn password_hash_of(section: &Section<'_>, text: Text) -> Option<Secret<String>> {
    let hash = Secret::new(text.value);
    let workable = is_workable(&hash);
    if !workable {
        let kinds = "`password_hash` must be a whole hash of Argon2, bcrypt, scrypt or PBKDF2, and not too costly to verify";
        section.refuse(&text.place, kinds);
    }
    workable.then_some(hash)
}

fn totp_secret_of(section: &Section<'_>, text: Text) -> Option<TotpSecret> {
    TotpSecret::parse(&Secret::new(text.value))
        .map_err(|problem| section.refuse(&text.place, format!("`totp_secret`: {problem}")))
        .ok()
}

fn web_address(section: &Section<'_>, key: &str, text: Text) -> Option<Value> {
    let valid = Url::parse(&text.value).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    if !valid {
        section.refuse(&text.place, format!("`{key}` must be a web address, https://…"));
    }
    valid.then(|| Value::from(text.value))
}

/// `YYYY-MM-DD`, `0000-MM-DD` without the year, or `YYYY`,
/// [OpenID Connect Core 5.1](https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims).
fn birthdate(section: &Section<'_>, text: Text) -> Option<Value> {
    let parts: Vec<&str> = text.value.split('-').collect();
    let number = |part: &str, digits: usize, most: u16| {
        part.len() == digits
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u16>().is_ok_and(|value| value <= most)
    };
    let valid = match parts.as_slice() {
        [year] => number(year, 4, 9999),
        [year, month, day] => number(year, 4, 9999) && number(month, 2, 12) && number(day, 2, 31),
        _ => false,
    };
    if !valid {
        section.refuse(&text.place, "`birthdate` must be YYYY-MM-DD, 0000-MM-DD or YYYY");
    }
    valid.then(|| Value::from(text.value))
}

fn postal_address(section: Section<'_>) -> Value {
    let fields: Map<String, Value> = POSTAL
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), Value::from(section.text(key)?.value))))
        .collect();
    section.finish();
    Value::Object(fields)
}
