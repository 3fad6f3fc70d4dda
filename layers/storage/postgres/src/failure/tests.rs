//! Failures by SQLSTATE.

use std::{borrow::Cow, error, fmt};

use sqlx::error::ErrorKind;

use super::*;

#[derive(Debug)]
struct Said(&'static str);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl error::Error for Said {}

impl DatabaseError for Said {
    fn message(&self) -> &str {
        "what was sent: hunter2"
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.0.into())
    }

    fn as_error(&self) -> &(dyn error::Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn error::Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn error::Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

fn failure(code: &'static str) -> Failure {
    Failure::Sql(Error::Database(Box::new(Said(code))))
}

fn store_error(code: &'static str) -> StoreError {
    failure(code).into()
}

#[test]
fn what_may_pass_is_unavailable() {
    for passing in [
        "08006", "25006", "25P03", "28P01", "3D000", "40001", "40P01", "53100", "53200", "53300", "55P03",
        "57014", "57P01", "57P02", "57P03", "58030",
    ] {
        assert!(matches!(store_error(passing), StoreError::Unavailable(_)), "{passing}");
    }
    for passing in [Error::PoolTimedOut, Error::PoolClosed, Error::Io(std::io::ErrorKind::BrokenPipe.into())]
    {
        assert!(matches!(StoreError::from(Failure::Sql(passing)), StoreError::Unavailable(_)));
    }
}

#[test]
fn a_breach_is_refused_and_a_torn_page_is_corrupt() {
    assert!(matches!(store_error("23505"), StoreError::Refused(_)));
    assert!(matches!(store_error("42P01"), StoreError::Refused(_)));
    assert!(matches!(store_error("XX001"), StoreError::Corrupt { .. }));
}

#[test]
fn what_was_sent_is_not_shown() {
    let StoreError::Refused(text) = store_error("22P02") else { panic!("not refused") };
    assert_eq!(text, "SQLSTATE 22P02");
}

#[test]
fn only_a_lost_race_is_run_again() {
    assert!(failure("40001").lost_a_race() && failure("40P01").lost_a_race());
    // What became of a transaction whose connection was lost is not known.
    for other in ["08006", "40003", "57P01", "55P03", "23505"] {
        assert!(!failure(other).lost_a_race(), "{other}");
    }
    assert!(failure("57P01").lost_the_connection() && !failure("40001").lost_the_connection());
}
