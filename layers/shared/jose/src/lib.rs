//! towergate-jose
