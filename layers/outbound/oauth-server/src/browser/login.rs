//! The way to the host's sign-in page and back.

use bytes::Bytes;
use http::Response;
use towergate_core::{LocalPath, audit::Fact};
use towergate_oauth::{
    ports::OAuthStore,
    rules::{
        fact::OAuthFact,
        interaction::{AuthorizationRequest, InteractionId},
    },
};
use url::form_urlencoded::Serializer;

use super::{problem::Problem, respond::see_other, visit::Visit};
use crate::{
    account::{AccountFailure, AccountResolver, Context, Purpose, calls},
    server::AuthorizationServer,
};

/// The path of an interaction.
pub(super) fn interaction_path<S, R, P>(server: &AuthorizationServer<S, R, P>, id: InteractionId) -> String {
    format!("{}/{id}", server.config().paths.interaction)
}

/// The address of the host's sign-in page with the way back; `None` when the host could not say, which the operator
/// has then been told.
pub(super) async fn address<S: OAuthStore, R: AccountResolver, P>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    request: &AuthorizationRequest,
    id: InteractionId,
) -> Result<Option<String>, Problem> {
    let return_to = interaction_path(server, id);
    let mut context = Context::new(Purpose::Browser);
    context.client = Some(request.client_id.clone());
    context.scope = request.scope.clone();
    context.interaction = Some(id);
    context.return_to = LocalPath::parse(&return_to);
    context.login_hint = request.login_hint.clone();
    context.prompt = request.prompt.clone();
    context.acr_values = levels(request);
    context.max_age = request.max_age;
    context.ui_locales = request.ui_locales.clone();
    match calls::login_redirect(&**server.resolver(), &context) {
        Ok(page) => Ok(Some(with_query(&page, &return_to, id, &context))),
        Err(error) => {
            let failure = AccountFailure::of(&error);
            tracing::error!(reason = %failure, call = "login_redirect", "the account resolver failed");
            let fact =
                OAuthFact::AccountResolverFailed { call: "login_redirect", problem: failure.to_string() };
            server.store().append(fact.event(&visit.origin)).await?;
            Ok(None)
        }
    }
}

/// Sends the browser to the sign-in page.
pub(super) fn go(address: &str) -> Response<Bytes> {
    see_other(address)
}

/// How strong the sign-in is to be: essential levels before preferred ones.
fn levels(request: &AuthorizationRequest) -> Vec<String> {
    let essential = request.claims.essential_acr();
    if essential.is_empty() {
        return request.acr_values.clone();
    }
    essential.into_iter().map(str::to_owned).collect()
}

fn with_query(page: &LocalPath, return_to: &str, id: InteractionId, context: &Context) -> String {
    let (page, fragment) = match page.as_str().split_once('#') {
        Some((page, fragment)) => (page, Some(fragment)),
        None => (page.as_str(), None),
    };
    let several = |words: &[String]| (!words.is_empty()).then(|| words.join(" "));
    let mut query = Serializer::new(String::new());
    query.append_pair("return_to", return_to).append_pair("interaction_id", &id.to_string());
    for (name, value) in [
        ("login_hint", context.login_hint.clone()),
        ("acr_values", several(&context.acr_values)),
        ("max_age", context.max_age.map(|seconds| seconds.to_string())),
        ("ui_locales", several(&context.ui_locales)),
    ] {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    let separator = if page.contains('?') { '&' } else { '?' };
    let mut address = format!("{page}{separator}{}", query.finish());
    if let Some(fragment) = fragment {
        address.push('#');
        address.push_str(fragment);
    }
    address
}

#[cfg(test)]
mod tests {
    use towergate_core::id::Uuid;

    use super::*;

    #[test]
    fn the_way_back_is_encoded_and_the_hosts_own_query_is_kept() {
        let id = InteractionId::from_uuid(Uuid::nil());
        let zero = "00000000-0000-0000-0000-000000000000";
        let mut context = Context::new(Purpose::Browser);
        context.login_hint = Some(String::from("a&b=c"));
        context.acr_values = vec![String::from("2"), String::from("1")];
        context.max_age = Some(60);
        let address = |page| with_query(&LocalPath::parse(page).unwrap(), "/interaction/x", id, &context);
        let query = format!(
            "return_to=%2Finteraction%2Fx&interaction_id={zero}&login_hint=a%26b%3Dc&acr_values=2+1&max_age=60"
        );
        assert_eq!(address("/login"), format!("/login?{query}"));
        assert_eq!(address("/login?theme=dark#top"), format!("/login?theme=dark&{query}#top"));
    }
}
