//! towergate
