//! Where addresses are, as the host knows it.

use std::net::IpAddr;

/// Says roughly where an address is, in a few words for people, such as "Lyon, France". It must not ask the network: somebody
/// is waiting.
pub trait Places: Send + Sync + 'static {
    /// The place, if anybody knows.
    fn place_of(&self, address: IpAddr) -> Option<String>;
}

impl<F: Fn(IpAddr) -> Option<String> + Send + Sync + 'static> Places for F {
    fn place_of(&self, address: IpAddr) -> Option<String> {
        self(address)
    }
}
