//! What a run was made on, as far as figures depend on it, and nothing by which the machine could be found.

use std::{fs, process::Command};

/// Lines of `name: value`.
pub(super) fn lines() -> Vec<(&'static str, String)> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let told = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
    };
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // Without what a builder of kernels adds to its version.
    let kernel = kernel.trim().split(['-', '+']).next().unwrap_or_default().to_owned();
    vec![
        ("date", told("date", "-u").map_or_else(String::new, |_| date())),
        ("processor", format!("{}, {cores} cores", processor().unwrap_or_else(|| String::from("unknown")))),
        ("system", format!("Linux {kernel}")),
        ("load when the report was written", load()),
        ("compiler", told("rustc", "--version").unwrap_or_default()),
        (
            "profile",
            String::from("release, as Cargo has it, on all sides; Node.js with `NODE_ENV=production`"),
        ),
    ]
}

fn date() -> String {
    let output = Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn processor() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().take(3).collect::<Vec<_>>().join(", ")
}

/// The versions of what is compared, from the lock file.
pub(super) fn versions() -> Vec<(String, String)> {
    const TOLD: [&str; 12] = [
        "argon2",
        "axum",
        "axum-login",
        "biscuit-auth",
        "hyper",
        "jsonwebtoken",
        "oauth-as",
        "ring",
        "rusqlite",
        "tokio",
        "tower-sessions",
        "webauthn-rs",
    ];
    let lock = include_str!("../../Cargo.lock");
    let mut versions: Vec<(String, String)> = Vec::new();
    for package in lock.split("[[package]]") {
        let field = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""))?;
            Some(line.trim_end_matches('"').to_owned())
        };
        if let (Some(name), Some(version)) = (field("name"), field("version"))
            && TOLD.contains(&name.as_str())
        {
            versions.push((name, version));
        }
    }
    let node = include_str!("../../node/package-lock.json");
    if let Ok(node) = serde_json::from_str::<serde_json::Value>(node) {
        for name in ["oidc-provider", "node"] {
            let version = node["packages"][format!("node_modules/{name}")]["version"].as_str();
            versions.extend(version.map(|version| (format!("{name} (npm)"), version.to_owned())));
        }
    }
    versions
}
