//! What befalls the hosts and what they stand on.

use std::{fmt, thread, time::Duration};

use tokio::task::block_in_place;

use crate::{place::Place, stranger::Stranger};

/// A fault that comes and goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    ProgramKilled,
    ProgramEnded,
    DatabaseKilled,
    DatabaseStoppedFast,
    DatabaseStoppedAtOnce,
    RedisKilled,
    RedisFlushed,
    RedisStandsStill,
    ConnectionsTaken,
    RowsLocked,
    Deadlock,
    WireStandsStill,
    WireCut,
}

/// A little longer than the house waits for a lock.
const LOCKED: Duration = Duration::from_secs(4);

/// Between two tries to get what the hosts give back.
const PAUSE: Duration = Duration::from_millis(50);

impl Fault {
    pub(crate) const ALL: [Self; 13] = [
        Self::ProgramKilled,
        Self::ProgramEnded,
        Self::DatabaseKilled,
        Self::DatabaseStoppedFast,
        Self::DatabaseStoppedAtOnce,
        Self::RedisKilled,
        Self::RedisFlushed,
        Self::RedisStandsStill,
        Self::ConnectionsTaken,
        Self::RowsLocked,
        Self::Deadlock,
        Self::WireStandsStill,
        Self::WireCut,
    ];

    /// Whether what is under way at a program may be lost. One that is told to end loses nothing.
    pub(crate) const fn loses_answers(self) -> bool {
        matches!(self, Self::ProgramKilled)
    }

    /// Comes, stays for about `held`, and goes; at `instance`, where it is about one.
    pub(crate) fn befall(self, place: &mut Place, instance: usize, held: Duration) -> Result<(), String> {
        let hold = || block_in_place(|| thread::sleep(held));
        match self {
            Self::ProgramKilled => place.kill_and_start(instance),
            Self::ProgramEnded => {
                if !place.end_and_start(instance) {
                    return Err(String::from("a program that was told to end did not end well"));
                }
            }
            Self::DatabaseKilled => {
                block_in_place(|| place.postgres.kill());
                hold();
                block_in_place(|| place.postgres.start());
            }
            Self::DatabaseStoppedFast => {
                block_in_place(|| place.postgres.stop());
                hold();
                block_in_place(|| place.postgres.start());
            }
            Self::DatabaseStoppedAtOnce => {
                block_in_place(|| place.postgres.stop_at_once());
                hold();
                block_in_place(|| place.postgres.start());
            }
            Self::RedisKilled => {
                block_in_place(|| place.redis.kill());
                hold();
                block_in_place(|| place.redis.start());
            }
            Self::RedisFlushed => block_in_place(|| place.redis.flush()),
            Self::RedisStandsStill => {
                place.redis.pause();
                hold();
                place.redis.resume();
            }
            Self::ConnectionsTaken => {
                let taken = block_in_place(|| take_connections(place))?;
                hold();
                drop(taken);
            }
            Self::RowsLocked => return block_in_place(|| lock_rows(place)),
            Self::Deadlock => return block_in_place(|| cross_locks(place)),
            Self::WireStandsStill => {
                place.wires[instance].stand_still();
                // Longer than a statement may take.
                hold();
                hold();
                place.wires[instance].mend();
            }
            Self::WireCut => {
                place.wires[instance].cut();
                hold();
                place.wires[instance].mend();
            }
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ProgramKilled => "a host killed (SIGKILL) and started",
            Self::ProgramEnded => "a host ended (SIGTERM) and started",
            Self::DatabaseKilled => "PostgreSQL killed (SIGKILL)",
            Self::DatabaseStoppedFast => "PostgreSQL restarted (fast)",
            Self::DatabaseStoppedAtOnce => "PostgreSQL restarted (immediate)",
            Self::RedisKilled => "Redis killed (SIGKILL)",
            Self::RedisFlushed => "Redis flushed (FLUSHALL)",
            Self::RedisStandsStill => "Redis stopped (SIGSTOP, SIGCONT)",
            Self::ConnectionsTaken => "all connections of PostgreSQL taken",
            Self::RowsLocked => "hot rows locked by an idle transaction",
            Self::Deadlock => "locks crossed until a deadlock",
            Self::WireStandsStill => "network to PostgreSQL stalled",
            Self::WireCut => "network to PostgreSQL reset",
        })
    }
}

/// Strangers take what is free, end the connections of the hosts, and take those too. Gone with what this answers.
pub(crate) fn take_connections(place: &Place) -> Result<Vec<Stranger>, String> {
    let mut taken = vec![Stranger::at(&place.postgres.socket()).map_err(|error| error.to_string())?];
    take_all(place, &mut taken);
    throw_out(place, &mut taken)?;
    Ok(taken)
}

/// Ends connections of the hosts until they have none, and all are taken.
pub(crate) fn throw_out(place: &Place, taken: &mut Vec<Stranger>) -> Result<(), String> {
    for _ in 0..200 {
        let first = taken.first_mut().ok_or("nobody is there")?;
        let hosts = "FROM pg_stat_activity WHERE application_name = 'towergate'";
        first
            .says(&format!("SELECT pg_terminate_backend(pid) {hosts}"))
            .map_err(|error| error.to_string())?;
        take_all(place, taken);
        let first = taken.first_mut().ok_or("nobody is there")?;
        // When nobody of the hosts is left, the division fails.
        if first.says(&format!("SELECT 1 / (SELECT count(*) {hosts})")).is_err() {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
    Err(String::from("the hosts kept connections"))
}

fn take_all(place: &Place, taken: &mut Vec<Stranger>) {
    while let Ok(stranger) = Stranger::at(&place.postgres.socket()) {
        taken.push(stranger);
    }
}

/// A transaction in which nothing happens holds the rows of everybody.
fn lock_rows(place: &Place) -> Result<(), String> {
    let mut stranger = Stranger::at(&place.postgres.socket()).map_err(|error| error.to_string())?;
    let lock = "SET search_path TO towergate; BEGIN;
                SELECT 1 FROM towergate_clients FOR UPDATE; SELECT 1 FROM towergate_users FOR UPDATE";
    stranger.says(lock).map_err(|error| error.to_string())?;
    thread::sleep(LOCKED);
    Ok(())
}

/// Locks the rows in another order than the house does, so that each waits for the other.
fn cross_locks(place: &Place) -> Result<(), String> {
    for _ in 0..5 {
        let mut stranger = Stranger::at(&place.postgres.socket()).map_err(|error| error.to_string())?;
        let orders = "SET search_path TO towergate; SET deadlock_timeout TO '200ms'; BEGIN;
                      SELECT 1 FROM towergate_refresh_tokens WHERE rotated_at IS NULL FOR UPDATE;
                      SELECT 1 FROM towergate_codes WHERE spent_at IS NULL FOR UPDATE;
                      SELECT 1 FROM towergate_grants WHERE revoked_at IS NULL FOR UPDATE;
                      SELECT 1 FROM towergate_sessions FOR UPDATE;
                      SELECT 1 FROM towergate_users FOR UPDATE; SELECT 1 FROM towergate_clients FOR UPDATE; COMMIT";
        // Either side may be the one that is told no.
        let _ = stranger.says(orders);
    }
    Ok(())
}
