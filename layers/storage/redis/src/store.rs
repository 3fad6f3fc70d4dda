//! The store.

use std::{fmt, sync::Arc};

use crate::{link::Link, open_error::OpenError, options::RedisOptions};

/// Short-lived records in Redis; a clone is another handle on the same store.
#[derive(Clone)]
pub struct RedisStore {
    pub(crate) link: Link,
    /// For what waits for replicas.
    #[cfg_attr(not(feature = "outbound"), expect(dead_code, reason = "only replay marks wait for replicas"))]
    pub(crate) waiting: Option<Link>,
    pub(crate) options: Arc<RedisOptions>,
}

impl RedisStore {
    /// How a store is opened otherwise than by default.
    pub fn options() -> RedisOptions {
        RedisOptions::default()
    }

    /// Opens the store at `url` with the default options.
    ///
    /// # Errors
    /// As [`RedisOptions::connect`].
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        RedisOptions::default().connect(url).await
    }

    pub(crate) fn new(link: Link, waiting: Option<Link>, options: RedisOptions) -> Self {
        Self { link, waiting, options: Arc::new(options) }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.options.prefix).finish_non_exhaustive()
    }
}
