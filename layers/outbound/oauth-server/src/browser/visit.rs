//! What a browser brings with each request.

use http::request::Parts;
use towergate_core::{Timestamp, audit::Origin, token::OpaqueToken};

use super::{cookie, problem::Problem};
use crate::{
    account::{Account, Candidate, Candidates, CurrentAccount},
    server::AuthorizationServer,
};

/// What a browser brings with each request.
pub(super) struct Visit {
    /// The present moment.
    pub(super) now: Timestamp,
    /// Where facts of this request come from.
    pub(super) origin: Origin,
    /// Who is signed in.
    pub(super) account: Option<Account>,
    /// Who are signed in beside each other, when nobody has been chosen.
    pub(super) candidates: Vec<Candidate>,
    /// The secret that binds interactions to this browser.
    pub(super) browser: Option<OpaqueToken>,
    /// Whether another site made the browser post: then it left its cookies at home.
    pub(super) cross_site_post: bool,
}

impl Visit {
    pub(super) fn read<S, R, P>(
        server: &AuthorizationServer<S, R, P>,
        parts: &Parts,
    ) -> Result<Self, Problem> {
        let CurrentAccount(account) = parts.extensions.get().ok_or(Problem::AccountLayerMissing)?;
        let candidates = parts.extensions.get();
        let now = server.now();
        let cross_site = parts.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
        Ok(Self {
            now,
            origin: server.origin(&parts.extensions, now)?,
            account: account.clone(),
            candidates: candidates.map(|Candidates(several)| several.clone()).unwrap_or_default(),
            browser: cookie::read(&parts.headers, server.config().issuer.is_insecure()),
            cross_site_post: cross_site && parts.method == http::Method::POST,
        })
    }
}
