//! The checks of who is to sign in, and how.

use towergate_oauth_types::OAuthError;

use super::{super::params::invalid, Asked};
use crate::rules::{
    id_token_hint::IdTokenHint,
    interaction::{AuthorizationRequest, Prompt},
};

/// The most levels, and the most languages, that are kept of a request.
const MAX_NAMED: usize = 16;

pub(super) fn prompt(asked: &Asked<'_>, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    for word in words(asked.params.value("prompt")?) {
        request.prompt.insert(Prompt::from_name(word).ok_or(invalid("prompt has an unknown value"))?);
    }
    let has = |prompt| request.prompt.contains(&prompt);
    if has(Prompt::None) && request.prompt.len() > 1 {
        return Err(invalid("prompt none must stand alone"));
    }
    if has(Prompt::Create) && !asked.offer.creates_accounts {
        return Err(invalid("prompt create is not offered here"));
    }
    if has(Prompt::Create) && (has(Prompt::Login) || has(Prompt::SelectAccount)) {
        return Err(invalid("prompt create stands alone or beside consent"));
    }
    Ok(())
}

pub(super) fn max_age(asked: &Asked<'_>, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    request.max_age = match asked.params.value("max_age")? {
        None => asked.client.metadata.default_max_age,
        Some(text) => {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let seconds = digits.then(|| text.parse().ok()).flatten();
            Some(seconds.ok_or(invalid("max_age must be a number of seconds"))?)
        }
    };
    Ok(())
}

pub(super) fn acr_values(asked: &Asked<'_>, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    request.acr_values = match asked.params.value("acr_values")? {
        None => asked.client.metadata.default_acr_values.clone(),
        Some(text) => words(Some(text)).map(str::to_owned).collect(),
    };
    request.acr_values.truncate(MAX_NAMED);
    Ok(())
}

pub(super) fn id_token_hint(asked: &Asked<'_>, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    let Some(text) = asked.params.value("id_token_hint")? else { return Ok(()) };
    let foreign = || invalid("id_token_hint is no ID token that this server issued to this client");
    let hint =
        IdTokenHint::read(text, asked.offer.keys, asked.offer.targets.issuer).map_err(|_| foreign())?;
    if !hint.is_for(&asked.client.id) {
        return Err(foreign());
    }
    request.required_sub = Some(hint.sub);
    Ok(())
}

pub(super) fn named_sub(_: &Asked<'_>, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    let named = request.claims.sub().map_err(|_| invalid("claims names several people"))?;
    match (named, &request.required_sub) {
        (Some(named), Some(hinted)) if named != hinted => {
            Err(invalid("id_token_hint and claims name two people"))
        }
        (Some(named), None) => {
            request.required_sub = Some(named.to_owned());
            Ok(())
        }
        _ => Ok(()),
    }
}

pub(super) fn login_hint(asked: &Asked<'_>, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    request.login_hint = asked.params.value("login_hint")?.map(str::to_owned);
    Ok(())
}

/// What is no language tag helps nobody, and is no error.
pub(super) fn ui_locales(asked: &Asked<'_>, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_tag = |word: &&str| word.len() <= 35 && word.bytes().all(letter);
    let tags = words(asked.params.value("ui_locales")?).filter(is_tag).take(MAX_NAMED);
    request.ui_locales = tags.map(str::to_owned).collect();
    Ok(())
}

fn words(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(' ').filter(|word| !word.is_empty())
}
