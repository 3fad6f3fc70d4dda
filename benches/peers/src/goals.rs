//! The goals: what each row is called, and how much it may be.

/// Which way a figure should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// At most so much.
    Most(f64),
    /// At least so much.
    Least(f64),
    /// For comparison.
    None,
}

/// A goal.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    /// Its name in results.
    pub id: &'static str,
    /// What is to be reached.
    pub title: &'static str,
    /// What it is compared with in the same run.
    pub against: &'static str,
    /// How much it may be.
    pub bound: Bound,
    /// What follows the figure.
    pub unit: &'static str,
}

impl Goal {
    /// Whether a figure is good enough; where nothing is asked, it is.
    #[must_use]
    pub fn met(&self, figure: f64) -> bool {
        match self.bound {
            Bound::Most(most) => figure <= most,
            Bound::Least(least) => figure >= least,
            Bound::None => true,
        }
    }
}

macro_rules! goals {
    ($($name:ident $id:literal: $title:literal, $against:literal, $bound:expr, $unit:literal;)*) => {
        $(#[doc = $title] pub const $name: &str = $id;)*
        /// All of them, in the order of the report.
        pub const ALL: &[Goal] = &[
            $(Goal { id: $id, title: $title, against: $against, bound: $bound, unit: $unit },)*
        ];
    };
}

use Bound::{Least, Most, None};

goals! {
    ARGON_WALL "argon-wall": "Argon2id 64 MiB t3 p4, wall", "`argon2`'s allocating call", Most(0.40), "x";
    ARGON_CPU "argon-cpu": "Argon2id 19 MiB t2 p1, CPU", "`argon2`'s allocating call", Most(0.75), "x";
    ARGON_PEAK "argon-peak": "Argon2id 19 MiB t2 p1, peak memory", "memory x permits", Most(1.1), "x";
    ARGON_SCALING "argon-scaling": "hashes per second at N threads", "N x one thread", Least(0.9), "x";
    STORM "storm": "p99 of an authenticated GET during a login storm", "its quiet p99", Most(2.0), "x";
    SESSION_TOWER_SESSIONS "session-tower-sessions": "session layer, added CPU", "tower-sessions", Most(0.4), "x";
    SESSION_AXUM_LOGIN "session-axum-login": "session layer, added CPU", "axum-login", Most(0.15), "x";
    SESSION_ALLOCATIONS "session-allocations": "session layer, added allocations", "bare axum", Most(8.0), "";
    FULL_STACK "full-stack": "full stack (audit, session, scope, csrf, step-up gate), added CPU", "what tower-sessions alone adds", Most(1.0), "x";
    FULL_STACK_ALLOCATIONS "full-stack-allocations": "full stack, added allocations", "bare axum", Most(12.0), "";
    PUBLIC_ALLOCATIONS "public-allocations": "public route without a cookie, added allocations", "bare axum", Most(0.0), "";
    TOKEN_OPAQUE "token-opaque": "token endpoint, opaque client_credentials, in process", "bare axum form to 1 kB JSON", Most(1.25), "x";
    TOKEN_SIGNED "token-signed": "signed-token paths, in process", "bare axum + raw signature operations", Most(1.10), "x";
    JWT_RAW "jwt-raw": "JWT encode, ES256", "raw ring signature", Most(1.05), "x";
    JWT_PEER "jwt-peer": "JWT encode, ES256, times faster", "jsonwebtoken", Least(1.6), "x";
    HTTP_FAST "http-fast": "HTTP per core, times less CPU: opaque paths", "npm oidc-provider", Least(18.0), "x";
    HTTP_SIGNED "http-signed": "HTTP per core, times less CPU: other paths", "npm oidc-provider", Least(12.0), "x";
    HTTP_PAR "http-par": "HTTP per core, times less CPU: PAR", "npm oidc-provider", Least(12.0), "x";
    HTTP_OAUTH_AS "http-oauth-as": "HTTP per core, times less CPU", "oauth-as (crate)", Least(2.0), "x";
    HTTP_STATIC "http-static": "discovery and JWKS, throughput", "bare axum hello", Least(0.97), "x";
    BEARER_WARM "bearer-warm": "warm bearer check", "-", Most(1.0), "µs";
    BEARER_COLD "bearer-cold": "warm bearer check, times faster", "cold verification", Least(50.0), "x";
    API_TOKEN "api-token": "API token checked whole", "its Ed25519 verifications", None, "x";
    PASSKEY "passkey": "passkey assertion verified", "one ES256 verification", Most(1.3), "x";
    PASSKEY_WHOLE "passkey-whole": "passkey sign-in whole, the session begun", "one ES256 verification", None, "x";
    PASSKEY_PEER "passkey-peer": "passkey assertion verified, times faster", "webauthn-rs", None, "x";
    DURABLE "durable": "durable issue, SQLite synchronous=FULL, 64 in flight, times faster", "one commit per token", Least(20.0), "x";
    DURABLE_POSTGRES "durable-postgres": "durable issue, PostgreSQL, 64 in flight, times faster", "one after the other", None, "x";
    SQLITE_SESSION "sqlite-session": "session load from SQLite over HTTP, CPU", "in-memory stack", Most(1.5), "x";
    IDLE_MEMORY "idle-memory": "idle memory of the example", "-", Most(8.0), "MB";
    SESSION_MEMORY "session-memory": "memory per in-memory session", "-", Most(200.0), "B";
    FIRST_TOKEN "first-token": "exec to first token", "-", Most(10.0), "ms";
    FIRST_TOKEN_PEER "first-token-peer": "exec to first token, times faster", "npm oidc-provider", Least(40.0), "x";
    GROWTH "growth": "growth of hot paths, the power of the number of rows", "a logarithm", Most(0.25), "";
    CLEANUP "cleanup": "longest pause of issuing while cleaning", "-", Most(10.0), "ms";
}
