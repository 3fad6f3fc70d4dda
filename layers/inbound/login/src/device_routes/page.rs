//! The page of devices.

use std::error::Error;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use towergate_core::{StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::IdentityStore,
    rules::session::{SessionRecord, SessionStage, SignInId},
};
use towergate_session::{Session, SessionError};

use super::DevicesEndpoint;
use crate::{
    answer,
    device_pages::{ActivityView, DevicePages, DeviceView, DevicesView},
    devices::{Place, Places},
    form::{self, FormError},
    logout::OnLogout,
    sensitive::Admission,
};

/// How many things that happened a page shows.
const SHOWN: u16 = 20;

/// What a form asks for.
enum Change {
    EndAll,
    EndOne(String),
    EndOthers,
    ForgetBrowsers,
}

impl<S: IdentityStore, P: DevicePages, H: OnLogout> DevicesEndpoint<S, P, H> {
    pub(super) async fn page<B>(&self, request: Request<B>) -> Response<Bytes>
    where
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let session = match Session::of(&parts.extensions) {
            Ok(session) => session.clone(),
            Err(missing) => return answer::misbuilt(missing.to_string()),
        };
        let Ok(origin) = self.site.origin(&parts.extensions) else {
            tracing::error!("no randomness for a request identifier");
            return answer::broken(&*self.site.pages);
        };
        let answered = match parts.method {
            Method::GET | Method::HEAD => {
                let query = parts.uri.query().unwrap_or_default();
                match form::parse(query.as_bytes(), ["before"]) {
                    Ok([before]) => {
                        let before = before.and_then(|before| before.expose().parse().ok());
                        self.show(&session, before, origin.at).await
                    }
                    Err(error) => return answer::unreadable(error, &*self.site.pages),
                }
            }
            Method::POST => match read(form::read(&parts.headers, body, ["action", "device"]).await) {
                Ok(change) => self.change(&session, change, origin).await,
                Err(error) => return answer::unreadable(error, &*self.site.pages),
            },
            _ => return answer::wrong_method("GET, HEAD, POST", &*self.site.pages),
        };
        answered.unwrap_or_else(|error| answer::store_failed(&error, &*self.site.pages))
    }

    async fn show(
        &self,
        session: &Session,
        before: Option<u64>,
        now: Timestamp,
    ) -> Result<Response<Bytes>, StoreError> {
        let paths = &self.site.paths;
        let here = match session.record() {
            Some(record) if record.stage == SessionStage::Complete => record,
            Some(record) if record.stage == SessionStage::AwaitsSecondFactor => {
                return Ok(answer::see_other_first(&paths.second_factor, &paths.devices));
            }
            Some(_) | None => return Ok(answer::see_other_first(&paths.login, &paths.devices)),
        };
        let browser = session.browser_digest();
        let Places { signed_in, trusted } = self.devices.of(&here, browser.as_ref(), now).await?;
        let activity = self.devices.activity(&here, before, SHOWN).await?;
        let oldest = activity.last().filter(|_| activity.len() == usize::from(SHOWN));
        let view = DevicesView {
            action: paths.devices.to_string(),
            places: signed_in.into_iter().map(shown).collect(),
            trusted: trusted.into_iter().map(shown).collect(),
            older: oldest.map(|oldest| format!("{}?before={}", paths.devices, oldest.place)),
            activity: activity
                .into_iter()
                .map(|activity| ActivityView { when: moment(activity.at), what: activity.words.to_owned() })
                .collect(),
        };
        let pages = &*self.site.pages;
        Ok(answer::page(StatusCode::OK, pages.devices(&view), pages))
    }

    async fn change(
        &self,
        session: &Session,
        change: Change,
        origin: Origin,
    ) -> Result<Response<Bytes>, StoreError> {
        let page = &self.site.paths.devices;
        let here = match self.site.admit(self.devices.store(), session, page, origin.at).await? {
            Admission::Admitted(here) => here,
            Admission::Elsewhere(response) => return Ok(*response),
        };
        match change {
            Change::EndOne(handle) => {
                let Some(place) = self.devices.find(&here, &handle, origin.at).await? else {
                    return Ok(answer::see_other(page));
                };
                if place.is_current {
                    return self.end_here(session, &here, origin).await;
                }
                self.tell(place.sign_in, origin).await?;
                self.devices.end(&here, &handle, origin).await?;
            }
            Change::EndOthers | Change::EndAll => {
                let Places { signed_in, .. } = self.devices.of(&here, None, origin.at).await?;
                for place in signed_in.iter().filter(|place| !place.is_current) {
                    self.tell(place.sign_in, origin).await?;
                }
                if matches!(change, Change::EndAll) {
                    let answer = self.end_here(session, &here, origin).await?;
                    self.devices.end_all(&here, origin).await?;
                    return Ok(answer);
                }
                self.devices.end_others(&here, origin).await?;
            }
            Change::ForgetBrowsers => {
                self.devices.forget_browsers(&here, origin).await?;
            }
        }
        Ok(answer::see_other(page))
    }

    /// Signs out where this was asked.
    async fn end_here(
        &self,
        session: &Session,
        here: &SessionRecord,
        origin: Origin,
    ) -> Result<Response<Bytes>, StoreError> {
        self.tell(Some(here.sign_in), origin).await?;
        match session.end().await {
            Ok(()) => Ok(answer::see_other(&self.site.paths.after_logout)),
            Err(SessionError::Store(error)) => Err(error),
            Err(error) => Err(StoreError::Refused(error.to_string())),
        }
    }

    /// What came from a sign-in ends before it does: who could not be told of it would go on.
    async fn tell(&self, sign_in: Option<SignInId>, origin: Origin) -> Result<(), StoreError> {
        match sign_in {
            Some(sign_in) => self.site.hook.ending(sign_in, origin).await,
            None => Ok(()),
        }
    }
}

fn read(form: Result<form::Fields<2>, FormError>) -> Result<Change, FormError> {
    let [action, device] = form?;
    match action.as_ref().map(|action| action.expose().as_str()) {
        Some("device-end") => {
            device.map(|device| Change::EndOne(device.expose().clone())).ok_or(FormError::Missing)
        }
        Some("devices-end-others") => Ok(Change::EndOthers),
        Some("devices-end-all") => Ok(Change::EndAll),
        Some("browsers-forget") => Ok(Change::ForgetBrowsers),
        _ => Err(FormError::Missing),
    }
}

fn shown(place: Place) -> DeviceView {
    let words = place.device.in_words();
    let from: Vec<_> = place.device.place.into_iter().chain(place.device.network).collect();
    DeviceView {
        device: place.handle,
        words,
        from: (!from.is_empty()).then(|| from.join(", ")),
        first_seen: moment(place.first_seen_at),
        last_seen: moment(place.last_seen_at),
        is_current: place.is_current,
        stays_signed_in: place.stays_signed_in,
    }
}

/// A moment as people read it, in UTC to the minute.
fn moment(when: Timestamp) -> String {
    when.to_rfc3339().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}
