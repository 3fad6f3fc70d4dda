//! Which of the host's claims leave for a client, and where.
//! [OpenID Connect Core section 5.4](https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims)
//!
//! The claims that the scope of an access token covers are read at userinfo. A claim that a client asks for by name goes
//! where it asks for it, if some scope value that the client registered covers it: what it may never see by scope, it
//! does not see by name either. A claim for which it names values is given only with one of them. Language tags
//! (`name#ja`) are let out like the claim itself.

mod wanted;

pub use wanted::Wanted;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
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
        let claims = claims.into_iter().filter(|name| !is_protocol(name)).map(str::to_owned);
        self.0.entry(scope.to_owned()).or_default().extend(claims);
        self
    }

    /// What of the host's `claims` leaves for a client that wants `wanted`; empty and null ones are left out,
    /// [section 5.3.2](https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse).
    #[must_use]
    pub fn let_out(&self, wanted: &Wanted<'_>, mut claims: Map<String, Value>) -> HostClaims {
        let says_something = |value: &Value| !value.is_null() && value.as_str() != Some("");
        claims.retain(|name, value| {
            !is_protocol(name) && says_something(value) && wanted.lets_out(self, name, value)
        });
        HostClaims(claims)
    }

    /// Whether some value of `scope` covers the claim.
    #[must_use]
    pub fn covers(&self, scope: &Scope, name: &str) -> bool {
        scope.values().filter_map(|value| self.0.get(value)).any(|covered| covered.contains(base(name)))
    }

    /// The scope values that cover claims.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Those of `names` that `registered` lets out and `scope` alone does not: what a client that asks for single claims
    /// learns by that.
    #[must_use]
    pub fn beyond<'a>(
        &self,
        scope: &Scope,
        registered: &Scope,
        names: impl IntoIterator<Item = &'a str>,
    ) -> BTreeSet<String> {
        let covered = |by: &Scope, name: &str| {
            let base = name.split('#').next().unwrap_or_default();
            by.values().filter_map(|value| self.0.get(value)).any(|claims| claims.contains(base))
        };
        let names = names.into_iter().filter(|name| !covered(scope, name) && covered(registered, name));
        names.map(str::to_owned).collect()
    }

    /// All claims that any scope value covers, sorted.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&str> {
        self.0.values().flatten().map(String::as_str).collect()
    }
}

/// What leaves for a client of what the host knows; there is never a claim of the protocol's own among it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct HostClaims(Map<String, Value>);

impl HostClaims {
    /// The claims, by name.
    #[must_use]
    pub const fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// Whether the protocol says this claim itself.
#[must_use]
pub fn is_protocol(name: &str) -> bool {
    PROTOCOL.contains(&base(name))
}

/// The name of a claim without its language tag,
/// [section 5.2](https://openid.net/specs/openid-connect-core-1_0.html#ClaimsLanguagesAndScripts).
fn base(name: &str) -> &str {
    name.split_once('#').map_or(name, |(base, _)| base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::claims_request::ClaimsRequest;

    fn let_out(table: &ScopeClaims, scope: &str) -> Vec<String> {
        let claims = serde_json::json!({
            "name": "Alice", "name#ja": "アリス", "sub#ja": "evil", "email": "a@x.example", "email_verified": true, "sub": "evil", "iss": "evil",
            "nickname": null, "picture": "", "roles": ["admin"], "address": {"country": "NL"},
        });
        let Value::Object(claims) = claims else { unreachable!() };
        let (scope, request) = (Scope::parse(scope).unwrap(), ClaimsRequest::default());
        let wanted = Wanted::at_userinfo(&scope, &scope, &request);
        table.let_out(&wanted, claims).as_map().keys().cloned().collect()
    }

    #[test]
    fn oidc_core_5_4_each_scope_lets_out_its_claims_only() {
        let table = ScopeClaims::default();
        assert!(let_out(&table, "openid").is_empty());
        assert_eq!(let_out(&table, "openid profile"), ["name", "name#ja"]);
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
        assert!(is_protocol("sub") && is_protocol("sub#ja") && !is_protocol("subject"));
        assert!(!table.names().contains("sub"));
    }
}
