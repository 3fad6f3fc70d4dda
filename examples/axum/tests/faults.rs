//! What the host answers when the database is held, broken or gone, and when what comes in is torn.

#![expect(clippy::string_slice, reason = "a test")]

#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
mod client;
#[cfg(test)]
#[path = "faults/cookie.rs"]
mod cookie;
#[cfg(test)]
#[path = "faults/database.rs"]
mod database;
#[cfg(test)]
#[path = "faults/place.rs"]
mod place;
#[cfg(test)]
#[path = "faults/request.rs"]
mod request;
