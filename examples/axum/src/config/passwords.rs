//! `[passwords]`: how costly their hashes are, what is mixed into them, and whether new ones are looked up among those that leaked.

use std::{env, path::PathBuf, time::Duration};

use towergate::identity::rules::{
    assurance::Profile,
    password::{HashParams, PasswordPolicy},
};
use url::Url;

use super::reader::Section;
use crate::host::SITE;

/// Where new passwords are looked up unless the file names another place.
const SERVICE: &str = "https://api.pwnedpasswords.com";

/// The longest that one hash may be meant to take, in milliseconds.
const MOST_MILLISECONDS: u64 = 5000;

/// The section as a whole; without it passwords are hashed as the house does, without a pepper, and looked up nowhere.
#[derive(Debug, Clone, Default)]
pub struct Passwords {
    /// How costly a hash is.
    pub cost: HashCost,
    /// What is mixed into passwords, the one for new hashes first.
    pub peppers: Vec<PepperEntry>,
    /// Where new passwords are looked up among those that leaked.
    pub breaches: Option<BreachEntry>,
}

/// How costly a hash is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashCost {
    /// As the file says.
    Fixed(HashParams),
    /// As is found at start: one hash takes no longer than this, within so much memory.
    Calibrated {
        /// How long.
        target: Duration,
        /// How much, in KiB.
        memory_kib: u32,
    },
}

/// A key that is mixed into passwords.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PepperEntry {
    /// By which name hashes are marked that are under it.
    pub name: String,
    /// Where it is kept.
    pub place: PepperPlace,
}

/// Where a pepper is kept: 32 bytes in base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PepperPlace {
    /// In a file.
    File(PathBuf),
    /// In a variable of the environment.
    Variable(String),
}

/// A service that keeps what leaked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachEntry {
    /// Its address, without `/range`.
    pub service: String,
    /// Whether a password is refused that could not be looked up.
    pub refuse_unchecked: bool,
}

impl Default for HashCost {
    fn default() -> Self {
        Self::Fixed(HashParams::default())
    }
}

/// What is asked of new passwords at this host.
pub(crate) fn policy(profile: Option<&Profile>, issuer: &Url) -> PasswordPolicy {
    let words = [Some(SITE), issuer.host_str()].into_iter().flatten();
    profile.map(PasswordPolicy::from).unwrap_or_default().site_words(words)
}

pub(super) fn read(section: Section<'_>) -> Passwords {
    let cost = cost(&section).unwrap_or_default();
    let peppers: Vec<_> = section.sections("peppers").into_iter().filter_map(pepper).collect();
    for (at, one) in peppers.iter().enumerate() {
        if peppers.iter().take(at).any(|before| before.name == one.name) {
            let place = section.place_in("peppers", "name", &one.name);
            section.refuse(&place, format!("[[passwords.peppers]]: `name` {:?} is there twice", one.name));
        }
    }
    let wanted = section.flag("breach_check").unwrap_or(false);
    let service = section.text("breach_service").map(|text| {
        let fits = Url::parse(&text.value).is_ok_and(|url| {
            matches!(url.scheme(), "https" | "http") && url.query().is_none() && url.fragment().is_none()
        });
        if !fits {
            section.refuse(
                &text.place,
                "[passwords]: `breach_service` must be an address, such as https://api.pwnedpasswords.com",
            );
        }
        text.value
    });
    let refuse_unchecked = section.flag("refuse_unchecked").unwrap_or(false);
    let breaches = wanted
        .then(|| BreachEntry { service: service.unwrap_or_else(|| SERVICE.to_owned()), refuse_unchecked });
    section.finish();
    Passwords { cost, peppers, breaches }
}

/// Either a time that one hash may take, or what it costs.
fn cost(section: &Section<'_>) -> Option<HashCost> {
    let target = section.number("hash_target_ms");
    let [memory, passes, lanes] = ["hash_memory_kib", "hash_iterations", "hash_parallelism"]
        .map(|key| section.number(key).map(|number| u32::try_from(number).unwrap_or(u32::MAX)));
    let usual = HashParams::default();
    let Some(target) = target else {
        memory.or(passes).or(lanes)?;
        let params = HashParams::new(
            memory.unwrap_or(usual.memory_kib()),
            passes.unwrap_or(usual.iterations()),
            lanes.unwrap_or(usual.parallelism()),
        );
        let key = ["hash_memory_kib", "hash_iterations", "hash_parallelism"]
            .into_iter()
            .find(|key| section.has(key));
        return params
            .map_err(|weak| {
                section.refuse_value(key.unwrap_or("passwords"), None, &format!("[passwords]: {weak}"))
            })
            .ok()
            .map(HashCost::Fixed);
    };
    if passes.or(lanes).is_some() {
        let text = "`hash_target_ms` finds passes and lanes by itself: leave out `hash_iterations` and `hash_parallelism`";
        section.refuse_key("hash_target_ms", text);
    }
    if !(1..=MOST_MILLISECONDS).contains(&target) {
        section.refuse_key("hash_target_ms", "`hash_target_ms` must be 1 to 5000");
    }
    let memory_kib = memory.unwrap_or(64 * 1024);
    Some(HashCost::Calibrated { target: Duration::from_millis(target), memory_kib })
}

fn pepper(section: Section<'_>) -> Option<PepperEntry> {
    let name = section.required_text("name");
    let (file, variable) = (section.text("file"), section.text("env"));
    let place = match (file, variable) {
        (Some(text), None) => {
            let path = PathBuf::from(text.value);
            let there = path.is_file();
            if !there {
                section.refuse(&text.place, format!("`file`: there is no file {}", path.display()));
            }
            there.then_some(PepperPlace::File(path))
        }
        (None, Some(text)) => {
            let there = env::var_os(&text.value).is_some();
            if !there {
                section.refuse(&text.place, format!("`env`: there is no variable {}", text.value));
            }
            there.then_some(PepperPlace::Variable(text.value))
        }
        _ => {
            section.refuse_key("name", "a pepper is kept either in a `file` or in a variable, `env`");
            None
        }
    };
    section.finish();
    Some(PepperEntry { name: name?.value, place: place? })
}
