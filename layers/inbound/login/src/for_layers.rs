//! What a layer of another crate answers with, so that it looks and behaves as those of this one.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use towergate_core::{Digest, LocalPath, RandomUnavailable, StoreError, token::OpaqueToken};
use towergate_endpoint::page;
use towergate_identity::rules::email_token::BROWSER_PREFIX;

use crate::{answer, pages::LoginPages, passkey_offer::PasskeyPlaces, site::Site};

impl<P, H> Site<P, H> {
    /// The pages.
    #[must_use]
    pub fn pages(&self) -> &P {
        &self.pages
    }

    /// Where passkeys are answered, when they are offered.
    #[must_use]
    pub fn passkey_places(&self) -> Option<&PasskeyPlaces> {
        self.passkeys.as_deref()
    }

    /// The digest of the secret by which the browser is known that sends these headers.
    #[must_use]
    pub fn browser(&self, headers: &HeaderMap) -> Option<Digest> {
        self.cookie.read(headers).map(|token| token.digest())
    }

    /// A secret for a browser that has none: its digest, and the `Set-Cookie` value that gives it.
    ///
    /// # Errors
    /// When no randomness is to be had.
    pub fn new_browser(&self) -> Result<(Digest, HeaderValue), RandomUnavailable> {
        let token = OpaqueToken::mint(BROWSER_PREFIX, self.clock.now(), &*self.random)?;
        let given = self.cookie.give(&token).ok_or(RandomUnavailable)?;
        Ok((token.digest(), given))
    }

    /// On to a path of this host, with `GET`.
    #[must_use]
    pub fn see_other(&self, path: &LocalPath) -> Response<Bytes> {
        answer::see_other(path)
    }
}

impl<P: LoginPages, H> Site<P, H> {
    /// A page, to whose content security policy `more` is added.
    #[must_use]
    pub fn page(&self, status: StatusCode, html: String, more: &str) -> Response<Bytes> {
        page::page(status, html, self.pages.style_source(), more)
    }

    /// A problem that is not the person's fault, or that no person makes.
    #[must_use]
    pub fn problem(&self, status: StatusCode, message: &str) -> Response<Bytes> {
        answer::problem(status, message, &*self.pages)
    }

    /// The page for a store that failed: to be tried again, or to be looked at.
    #[must_use]
    pub fn store_failed(&self, error: &StoreError) -> Response<Bytes> {
        answer::store_failed(error, &*self.pages)
    }

    /// The page for something that broke.
    #[must_use]
    pub fn broken(&self) -> Response<Bytes> {
        answer::broken(&*self.pages)
    }
}
