//! An authorization request.

use url::{Url, form_urlencoded::Serializer};

/// Its parameters, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request(Vec<(String, String)>);

impl Request {
    /// The same with this parameter, instead of one that was there.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        let mut without = self.without(name);
        without.0.push((name.to_owned(), value.to_owned()));
        without
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(other, _)| other != name);
        self
    }

    /// The parameters in the opposite order.
    pub(crate) fn reversed(mut self) -> Self {
        self.0.reverse();
        self
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn form(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    pub(crate) fn at(&self, endpoint: &Url) -> Url {
        let mut url = endpoint.clone();
        url.set_query(Some(&self.form()));
        url
    }

    pub(crate) fn claims(&self) -> serde_json::Map<String, serde_json::Value> {
        self.0.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect()
    }
}
