//! Which single claims a client asks for, beside those that its scope covers.
//! [OpenID Connect Core section 5.5](https://openid.net/specs/openid-connect-core-1_0.html#ClaimsParameter)

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use towergate_jose::json::is_unambiguous_object;

use super::grant::Subject;

/// The most claims that one place may be asked for.
pub const MAX_CLAIMS: usize = 64;

/// The most values that one claim may be asked for with.
pub const MAX_VALUES: usize = 64;

/// How deep a value may nest.
const MAX_DEPTH: usize = 8;

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
    #[serde(skip_serializing_if = "is_false")]
    pub essential: bool,
    /// The values that it wants, the preferred one first; any when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

/// The text is not what
/// [OpenID Connect Core section 5.5](https://openid.net/specs/openid-connect-core-1_0.html#ClaimsParameter) says: one
/// JSON object that says each thing once, with at most [`MAX_CLAIMS`] claims for each place, each `null` or an object, and without
/// control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("claims is not a JSON object of claims for userinfo and id_token")]
pub struct InvalidClaims;

impl ClaimsRequest {
    /// Reads a `claims` parameter. Members that are not understood are passed over.
    ///
    /// # Errors
    /// When it is malformed, says a thing twice, asks for too much, or names several people.
    pub fn parse(text: &str) -> Result<Self, InvalidClaims> {
        if !is_unambiguous_object(text.as_bytes()) {
            return Err(InvalidClaims);
        }
        let mut places: Map<String, Value> = serde_json::from_str(text).map_err(|_| InvalidClaims)?;
        let request =
            Self { userinfo: place(places.remove("userinfo"))?, id_token: place(places.remove("id_token"))? };
        request.sub()?;
        Ok(request)
    }

    /// Leaves out every claim whose name is not to be kept.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.userinfo.retain(|name, _| keep(name));
        self.id_token.retain(|name, _| keep(name));
    }

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

    /// The names that are asked for, wherever.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&str> {
        self.userinfo.keys().chain(self.id_token.keys()).map(String::as_str).collect()
    }

    /// The levels of which one must be reached,
    /// [section 5.5.1.1](https://openid.net/specs/openid-connect-core-1_0.html#acrSemantics); any will do when empty.
    #[must_use]
    pub fn essential_acr(&self) -> Vec<&str> {
        let essential = self.id_token.get("acr").filter(|acr| acr.essential);
        essential
            .into_iter()
            .flat_map(|acr| &acr.values)
            .map(|level| level.as_str().unwrap_or_default())
            .collect()
    }

    /// The only person that an answer may be about, if one is named.
    ///
    /// # Errors
    /// When several are named, or what is named is no `sub`.
    pub fn sub(&self) -> Result<Option<&str>, InvalidClaims> {
        let mut named = [&self.id_token, &self.userinfo]
            .into_iter()
            .filter_map(|place| place.get("sub"))
            .flat_map(|sub| &sub.values)
            .map(|value| value.as_str().ok_or(InvalidClaims));
        let Some(first) = named.next().transpose()? else { return Ok(None) };
        for another in named {
            if another? != first {
                return Err(InvalidClaims);
            }
        }
        Ok(Some(first))
    }
}

impl ClaimRequest {
    /// Whether this value is one of those that the client wants.
    #[must_use]
    pub fn accepts(&self, value: &Value) -> bool {
        self.values.is_empty() || self.values.contains(value)
    }
}

fn place(claims: Option<Value>) -> Result<BTreeMap<String, ClaimRequest>, InvalidClaims> {
    match claims {
        None => Ok(BTreeMap::new()),
        Some(Value::Object(claims))
            if claims.len() <= MAX_CLAIMS && claims.keys().all(|name| is_plain(name)) =>
        {
            claims.into_iter().map(|(name, said)| Ok((name, claim(said)?))).collect()
        }
        Some(_) => Err(InvalidClaims),
    }
}

fn claim(said: Value) -> Result<ClaimRequest, InvalidClaims> {
    let mut said = match said {
        Value::Null => return Ok(ClaimRequest::default()),
        Value::Object(said) => said,
        _ => return Err(InvalidClaims),
    };
    let essential = match said.remove("essential") {
        None => false,
        Some(Value::Bool(essential)) => essential,
        Some(_) => return Err(InvalidClaims),
    };
    let mut values: Vec<Value> = said.remove("value").into_iter().collect();
    match said.remove("values") {
        None => {}
        Some(Value::Array(more)) => values.extend(more),
        Some(_) => return Err(InvalidClaims),
    }
    if values.len() > MAX_VALUES || values.iter().any(|value| !may_be_kept(value, MAX_DEPTH)) {
        return Err(InvalidClaims);
    }
    Ok(ClaimRequest { essential, values })
}

/// Whoever keeps a value puts it into more JSON, and must be able to read all of it again: PostgreSQL reads none that holds a NUL.
fn may_be_kept(value: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match value {
        Value::Array(items) => items.iter().all(|item| may_be_kept(item, depth)),
        Value::Object(members) => {
            members.iter().all(|(name, member)| is_plain(name) && may_be_kept(member, depth))
        }
        Value::String(text) => is_plain(text),
        _ => true,
    }
}

fn is_plain(text: &str) -> bool {
    !text.contains(char::is_control)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests;
