//! What a [`Session`](crate::Session) asks about browsers, seen without the store's type.

use std::{sync::Arc, time::Duration};

use towergate_core::{Digest, Timestamp};
use towergate_identity::{
    ports::{DeviceStore, RememberStore},
    rules::{device::Device, mail::OutboxMail, user::UserId},
};

use super::notices::Notices;
use crate::door::Step;

/// What browsers are remembered for, and how long.
#[derive(Clone)]
pub(crate) struct BrowserSettings {
    pub(crate) remember_for: Option<Duration>,
    pub(crate) trust_for: Option<Duration>,
    pub(crate) tells_of_arrivals: bool,
    pub(crate) notices: Arc<dyn Notices>,
}

/// A store with its settings.
#[derive(Clone)]
pub(crate) struct BrowserKeeper<S> {
    pub(crate) store: S,
    pub(crate) settings: BrowserSettings,
}

pub(crate) trait BrowserDoor: Send + Sync + 'static {
    fn settings(&self) -> &BrowserSettings;

    /// The mail to somebody who signs in in a browser that they are not known in; the store decides whether it is sent.
    fn notice_of_arrival<'a>(
        &'a self,
        user: UserId,
        shown: Option<&'a Digest>,
        device: Device,
        now: Timestamp,
    ) -> Step<'a, Option<OutboxMail>>;
}

impl<S: RememberStore + DeviceStore> BrowserDoor for BrowserKeeper<S> {
    fn settings(&self) -> &BrowserSettings {
        &self.settings
    }

    fn notice_of_arrival<'a>(
        &'a self,
        user: UserId,
        shown: Option<&'a Digest>,
        device: Device,
        now: Timestamp,
    ) -> Step<'a, Option<OutboxMail>> {
        Box::pin(async move {
            if !self.settings.tells_of_arrivals {
                return Ok(None);
            }
            if let Some(shown) = shown
                && self.store.is_known_browser(user, shown, now).await?
            {
                return Ok(None);
            }
            self.settings.notices.arrival(device, user, now).await
        })
    }
}
