//! The resolver that answers only with addresses that may be connected to.

use std::{
    collections::HashMap,
    error::Error,
    future::Future,
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    vec,
};

use hyper_util::client::legacy::connect::dns::Name;
use tokio::sync::Semaphore;
use tower_service::Service;

use crate::AddressClass;

/// How many names are looked up at once. The system's lookup holds a thread until it answers, whoever still waits.
const LOOKUPS: usize = 16;

/// How often one of them: a name whose servers are slow leaves the others their turns.
const LOOKUPS_OF_ONE_NAME: usize = 2;

/// Which addresses may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    Public,
    PublicAndLoopback,
    /// Without TLS.
    Loopback,
}

/// An address that may not be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{address} may not be connected to")]
pub(crate) struct Forbidden {
    pub(crate) address: IpAddr,
    /// `None` for a public address, which is forbidden without TLS.
    pub(crate) class: Option<AddressClass>,
}

impl Allowed {
    pub(crate) fn check(self, address: IpAddr) -> Result<(), Forbidden> {
        let class = AddressClass::of(address);
        let allowed = match class {
            None => self != Self::Loopback,
            Some(AddressClass::Loopback) => self != Self::Public,
            Some(_) => false,
        };
        if allowed { Ok(()) } else { Err(Forbidden { address, class }) }
    }

    /// What may be connected to among `found`; when that is nothing, why.
    fn filter(self, found: impl Iterator<Item = SocketAddr>) -> Result<Addresses, LookupFailed> {
        let (mut allowed, mut refused) = (Vec::new(), None);
        for socket in found {
            match self.check(socket.ip()) {
                Ok(()) => allowed.push(socket),
                Err(forbidden) => refused = refused.or(Some(forbidden)),
            }
        }
        match refused {
            _ if !allowed.is_empty() => Ok(allowed.into_iter()),
            Some(forbidden) => Err(LookupFailed::Forbidden(forbidden)),
            None => Err(LookupFailed::Unknown(io::ErrorKind::NotFound.into())),
        }
    }
}

/// A name was looked up in vain.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupFailed {
    /// It leads only to addresses that may not be connected to.
    #[error(transparent)]
    Forbidden(Forbidden),
    /// It leads nowhere, or nobody answered.
    #[error("{0}")]
    Unknown(io::Error),
}

/// Looks names up by the system and drops what is not allowed. The connector connects to what it answers, and to
/// nothing else.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    allowed: Allowed,
    lookup: fn(&str) -> io::Result<Addresses>,
    turns: Arc<Semaphore>,
    names: Names,
}

/// The turns of each name that is being looked up.
#[derive(Debug, Clone, Default)]
struct Names(Arc<Mutex<HashMap<String, Arc<Semaphore>>>>);

impl Names {
    fn turns_of(&self, name: &str) -> Arc<Semaphore> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A turn that is taken or waited for points at its name.
        names.retain(|_, turns| Arc::strong_count(turns) > 1);
        let fresh = || Arc::new(Semaphore::new(LOOKUPS_OF_ONE_NAME));
        Arc::clone(names.entry(name.to_ascii_lowercase()).or_insert_with(fresh))
    }
}

type Addresses = vec::IntoIter<SocketAddr>;

impl Guard {
    pub(crate) fn new(allowed: Allowed) -> Self {
        let system = |name: &str| (name, 0).to_socket_addrs();
        Self { allowed, lookup: system, turns: Arc::new(Semaphore::new(LOOKUPS)), names: Names::default() }
    }
}

impl Service<Name> for Guard {
    type Response = Addresses;
    type Error = LookupFailed;
    type Future = Pin<Box<dyn Future<Output = Result<Addresses, LookupFailed>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), LookupFailed>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self { allowed, lookup, turns, names } = self.clone();
        Box::pin(async move {
            let broken = |error: Box<dyn Error + Send + Sync>| LookupFailed::Unknown(io::Error::other(error));
            let own = names.turns_of(name.as_str()).acquire_owned().await;
            let own = own.map_err(|error| broken(error.into()))?;
            let turn = turns.acquire_owned().await.map_err(|error| broken(error.into()))?;
            let looking = tokio::task::spawn_blocking(move || {
                let found = lookup(name.as_str());
                // Given back when the thread is, not when the caller stops waiting.
                drop((own, turn));
                found
            });
            let found = looking.await.map_err(|error| broken(error.into()))?;
            allowed.filter(found.map_err(LookupFailed::Unknown)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Barrier,
            atomic::{AtomicBool, Ordering},
        },
        task::Waker,
    };

    use super::*;

    fn filtered(allowed: Allowed, found: &[&str]) -> Result<Vec<String>, Option<AddressClass>> {
        let sockets = found.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0));
        match allowed.filter(sockets) {
            Ok(kept) => Ok(kept.map(|socket| socket.ip().to_string()).collect()),
            Err(LookupFailed::Forbidden(forbidden)) => Err(forbidden.class),
            Err(LookupFailed::Unknown(_)) => Err(None),
        }
    }

    #[test]
    fn of_a_mixed_answer_only_the_public_is_connected_to() {
        let found = ["10.0.0.1", "1.1.1.1", "::1", "169.254.169.254", "2606:4700::1111", "127.0.0.1"];
        assert_eq!(filtered(Allowed::Public, &found), Ok(vec!["1.1.1.1".into(), "2606:4700::1111".into()]));
        assert_eq!(filtered(Allowed::PublicAndLoopback, &found).unwrap().len(), 4);
        assert_eq!(filtered(Allowed::Loopback, &found), Ok(vec!["::1".into(), "127.0.0.1".into()]));
    }

    #[test]
    fn an_answer_without_a_public_address_is_refused_for_its_first() {
        let found = ["10.0.0.1", "127.0.0.1"];
        assert_eq!(filtered(Allowed::Public, &found), Err(Some(AddressClass::Private)));
        assert_eq!(filtered(Allowed::Loopback, &["1.1.1.1"]), Err(None));
        assert_eq!(filtered(Allowed::Public, &[]), Err(None));
    }

    #[tokio::test]
    async fn a_turn_is_given_back_with_the_thread() {
        static GATE: Barrier = Barrier::new(2);
        let mut guard = Guard::new(Allowed::Public);
        guard.turns = Arc::new(Semaphore::new(0));
        guard.lookup = |_| {
            GATE.wait();
            GATE.wait();
            Ok(Vec::new().into_iter())
        };
        let mut poll = Context::from_waker(Waker::noop());
        let mut lookup = guard.call("client.example".parse().unwrap());
        assert!(lookup.as_mut().poll(&mut poll).is_pending());
        guard.turns.add_permits(1);
        assert!(lookup.as_mut().poll(&mut poll).is_pending());
        GATE.wait();
        drop(lookup);
        let free = guard.turns.available_permits();
        GATE.wait();
        assert_eq!(free, 0, "while the thread is still looking");
        assert!(guard.turns.acquire().await.is_ok());
    }

    #[tokio::test]
    async fn a_name_that_is_slow_leaves_the_others_their_turns() {
        static ANSWERS: AtomicBool = AtomicBool::new(false);
        let mut guard = Guard::new(Allowed::Public);
        guard.turns = Arc::new(Semaphore::new(LOOKUPS_OF_ONE_NAME + 1));
        guard.lookup = |name| {
            while name == "slow.example" && !ANSWERS.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            Ok(vec![SocketAddr::from(([1, 1, 1, 1], 0))].into_iter())
        };
        let mut poll = Context::from_waker(Waker::noop());
        let looks = 0..LOOKUPS_OF_ONE_NAME + 2;
        let mut slow: Vec<_> = looks.map(|_| guard.call("slow.example".parse().unwrap())).collect();
        for one in &mut slow {
            assert!(one.as_mut().poll(&mut poll).is_pending());
        }
        assert!(guard.call("quick.example".parse().unwrap()).await.is_ok());
        ANSWERS.store(true, Ordering::SeqCst);
        for one in slow {
            assert!(one.await.is_ok());
        }
        assert!(guard.call("quick.example".parse().unwrap()).await.is_ok());
        assert_eq!(guard.names.0.lock().unwrap().len(), 1, "what is looked up no more is forgotten");
    }

    #[test]
    fn loopback_opens_nothing_else() {
        for other in ["10.0.0.1", "169.254.169.254", "0.0.0.0", "fe80::1", "fd00::1", "100.64.0.1"] {
            assert!(filtered(Allowed::PublicAndLoopback, &[other]).is_err(), "{other}");
        }
        assert!(filtered(Allowed::PublicAndLoopback, &["::ffff:127.0.0.1"]).is_ok());
    }
}
