//! towergate-audit
