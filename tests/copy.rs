//! A move from SQLite to PostgreSQL with the program as it is run: every table, stopped anywhere, and proven.

#[cfg(test)]
#[path = "copy/counterparts.rs"]
mod counterparts;
#[cfg(test)]
#[path = "copy/filling.rs"]
mod filling;
#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;
#[cfg(test)]
#[path = "copy/killed.rs"]
mod killed;
#[cfg(test)]
#[path = "copy/lived_in.rs"]
mod lived_in;
#[cfg(test)]
#[path = "copy/place.rs"]
mod place;
#[cfg(test)]
#[path = "copy/refused.rs"]
mod refused;
#[cfg(test)]
#[path = "copy/verified.rs"]
mod verified;
