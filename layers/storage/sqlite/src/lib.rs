//! towergate-sqlite
