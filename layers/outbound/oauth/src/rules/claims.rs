//! Which of the host's claims a scope lets out.
//! [OpenID Connect Core section 5.4](https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims)

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use towergate_oauth_types::Scope;

/// The standard claims that each standard scope value covers.
const STANDARD: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// What the protocol says itself; the host never gets a word in.
const PROTOCOL: &[&str] = &[
    "acr",
    "act",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "exp",
    "iat",
    "iss",
    "jti",
    "may_act",
    "nbf",
    "nonce",
    "s_hash",
    "scope",
    "sid",
    "sub",
];

/// Which claims each scope value covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeClaims(BTreeMap<String, BTreeSet<String>>);

impl Default for ScopeClaims {
    /// What OpenID Connect says of `profile`, `email`, `address` and `phone`.
    fn default() -> Self {
        let own = |names: &&[&str]| names.iter().map(ToString::to_string).collect();
        Self(STANDARD.iter().map(|(scope, names)| ((*scope).to_owned(), own(names))).collect())
    }
}

impl ScopeClaims {
    /// The same table, in which `scope` covers these claims of the host's too. Names of the protocol's own claims
    /// have no effect.
    #[must_use]
    pub fn with<'a>(mut self, scope: &str, claims: impl IntoIterator<Item = &'a str>) -> Self {
        let claims = claims.into_iter().filter(|name| !PROTOCOL.contains(name)).map(str::to_owned);
        self.0.entry(scope.to_owned()).or_default().extend(claims);
        self
    }

    /// The host's claims that `scope` lets out; empty and null ones are left out,
    /// [section 5.3.2](https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse).
    #[must_use]
    pub fn let_out(&self, scope: &Scope, mut claims: Map<String, Value>) -> Map<String, Value> {
        let is_covered = |name: &String| {
            scope.values().filter_map(|value| self.0.get(value)).any(|covered| covered.contains(name))
        };
        let says_something = |value: &Value| !value.is_null() && value.as_str() != Some("");
        claims.retain(|name, value| {
            is_covered(name) && says_something(value) && !PROTOCOL.contains(&name.as_str())
        });
        claims
    }

    /// The scope values that cover claims.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All claims that any scope value covers, sorted.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&str> {
        self.0.values().flatten().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn let_out(table: &ScopeClaims, scope: &str) -> Vec<String> {
        let claims = serde_json::json!({
            "name": "Alice", "email": "a@x.example", "email_verified": true, "sub": "evil", "iss": "evil",
            "nickname": null, "picture": "", "roles": ["admin"], "address": {"country": "NL"},
        });
        let Value::Object(claims) = claims else { unreachable!() };
        table.let_out(&Scope::parse(scope).unwrap(), claims).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn oidc_core_5_4_each_scope_lets_out_its_claims_only() {
        let table = ScopeClaims::default();
        assert!(let_out(&table, "openid").is_empty());
        assert_eq!(let_out(&table, "openid profile"), ["name"]);
        assert_eq!(let_out(&table, "email address"), ["address", "email", "email_verified"]);
    }

    #[test]
    fn a_claim_of_the_hosts_passes_under_the_scope_it_is_listed_for() {
        let table = ScopeClaims::default().with("org", ["roles"]);
        assert_eq!(let_out(&table, "openid org"), ["roles"]);
        assert!(let_out(&table, "openid").is_empty());
    }

    #[test]
    fn protocol_claims_always_win() {
        let table = ScopeClaims::default().with("openid", ["sub", "iss", "roles"]);
        assert_eq!(let_out(&table, "openid"), ["roles"]);
        assert!(!table.names().contains("sub"));
    }
}
