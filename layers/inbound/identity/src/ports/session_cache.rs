//! A cache of sessions beside a store, which can never hide that one has ended.
//!
//! The store keeps the truth, and asks the cache in this order:
//!
//! 1. **Loading.** [`find`](SessionCache::find) before the store reads. Where nothing is there, it comes with a ticket, and
//!    [`fill`](SessionCache::fill) takes what the store then read, but only while that ticket still stands there.
//! 2. **Ending.** [`closing`](SessionCache::closing) before the transaction that ends sessions is committed: from then on they are
//!    neither found nor filled, until [`closed`](SessionCache::closed), after the commit and before the answer, has done away with whatever
//!    came to be there meanwhile, and with every ticket.
//! 3. **Changing** what a session says of itself, without ending it: [`forget`](SessionCache::forget) after the commit.
//!
//! So whatever is found after the answer was filled with a ticket from after the commit, with what was read after that. An
//! end that the cache could not be told of is not answered: a store errs where `closing` does, and changes nothing; and it errs where
//! `closed` does, though the sessions have ended.

use std::{future::Future, pin::Pin};

use towergate_core::{StoreError, Timestamp};

use crate::rules::session::{SessionId, SessionRecord};

/// What a cache will have done; boxed, since another machine is asked anyway.
pub type CacheFuture<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;

/// A cache of sessions, shared by all who share the store.
pub trait SessionCache: Send + Sync + 'static {
    /// The session, if it is there and alive at `now`.
    ///
    /// # Errors
    /// When the cache fails: the store reads for itself, and fills nothing.
    fn find(&self, id: SessionId, now: Timestamp) -> CacheFuture<'_, Result<Cached, StoreError>>;

    /// Keeps what the store read after the ticket was given; for a while from `now` on, and not if the ticket was done away with. Whether it
    /// does is nobody's concern.
    fn fill(&self, ticket: FillTicket, session: SessionRecord, now: Timestamp) -> CacheFuture<'_, ()>;

    /// Does away with what is kept of a session that goes on.
    fn forget(&self, id: SessionId) -> CacheFuture<'_, ()>;

    /// These sessions are about to end.
    ///
    /// # Errors
    /// When the cache fails: they must not end now.
    fn closing(&self, ids: &[SessionId]) -> CacheFuture<'_, Result<(), StoreError>>;

    /// These sessions have ended.
    ///
    /// # Errors
    /// When the cache fails: that they ended must not be answered.
    fn closed(&self, ids: &[SessionId]) -> CacheFuture<'_, Result<(), StoreError>>;
}

/// Loads a session through `cache`: `read` is asked for what is not there. A cache that fails only costs that.
///
/// # Errors
/// When `read` does.
pub async fn load_through<R>(
    cache: &dyn SessionCache,
    (id, now): (SessionId, Timestamp),
    read: impl FnOnce() -> R + Send,
) -> Result<Option<SessionRecord>, StoreError>
where
    R: Future<Output = Result<Option<SessionRecord>, StoreError>> + Send,
{
    let ticket = match cache.find(id, now).await {
        Ok(Cached::Hit(session)) => return Ok(Some(*session)),
        Ok(Cached::Miss(ticket)) => ticket,
        Err(_) => None,
    };
    let session = read().await?;
    if let (Some(ticket), Some(session)) = (ticket, &session) {
        cache.fill(ticket, session.clone(), now).await;
    }
    Ok(session)
}

/// What became of [`SessionCache::find`].
#[derive(Debug, Clone)]
pub enum Cached {
    /// Here it is.
    Hit(Box<SessionRecord>),
    /// It is not there. With the ticket it may be put there.
    Miss(Option<FillTicket>),
}

/// Allows to put a session there.
#[derive(Debug, Clone)]
pub struct FillTicket {
    /// Which.
    pub id: SessionId,
    /// What stands there in its place: the cache's own word.
    pub word: String,
}
