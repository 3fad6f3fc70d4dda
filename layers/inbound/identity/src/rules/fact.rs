//! Every security-relevant fact of signing in, as one closed list.

use towergate_core::{
    Timestamp,
    audit::{Event, Fact, Origin, Outcome, Party},
};

use super::{
    api_token::{ApiTokenFailure, ApiTokenId, Permission},
    browser::BrowserId,
    deletion::Ending,
    email_token::{EmailTokenId, Purpose},
    linked_identity::LinkedIdentityId,
    lockout::CredentialClass,
    login_proof::Method,
    mail::{MailDelivery, MailId, MailKind},
    methods::Methods,
    passkey::{Aaguid, CeremonyFailure, CeremonyPurpose, PasskeyId, SignCountPolicy},
    remember::RememberedId,
    session::{SessionId, SessionRecord, SessionStage, SignInId},
    user::UserId,
};

/// What happened while people signed in and out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are the identifiers that their names say")]
pub enum IdentityFact {
    /// Somebody made a token for a program of theirs.
    ApiTokenCreated { user: UserId, token: ApiTokenId, permissions: Vec<Permission>, expires_at: Timestamp },
    /// A token of a program was shown and not taken. The reason is for operators.
    ApiTokenRefused { user: UserId, token: ApiTokenId, reason: ApiTokenFailure },
    /// A token of a program is good no more.
    ApiTokenRevoked { user: UserId, token: ApiTokenId, reason: SessionEnd },
    /// A token of a program was used for the first time.
    ApiTokenUsedFirst { user: UserId, token: ApiTokenId },
    /// Somebody has a new set of backup codes; those before are good no more.
    BackupCodesRenewed { user: UserId, count: usize },
    /// A browser was trusted in the place of a second factor.
    BrowserTrustUsed { user: UserId, browser: BrowserId },
    /// A browser is not asked for the second factor any more, for a while.
    BrowserTrusted { user: UserId, browser: BrowserId },
    /// Browsers are asked for the second factor again.
    BrowsersForgotten { user: UserId, count: u64 },
    /// Somebody failed so often in a row that the credential opens nothing any more.
    CredentialBlocked { class: CredentialClass, user: Option<UserId> },
    /// Somebody's account is to be deleted at a moment.
    DeletionScheduled { user: UserId, delete_at: Timestamp },
    /// Somebody's account stays, which was to be deleted.
    DeletionWithdrawn { user: UserId },
    /// Somebody signed in where they did not before.
    DeviceNew { user: UserId, session: SessionId },
    /// Somebody proved that they have an authenticator app, which is asked for from now on.
    FactorEnrolled { user: UserId },
    /// Somebody's authenticator app is asked for no more; their backup codes are gone, unless a passkey is asked for.
    FactorRemoved { user: UserId },
    /// Somebody did not prove their second factor. The reason is for operators.
    FactorRefused { user: UserId, reason: FactorFailure },
    /// Somebody spent a code.
    FactorUsed { user: UserId, class: CredentialClass },
    /// Somebody proved the first of two factors; nobody is signed in yet.
    FirstFactorProven { user: UserId, methods: Methods },
    /// Somebody proved who they are whose account is going to be deleted; nobody is signed in.
    LeavingProven { user: UserId, methods: Methods },
    /// Somebody proved who they are.
    LoginSucceeded { user: UserId, methods: Methods },
    /// Somebody did not. The reason is for operators; the person learns only that it failed.
    LoginFailed { user: Option<UserId>, reason: LoginFailure },
    /// A browser stays signed in.
    RememberedBegun { user: UserId, family: RememberedId },
    /// It does no longer.
    RememberedEnded { user: UserId, family: RememberedId, reason: SessionEnd },
    /// A copy of its cookie was shown.
    RememberedStolen { user: UserId, family: RememberedId },
    /// Its cookie was traded for a session.
    RememberedUsed { user: UserId, family: RememberedId, session: SessionId },
    /// A session began.
    SessionCreated { session: SessionId, sign_in: SignInId, user: UserId },
    /// A session was ended before its time.
    SessionRevoked { session: SessionId, sign_in: SignInId, user: UserId, reason: SessionEnd },
    /// A person was written.
    UserRegistered { user: UserId },
    /// A person was deleted.
    UserDeleted { user: UserId, ending: Ending },
    /// A person was shut out.
    UserDisabled { user: UserId },
    /// A person who was shut out may come in again.
    UserEnabled { user: UserId },
    /// A password took the place of another, by its person, who knew that.
    PasswordChanged { user: UserId },
    /// Somebody who is signed in did not prove their password, as a change of it asks. The reason is for operators.
    PasswordRefused { user: UserId, reason: LoginFailure },
    /// A password hash was replaced by a stronger one of the same password.
    PasswordRehashed { user: UserId },
    /// Nobody knows whether a new password leaked somewhere: the service that keeps those did not answer.
    PasswordUnchecked { taken: bool },
    /// A forgotten password was set anew, by a mailed proof.
    PasswordReset { user: UserId, token: EmailTokenId },
    /// A password took the place of another, or is the first.
    PasswordSet { user: UserId },
    /// A proof was mailed.
    EmailTokenIssued { token: EmailTokenId, user: UserId, purpose: Purpose },
    /// A mailed proof was shown and is not good, or its code was wrong.
    EmailTokenRefused { token: EmailTokenId, user: UserId, purpose: Purpose, reason: TokenRefusal },
    /// A proof was asked for, or shown, that does not exist; or no mail went out where one was asked for.
    EmailTokenUnknown { user: Option<UserId>, asked: &'static str },
    /// Somebody proved a factor who must enrol a second one before all else; nobody is signed in.
    EnrolmentDue { user: UserId, methods: Methods },
    /// An address was proven to be its person's.
    EmailConfirmed { user: UserId, token: EmailTokenId, by: &'static str },
    /// Somebody has a new passkey.
    PasskeyAdded { user: UserId, passkey: PasskeyId, aaguid: Aaguid },
    /// The signature count of a passkey went back: there may be a copy of the key.
    PasskeyCountWentBack { user: UserId, passkey: PasskeyId, kept: u32, seen: u32, policy: SignCountPolicy },
    /// A passkey of somebody is asked for no more after whatever else they sign in by.
    PasskeyFactorSwitchedOff { user: UserId },
    /// A passkey of somebody is asked for from now on after whatever else they sign in by.
    PasskeyFactorSwitchedOn { user: UserId },
    /// A ceremony with a passkey came to nothing. The reason is for operators.
    PasskeyRefused { user: Option<UserId>, purpose: CeremonyPurpose, reason: CeremonyFailure },
    /// A passkey opens nothing any more.
    PasskeyRemoved { user: UserId, passkey: PasskeyId },
    /// A passkey has another name.
    PasskeyRenamed { user: UserId, passkey: PasskeyId },
    /// An account elsewhere opens somebody's here from now on.
    IdentityLinked { user: UserId, identity: LinkedIdentityId, provider: String },
    /// An account elsewhere opens somebody's here no more.
    IdentityUnlinked { user: UserId, identity: LinkedIdentityId },
    /// Somebody came back from a provider with nothing that was good for anything. The reason is for operators.
    ProviderRefused { provider: String, reason: &'static str },
    /// Somebody signed a challenge with a passkey, and verified themself to it or not.
    PasskeyUsed { user: UserId, passkey: PasskeyId, verified: bool },
    /// A change of address that was asked for is asked for no more.
    EmailChangeCancelled { user: UserId },
    /// Somebody has another address.
    EmailChanged { user: UserId, token: EmailTokenId },
    /// Somebody has the address back that was changed for another.
    EmailChangeUndone { user: UserId, token: EmailTokenId },
    /// A mailed proof did its work.
    EmailTokenSpent { token: EmailTokenId, user: UserId, purpose: Purpose, by: &'static str },
    /// A password opens nothing any more, and no other took its place.
    PasswordRemoved { user: UserId },
    /// A mail waits to be sent.
    MailQueued { mail: MailId, user: UserId, kind: MailKind },
    /// An operator has a mail sent again that was given up.
    MailReplayed { mail: MailId, user: UserId, kind: MailKind },
    /// A mail was written for an address that nobody may prove, and is not sent. `user` is who has the address all the same.
    MailWithheld { user: Option<UserId>, kind: MailKind },
    /// A try to send a mail ended.
    MailTried { mail: MailId, user: UserId, kind: MailKind, attempt: u32, delivery: MailDelivery },
}

impl IdentityFact {
    /// What a login came to that is kept as `session`.
    #[must_use]
    pub fn of_login(session: &SessionRecord) -> Self {
        let (user, methods) = (session.user, session.methods);
        match session.stage {
            SessionStage::Complete => Self::LoginSucceeded { user, methods },
            SessionStage::AwaitsEnrolment => Self::EnrolmentDue { user, methods },
            SessionStage::AwaitsSecondFactor => Self::FirstFactorProven { user, methods },
            SessionStage::Leaving => Self::LeavingProven { user, methods },
        }
    }
}

/// Why a sign-in failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoginFailure {
    /// It failed so often in a row that the password opens nothing any more.
    Blocked,
    /// The account is disabled.
    Disabled,
    /// The machine had no memory for the work.
    Exhausted,
    /// The account has no password.
    NoPassword,
    /// It failed too often lately, and was not tried.
    TooManyTries,
    /// Nobody has proven the address, and the host lets only those in who have.
    Unconfirmed,
    /// Nobody has this address.
    UnknownUser,
    /// The stored hash cannot be read, or would cost more than is ever spent: an operator must look at it.
    UnreadableHash,
    /// What was typed is empty, or too long to be anybody's password.
    UnusablePassword,
    /// The password is wrong.
    WrongPassword,
}

impl LoginFailure {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Disabled => "disabled",
            Self::Exhausted => "exhausted",
            Self::NoPassword => "no_password",
            Self::TooManyTries => "too_many_tries",
            Self::Unconfirmed => "unconfirmed",
            Self::UnknownUser => "unknown_user",
            Self::UnreadableHash => "unreadable_hash",
            Self::UnusablePassword => "unusable_password",
            Self::WrongPassword => "wrong_password",
        }
    }
}

/// Why a second factor was not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FactorFailure {
    /// It failed so often in a row that the credential opens nothing any more.
    Blocked,
    /// The person has none.
    Missing,
    /// What was typed cannot be a code.
    NoCode,
    /// The code was spent before.
    SpentBefore,
    /// It failed too often lately, and was not tried.
    TooManyTries,
    /// The code is wrong.
    WrongCode,
}

impl FactorFailure {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Missing => "missing",
            Self::NoCode => "no_code",
            Self::SpentBefore => "spent_before",
            Self::TooManyTries => "too_many_tries",
            Self::WrongCode => "wrong_code",
        }
    }
}

/// Why a mailed proof was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenRefusal {
    /// It was used, replaced, has expired, was tried too often, or belongs to an address that is no longer the person's.
    Dead,
    /// The link is right, but whoever shows it stands on no firm ground.
    Stranger,
    /// The code is wrong, or whoever shows it stands on no firm ground.
    Wrong,
}

impl TokenRefusal {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Stranger => "stranger",
            Self::Wrong => "wrong_code",
        }
    }
}

/// Why a session was ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionEnd {
    /// Its person's account was deleted.
    AccountDeleted,
    /// Its person keeps the account that was going to be deleted, and signs in anew.
    AccountKept,
    /// Its person's account is going to be deleted.
    AccountLeaving,
    /// Somebody else proved that the person's address is theirs.
    AddressProven,
    /// A copy of the cookie that it came from was shown.
    CookieStolen,
    /// Its person's address was changed, or put back.
    EmailChanged,
    /// Its person signed out.
    Logout,
    /// Its person's second factors changed elsewhere.
    FactorsChanged,
    /// Its person has too many.
    OverLimit,
    /// Its person changed their password elsewhere.
    PasswordChanged,
    /// Its person's forgotten password was set anew.
    PasswordReset,
    /// A new identifier took its place.
    Replaced,
    /// An operator ended it.
    RevokedByOperator,
    /// Its person ended it from elsewhere.
    RevokedByUser,
    /// Its person was shut out.
    UserDisabled,
}

impl SessionEnd {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountDeleted => "account_deleted",
            Self::AccountKept => "account_kept",
            Self::AccountLeaving => "account_leaving",
            Self::FactorsChanged => "factors_changed",
            Self::AddressProven => "address_proven",
            Self::CookieStolen => "cookie_stolen",
            Self::EmailChanged => "email_changed",
            Self::Logout => "logout",
            Self::OverLimit => "over_limit",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::Replaced => "replaced",
            Self::RevokedByOperator => "revoked_by_operator",
            Self::RevokedByUser => "revoked_by_user",
            Self::UserDisabled => "user_disabled",
        }
    }
}

impl SessionEnd {
    /// Whether all sessions of a person ending for this reason leaves the browser in peace whose session goes on, and those that
    /// are trusted: nothing by which they sign in has changed.
    #[must_use]
    pub const fn is_only_an_end(self) -> bool {
        matches!(
            self,
            Self::CookieStolen | Self::Logout | Self::OverLimit | Self::Replaced | Self::RevokedByUser
        )
    }

    /// Whether all sessions of a person ending for this reason ends the tokens of their programs too: the person is shut out, or
    /// somebody else may have been in the account and made one. Signing out ends none, nor does what is changed by whoever
    /// knows the password.
    #[must_use]
    pub const fn ends_api_tokens(self) -> bool {
        match self {
            Self::AccountDeleted
            | Self::AccountLeaving
            | Self::AddressProven
            | Self::EmailChanged
            | Self::PasswordReset
            | Self::UserDisabled => true,
            Self::AccountKept
            | Self::CookieStolen
            | Self::FactorsChanged
            | Self::Logout
            | Self::OverLimit
            | Self::PasswordChanged
            | Self::Replaced
            | Self::RevokedByOperator
            | Self::RevokedByUser => false,
        }
    }
}

impl Fact for IdentityFact {
    fn event(&self, origin: &Origin) -> Event {
        let origin = *origin;
        let person = |id: &UserId| Party::new("user", id);
        let names =
            |methods: &[Method]| methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(" ");
        match self {
            Self::ApiTokenCreated { user, token, permissions, expires_at } => {
                let words: Vec<_> = permissions.iter().map(Permission::as_str).collect();
                Event::succeeded(origin, "api_token.created", person(user), Party::new("api_token", token))
                    .with("permissions", words.join(" "))
                    .with("expires_at", expires_at.to_rfc3339())
            }
            Self::ApiTokenRefused { user, token, reason } => {
                let target = Party::new("api_token", token);
                Event::refused(origin, "api_token.refused", Party::anonymous(), target, reason.as_str())
                    .with("user", user)
            }
            Self::ApiTokenRevoked { user, token, reason } => {
                let target = Party::new("api_token", token);
                let mut event = Event::succeeded(origin, "api_token.revoked", person(user), target);
                event.reason = Some(reason.as_str());
                event
            }
            Self::ApiTokenUsedFirst { user, token } => {
                Event::succeeded(origin, "api_token.used_first", person(user), Party::new("api_token", token))
            }
            Self::BackupCodesRenewed { user, count } => {
                Event::succeeded(origin, "backup_codes.renewed", person(user), person(user))
                    .with("count", count)
            }
            Self::BrowserTrustUsed { user, browser } => {
                Event::succeeded(origin, "browser.trust_used", person(user), person(user))
                    .with("browser", browser)
            }
            Self::BrowserTrusted { user, browser } => {
                Event::succeeded(origin, "browser.trusted", person(user), person(user))
                    .with("browser", browser)
            }
            Self::BrowsersForgotten { user, count } => {
                Event::succeeded(origin, "browsers.forgotten", person(user), person(user))
                    .with("count", count)
            }
            Self::CredentialBlocked { class, user } => {
                let target = user.as_ref().map_or_else(Party::anonymous, person);
                Event::succeeded(origin, "credential.blocked", Party::system(), target)
                    .with("class", class.as_str())
            }
            Self::DeletionScheduled { user, delete_at } => {
                Event::succeeded(origin, "user.deletion_scheduled", person(user), person(user))
                    .with("delete_at", delete_at.to_rfc3339())
            }
            Self::DeletionWithdrawn { user } => {
                Event::succeeded(origin, "user.deletion_withdrawn", person(user), person(user))
            }
            Self::DeviceNew { user, session } => {
                Event::succeeded(origin, "device.new", person(user), Party::new("session", session))
            }
            Self::FactorEnrolled { user } => {
                Event::succeeded(origin, "factor.enrolled", person(user), person(user))
            }
            Self::FactorRemoved { user } => {
                Event::succeeded(origin, "factor.removed", person(user), person(user))
            }
            Self::FactorRefused { user, reason } => {
                Event::refused(origin, "factor.refused", Party::anonymous(), person(user), reason.as_str())
            }
            Self::FactorUsed { user, class } => {
                Event::succeeded(origin, "factor.used", person(user), person(user))
                    .with("class", class.as_str())
            }
            Self::EnrolmentDue { user, methods } => {
                Event::succeeded(origin, "login.enrolment_due", person(user), person(user))
                    .with_only("amr", names(methods))
            }
            Self::FirstFactorProven { user, methods } => {
                Event::succeeded(origin, "login.half", person(user), person(user))
                    .with_only("amr", names(methods))
            }
            Self::LeavingProven { user, methods } => {
                Event::succeeded(origin, "login.leaving", person(user), person(user))
                    .with_only("amr", names(methods))
            }
            Self::LoginSucceeded { user, methods } => {
                Event::succeeded(origin, "login.succeeded", person(user), person(user))
                    .with_only("amr", names(methods))
            }
            Self::LoginFailed { user, reason } => {
                let target = user.as_ref().map_or_else(Party::anonymous, person);
                Event::refused(origin, "login.failed", Party::anonymous(), target, reason.as_str())
            }
            Self::RememberedBegun { user, family } => {
                Event::succeeded(origin, "remembered.begun", person(user), Party::new("remembered", family))
            }
            Self::RememberedEnded { user, family, reason } => {
                let target = Party::new("remembered", family);
                let mut event = Event::succeeded(origin, "remembered.ended", person(user), target);
                event.reason = Some(reason.as_str());
                event
            }
            Self::RememberedStolen { user, family } => Event::refused(
                origin,
                "remembered.stolen",
                Party::anonymous(),
                person(user),
                SessionEnd::CookieStolen.as_str(),
            )
            .with("remembered", family),
            Self::RememberedUsed { user, family, session } => {
                Event::succeeded(origin, "remembered.used", person(user), Party::new("remembered", family))
                    .with("session", session)
            }
            Self::SessionCreated { session, sign_in, user } => {
                Event::succeeded(origin, "session.created", person(user), Party::new("session", session))
                    .with_only("sid", sign_in)
            }
            Self::SessionRevoked { session, sign_in, user, reason } => {
                let mut event =
                    Event::succeeded(origin, "session.revoked", person(user), Party::new("session", session))
                        .with("sid", sign_in);
                event.reason = Some(reason.as_str());
                event
            }
            Self::UserRegistered { user } => {
                Event::succeeded(origin, "user.registered", Party::system(), person(user))
            }
            Self::UserDeleted { user, ending } => {
                Event::succeeded(origin, "user.deleted", Party::system(), person(user))
                    .with("ending", ending.as_str())
            }
            Self::UserDisabled { user } => {
                Event::succeeded(origin, "user.disabled", Party::system(), person(user))
            }
            Self::UserEnabled { user } => {
                Event::succeeded(origin, "user.enabled", Party::system(), person(user))
            }
            Self::PasswordChanged { user } => {
                Event::succeeded(origin, "password.changed", person(user), person(user))
            }
            Self::PasswordUnchecked { taken } => {
                let (system, nobody) = (Party::system(), Party::anonymous());
                Event::refused(origin, "password.unchecked", system, nobody, "no_answer").with("taken", taken)
            }
            Self::PasswordReset { user, token } => {
                Event::succeeded(origin, "password.reset", person(user), person(user)).with("token", token)
            }
            Self::PasswordRefused { user, reason } => {
                Event::refused(origin, "password.refused", Party::anonymous(), person(user), reason.as_str())
            }
            Self::PasswordRehashed { user } => {
                Event::succeeded(origin, "password.rehashed", Party::system(), person(user))
            }
            Self::PasswordSet { user } => {
                Event::succeeded(origin, "password.set", person(user), person(user))
            }
            Self::EmailTokenIssued { token, user, purpose } => {
                Event::succeeded(origin, "email_token.issued", Party::anonymous(), person(user))
                    .with("token", token)
                    .with("purpose", purpose.as_str())
            }
            Self::EmailTokenRefused { token, user, purpose, reason } => Event::refused(
                origin,
                "email_token.refused",
                Party::anonymous(),
                person(user),
                reason.as_str(),
            )
            .with("token", token)
            .with("purpose", purpose.as_str()),
            Self::EmailTokenUnknown { user, asked } => {
                let target = user.as_ref().map_or_else(Party::anonymous, person);
                Event::refused(origin, "email_token.unknown", Party::anonymous(), target, asked)
            }
            Self::EmailConfirmed { user, token, by } => {
                Event::succeeded(origin, "email.confirmed", person(user), person(user))
                    .with("token", token)
                    .with("by", by)
            }
            Self::PasskeyAdded { user, passkey, aaguid } => {
                Event::succeeded(origin, "passkey.added", person(user), person(user))
                    .with("passkey", passkey)
                    .with("aaguid", aaguid)
            }
            Self::PasskeyCountWentBack { user, passkey, kept, seen, policy } => {
                Event::succeeded(origin, "passkey.count_went_back", Party::system(), person(user))
                    .with("passkey", passkey)
                    .with("kept", kept)
                    .with("seen", seen)
                    .with("policy", policy.as_str())
            }
            Self::PasskeyFactorSwitchedOff { user } => {
                Event::succeeded(origin, "passkey_factor.switched_off", person(user), person(user))
            }
            Self::PasskeyFactorSwitchedOn { user } => {
                Event::succeeded(origin, "passkey_factor.switched_on", person(user), person(user))
            }
            Self::PasskeyRefused { user, purpose, reason } => {
                let target = user.as_ref().map_or_else(Party::anonymous, person);
                Event::refused(origin, "passkey.refused", Party::anonymous(), target, reason.as_str())
                    .with("purpose", purpose.as_str())
            }
            Self::PasskeyRemoved { user, passkey } => {
                Event::succeeded(origin, "passkey.removed", person(user), person(user))
                    .with("passkey", passkey)
            }
            Self::IdentityLinked { user, identity, provider } => {
                Event::succeeded(origin, "identity.linked", person(user), person(user))
                    .with("identity", identity)
                    .with("provider", provider)
            }
            Self::IdentityUnlinked { user, identity } => {
                Event::succeeded(origin, "identity.unlinked", person(user), person(user))
                    .with("identity", identity)
            }
            Self::ProviderRefused { provider, reason } => {
                let target = Party::new("provider", provider);
                Event::refused(origin, "provider.refused", Party::anonymous(), target, reason)
            }
            Self::PasskeyRenamed { user, passkey } => {
                Event::succeeded(origin, "passkey.renamed", person(user), person(user))
                    .with("passkey", passkey)
            }
            Self::PasskeyUsed { user, passkey, verified } => {
                Event::succeeded(origin, "passkey.used", person(user), person(user))
                    .with("passkey", passkey)
                    .with("verified", verified)
            }
            Self::EmailChangeCancelled { user } => {
                Event::succeeded(origin, "email_change.cancelled", person(user), person(user))
            }
            Self::EmailChanged { user, token } => {
                Event::succeeded(origin, "email.changed", person(user), person(user)).with("token", token)
            }
            Self::EmailChangeUndone { user, token } => {
                Event::succeeded(origin, "email_change.undone", person(user), person(user))
                    .with("token", token)
            }
            Self::EmailTokenSpent { token, user, purpose, by } => {
                Event::succeeded(origin, "email_token.spent", person(user), person(user))
                    .with("token", token)
                    .with("purpose", purpose.as_str())
                    .with("by", by)
            }
            Self::PasswordRemoved { user } => {
                Event::succeeded(origin, "password.removed", person(user), person(user))
            }
            Self::MailQueued { mail, user, kind } => {
                Event::succeeded(origin, "mail.queued", Party::system(), person(user))
                    .with("mail", mail)
                    .with("kind", kind.as_str())
            }
            Self::MailReplayed { mail, user, kind } => {
                Event::succeeded(origin, "mail.replayed", Party::system(), person(user))
                    .with("mail", mail)
                    .with("kind", kind.as_str())
            }
            Self::MailWithheld { user, kind } => {
                let target = user.as_ref().map_or_else(Party::anonymous, person);
                Event::refused(origin, "mail.withheld", Party::system(), target, "nobody")
                    .with("kind", kind.as_str())
            }
            Self::MailTried { mail, user, kind, attempt, delivery } => {
                let (action, outcome, reason) = match delivery {
                    MailDelivery::Sent => ("mail.sent", Outcome::Succeeded, None),
                    MailDelivery::RetryAt { reason, .. } => ("mail.delayed", Outcome::Failed, Some(*reason)),
                    MailDelivery::GivenUp { reason } => ("mail.given_up", Outcome::Failed, Some(*reason)),
                };
                let mut event = Event::succeeded(origin, action, Party::system(), person(user))
                    .with("mail", mail)
                    .with("kind", kind.as_str())
                    .with("attempt", attempt);
                (event.outcome, event.reason) = (outcome, reason);
                event
            }
        }
    }
}
