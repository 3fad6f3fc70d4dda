//! Where passkeys are answered, by `towergate-passkey`, for the pages of this crate that offer them.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;
use towergate_core::{LocalPath, StoreError};
use towergate_endpoint::page;
use towergate_identity::{
    ports::IdentityStore,
    rules::{means::Means, user::UserId},
};

use crate::{pages::LoginPages, site::Site};

/// Where passkeys are answered. `PasskeyRoutes::places` of `towergate-passkey` knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyPlaces {
    /// The script.
    pub script: LocalPath,
    /// The sources of scripts that a content security policy allows for it: its whole address, at each origin.
    pub script_source: String,
    /// Where a sign-in is answered; its challenge is at `/options` below.
    pub sign_in: LocalPath,
    /// Where a further proof is answered; its challenge is at `/options` below.
    pub second_factor: LocalPath,
}

/// What a page says for the script that asks a browser for a passkey: a button of id `passkey-submit` and a paragraph of id
/// `passkey-message` in an element of id `passkey`, with `data-path`, `data-return-to` and the word `hidden`, which the script
/// takes away where the browser knows passkeys. Boxes of id `remember` and `trust` count for it too, wherever they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PasskeyView {
    /// The path of the script.
    pub script: String,
    /// The path that the script asks and answers: `data-path`.
    pub path: String,
}

impl PasskeyPlaces {
    /// For the page where people sign in.
    #[must_use]
    pub fn to_sign_in(&self) -> PasskeyView {
        PasskeyView { script: self.script.to_string(), path: self.sign_in.to_string() }
    }

    /// For the page where people prove a second factor.
    #[must_use]
    pub fn to_complete(&self) -> PasskeyView {
        PasskeyView { script: self.script.to_string(), path: self.second_factor.to_string() }
    }

    /// What a page with the script adds to its content security policy.
    #[must_use]
    pub fn policy(&self) -> String {
        format!("script-src {}; connect-src 'self'", self.script_source)
    }
}

impl<P, H> Site<P, H> {
    /// Offers passkeys on the pages where people sign in and complete a sign-in. They count among what somebody can prove
    /// themself by from then on.
    pub fn passkeys(mut self, places: PasskeyPlaces) -> Self {
        self.passkeys = Some(places.into());
        self
    }

    /// What somebody can prove themself by at this site.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn means<S: IdentityStore>(&self, store: &S, user: UserId) -> Result<Means, StoreError> {
        let app = store.find_totp(user).await?;
        let passkeys = match self.passkeys {
            Some(_) => store.passkeys_of(user).await?,
            None => Vec::new(),
        };
        let password = store.find_user(user).await?.is_some_and(|user| user.password.is_some());
        let means = Means::of(password, app.as_ref(), &passkeys);
        let asks_for_key = store.has_passkey_factor(user).await?;
        let codes = (means.app || asks_for_key) && store.backup_codes_left(user).await? > 0;
        Ok(Means { asks_for_key, codes, ..means })
    }
}

impl<P: LoginPages, H> Site<P, H> {
    /// A page that offers passkeys, or not.
    pub(crate) fn offering(
        &self,
        status: StatusCode,
        html: String,
        passkeys: Option<&PasskeyView>,
    ) -> Response<Bytes> {
        let places = self.passkeys.as_ref().filter(|_| passkeys.is_some());
        let more = places.map(|places| places.policy()).unwrap_or_default();
        page::page(status, html, self.pages.style_source(), &more)
    }
}
