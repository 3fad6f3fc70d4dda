//! The reference host around axum: `cargo run -p towergate-example-axum`.

use std::process::ExitCode;

use towergate_example_axum::{app::Axum, cli};

#[tokio::main]
async fn main() -> ExitCode {
    cli::main::<Axum>().await
}
