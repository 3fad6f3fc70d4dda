//! Throwing away what can no longer matter, a little at a time.

pub(crate) const RATE_LIMITS: &str = "DELETE FROM towergate_rate_limits WHERE (name, scope, whose) IN
    (SELECT name, scope, whose FROM towergate_rate_limits WHERE empty_at <= $1
     ORDER BY empty_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
