//! An address that nobody has, where it must cost what somebody's costs.

use towergate_core::{id::Uuid, mac::MacKey};

use super::{email::EmailAddress, user::UserId};

/// Whom an address stands for that nobody has: always the same under one key, so that what is asked of it can be counted, and
/// no account's identifier. Without the key it tells nothing of the address.
#[must_use]
pub fn nobody(key: &MacKey, email: &EmailAddress) -> UserId {
    let digest = key.digest(&[b"nobody", email.as_str().as_bytes()]);
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    UserId::from_uuid(Uuid::from_bytes(id))
}

#[cfg(test)]
mod tests {
    use towergate_core::Secret;

    use super::*;

    #[test]
    fn an_address_is_the_same_nobody_under_one_key_alone() {
        let key = |byte| MacKey::derive(&Secret::new([byte; 32]), "codes").unwrap();
        let email = |text| EmailAddress::parse(text).unwrap();
        let id = nobody(&key(1), &email("a@example.com"));
        assert_eq!(id, nobody(&key(1), &email("A@example.com")), "however it is typed");
        assert_ne!(id, nobody(&key(1), &email("b@example.com")));
        assert_ne!(id, nobody(&key(2), &email("a@example.com")));
    }
}
