//! A clock that is wrong, to see what a host does by it.

use std::{sync::Arc, time::Duration};

use towergate::core::{Clock, Timestamp, system::SystemClock};

/// The machine's clock, moved.
struct Moved {
    millis: i64,
}

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        let by = Duration::from_millis(self.millis.unsigned_abs());
        if self.millis < 0 { SystemClock.now().minus(by) } else { SystemClock.now().plus(by) }
    }
}

/// The machine's clock, unless the configuration moves it.
pub(crate) fn clock(offset: Option<i64>) -> Arc<dyn Clock> {
    match offset {
        None => Arc::new(SystemClock),
        Some(millis) => {
            tracing::warn!(seconds = millis / 1000, "the clock is moved: this is no host for anybody");
            Arc::new(Moved { millis })
        }
    }
}
