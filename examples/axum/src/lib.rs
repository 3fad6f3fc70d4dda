//! towergate-example-axum
