//! Who writes the mails that go with what happens to browsers.

use std::{future::Future, pin::Pin};

use towergate_core::{StoreError, Timestamp};
use towergate_identity::rules::{device::Device, mail::OutboxMail, notice::Notice, user::UserId};

/// The future of a mail.
pub type Writing<'a> = Pin<Box<dyn Future<Output = Result<Option<OutboxMail>, StoreError>> + Send + 'a>>;

/// Writes mails that tell people of their account. The store queues them with what they tell of.
pub trait Notices: Send + Sync + 'static {
    /// The mail to `user`, at `now`; `None` where nobody can be told.
    fn write(&self, notice: Notice, user: UserId, now: Timestamp) -> Writing<'_>;

    /// The mail that tells `user` of a sign-in, at `now`, in a browser that is not known, on `device`. Unless written otherwise it says
    /// nothing of the device.
    fn arrival(&self, device: Device, user: UserId, now: Timestamp) -> Writing<'_> {
        let _ = device;
        self.write(Notice::NewDevice, user, now)
    }
}

/// Nobody is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNotices;

impl Notices for NoNotices {
    fn write(&self, _: Notice, _: UserId, _: Timestamp) -> Writing<'_> {
        Box::pin(std::future::ready(Ok(None)))
    }
}
