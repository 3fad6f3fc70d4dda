//! Where somebody is signed in, as plain calls for a host's own handler.
//!
//! Whoever is signed in may look, also by a cookie alone; ending something asks for a fresh proof
//! ([`Site::admit`](crate::Site::admit)). Nobody names a session by its identifier: what a page says of one means something in the
//! sign-in alone that it was shown to, and is looked for among the person's own.

use towergate_core::{Digest, StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::{
        DeviceStore, SessionStore,
        device::{DeviceRef, Devices as Found},
    },
    rules::{
        activity::Activity,
        browser::Browser,
        device::Device,
        fact::SessionEnd,
        remember::Remembered,
        session::{SessionRecord, SignInId},
    },
};

/// Lists and ends what people have on their devices. Cheap to clone when the store is.
#[derive(Debug, Clone)]
pub struct Devices<S> {
    store: S,
}

/// One place.
#[derive(Debug, Clone)]
pub struct Place {
    /// What it is called in this sign-in.
    pub handle: String,
    /// What ends with it.
    pub what: DeviceRef,
    /// The sign-in, of a session.
    pub sign_in: Option<SignInId>,
    /// The device.
    pub device: Device,
    /// Since when.
    pub first_seen_at: Timestamp,
    /// When there was last something to see of it.
    pub last_seen_at: Timestamp,
    /// Whether it is where this was asked.
    pub is_current: bool,
    /// Whether it stays signed in.
    pub stays_signed_in: bool,
}

/// What somebody has.
#[derive(Debug, Clone)]
pub struct Places {
    /// Sessions, and browsers that stay signed in without one; the current one first.
    pub signed_in: Vec<Place>,
    /// Browsers that are trusted.
    pub trusted: Vec<Place>,
}

impl<S: SessionStore + DeviceStore> Devices<S> {
    /// Those of the people of `store`.
    #[must_use]
    pub const fn new(store: S) -> Self {
        Self { store }
    }

    pub(crate) const fn store(&self) -> &S {
        &self.store
    }

    /// What the person of `here` has at `now`, who asks in the browser that is known by `browser`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(
        &self,
        here: &SessionRecord,
        browser: Option<&Digest>,
        now: Timestamp,
    ) -> Result<Places, StoreError> {
        let Found { sessions, remembered, trusted } = self.store.devices_of(here.user, now).await?;
        let with_session: Vec<_> = sessions.iter().filter_map(|session| session.remembered).collect();
        let mut signed_in: Vec<_> = sessions
            .into_iter()
            .map(|there| {
                let what = DeviceRef::Session(there.session.id);
                Place {
                    handle: handle(here.sign_in, what),
                    what,
                    sign_in: Some(there.session.sign_in),
                    first_seen_at: there.first_seen_at,
                    last_seen_at: there.session.last_seen_at,
                    is_current: there.session.id == here.id,
                    stays_signed_in: there.remembered.is_some(),
                    device: there.device,
                }
            })
            .collect();
        let alone = remembered.into_iter().filter(|family| !with_session.contains(&family.id));
        signed_in.extend(alone.map(|family| of_family(here, family)));
        signed_in.sort_by_key(|place| !place.is_current);
        let trusted = trusted.into_iter().map(|there| of_browser(here, browser, there)).collect();
        Ok(Places { signed_in, trusted })
    }

    /// Ends what goes by `handle` among the things of the person of `here`; `None` when they have no such thing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end(
        &self,
        here: &SessionRecord,
        handle: &str,
        origin: Origin,
    ) -> Result<Option<Place>, StoreError> {
        let Some(place) = self.find(here, handle, origin.at).await? else { return Ok(None) };
        let ended = self.store.end_device(here.user, place.what, origin).await?;
        Ok(ended.then_some(place))
    }

    /// What goes by `handle` among the things of the person of `here`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn find(
        &self,
        here: &SessionRecord,
        handle: &str,
        now: Timestamp,
    ) -> Result<Option<Place>, StoreError> {
        let Places { signed_in, trusted } = self.of(here, None, now).await?;
        Ok(signed_in.into_iter().chain(trusted).find(|place| place.handle == handle))
    }

    /// Signs the person of `here` out everywhere else; answers how many sessions ended.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_others(&self, here: &SessionRecord, origin: Origin) -> Result<u64, StoreError> {
        self.store.end_sessions_of(here.user, Some(here.id), SessionEnd::RevokedByUser, origin).await
    }

    /// Signs the person of `here` out everywhere; answers how many sessions ended.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_all(&self, here: &SessionRecord, origin: Origin) -> Result<u64, StoreError> {
        self.store.end_sessions_of(here.user, None, SessionEnd::RevokedByUser, origin).await
    }

    /// Asks in every browser of the person of `here` for the second factor again; answers in how many it was not asked for.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_browsers(&self, here: &SessionRecord, origin: Origin) -> Result<u64, StoreError> {
        self.store.forget_browsers(here.user, origin).await
    }

    /// What happened to the account of the person of `here`, newest first, before the place `before`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn activity(
        &self,
        here: &SessionRecord,
        before: Option<u64>,
        limit: u16,
    ) -> Result<Vec<Activity>, StoreError> {
        self.store.events_of(here.user, before, limit).await
    }
}

fn of_family(here: &SessionRecord, family: Remembered) -> Place {
    let what = DeviceRef::Remembered(family.id);
    Place {
        handle: handle(here.sign_in, what),
        what,
        sign_in: Some(family.sign_in),
        device: family.device,
        first_seen_at: family.created_at,
        last_seen_at: family.last_seen_at,
        is_current: false,
        stays_signed_in: true,
    }
}

fn of_browser(here: &SessionRecord, shown: Option<&Digest>, there: Browser) -> Place {
    let what = DeviceRef::Trusted(there.id);
    Place {
        handle: handle(here.sign_in, what),
        what,
        sign_in: None,
        is_current: shown.is_some_and(|shown| there.digest.matches(shown)),
        device: there.device,
        first_seen_at: there.first_seen_at,
        last_seen_at: there.last_seen_at,
        stays_signed_in: false,
    }
}

/// What something is called in one sign-in: nobody gets the identifier back from it, and in another sign-in it names nothing.
fn handle(sign_in: SignInId, what: DeviceRef) -> String {
    let (kind, id) = match what {
        DeviceRef::Session(id) => (b's', *id.as_uuid()),
        DeviceRef::Remembered(id) => (b'r', *id.as_uuid()),
        DeviceRef::Trusted(id) => (b't', *id.as_uuid()),
    };
    let text =
        [b"towergate device ".as_slice(), sign_in.as_uuid().as_bytes(), &[kind], id.as_bytes()].concat();
    Digest::of(&text).as_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
