//! towergate-example-warp
