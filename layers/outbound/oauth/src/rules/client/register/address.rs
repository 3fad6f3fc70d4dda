//! What a client's addresses may be.
//!
//! A redirect URI has no fragment and no user, and by
//! [OpenID Connect Registration section 2](https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata)
//! and [RFC 8252 section 7](https://www.rfc-editor.org/rfc/rfc8252#section-7) one of these schemes:
//!
//! | | https | http at this very machine | a private-use scheme with a dot |
//! |---|---|---|---|
//! | `web` | yes | yes: nobody listens in, and developers need it | no |
//! | `native` | yes: claimed by the app | yes | yes |

use url::{Host, Url};

use super::{
    super::problem::RedirectUriFault, ApplicationType, ClientMetadata, FieldFault, MAX_REDIRECT_URI_LENGTH,
    MetadataProblem,
};
use crate::rules::authorize::redirect_uri::says_its_host;

/// What is wrong with the addresses.
pub(super) fn problems(metadata: &ClientMetadata) -> Vec<MetadataProblem> {
    let kind = metadata.application_type;
    let mut problems = Vec::new();
    for uri in &metadata.redirect_uris {
        if let Err(fault) = check_redirect_uri(uri, kind) {
            problems.push(MetadataProblem::RedirectUri { uri: uri.clone(), fault });
        }
    }
    for (place, uri) in metadata.post_logout_redirect_uris.iter().enumerate() {
        if let Err(fault) = check_redirect_uri(uri, kind) {
            problems.push(MetadataProblem::entry("post_logout_redirect_uris", place, fault.into()));
        }
    }
    let single = [
        ("client_uri", &metadata.client_uri, Fragment::Allowed),
        ("logo_uri", &metadata.logo_uri, Fragment::Allowed),
        ("policy_uri", &metadata.policy_uri, Fragment::Allowed),
        ("tos_uri", &metadata.tos_uri, Fragment::Allowed),
        ("initiate_login_uri", &metadata.initiate_login_uri, Fragment::Refused),
        ("jwks_uri", &metadata.jwks_uri, Fragment::Refused),
        ("backchannel_logout_uri", &metadata.backchannel_logout_uri, Fragment::Refused),
        ("frontchannel_logout_uri", &metadata.frontchannel_logout_uri, Fragment::Refused),
    ];
    for (field, uri, fragment) in single {
        let fault = uri.as_deref().and_then(|uri| check_address(uri, fragment).err());
        problems.extend(fault.map(|fault| MetadataProblem::field(field, fault)));
    }
    // Core section 4 lets no developer's http in, as the other addresses do.
    if let Some(uri) = &metadata.initiate_login_uri
        && Url::parse(uri).is_ok_and(|uri| uri.scheme() == "http" && is_web_address(&uri))
    {
        let rule = FieldFault::Rule("must be an https address");
        problems.push(MetadataProblem::field("initiate_login_uri", rule));
    }
    for (field, uri) in metadata.localized.iter().filter(|(field, _)| field.contains("_uri#")) {
        let fault = check_address(uri, Fragment::Allowed).err();
        problems.extend(fault.map(|fault| MetadataProblem::field(field.as_str(), fault)));
    }
    if let Some(uri) = &metadata.frontchannel_logout_uri
        && !metadata.redirect_uris.iter().any(|redirect| share_an_origin(uri, redirect))
    {
        let rule = FieldFault::Rule("must have the scheme, host and port of one of redirect_uris");
        problems.push(MetadataProblem::field("frontchannel_logout_uri", rule));
    }
    problems
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fragment {
    Allowed,
    Refused,
}

pub(super) fn check_redirect_uri(uri: &str, kind: ApplicationType) -> Result<(), RedirectUriFault> {
    let parsed = absolute(uri)?;
    if uri.contains('#') {
        return Err(RedirectUriFault::Fragment);
    }
    if has_user(&parsed) {
        return Err(RedirectUriFault::UserInfo);
    }
    if is_web_address(&parsed) {
        return Ok(());
    }
    // RFC 8252 section 7.1: the reverse of a domain name, so that no other app takes it by accident.
    match (kind, parsed.scheme().contains('.')) {
        (ApplicationType::Native, true) => Ok(()),
        (ApplicationType::Web, true) => Err(RedirectUriFault::SchemeOfNative),
        (_, false) => Err(RedirectUriFault::Scheme),
    }
}

/// An address that people or the server follow.
pub(super) fn check_address(uri: &str, fragment: Fragment) -> Result<(), FieldFault> {
    let parsed = absolute(uri)?;
    if fragment == Fragment::Refused && uri.contains('#') {
        return Err(RedirectUriFault::Fragment.into());
    }
    if has_user(&parsed) {
        return Err(RedirectUriFault::UserInfo.into());
    }
    if !is_web_address(&parsed) {
        return Err(FieldFault::Rule("must be an https address, or http at this very machine"));
    }
    Ok(())
}

fn absolute(uri: &str) -> Result<Url, RedirectUriFault> {
    let plain = |byte: u8| (0x21..0x7f).contains(&byte) && !matches!(byte, b'"' | b'<' | b'>' | b'\\');
    let parsed = Url::parse(uri).map_err(|_| RedirectUriFault::NotAbsolute)?;
    if uri.len() > MAX_REDIRECT_URI_LENGTH || !uri.bytes().all(plain) || !says_its_host(uri, &parsed) {
        return Err(RedirectUriFault::NotAbsolute);
    }
    Ok(parsed)
}

fn has_user(uri: &Url) -> bool {
    !uri.username().is_empty() || uri.password().is_some()
}

/// https, or http at the machine that the browser runs on, which nobody else hears.
fn is_web_address(uri: &Url) -> bool {
    match (uri.scheme(), uri.host()) {
        ("https", _) => true,
        ("http", Some(Host::Domain(name))) => name == "localhost",
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    }
}

fn share_an_origin(one: &str, other: &str) -> bool {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => one.origin() == other.origin(),
        _ => false,
    }
}
