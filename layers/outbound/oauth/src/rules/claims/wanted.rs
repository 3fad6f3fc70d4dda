//! What a client wants to read in one place.

use std::collections::BTreeMap;

use serde_json::Value;
use towergate_oauth_types::Scope;

use super::ScopeClaims;
use crate::rules::claims_request::{ClaimRequest, ClaimsRequest};

/// What a client wants to read in one place: at userinfo, or in the ID token.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    scope: Option<&'a Scope>,
    registered: &'a Scope,
    asked: &'a BTreeMap<String, ClaimRequest>,
}

impl<'a> Wanted<'a> {
    /// At userinfo: what the `scope` of the access token covers, and what was asked for by name, within what the client
    /// `registered`.
    #[must_use]
    pub const fn at_userinfo(scope: &'a Scope, registered: &'a Scope, request: &'a ClaimsRequest) -> Self {
        Self { scope: Some(scope), registered, asked: &request.userinfo }
    }

    /// In the ID token: what was asked for by name, within what the client `registered`. What the scope covers is read
    /// at userinfo, since there is always an access token beside.
    #[must_use]
    pub const fn in_id_token(registered: &'a Scope, request: &'a ClaimsRequest) -> Self {
        Self { scope: None, registered, asked: &request.id_token }
    }

    /// Whether the host may know anything of it, and so must be asked.
    #[must_use]
    pub fn is_of_the_host(&self, table: &ScopeClaims) -> bool {
        self.scope.is_some() || self.asked.keys().any(|name| self.is_allowed(table, name))
    }

    /// Whether the claim leaves with this value.
    pub(super) fn lets_out(&self, table: &ScopeClaims, name: &str, value: &Value) -> bool {
        let asked = self.asked.get(name);
        let by_scope = self.scope.is_some_and(|scope| table.covers(scope, name));
        let by_name = asked.is_some() && self.is_allowed(table, name);
        (by_scope || by_name) && asked.is_none_or(|asked| asked.accepts(value))
    }

    fn is_allowed(&self, table: &ScopeClaims, name: &str) -> bool {
        table.covers(self.registered, name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, json};

    use super::*;

    fn asked(members: &[(&str, &[Value])]) -> BTreeMap<String, ClaimRequest> {
        let request = |values: &[Value]| ClaimRequest { essential: true, values: values.to_vec() };
        members.iter().map(|(name, values)| ((*name).to_owned(), request(values))).collect()
    }

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    fn names(wanted: &Wanted<'_>) -> Vec<String> {
        let Value::Object(host) = json!({
            "sub": "evil", "name": "Alice", "email": "a@x.example", "email_verified": true, "locale": "nl",
        }) else {
            unreachable!()
        };
        ScopeClaims::default().let_out(wanted, host).as_map().keys().cloned().collect()
    }

    #[test]
    fn oidc_core_5_5_a_claim_goes_where_it_is_asked_for() {
        let (granted, registered) = (scope("openid email"), scope("openid email profile"));
        let request = ClaimsRequest {
            userinfo: asked(&[("name", &[])]),
            id_token: asked(&[("locale", &[]), ("auth_time", &[])]),
        };
        let at_userinfo = Wanted::at_userinfo(&granted, &registered, &request);
        assert_eq!(names(&at_userinfo), ["email", "email_verified", "name"]);
        assert_eq!(names(&Wanted::in_id_token(&registered, &request)), ["locale"]);
    }

    #[test]
    fn what_a_client_may_never_see_by_scope_it_does_not_see_by_name() {
        let registered = scope("openid email");
        let request = ClaimsRequest {
            userinfo: asked(&[("name", &[]), ("sub", &[]), ("email", &[])]),
            id_token: asked(&[("name", &[]), ("sub", &[])]),
        };
        let granted = scope("openid");
        assert_eq!(names(&Wanted::at_userinfo(&granted, &registered, &request)), ["email"]);
        let in_id_token = Wanted::in_id_token(&registered, &request);
        assert!(names(&in_id_token).is_empty());
        assert!(!in_id_token.is_of_the_host(&ScopeClaims::default()), "the host is not asked in vain");
    }

    #[test]
    fn oidc_core_5_5_1_a_claim_with_another_value_is_left_out() {
        let all = scope("openid email profile");
        let request = ClaimsRequest {
            userinfo: asked(&[("locale", &[json!("de"), json!("nl")]), ("email", &[json!("b@x.example")])]),
            id_token: BTreeMap::new(),
        };
        assert_eq!(names(&Wanted::at_userinfo(&all, &all, &request)), ["email_verified", "locale", "name"]);
    }

    const NAMES: [&str; 12] = [
        "sub",
        "iss",
        "aud",
        "exp",
        "acr",
        "sid",
        "sub#nl",
        "name",
        "name#nl",
        "email",
        "roles",
        "shoe_size",
    ];

    proptest! {
        /// Whatever the host answers, whatever the client asks for and whatever the operator lists under a scope value:
        /// no claim of the protocol's own leaves, and nothing that no scope of the client covers.
        #[test]
        fn protocol_claims_always_win(
            host in prop::collection::btree_map(prop::sample::select(&NAMES[..]), "[a-z]{0,3}", 0..12),
            asked in prop::collection::btree_map(
                prop::sample::select(&NAMES[..]),
                prop::collection::vec("[a-z]{0,3}", 0..3),
                0..12,
            ),
            listed in prop::collection::vec(prop::sample::select(&NAMES[..]), 0..6),
            granted in prop::sample::subsequence(vec!["openid", "profile", "email", "org"], 0..=4),
            more in prop::sample::subsequence(vec!["openid", "profile", "email", "org"], 0..=4),
        ) {
            let granted = scope(&granted.join(" "));
            let registered = granted.union(&scope(&more.join(" ")));
            let table = ScopeClaims::default().with("org", listed);
            let host: Map<_, _> = host.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            let place: BTreeMap<_, _> = asked
                .iter()
                .map(|(name, values)| {
                    let values = values.iter().map(|value| json!(value)).collect();
                    ((*name).to_owned(), ClaimRequest { essential: false, values })
                })
                .collect();
            let request = ClaimsRequest { userinfo: place.clone(), id_token: place };
            for wanted in [
                Wanted::at_userinfo(&granted, &registered, &request),
                Wanted::in_id_token(&registered, &request),
            ] {
                let left = table.let_out(&wanted, host.clone());
                for (name, value) in left.as_map() {
                    prop_assert!(!super::super::is_protocol(name));
                    prop_assert!(table.covers(&registered, name));
                    prop_assert_eq!(host.get(name), Some(value));
                    prop_assert!(request.userinfo.get(name).is_none_or(|asked| asked.accepts(value)));
                }
                prop_assert!(left.as_map().is_empty() || wanted.is_of_the_host(&table));
            }
        }
    }
}
