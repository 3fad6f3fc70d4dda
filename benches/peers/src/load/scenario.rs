//! What is asked, of whom, and what is measured in turns.

use super::peers::{Peer, Who};

/// What is asked of every server that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scenario {
    Hello,
    Document,
    Keys,
    Form,
    Opaque,
    Introspection,
    Userinfo,
    Jwt,
    Refresh,
    RefreshUnsigned,
    Code,
    CodeUnsigned,
    Par,
    Discovery,
    Jwks,
}

impl Scenario {
    /// What is compared with each other is measured in turns.
    pub(super) const GROUPS: [&[Self]; 11] = [
        &[Self::Hello, Self::Document, Self::Keys, Self::Discovery, Self::Jwks],
        &[Self::Form],
        &[Self::Opaque],
        &[Self::Introspection],
        &[Self::Userinfo],
        &[Self::Jwt],
        &[Self::Refresh],
        &[Self::RefreshUnsigned],
        &[Self::Code],
        &[Self::CodeUnsigned],
        &[Self::Par],
    ];

    pub(super) fn all() -> impl Iterator<Item = Self> {
        Self::GROUPS.iter().copied().flatten().copied()
    }

    /// What is asked for where people are: an ID token, or nothing that is signed.
    pub(super) const fn scope(self) -> &'static str {
        match self {
            Self::RefreshUnsigned | Self::CodeUnsigned => "email",
            _ => "openid email",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Document => "discovery's bytes and headers",
            Self::Keys => "JWKS's bytes and headers",
            Self::Form => "form to 1 kB JSON",
            Self::Opaque => "client_credentials, opaque",
            Self::Introspection => "introspection",
            Self::Userinfo => "userinfo",
            Self::Jwt => "client_credentials, JWT",
            Self::Refresh => "refresh, ID token",
            Self::RefreshUnsigned => "refresh, nothing signed",
            Self::Code => "code exchange, ID token",
            Self::CodeUnsigned => "code exchange, nothing signed",
            Self::Par => "PAR",
            Self::Discovery => "discovery",
            Self::Jwks => "JWKS",
        }
    }

    /// Where bare axum does what of it nobody can leave out.
    pub(super) const fn least(self) -> Option<&'static str> {
        match self {
            Self::Opaque | Self::Par => Some("/least/issue"),
            Self::Introspection => Some("/least/introspection"),
            Self::Userinfo => Some("/least/userinfo"),
            Self::Jwt => Some("/least/issue-signed"),
            Self::Refresh => Some("/least/refresh-signed"),
            Self::RefreshUnsigned => Some("/least/refresh"),
            Self::Code => Some("/least/code-signed"),
            Self::CodeUnsigned => Some("/least/code"),
            Self::Hello | Self::Document | Self::Keys | Self::Form | Self::Discovery | Self::Jwks => None,
        }
    }

    pub(super) fn is_of(self, peer: &Peer) -> bool {
        let who = peer.who;
        if who == Who::Bare && self.least().is_some() {
            return true;
        }
        match self {
            Self::Hello | Self::Document | Self::Keys | Self::Form => who == Who::Bare,
            Self::Opaque | Self::Introspection => who != Who::Bare,
            // oauth-as knows no ID token.
            Self::RefreshUnsigned | Self::CodeUnsigned => matches!(who, Who::Ours | Who::OauthAs),
            // Not everybody has it.
            Self::Par => peer.par.len() > 1,
            Self::Refresh | Self::Code | Self::Userinfo | Self::Jwt | Self::Discovery | Self::Jwks => {
                matches!(who, Who::Ours | Who::Node)
            }
        }
    }
}
