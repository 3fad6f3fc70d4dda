//! How browsers reach an authenticator.

/// A way: [Web Authentication section 5.8.4](https://www.w3.org/TR/webauthn-3/#enum-transport). A hint for browsers, and
/// nothing to rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// Bluetooth.
    Ble,
    /// Another device, near.
    Hybrid,
    /// This very device.
    Internal,
    /// Near field.
    Nfc,
    /// A socket for cards with chips.
    SmartCard,
    /// A plug.
    Usb,
}

impl Transport {
    const ALL: [Self; 6] = [Self::Ble, Self::Hybrid, Self::Internal, Self::Nfc, Self::SmartCard, Self::Usb];

    /// The word of the standard.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ble => "ble",
            Self::Hybrid => "hybrid",
            Self::Internal => "internal",
            Self::Nfc => "nfc",
            Self::SmartCard => "smart-card",
            Self::Usb => "usb",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|transport| transport.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transport_reads_back() {
        for transport in Transport::ALL {
            assert_eq!(Transport::parse(transport.as_str()), Some(transport));
        }
        assert_eq!(Transport::parse("pigeon"), None);
    }
}
