//! What the application remembers of a visitor between leaving for the issuer and coming back.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};

/// Visitors beyond this many push out the oldest.
const MOST: usize = 1000;

/// One visitor on the way.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) state: CsrfToken,
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
}

/// All visitors on the way, each under a name that their cookie holds.
#[derive(Debug, Default)]
pub(super) struct Visits(Mutex<VecDeque<(String, Visit)>>);

impl Visits {
    /// Keeps a visit and answers its name.
    pub(super) fn keep(&self, visit: Visit) -> String {
        let name = CsrfToken::new_random_len(32).secret().clone();
        let mut visits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if visits.len() >= MOST {
            visits.pop_front();
        }
        visits.push_back((name.clone(), visit));
        name
    }

    /// The visit under this name, once.
    pub(super) fn take(&self, name: &str) -> Option<Visit> {
        let mut visits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = visits.iter().position(|(kept, _)| kept == name)?;
        visits.remove(at).map(|(_, visit)| visit)
    }
}
