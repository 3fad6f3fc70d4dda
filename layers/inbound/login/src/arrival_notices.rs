//! Mail that tells people of sign-ins in new browsers, and of copied cookies.

use std::sync::Arc;

use towergate_core::{LocalPath, Random, StoreError, Timestamp};
use towergate_identity::{
    ports::IdentityStore,
    rules::{device::Device, notice::Notice, user::UserId},
};
use towergate_session::{Notices, remember::Writing};

use crate::{mail::Mailroom, site::Site};

/// Writes those mails to the people of a store. Made by [`Site::browser_notices`].
#[derive(Clone)]
pub struct BrowserNotices<S> {
    store: S,
    room: Option<Mailroom>,
    page: LocalPath,
    random: Arc<dyn Random>,
}

impl<P, H> Site<P, H> {
    /// What [`RememberLayer::notices`](towergate_session::RememberLayer::notices) is told: mail of this site to the people of
    /// `store`, that leads to the page of their devices. Nobody is told where the site sends no notices.
    pub fn browser_notices<S: IdentityStore>(&self, store: S) -> BrowserNotices<S> {
        let (page, random) = (self.paths.devices.clone(), Arc::clone(&self.random));
        BrowserNotices { store, room: self.notices.clone(), page, random }
    }
}

impl<S: IdentityStore> Notices for BrowserNotices<S> {
    fn write(&self, notice: Notice, user: UserId, now: Timestamp) -> Writing<'_> {
        Box::pin(async move {
            let Some(room) = &self.room else { return Ok(None) };
            let Some(person) = self.store.find_user(user).await? else { return Ok(None) };
            let mail = room.notice(notice, (user, &person.email), &self.page, now, &*self.random);
            let mail = mail.map_err(|error| StoreError::Refused(error.to_string()))?;
            room.wake();
            Ok(Some(mail))
        })
    }

    fn arrival(&self, device: Device, user: UserId, now: Timestamp) -> Writing<'_> {
        Box::pin(async move {
            let Some(room) = &self.room else { return Ok(None) };
            let Some(person) = self.store.find_user(user).await? else { return Ok(None) };
            let mail = room.arrival(&device, (user, &person.email), &self.page, now, &*self.random);
            let mail = mail.map_err(|error| StoreError::Refused(error.to_string()))?;
            room.wake();
            Ok(Some(mail))
        })
    }
}

impl<S> std::fmt::Debug for BrowserNotices<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrowserNotices").finish_non_exhaustive()
    }
}
