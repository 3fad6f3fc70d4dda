//! Whatever is asked, an answer goes to an address of the client or nowhere, and says who answers.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use towergate_core::Secret;
use towergate_fuzz::{CALLBACKS, shop};
use towergate_jose::JwkSet;
use towergate_oauth::rules::{
    authorize::{Offer, Params, Rejection, Reply, response, validate},
    claims::ScopeClaims,
    client::Client,
    issuer::Issuer,
    pushed_request,
    resource::{ResourceServer, Targets},
};

static SHOP: LazyLock<Client> = LazyLock::new(shop);
static ISSUER: LazyLock<Issuer> = LazyLock::new(|| Issuer::https("https://id.example").expect("an issuer"));
static APIS: LazyLock<[ResourceServer; 1]> =
    LazyLock::new(|| [ResourceServer::new("https://api.example").expect("a name")]);
const GOOD: &[u8] = b"&response_type=code&client_id=shop&redirect_uri=com.example.shop:/callback\
    &code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fuzz_target!(|text: &[u8]| {
    let targets = Targets { issuer: &ISSUER, default_audience: &[], servers: &*APIS };
    let offer = Offer {
        targets,
        scope_claims: &ScopeClaims::default(),
        keys: &JwkSet::default(),
        creates_accounts: true,
        requires_push: false,
    };
    for text in [text.to_vec(), [text, GOOD].concat()] {
        let Ok(params) = Params::parse(&text) else { continue };
        let (pushed, _) =
            (Params::of_push(&text).expect("no larger than it was"), pushed_request::named(&params));
        assert_eq!(pushed.value("client_secret"), Ok(None));
        let _ = (validate(&pushed, &SHOP, offer), pushed_request::is_about(&pushed, &SHOP.id));
        let again = Params::parse(params.encode().as_bytes()).expect("no larger than it was");
        let (reply, state) = match validate(&params, &SHOP, offer) {
            Ok((request, to)) => {
                let state = request.state.as_deref();
                assert_eq!((state, &request.client_id), (params.state(), &SHOP.id));
                let code = Secret::from("a code");
                (response::success(&to, request.response_mode, state, &ISSUER, &code, None), again.state())
            }
            Err(Rejection::Redirect { to, mode, state, error }) => {
                (response::error(&to, mode, state.as_deref(), &ISSUER, &error), again.state())
            }
            Err(Rejection::Page(_)) => continue,
        };
        let (address, fields) = match reply {
            Reply::Redirect(address) => {
                assert!(address.bytes().all(|byte| byte.is_ascii_graphic()), "{address}");
                // A registered address may have a query of its own, never a fragment.
                let parts = address.split_once('#').or_else(|| address.split_once('?'));
                let fields = parts.expect("an answer says something").1.to_owned();
                let fields = url::form_urlencoded::parse(fields.as_bytes()).into_owned().collect();
                (address, fields)
            }
            Reply::FormPost { action, fields } => {
                (action, fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>())
            }
        };
        let loopback = address.strip_prefix("http://127.0.0.1:").and_then(|rest| rest.split_once('/'));
        let to_loopback = loopback.is_some_and(|(port, rest)| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with("callback")
        });
        assert!(to_loopback || CALLBACKS.iter().any(|known| address.starts_with(known)), "{address}");
        let field = |wanted| {
            let mut found = fields.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
            let first = found.next();
            assert!(found.next().is_none(), "{wanted} is there twice");
            first
        };
        assert_eq!(field("iss"), Some(ISSUER.as_str()));
        assert_eq!(field("state"), state);
        assert!(field("code").is_some() != field("error").is_some());
    }
});
