//! JSON that says each thing once.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// The text is not one JSON object that says each thing once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one JSON object in which each member is there once and no object has more than 256")]
pub struct NotAnObject;

/// Reads one JSON object in which no object, at any depth, names a member twice; bound its size before.
///
/// # Errors
/// When it is anything else, is nested deeper than 128, or an object in it has more than 256 members.
pub fn read_object(text: &[u8]) -> Result<Map<String, Value>, NotAnObject> {
    if !is_unambiguous_object(text) {
        return Err(NotAnObject);
    }
    serde_json::from_slice(text).map_err(|_| NotAnObject)
}

/// Whether the text is one JSON object in which no object, at any depth, names a member twice.
///
/// Parsers disagree on which of two members counts; what is signed must not mean two things,
/// [RFC 7515 section 4](https://www.rfc-editor.org/rfc/rfc7515#section-4) and
/// [RFC 7519 section 4](https://www.rfc-editor.org/rfc/rfc7519#section-4). Nesting is bounded by the parser.
#[must_use]
pub fn is_unambiguous_object(text: &[u8]) -> bool {
    let begins_an_object = text.trim_ascii_start().first() == Some(&b'{');
    begins_an_object && serde_json::from_slice::<Unambiguous>(text).is_ok()
}

struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Unambiguous {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated members")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut seen: Vec<Cow<'_, str>> = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            // Signed objects are small: a scan is quicker than a set. An attacker's object is cut off instead.
            if seen.len() >= MAX_MEMBERS || seen.contains(&name) {
                return Err(A::Error::custom("a member is repeated, or there are too many"));
            }
            map.next_value::<Self>()?;
            seen.push(name);
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
}

/// The most members one object may have.
const MAX_MEMBERS: usize = 256;

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::{NotAnObject, is_unambiguous_object, read_object};

    #[test]
    fn an_object_is_read_when_it_is_unambiguous() {
        assert_eq!(read_object(br#"{"a":[1]}"#).unwrap()["a"][0], 1);
        assert_eq!(read_object(br#"{"a":1,"a":1}"#), Err(NotAnObject));
        assert_eq!(read_object(b"[]"), Err(NotAnObject));
    }

    #[test]
    fn an_object_that_says_each_thing_once_passes() {
        for good in ["{}", r#" {"a":1,"b":{"a":[{"a":null},{"a":-1.5}]},"c":"x\"y"} "#] {
            assert!(is_unambiguous_object(good.as_bytes()), "{good}");
        }
    }

    #[test]
    fn repeated_members_are_refused_at_any_depth_and_however_they_are_spelt() {
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[{"a":1,"a":2}]}"#,
        ] {
            assert!(!is_unambiguous_object(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn anything_but_one_object_is_refused() {
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
        let wide = format!("{{{}}}", (0..300).map(|n| format!("\"{n}\":0")).collect::<Vec<_>>().join(","));
        for bad in ["", "1", "[]", "null", "{}{}", "{} x", "{", "{\"a\"}", "\u{feff}{}", &deep, &wide] {
            assert!(!is_unambiguous_object(bad.as_bytes()), "{bad:.40}");
        }
        assert!(!is_unambiguous_object(b"{\"a\":\"\xff\"}"));
    }
}
