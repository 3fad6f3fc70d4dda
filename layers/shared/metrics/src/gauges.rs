//! Plain calls for what nobody tells by itself: a host looks it up now and then, and tells it here.

use metrics::{counter, gauge};
use towergate_core::{outbox::Backlog, store::Connections};

use crate::names::{CONNECTIONS, HASHING, HASHING_SHED, OUTBOX};

/// How many passwords are being hashed, how many wait, and how many were turned away since the start.
pub fn hashing(running: usize, waiting: usize, shed: u64) {
    gauge!(HASHING, "state" => "running").set(figure(running as u64));
    gauge!(HASHING, "state" => "waiting").set(figure(waiting as u64));
    counter!(HASHING_SHED).absolute(shed);
}

/// How many messages of a queue wait, and how many are given up.
pub fn outbox(queue: &'static str, backlog: Backlog) {
    gauge!(OUTBOX, "queue" => queue, "state" => "waiting").set(figure(backlog.waiting));
    gauge!(OUTBOX, "queue" => queue, "state" => "dead").set(figure(backlog.dead));
}

/// How many connections a store has, and how many of them are at work.
pub fn connections(store: &'static str, connections: Connections) {
    gauge!(CONNECTIONS, "store" => store, "state" => "in_use").set(figure(connections.in_use as u64));
    gauge!(CONNECTIONS, "store" => store, "state" => "idle").set(figure(connections.idle as u64));
}

/// A gauge is a float; beyond 2^53 it is off by one, which nobody minds.
#[expect(clippy::cast_precision_loss, reason = "a gauge is read by people")]
const fn figure(count: u64) -> f64 {
    count as f64
}
