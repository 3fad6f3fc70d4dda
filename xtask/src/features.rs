//! `cargo xtask features`: a host compiles only what it asks for, so each feature must build alone.

use crate::run::{Failure, cargo, show};

/// Crates with features, and the sets that hosts choose.
const CHOICES: &[(&str, &[&str])] = &[
    (
        "towergate",
        &[
            "",
            "inbound",
            "outbound",
            "resource",
            "sqlite",
            "postgres",
            "redis",
            "pages",
            "cli",
            "inbound,postgres",
            "inbound,sqlite",
            "outbound,postgres",
            "outbound,sqlite",
            "inbound,redis",
            "outbound,redis",
            "api-tokens",
            "passkeys",
            "social",
            "test-util",
        ],
    ),
    ("towergate-core", &["", "memory", "contract"]),
    ("towergate-identity", &["", "memory", "contract"]),
    ("towergate-jose", &["", "jwe"]),
    ("towergate-login", &["", "breaches", "smtp", "social"]),
    ("towergate-oauth", &["", "memory", "contract"]),
    ("towergate-pages", &["", "inbound", "outbound", "api-tokens"]),
    ("towergate-passkey", &["", "test-util"]),
    ("towergate-postgres", &["", "inbound", "outbound"]),
    ("towergate-redis", &["", "inbound", "outbound", "tls"]),
    ("towergate-sqlite", &["", "inbound", "outbound"]),
];

/// Checks each choice on its own.
pub(crate) fn each() -> Result<(), Failure> {
    for (package, choices) in CHOICES {
        for features in *choices {
            let alone = ["clippy", "--package", package, "--no-default-features", "--features", features];
            show(cargo(&alone).args(["--", "-Dwarnings"]))?;
        }
    }
    Ok(())
}
