//! Accounts elsewhere by which people sign in here.
//!
//! 1. Such an account is known by its issuer and the subject there, never by an address
//!    ([OpenID Connect Core section 5.7](https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability)).
//! 2. One that is linked signs its person in.
//! 3. One that is not, whose address nobody has here, makes an account; but only when the provider is trusted to have proven
//!    the address. An account without an address could not be had back.
//! 4. One that is not, whose address somebody has, is never linked for that: whoever it is signs in as they always do first,
//!    and links it then.

use std::time::Duration;

use towergate_core::{Digest, LocalPath, Timestamp, token::Prefix, typed_id};

use super::{email::EmailAddress, login_proof::LoginProof, session::SessionId, user::UserId};

typed_id! {
    /// A link between a person and an account of theirs elsewhere.
    LinkedIdentityId
}

typed_id! {
    /// A visit of somebody to a provider, from which they are to come back.
    ProviderVisitId
}

/// How the `state` begins that a provider gives back.
pub const STATE_PREFIX: Prefix = Prefix::new("tgv");

/// How long a provider may take.
pub const VISIT: Duration = Duration::from_secs(10 * 60);

/// The longest name of an issuer or a subject that is kept, in bytes: what OpenID Connect Core section 2 allows a subject.
pub const MAX_NAME: usize = 255;

/// An account elsewhere: who says so, and who it is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalAccount {
    issuer: String,
    subject: String,
}

/// Neither may be empty, or longer than [`MAX_NAME`] bytes, or hold a control character, which no store is asked to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an issuer and a subject have 1 to {MAX_NAME} bytes each, and no control characters")]
pub struct InvalidAccount;

impl ExternalAccount {
    /// The account of `subject` at `issuer`, both compared byte by byte.
    ///
    /// # Errors
    /// When either is empty or too long, or holds a control character.
    pub fn new(issuer: &str, subject: &str) -> Result<Self, InvalidAccount> {
        let fits = |name: &str| (1..=MAX_NAME).contains(&name.len()) && !name.chars().any(char::is_control);
        if !fits(issuer) || !fits(subject) {
            return Err(InvalidAccount);
        }
        Ok(Self { issuer: issuer.to_owned(), subject: subject.to_owned() })
    }

    /// Who says so.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Who it is there.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

/// An account elsewhere that opens somebody's here.
#[derive(Debug, Clone)]
pub struct LinkedIdentity {
    /// The link.
    pub id: LinkedIdentityId,
    /// Whose.
    pub user: UserId,
    /// Under which name the host knows the provider.
    pub provider: String,
    /// The account.
    pub account: ExternalAccount,
    /// What the account is called there, for people: an address or a name.
    pub label: String,
    /// The tokens that the provider gave, sealed, where the host keeps them.
    pub tokens: Option<Vec<u8>>,
    /// Since when.
    pub linked_at: Timestamp,
    /// When it last opened the account.
    pub last_used_at: Option<Timestamp>,
}

impl LinkedIdentity {
    /// Whether it is an account at one of these providers: at any other, nobody signs in any more.
    #[must_use]
    pub fn is_at(&self, providers: &[String]) -> bool {
        providers.contains(&self.provider)
    }
}

/// Somebody who was sent to a provider and is to come back, once.
#[derive(Debug, Clone)]
pub struct ProviderVisit {
    /// Its identifier, the public half of the `state`.
    pub id: ProviderVisitId,
    /// The digest of the secret half.
    pub digest: Digest,
    /// The digest of the secret of the browser that went there.
    pub browser: Digest,
    /// Which provider.
    pub provider: String,
    /// What for.
    pub purpose: VisitPurpose,
    /// Whether they want to stay signed in in this browser.
    pub remember: bool,
    /// Where they go in the end.
    pub return_to: LocalPath,
    /// When they left.
    pub created_at: Timestamp,
    /// When it is too late to come back.
    pub expires_at: Timestamp,
}

/// What somebody visits a provider for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitPurpose {
    /// To sign in.
    SignIn,
    /// To link an account there to theirs here, in this session.
    Link {
        /// Whose.
        user: UserId,
        /// In which session.
        session: SessionId,
    },
}

impl ProviderVisit {
    /// Whether whoever comes back with this `state` in this browser, at `now`, is the one who left.
    #[must_use]
    pub fn is_of(&self, provider: &str, digest: &Digest, browser: &Digest, now: Timestamp) -> bool {
        // All compared, whatever differs.
        self.digest.matches(digest) & self.browser.matches(browser)
            && self.provider == provider
            && now < self.expires_at
    }
}

/// What a provider says of somebody.
#[derive(Debug, Clone)]
pub struct ProviderAnswer {
    /// Their account there.
    pub account: ExternalAccount,
    /// Their address, where the provider is trusted to have proven it.
    pub proven_address: Option<EmailAddress>,
    /// What to call the account for people.
    pub label: String,
    /// When they last proved there who they are, where the provider says so. It may have been long before they came.
    pub authenticated_at: Option<Timestamp>,
}

/// What comes of a visit to sign in.
#[derive(Debug)]
pub enum Course {
    /// The person is proven.
    SignIn(LoginProof),
    /// Somebody new, at an address that is theirs.
    Create(EmailAddress),
    /// Somebody has the address here: they sign in as they always do, and link the account then.
    OwnLoginFirst,
    /// The provider has no address of theirs that could be trusted.
    NoAddress,
}

/// What comes of `answer` at `now`, where `linked` is who the account opens, and `address_taken` whether somebody has the address
/// here.
#[must_use]
pub fn decide(
    answer: &ProviderAnswer,
    linked: Option<&LinkedIdentity>,
    address_taken: bool,
    now: Timestamp,
) -> Course {
    match (linked, &answer.proven_address) {
        (Some(linked), _) if linked.account == answer.account => {
            // A provider that knows them by a cookie of its own asked them nothing now.
            let at = answer.authenticated_at.map_or(now, |at| at.min(now));
            Course::SignIn(LoginProof::by_federation(linked.user, at))
        }
        (_, None) => Course::NoAddress,
        (_, Some(_)) if address_taken => Course::OwnLoginFirst,
        (_, Some(address)) => Course::Create(address.clone()),
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::id::Uuid;

    use super::*;
    use crate::rules::{level::Level, login_proof::Method};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn account(subject: &str) -> ExternalAccount {
        ExternalAccount::new("https://op.example", subject).unwrap()
    }

    fn linked(subject: &str) -> LinkedIdentity {
        LinkedIdentity {
            id: LinkedIdentityId::from_uuid(Uuid::nil()),
            user: UserId::from_uuid(Uuid::from_u128(7)),
            provider: String::from("example"),
            account: account(subject),
            label: String::new(),
            tokens: None,
            linked_at: NOW,
            last_used_at: None,
        }
    }

    fn answer(address: Option<&str>) -> ProviderAnswer {
        let proven_address = address.map(|text| EmailAddress::parse(text).unwrap());
        let (account, label) = (account("42"), String::new());
        ProviderAnswer { account, proven_address, label, authenticated_at: None }
    }

    #[test]
    fn a_linked_account_signs_its_person_in_whatever_its_address() {
        for (address, taken) in [(None, false), (Some("other@example.com"), true)] {
            let Course::SignIn(proof) = decide(&answer(address), Some(&linked("42")), taken, NOW) else {
                panic!("not signed in")
            };
            assert_eq!((proof.user(), proof.at()), (linked("42").user, NOW));
            assert_eq!(proof.methods(), [Method::Federated]);
            assert_eq!(Level::of(proof.methods()), Some(Level::OneFactor));
        }
    }

    #[test]
    fn a_proof_is_as_old_as_the_provider_says() {
        let second = Duration::from_secs(1);
        for (said, at) in [(NOW.minus(second), NOW.minus(second)), (NOW.plus(second), NOW)] {
            let told = ProviderAnswer { authenticated_at: Some(said), ..answer(None) };
            let Course::SignIn(proof) = decide(&told, Some(&linked("42")), false, NOW) else {
                panic!("refused")
            };
            assert_eq!(proof.at(), at);
        }
    }

    #[test]
    fn an_address_links_nothing() {
        let known = answer(Some("alice@example.com"));
        assert!(matches!(decide(&known, None, true, NOW), Course::OwnLoginFirst));
        assert!(matches!(decide(&known, Some(&linked("43")), true, NOW), Course::OwnLoginFirst));
    }

    #[test]
    fn somebody_new_needs_an_address_that_is_theirs() {
        assert!(matches!(decide(&answer(None), None, false, NOW), Course::NoAddress));
        let fresh = decide(&answer(Some("new@example.com")), None, false, NOW);
        assert!(matches!(fresh, Course::Create(address) if address.as_str() == "new@example.com"));
    }

    #[test]
    fn whoever_comes_back_is_who_left() {
        let visit = ProviderVisit {
            id: ProviderVisitId::from_uuid(Uuid::nil()),
            digest: Digest::of(b"state"),
            browser: Digest::of(b"browser"),
            provider: String::from("example"),
            purpose: VisitPurpose::SignIn,
            remember: false,
            return_to: LocalPath::root(),
            created_at: NOW,
            expires_at: NOW.plus(VISIT),
        };
        let (state, browser, other) = (Digest::of(b"state"), Digest::of(b"browser"), Digest::of(b"other"));
        assert!(visit.is_of("example", &state, &browser, NOW));
        assert!(!visit.is_of("example", &other, &browser, NOW));
        assert!(!visit.is_of("example", &state, &other, NOW));
        assert!(!visit.is_of("another", &state, &browser, NOW));
        assert!(!visit.is_of("example", &state, &browser, NOW.plus(VISIT)));
    }

    #[test]
    fn an_account_without_a_name_is_none() {
        let long = "x".repeat(MAX_NAME + 1);
        let bad =
            [("", "1"), ("i", ""), (long.as_str(), "1"), ("i", long.as_str()), ("i", "1\0"), ("i\n", "1")];
        for (issuer, subject) in bad {
            assert_eq!(ExternalAccount::new(issuer, subject), Err(InvalidAccount));
        }
    }
}
