//! What a hostile client, person or site tries against the whole house, and what it comes to.

#[cfg(test)]
#[path = "attacks/confusion.rs"]
mod confusion;
#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;
#[cfg(test)]
#[path = "attacks/pushed.rs"]
mod pushed;
#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
#[path = "rfc/registrant.rs"]
mod registrant;
#[cfg(test)]
#[path = "attacks/registration.rs"]
mod registration;
