//! towergate-session
