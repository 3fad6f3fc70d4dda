//! Leaving for a provider, and coming back.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use towergate_core::{
    Digest, LocalPath,
    audit::{Fact, Origin},
    token::OpaqueToken,
};
use towergate_identity::{
    ports::IdentityStore,
    rules::{
        fact::IdentityFact,
        linked_identity::{ProviderVisit, ProviderVisitId, STATE_PREFIX, VISIT},
    },
};
use url::Url;

use super::{
    Back, Drawn, Failed, Leaving, ProviderError, Returned, SocialError, SocialLogin,
    exchange::{Brought, Desk, Given},
};

/// How many visits one browser has at a time.
const VISITS_EACH: u32 = 5;

/// How many visits there are at a time.
const VISITS: u32 = 100_000;

impl<S: IdentityStore> SocialLogin<S> {
    /// The providers' names and labels, in order.
    pub fn providers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.desks.values().map(|desk| (desk.provider.name(), desk.provider.label()))
    }

    /// Where to send a browser of the secret `browser` for `provider`, at `origin.at`.
    ///
    /// # Errors
    /// When there is no such provider, it does not say where to go, too many are on their way, or something failed.
    pub async fn leave(
        &self,
        provider: &str,
        leaving: Leaving,
        browser: &OpaqueToken,
        return_to: &LocalPath,
        origin: Origin,
    ) -> Result<String, SocialError> {
        let desk = self.desks.get(provider).ok_or(SocialError::UnknownProvider)?;
        let front = desk.front(&self.outbound, origin.at).await?;
        let endpoint = self.outbound.url(&front.authorization_endpoint).map_err(ProviderError::from)?;
        let state = OpaqueToken::mint(STATE_PREFIX, origin.at, &self.random)?;
        let id = ProviderVisitId::from_uuid(state.id());
        let visit = ProviderVisit {
            id,
            digest: state.digest(),
            browser: browser.digest(),
            provider: provider.to_owned(),
            purpose: leaving.purpose,
            remember: leaving.remember,
            return_to: return_to.clone(),
            created_at: origin.at,
            expires_at: origin.at.plus(VISIT),
        };
        if !self.store.begin_visit(visit, VISITS_EACH, VISITS).await? {
            return Err(SocialError::TooMany);
        }
        let drawn = Drawn::of(browser, id)?;
        let challenge = URL_SAFE_NO_PAD.encode(Digest::of(drawn.verifier.expose().as_bytes()).as_bytes());
        let mut url = Url::parse(endpoint.as_str()).map_err(|_| ProviderError::Metadata)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &desk.provider.client_id)
            .append_pair("redirect_uri", &self.redirect_uri(provider))
            .append_pair("scope", &desk.provider.scope)
            .append_pair("state", state.reveal().expose())
            .append_pair("nonce", &drawn.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if leaving.anew {
            url.query_pairs_mut().append_pair("prompt", "login");
            // A provider that knows no such prompt may know this, and says when they last proved it.
            if desk.provider.is_openid() {
                url.query_pairs_mut().append_pair("max_age", "0");
            }
        }
        if let Some(domain) = &desk.provider.hosted_domain {
            url.query_pairs_mut().append_pair("hd", domain);
        }
        if desk.provider.form_post {
            url.query_pairs_mut().append_pair("response_mode", "form_post");
        }
        Ok(url.into())
    }

    /// What the provider says of whoever came `back` in a browser of the secret `browser`.
    ///
    /// # Errors
    /// When they did not leave from here, the provider or they said no, or what the provider says is not good.
    pub async fn come_back(
        &self,
        provider: &str,
        back: &Back,
        browser: Option<&OpaqueToken>,
        origin: Origin,
    ) -> Result<Returned, Failed> {
        let nowhere = |error: SocialError| Failed { visit: None, error };
        let desk = self.desks.get(provider).ok_or_else(|| nowhere(SocialError::UnknownProvider))?;
        let (visit, drawn) = self.end_visit(provider, back, browser, origin).await.map_err(nowhere)?;
        match self.ask(desk, &visit, &drawn, back, origin).await {
            Ok(Given { answer, tokens }) => {
                let ProviderVisit { purpose, remember, return_to, provider, .. } = visit;
                Ok(Returned { purpose, remember, return_to, provider, answer, tokens })
            }
            Err(error) => {
                if let SocialError::Provider(error) = &error {
                    tracing::warn!(provider, %error, "nobody came in by a provider");
                    let fact = IdentityFact::ProviderRefused {
                        provider: provider.to_owned(),
                        reason: error.reason(),
                    };
                    self.store.append(fact.event(&origin)).await.map_err(|error| nowhere(error.into()))?;
                }
                Err(Failed { visit: Some((visit.purpose, visit.return_to)), error })
            }
        }
    }

    /// The visit that `back` ends: taken out of the store before it is looked at.
    async fn end_visit(
        &self,
        provider: &str,
        back: &Back,
        browser: Option<&OpaqueToken>,
        origin: Origin,
    ) -> Result<(ProviderVisit, Drawn), SocialError> {
        let state = back.state.as_ref().and_then(|text| OpaqueToken::parse(STATE_PREFIX, text.expose()));
        let (Some(state), Some(browser)) = (state, browser) else { return Err(SocialError::Stranger) };
        let id = ProviderVisitId::from_uuid(state.id());
        let visit = self.store.take_visit(id).await?.ok_or(SocialError::Stranger)?;
        if !visit.is_of(provider, &state.digest(), &browser.digest(), origin.at) {
            return Err(SocialError::Stranger);
        }
        Ok((visit, Drawn::of(browser, id)?))
    }

    async fn ask(
        &self,
        desk: &Desk,
        visit: &ProviderVisit,
        drawn: &Drawn,
        back: &Back,
        origin: Origin,
    ) -> Result<Given, SocialError> {
        let front = desk.front(&self.outbound, origin.at).await?;
        let is_theirs = match (&front.issuer, &back.iss) {
            (Some(own), Some(said)) => own == said,
            (Some(_), None) => !front.must_say,
            (None, _) => true,
        };
        if !is_theirs {
            return Err(ProviderError::OtherIssuer.into());
        }
        let code = match &back.code {
            Some(code) if !back.failed => code.expose(),
            _ => return Err(SocialError::Denied),
        };
        let brought = Brought {
            code,
            verifier: &drawn.verifier,
            nonce: &drawn.nonce,
            redirect_uri: &self.redirect_uri(&visit.provider),
            now: origin.at,
        };
        Ok(desk.exchange(&self.outbound, &brought).await?)
    }

    fn redirect_uri(&self, provider: &str) -> String {
        format!("{}{}/{provider}/callback", self.origin, self.path)
    }
}
