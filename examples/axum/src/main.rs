//! The reference host around axum.

fn main() {}
