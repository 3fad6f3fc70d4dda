//! How Redis fails, told in the words of the ports.

use redis::{ErrorKind, RedisError, ServerErrorKind};
use towergate_core::StoreError;

/// There is no connection at the moment; another is being made.
#[derive(Debug, thiserror::Error)]
#[error("there is no connection to Redis")]
pub(crate) struct Away;

/// What a script says of a value that the house never wrote.
const UNREADABLE: &str = "UNREADABLE";

/// What a failed command means to a caller.
pub(crate) fn told(error: RedisError) -> StoreError {
    match error.code() {
        Some(UNREADABLE | "WRONGTYPE") => StoreError::Corrupt {
            table: "redis",
            row: error.detail().unwrap_or_default().to_owned(),
            problem: "the value is not one of the house".to_owned(),
        },
        _ if is_a_fault_of_the_question(&error) => StoreError::Refused(error.to_string()),
        _ => StoreError::unavailable(error),
    }
}

/// Whether the connection is of no use any more, or leads to somebody who must not be written to.
pub(crate) fn ends_the_connection(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Io | ErrorKind::Parse | ErrorKind::AuthenticationFailed => true,
        ErrorKind::Server(kind) => matches!(
            kind,
            ServerErrorKind::ReadOnly
                | ServerErrorKind::MasterDown
                | ServerErrorKind::BusyLoading
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::Moved
        ),
        _ => error.code() == Some("NOAUTH"),
    }
}

/// A script that does not run, or an answer of another shape: nothing that passes by itself.
fn is_a_fault_of_the_question(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::UnexpectedReturnType | ErrorKind::InvalidClientConfig => true,
        ErrorKind::Server(kind) => {
            matches!(
                kind,
                ServerErrorKind::ResponseError | ServerErrorKind::CrossSlot | ServerErrorKind::NoPerm
            )
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: ErrorKind) -> StoreError {
        told(RedisError::from((kind, "said")))
    }

    #[test]
    fn what_may_pass_is_unavailable() {
        for passing in [
            ErrorKind::Io,
            ErrorKind::AuthenticationFailed,
            ErrorKind::Extension,
            ErrorKind::Server(ServerErrorKind::BusyLoading),
            ErrorKind::Server(ServerErrorKind::ReadOnly),
            ErrorKind::Server(ServerErrorKind::MasterDown),
        ] {
            assert!(matches!(said(passing), StoreError::Unavailable(_)), "{passing:?}");
        }
    }

    #[test]
    fn a_script_that_does_not_run_is_refused() {
        for lasting in
            [ErrorKind::Server(ServerErrorKind::ResponseError), ErrorKind::Server(ServerErrorKind::NoPerm)]
        {
            assert!(matches!(said(lasting), StoreError::Refused(_)), "{lasting:?}");
        }
    }

    #[test]
    fn whoever_must_not_be_written_to_is_left() {
        let ends = |kind| ends_the_connection(&RedisError::from((kind, "said")));
        assert!(ends(ErrorKind::Io) && ends(ErrorKind::Server(ServerErrorKind::ReadOnly)));
        assert!(!ends(ErrorKind::Server(ServerErrorKind::ResponseError)) && !ends(ErrorKind::Extension));
    }
}
