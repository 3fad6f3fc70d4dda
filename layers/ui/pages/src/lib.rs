//! towergate-pages
