//! The reference host around warp: `cargo run -p towergate-example-warp`.

use std::process::ExitCode;

use towergate_example_axum::cli;
use towergate_example_warp::app::Warp;

#[tokio::main]
async fn main() -> ExitCode {
    cli::main::<Warp>().await
}
