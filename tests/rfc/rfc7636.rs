//! PKCE, [RFC 7636](https://www.rfc-editor.org/rfc/rfc7636).

use towergate::oauth_types::pkce::CodeChallenge;

#[test]
fn b_s256() {
    let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
    assert!(challenge.verify("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").is_some());
    assert!(challenge.verify("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl").is_none());
}
