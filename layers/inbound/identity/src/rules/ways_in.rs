//! The ways somebody has to sign in, of which the last cannot be taken away.

/// How somebody can sign in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaysIn {
    /// Whether they have a password.
    pub password: bool,
    /// How many passkeys they have.
    pub passkeys: u32,
    /// How many other ways they have: accounts elsewhere, or links that are mailed to them.
    pub others: u32,
}

/// Whoever lost this way would have no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is the last way in")]
pub struct LastWayIn;

impl WaysIn {
    /// What is left without one of the passkeys.
    ///
    /// # Errors
    /// When nothing is.
    pub fn without_passkey(self) -> Result<Self, LastWayIn> {
        Self { passkeys: self.passkeys.saturating_sub(1), ..self }.some()
    }

    /// What is left without one of the other ways.
    ///
    /// # Errors
    /// When nothing is.
    pub fn without_other(self) -> Result<Self, LastWayIn> {
        Self { others: self.others.saturating_sub(1), ..self }.some()
    }

    /// What is left without the password.
    ///
    /// # Errors
    /// When nothing is.
    pub fn without_password(self) -> Result<Self, LastWayIn> {
        Self { password: false, ..self }.some()
    }

    const fn some(self) -> Result<Self, LastWayIn> {
        if self.password || self.passkeys > 0 || self.others > 0 { Ok(self) } else { Err(LastWayIn) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_way_in_stays() {
        let ways = |password, passkeys, others| WaysIn { password, passkeys, others };
        assert_eq!(ways(false, 1, 0).without_passkey(), Err(LastWayIn));
        assert_eq!(ways(false, 2, 0).without_passkey(), Ok(ways(false, 1, 0)));
        assert_eq!(ways(true, 1, 0).without_passkey(), Ok(ways(true, 0, 0)));
        assert_eq!(ways(false, 1, 1).without_passkey(), Ok(ways(false, 0, 1)));
        assert_eq!(ways(false, 0, 1).without_other(), Err(LastWayIn));
        assert_eq!(ways(false, 1, 1).without_other(), Ok(ways(false, 1, 0)));
        assert_eq!(ways(true, 0, 0).without_password(), Err(LastWayIn));
        assert_eq!(ways(true, 1, 0).without_password(), Ok(ways(false, 1, 0)));
        assert_eq!(WaysIn::default().without_passkey(), Err(LastWayIn));
    }
}
