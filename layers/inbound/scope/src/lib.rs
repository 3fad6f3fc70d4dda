//! towergate-scope
