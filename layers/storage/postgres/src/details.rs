//! An event's further facts as a JSON object, in the order in which they were told.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};

/// Facts to be written.
#[derive(Debug)]
pub(crate) struct Told<'d>(pub(crate) &'d [(&'static str, String)]);

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Facts read back.
#[derive(Debug)]
pub(crate) struct Kept(pub(crate) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Kept;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kept, A::Error> {
        let mut kept = Vec::new();
        while let Some(fact) = map.next_entry()? {
            kept.push(fact);
        }
        Ok(Kept(kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_keep_their_order() {
        let told = [("zebra", String::from("1")), ("ant", String::from("\"ä\""))];
        let text = serde_json::to_string(&Told(&told)).unwrap();
        assert_eq!(text, r#"{"zebra":"1","ant":"\"ä\""}"#);
        let kept: Kept = serde_json::from_str(&text).unwrap();
        assert!(kept.0.iter().map(|(n, v)| (n.as_str(), v)).eq(told.iter().map(|(n, v)| (*n, v))));
        assert!(serde_json::from_str::<Kept>(r#"{"a":1}"#).is_err());
    }
}
