//! The attacks that others' accounts fell to, published as B1 to B11 in the changelogs of other people's libraries, each tried
//! here through the whole stack of signing in; and what a thief leaves behind.

#[cfg(test)]
#[path = "account_attacks/bursts.rs"]
mod bursts;
#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;
#[cfg(test)]
#[path = "account_attacks/mailed.rs"]
mod mailed;
#[cfg(test)]
#[path = "account_attacks/providers.rs"]
mod providers;
#[cfg(test)]
#[path = "account_attacks/sessions.rs"]
mod sessions;
#[cfg(test)]
#[path = "account_attacks/thief.rs"]
mod thief;
#[cfg(test)]
#[path = "account_attacks/town.rs"]
mod town;
