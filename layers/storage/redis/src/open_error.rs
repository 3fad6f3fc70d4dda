//! Why a store could not be opened.

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The address cannot be read. It is not repeated here: it may hold a password.
    #[error("the address of Redis cannot be read: {0}")]
    Address(#[source] redis::RedisError),
    /// Nobody answers there, or whoever does lets nobody in.
    #[error("Redis cannot be reached: {0}")]
    Unreachable(#[source] redis::RedisError),
    /// It did not answer in time.
    #[error("Redis did not answer in time")]
    Silent,
    /// It is a replica, which keeps nothing of its own.
    #[error("this Redis is a replica ({0}): name the one that it follows")]
    Replica(String),
    /// It is a part of a cluster. What belongs together would lie apart.
    #[error("this Redis is a part of a cluster, which is not supported: use one server with replicas")]
    Cluster,
    /// It throws away what is alive when its memory is full, and so would let an assertion be shown twice.
    #[error(
        "this Redis throws away living records when its memory is full (maxmemory-policy {0}): set maxmemory-policy noeviction"
    )]
    Evicts(String),
    /// It is said to [keep all](crate::RedisOptions::keeps_all), and does not.
    #[error(
        "this Redis may forget what it answered: set appendonly yes and appendfsync always, and let no replica follow it"
    )]
    Forgets,
    /// It says too little of itself.
    #[error("this Redis does not say its {0}")]
    Unknown(&'static str),
}
