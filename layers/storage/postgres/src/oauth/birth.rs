//! The births of a store beside this one that may forget everything.

use std::time::Duration;

use towergate_core::{Digest, StoreError, Timestamp};
use towergate_oauth::{
    ports::birth::Births,
    rules::birth::{KnownBirths, Trust, meet},
};

use crate::{failure::Failure, fields::Fields, params::params, query, step::Step, store::PostgresStore};

pub(crate) const FIND: &str =
    "SELECT name, trusted, doubted, until FROM towergate_births WHERE name = 'replay' FOR UPDATE";

const KEEP: &str = "INSERT INTO towergate_births AS births (name, trusted, doubted, until)
    VALUES ('replay', $1, $2, $3)
    ON CONFLICT (name) DO UPDATE SET trusted = $1, doubted = $2, until = $3
    WHERE (births.trusted, births.doubted, births.until) IS DISTINCT FROM ($1, $2, $3)";

pub(crate) const ANY_MARK: &str = "SELECT 1 FROM towergate_single_use WHERE until > $1 LIMIT 1";

/// Remembers in PostgreSQL which birth of a Redis is trusted with replay marks. Handed out by
/// [`PostgresOptions::replay_marks`](crate::PostgresOptions::replay_marks).
#[derive(Debug, Clone)]
pub struct PostgresBirths(pub(crate) PostgresStore);

impl Births for PostgresBirths {
    async fn meet_birth(&self, birth: Digest, now: Timestamp, doubt: Duration) -> Result<Trust, StoreError> {
        let met = self.0.write((birth, now, doubt), |step, (birth, now, doubt)| {
            Box::pin(meet_in(step, birth, *now, *doubt))
        });
        met.await
    }
}

async fn meet_in(step: &mut Step, birth: &Digest, now: Timestamp, doubt: Duration) -> Result<Trust, Failure> {
    let mut known = query::one(&mut step.connection, FIND, params![], read).await?;
    // Marks were kept here until now, and whoever takes over knows none of them.
    if known.is_none() && query::exists(&mut step.connection, ANY_MARK, params![now]).await? {
        known = Some(KnownBirths { trusted: Digest::of(b"the marks in PostgreSQL"), doubted: None });
    }
    let (trust, KnownBirths { trusted, doubted }) = meet(known, birth, now, doubt);
    let (doubted, until) = doubted.unzip();
    query::change(&mut step.connection, KEEP, params![&trusted, doubted.as_ref(), until]).await?;
    Ok(trust)
}

fn read(fields: &mut Fields<'_>) -> Result<KnownBirths, Failure> {
    fields.table("towergate_births");
    fields.get::<&str>("name")?;
    let trusted = fields.digest("trusted")?;
    let doubted = fields.optional_digest("doubted")?;
    Ok(KnownBirths { trusted, doubted: doubted.zip(fields.optional_time("until")?) })
}

#[cfg(test)]
mod tests {
    use towergate_core::contract::{NOW, origin};
    use towergate_oauth::{
        ports::replay::{Remembering, ReplayStore},
        rules::single_use::{SingleUse, SingleUseKind},
    };

    use super::*;
    use crate::contract::{block_on, fresh};

    fn births() -> PostgresBirths {
        PostgresBirths(fresh())
    }

    mod laws {
        towergate_oauth::births_contract!(make: super::births, block_on: crate::contract::block_on);
    }

    #[test]
    fn whoever_takes_over_from_these_marks_is_doubted() {
        let births = births();
        let minute = Duration::from_secs(60);
        let once = SingleUse::new(SingleUseKind::ClientAssertion, "app", "1", NOW.plus(minute));
        assert_eq!(block_on(births.0.remember_once(once, origin(NOW))).unwrap(), Remembering::First);
        let meet = |at| block_on(births.meet_birth(Digest::of(&[1]), at, minute)).unwrap();
        assert_eq!(meet(NOW), Trust::Doubted { until: NOW.plus(minute) });
        assert_eq!(meet(NOW.plus(minute)), Trust::Trusted);
    }
}
