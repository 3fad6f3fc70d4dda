//! Which single claims a client asks for, beside those that its scope covers.
//! [OpenID Connect Core section 5.5](https://openid.net/specs/openid-connect-core-1_0.html#ClaimsParameter)

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::grant::Subject;

/// Which single claims a client asks for, by where it wants to read them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimsRequest {
    /// At userinfo.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, ClaimRequest>,
    /// In the ID token.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, ClaimRequest>,
}

/// What a client says of one claim.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimRequest {
    /// Whether the client cannot do without it.
    pub essential: bool,
    /// The values that it wants, the preferred one first; any when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

impl ClaimsRequest {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// Whether a client that names a `sub` names the one under which it knows the person: it must hear of nobody else,
    /// [section 5.5.1](https://openid.net/specs/openid-connect-core-1_0.html#IndividualClaimsRequests).
    #[must_use]
    pub fn is_of(&self, sub: &Subject) -> bool {
        let named = [&self.id_token, &self.userinfo].into_iter().filter_map(|place| place.get("sub"));
        let mut named = named.filter(|asked| !asked.values.is_empty());
        named.all(|asked| asked.values.iter().any(|value| value.as_str() == Some(sub.as_str())))
    }
}

impl ClaimRequest {
    /// Whether this value is one of those that the client wants.
    #[must_use]
    pub fn accepts(&self, value: &Value) -> bool {
        self.values.is_empty() || self.values.contains(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oidc_core_5_5_1_a_sub_that_is_asked_for_is_the_only_one() {
        let alice = Subject::parse("alice-1").unwrap();
        let asked = |values: &[&str]| ClaimRequest {
            essential: false,
            values: values.iter().map(|value| Value::from(*value)).collect(),
        };
        let at_id_token = |values: &[&str]| ClaimsRequest {
            id_token: [(String::from("sub"), asked(values))].into(),
            ..ClaimsRequest::default()
        };
        assert!(ClaimsRequest::default().is_of(&alice) && at_id_token(&[]).is_of(&alice));
        assert!(at_id_token(&["bob-2", "alice-1"]).is_of(&alice));
        assert!(!at_id_token(&["bob-2"]).is_of(&alice));
        let mut both = at_id_token(&["alice-1"]);
        both.userinfo.insert(String::from("sub"), asked(&["bob-2"]));
        assert!(!both.is_of(&alice));
    }
}
