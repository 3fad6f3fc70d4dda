//! Where the metadata is read.

use crate::rules::issuer::Issuer;

/// Whether the metadata of `issuer` is read at `path`: where
/// [RFC 8414 section 3.1](https://www.rfc-editor.org/rfc/rfc8414#section-3.1) puts it, before the issuer's own path; where
/// [OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig) puts it, after it;
/// and where [RFC 8414 section 5](https://www.rfc-editor.org/rfc/rfc8414#section-5) would have OpenID Connect put it.
#[must_use]
pub fn is_well_known(issuer: &Issuer, path: &str) -> bool {
    const OAUTH: &str = "/.well-known/oauth-authorization-server";
    const OPENID: &str = "/.well-known/openid-configuration";
    let before = |name: &str| path.strip_prefix(name) == Some(issuer.path());
    before(OAUTH) || before(OPENID) || path.strip_prefix(issuer.path()) == Some(OPENID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8414_3_1_the_well_known_path_stands_before_the_path_of_the_issuer() {
        let plain = Issuer::https("https://id.example").unwrap();
        let tenant = Issuer::https("https://id.example/a/b").unwrap();
        for (path, is_plain, is_tenant) in [
            ("/.well-known/oauth-authorization-server", true, false),
            ("/.well-known/openid-configuration", true, false),
            ("/.well-known/oauth-authorization-server/a/b", false, true),
            ("/.well-known/openid-configuration/a/b", false, true),
            ("/a/b/.well-known/openid-configuration", false, true),
            ("/a/b/.well-known/oauth-authorization-server", false, false),
            ("/.well-known/oauth-authorization-server/", false, false),
            ("/.well-known/oauth-authorization-server/a/b/", false, false),
            ("/.well-known/oauth-authorization-server/a", false, false),
            ("/a/b", false, false),
            ("/", false, false),
        ] {
            let found = (is_well_known(&plain, path), is_well_known(&tenant, path));
            assert_eq!(found, (is_plain, is_tenant), "{path}");
        }
    }
}
