use towergate_core::ready::{Missing, Ready};

use super::KeyRing;

impl Ready for KeyRing {
    /// Whether it has a key that signs.
    async fn missing(&self) -> Vec<Missing> {
        if self.preferred().is_some() { Vec::new() } else { vec![Missing::Keys] }
    }
}
