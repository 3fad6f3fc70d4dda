//! Mailed proofs, and signing in by them.

use proptest::{option, prelude::*};
use towergate_core::{Digest, contract::model::Answers, id::Uuid};

use super::{
    Model, Modelled,
    mail::limit,
    user::hash,
    world::{Breach, email, number, person, recent, user_id},
};
use crate::{
    ports::{
        email_token::{Confirming, InVain, Issuing},
        user::AddingUser,
    },
    rules::{
        email_token::{EmailToken, EmailTokenId, EmailTokenState, Purpose, Shown, Verdict},
        fact::{IdentityFact, SessionEnd, TokenRefusal},
        mail::{MailKind, MailLimit, OutboxMail},
        mail_sign_in::MailSpending,
        user::{User, UserId, UserState},
    },
};

/// What is done about mailed proofs.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum EmailTokenOperation {
    Register { user: u8, email: u8 },
    Issue { user: u8, purpose: Purpose, email: Option<u8>, password: Option<u8>, most: u32 },
    IssueInVain { nobody: u8, purpose: Purpose, person: Option<u8>, most: u32 },
    Find { token: u8 },
    OpenOf { user: u8, purpose: Purpose },
    Confirm { token: u8, shows: Shows, grounded: bool },
    SpendSignIn { token: u8, shows: Shows, grounded: bool },
}

/// What is shown of a proof.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Shows {
    Link,
    Code,
    WrongLink,
    WrongCode,
}

pub(super) fn shows() -> impl Strategy<Value = Shows> {
    prop_oneof![4 => Just(Shows::Link), 3 => Just(Shows::Code), 1 => Just(Shows::WrongLink), 2 => Just(Shows::WrongCode)]
}

pub(super) fn operation() -> impl Strategy<Value = EmailTokenOperation> {
    use EmailTokenOperation as Do;
    let purpose = || prop_oneof![3 => Just(Purpose::Confirm), 3 => Just(Purpose::SignIn), 3 => Just(Purpose::ResetPassword)];
    let grounded = || proptest::bool::weighted(0.8);
    prop_oneof![
        1 => (person(), person()).prop_map(|(user, email)| Do::Register { user, email }),
        5 => (person(), purpose(), option::weighted(0.1, person()), option::of(0..2_u8), 1..4_u32).prop_map(
            |(user, purpose, email, password, most)| Do::Issue { user, purpose, email, password, most },
        ),
        2 => (person(), purpose(), option::of(person()), 1..4_u32).prop_map(
            |(nobody, purpose, person, most)| Do::IssueInVain { nobody, purpose, person, most },
        ),
        1 => recent().prop_map(|token| Do::Find { token }),
        1 => (person(), purpose()).prop_map(|(user, purpose)| Do::OpenOf { user, purpose }),
        4 => (recent(), shows(), grounded())
            .prop_map(|(token, shows, grounded)| Do::Confirm { token, shows, grounded }),
        4 => (recent(), shows(), grounded())
            .prop_map(|(token, shows, grounded)| Do::SpendSignIn { token, shows, grounded }),
    ]
}

pub(super) fn readings(begun: u8) -> impl Iterator<Item = EmailTokenOperation> {
    (0..=begun).map(|token| EmailTokenOperation::Find { token })
}

impl Model {
    pub(super) async fn email_token<S>(&mut self, store: &S, operation: &EmailTokenOperation) -> Answers
    where
        S: Modelled,
    {
        let (origin, now) = (self.trail.origin(), self.trail.now());
        match *operation {
            EmailTokenOperation::Register { user, email: n } => {
                let user = User {
                    id: user_id(user.into()),
                    email: email(n.into()),
                    password: Some(hash(0)),
                    state: UserState::Active,
                    created_at: now,
                    confirmed_at: None,
                };
                let (token, mail) = self.new_proof(user.id, Purpose::Confirm, Some(n), None);
                let answer = store.register_user(user.clone(), token.clone(), mail.clone(), origin).await;
                Answers::tried(answer, self.register_user(user, token, mail))
            }
            EmailTokenOperation::Issue { user, purpose, email, password, most } => {
                let (token, mail) = self.new_proof(user_id(user.into()), purpose, email, password);
                let limit = limit(most);
                let answer = store.issue_email_token(token.clone(), mail.clone(), limit, origin).await;
                Answers::of(answer, self.issue_email_token(token, mail, limit))
            }
            EmailTokenOperation::IssueInVain { nobody, purpose, person, most } => {
                let (token, mail) = self.new_proof(user_id(90 + u128::from(nobody)), purpose, None, None);
                let (person, asked) = (person.map(|n| user_id(n.into())), "sign_in");
                let (vain, limit) = (InVain { token, mail, person, asked }, limit(most));
                let answer = store.issue_in_vain(vain.clone(), limit, origin).await;
                self.issue_in_vain(vain, limit);
                Answers::of(answer, ())
            }
            EmailTokenOperation::Find { token } => {
                let id = self.nth_token(token);
                let answer = store.find_email_token(id).await;
                Answers::of(answer.map(seen), seen(self.email_tokens.get(&id).cloned()))
            }
            EmailTokenOperation::OpenOf { user, purpose } => {
                let user = user_id(user.into());
                let answer = store.open_email_token_of(user, purpose, now).await;
                let open = self
                    .email_tokens
                    .values()
                    .find(|there| is_open(there, user, purpose) && now < there.expires_at);
                Answers::of(answer.map(seen), seen(open.cloned()))
            }
            EmailTokenOperation::Confirm { token, shows, grounded } => {
                let (id, shown) = self.shown(token, shows);
                let answer = store.confirm_email(id, shown.clone(), grounded, origin).await;
                Answers::of(answer, self.confirm_email(id, &shown, grounded))
            }
            EmailTokenOperation::SpendSignIn { token, shows, grounded } => {
                let (id, shown) = self.shown(token, shows);
                let answer = store.spend_mail_sign_in(id, shown.clone(), grounded, origin).await;
                Answers::of(answer, self.spend_mail_sign_in(id, &shown, grounded))
            }
        }
    }

    fn register_user(
        &mut self,
        user: User,
        token: EmailToken,
        mail: OutboxMail,
    ) -> Result<AddingUser, Breach> {
        let adding = self.add_user(user)?;
        if adding == AddingUser::Added {
            self.issue(token, Some(mail));
        }
        Ok(adding)
    }

    fn issue_email_token(&mut self, token: EmailToken, mail: OutboxMail, limit: MailLimit) -> Issuing {
        let found = self.users.get(&token.user);
        let is_theirs = found.is_some_and(|user| user.state.may_prove() && user.email == token.email);
        let user = found.map(|user| user.id);
        let (asked, issuing) = match is_theirs {
            false => ("refused", Issuing::UserRefused),
            true if !self.has_room(&mail, limit) => ("too_many", Issuing::TooMany),
            true => {
                self.issue(token, Some(mail));
                return Issuing::Issued;
            }
        };
        self.tell(&IdentityFact::EmailTokenUnknown { user, asked });
        issuing
    }

    /// Nothing comes of it but that it counts.
    fn issue_in_vain(&mut self, vain: InVain, limit: MailLimit) {
        let InVain { mail, person: user, asked, .. } = vain;
        let (whose, since) = ((mail.user, mail.kind), self.trail.now().minus(limit.within));
        let alike = self.in_vain.iter().filter(|(there, at)| *there == whose && *at > since);
        if alike.count() >= limit.most.try_into().unwrap() {
            self.tell(&IdentityFact::EmailTokenUnknown { user, asked: "too_many" });
            return;
        }
        self.in_vain.push((whose, mail.created_at));
        self.tell(&IdentityFact::EmailTokenUnknown { user, asked });
        self.tell(&IdentityFact::MailWithheld { user, kind: mail.kind });
    }

    /// Keeps a proof; those before it of the same person and purpose are no longer good.
    pub(super) fn issue(&mut self, token: EmailToken, mail: Option<OutboxMail>) {
        let EmailToken { id, user, purpose, .. } = token;
        self.close_tokens(user, |there| there.purpose != purpose);
        self.tell(&IdentityFact::EmailTokenIssued { token: id, user, purpose });
        if let Some(mail) = mail {
            self.queue(mail);
        }
        self.email_tokens.insert(id, token);
    }

    fn confirm_email(&mut self, id: EmailTokenId, shown: &Shown, grounded: bool) -> Confirming {
        let Some(token) = self.token_for(id, Purpose::Confirm) else { return Confirming::Missing };
        let owner = self.users.get(&token.user).cloned();
        let owner = owner.filter(|owner| owner.state == UserState::Active && owner.email == token.email);
        if let Err(reason) = self.judge(&token, shown, grounded, owner.is_some()) {
            return Confirming::Refused(reason);
        }
        let (user, owner) = (token.user, owner.unwrap());
        self.spent(id);
        self.tell(&IdentityFact::EmailConfirmed { user, token: id, by: shown.as_str() });
        let mut sessions = 0;
        let now = self.trail.now();
        let there = self.users.get_mut(&user).unwrap();
        there.confirmed_at = there.confirmed_at.or(Some(now));
        if let Some(password) = token.password.filter(|_| owner.confirmed_at.is_none()) {
            there.password = Some(password);
            self.tell(&IdentityFact::PasswordSet { user });
            self.close_tokens(user, |_| false);
            sessions = self.wipe(user);
        }
        Confirming::Confirmed { user, sessions }
    }

    fn spend_mail_sign_in(&mut self, id: EmailTokenId, shown: &Shown, grounded: bool) -> MailSpending {
        let Some(token) = self.token_for(id, Purpose::SignIn) else { return MailSpending::Missing };
        let owner = self.users.get(&token.user).cloned();
        let owner = owner.filter(|owner| owner.state.may_prove() && owner.email == token.email);
        if let Err(reason) = self.judge(&token, shown, grounded, owner.is_some()) {
            return MailSpending::Refused(reason);
        }
        let (user, by, owner) = (token.user, shown.as_str(), owner.unwrap());
        self.spent(id);
        self.tell(&IdentityFact::EmailTokenSpent { token: id, user, purpose: Purpose::SignIn, by });
        let reclaimed = owner.confirmed_at.is_none();
        if reclaimed {
            let now = self.trail.now();
            let there = self.users.get_mut(&user).unwrap();
            (there.confirmed_at, there.password) = (Some(now), None);
            self.tell(&IdentityFact::EmailConfirmed { user, token: id, by });
            if owner.password.is_some() {
                self.tell(&IdentityFact::PasswordRemoved { user });
            }
            self.close_tokens(user, |_| false);
            self.wipe(user);
        }
        MailSpending::Spent { user, reclaimed }
    }

    /// Judges what is shown; a wrong code is counted, and what is refused is told.
    pub(super) fn judge(
        &mut self,
        token: &EmailToken,
        shown: &Shown,
        grounded: bool,
        fits: bool,
    ) -> Result<(), TokenRefusal> {
        let EmailToken { id, user, purpose, .. } = *token;
        let reason = match token.judge(shown, grounded, self.trail.now()) {
            Verdict::Good if fits => return Ok(()),
            Verdict::Good | Verdict::Dead => TokenRefusal::Dead,
            Verdict::Stranger => TokenRefusal::Stranger,
            Verdict::Wrong => {
                self.email_tokens.get_mut(&id).unwrap().tries += 1;
                TokenRefusal::Wrong
            }
        };
        self.tell(&IdentityFact::EmailTokenRefused { token: id, user, purpose, reason });
        Err(reason)
    }

    pub(super) fn token_for(&self, id: EmailTokenId, purpose: Purpose) -> Option<EmailToken> {
        self.email_tokens.get(&id).filter(|there| there.purpose == purpose).cloned()
    }

    /// A proof did its work; the password that it came with is kept no longer.
    pub(super) fn spent(&mut self, id: EmailTokenId) {
        let there = self.email_tokens.get_mut(&id).unwrap();
        (there.state, there.password) = (EmailTokenState::Spent, None);
    }

    /// Every open proof of somebody is good no more, but those that stay.
    pub(super) fn close_tokens(&mut self, user: UserId, stays: impl Fn(&EmailToken) -> bool) {
        for there in self.email_tokens.values_mut() {
            if is_open(there, user, there.purpose) && !stays(there) {
                (there.state, there.password) = (EmailTokenState::Replaced, None);
            }
        }
    }

    /// What somebody set who had not proven the address goes: factors, passkeys, links, sessions.
    fn wipe(&mut self, user: UserId) -> u64 {
        self.forget_means(user);
        self.end_all_of(user, None, SessionEnd::AddressProven)
    }

    pub(super) fn forget_means(&mut self, user: UserId) {
        self.totp.remove(&user);
        self.backup_codes.remove(&user);
        self.passkey_factors.remove(&user);
        self.passkeys.retain(|_, there| there.user != user);
        self.ceremonies.retain(|_, there| there.purpose.user() != Some(user));
        self.linked.retain(|_, there| there.user != user);
    }

    /// A new proof and its mail, to the address of its person or another.
    pub(super) fn new_proof(
        &mut self,
        user: UserId,
        purpose: Purpose,
        to: Option<u8>,
        password: Option<u8>,
    ) -> (EmailToken, OutboxMail) {
        self.begun.email_tokens += 1;
        let (n, now) = (self.begun.email_tokens, self.trail.now());
        let own = self.users.get(&user).map_or_else(|| email(3), |user| user.email.clone());
        let token = EmailToken {
            id: token_id(n.into()),
            digest: Digest::of(&[n, 0]),
            code: Digest::of(&[n, 1]),
            browser: None,
            user,
            email: to.map_or(own, |n| email(n.into())),
            purpose,
            password: password.map(hash),
            created_at: now,
            expires_at: now.plus(purpose.lifetime()),
            tries: 0,
            state: EmailTokenState::Open,
        };
        let kind = match purpose {
            Purpose::SignIn => MailKind::SignIn,
            Purpose::ResetPassword => MailKind::ResetPassword,
            Purpose::ChangeEmail | Purpose::UndoEmailChange => MailKind::ChangeEmail,
            Purpose::Confirm => MailKind::ConfirmAddress,
        };
        (token, self.new_mail(user, kind))
    }

    /// What is shown of the proof that came before so many others.
    pub(super) fn shown(&self, token: u8, shows: Shows) -> (EmailTokenId, Shown) {
        let n = self.begun.email_tokens.saturating_sub(token);
        let shown = match shows {
            Shows::Link => Shown::Link(Digest::of(&[n, 0])),
            Shows::WrongLink => Shown::Link(Digest::of(&[n, 2])),
            Shows::Code => Shown::Code(Digest::of(&[n, 1])),
            Shows::WrongCode => Shown::Code(Digest::of(&[n, 3])),
        };
        (token_id(n.into()), shown)
    }

    fn nth_token(&self, after: u8) -> EmailTokenId {
        token_id(number(self.begun.email_tokens, after))
    }
}

fn is_open(token: &EmailToken, user: UserId, purpose: Purpose) -> bool {
    (token.user, token.purpose, token.state) == (user, purpose, EmailTokenState::Open)
}

fn token_id(n: u128) -> EmailTokenId {
    EmailTokenId::from_uuid(Uuid::from_u128(0x4000 + n))
}

/// All of a proof, the password too.
fn seen(token: Option<EmailToken>) -> Option<(EmailToken, Option<String>)> {
    token.map(|token| (token.clone(), token.password.map(|password| password.expose().clone())))
}
