//! Second factors in memory.

use std::collections::BTreeMap;

use towergate_core::{Digest, StoreError, Timestamp, audit::Origin};

use super::{MemoryStore, Tables, ending, mail};
use crate::{
    ports::factor::{BeginningTotp, EnrollingTotp, Enrolment, FactorStore},
    rules::{
        fact::{IdentityFact, SessionEnd},
        factor::{TotpFactor, TotpState},
        lockout::CredentialClass,
        mail::OutboxMail,
        means::completed_by,
        second_factor::{FactorUse, Spending},
        session::{SessionId, SessionRecord, SessionStage},
        totp::TotpStep,
        user::UserId,
    },
};

#[derive(Default)]
pub(super) struct Factors {
    totp: BTreeMap<UserId, TotpFactor>,
    /// Since when each of them is asked for a passkey.
    passkeys: BTreeMap<UserId, Timestamp>,
    /// The codes that are left, and when they were made.
    backup_codes: BTreeMap<UserId, (Timestamp, Vec<Digest>)>,
}

impl Factors {
    /// Forgets what a person has had since then and not before; answers what it was, unless it counted for nothing yet.
    pub(super) fn forget_since(&mut self, user: UserId, since: Timestamp) -> Option<IdentityFact> {
        if self.totp.get(&user).is_some_and(|totp| totp.created_at >= since)
            && self.totp.remove(&user).is_some_and(|totp| totp.is_enrolled())
        {
            self.backup_codes.remove(&user);
            return Some(IdentityFact::FactorRemoved { user });
        }
        let codes =
            self.backup_codes.get_mut(&user).filter(|codes| codes.0 >= since && !codes.1.is_empty())?;
        codes.1.clear();
        Some(IdentityFact::BackupCodesRenewed { user, count: 0 })
    }

    /// Forgets every factor of a person.
    pub(super) fn forget(&mut self, user: UserId) {
        self.totp.remove(&user);
        self.passkeys.remove(&user);
        self.backup_codes.remove(&user);
    }
}

impl FactorStore for MemoryStore {
    async fn find_totp(&self, user: UserId) -> Result<Option<TotpFactor>, StoreError> {
        self.step(|state| Ok(state.factors.totp.get(&user).cloned()))
    }

    async fn begin_totp(
        &self,
        user: UserId,
        sealed: Vec<u8>,
        origin: Origin,
    ) -> Result<BeginningTotp, StoreError> {
        self.step(|state| {
            if !state.users.may_sign_in(user) {
                return Ok(BeginningTotp::UserRefused);
            }
            if state.factors.has_app(user) {
                return Ok(BeginningTotp::Enrolled);
            }
            let pending = TotpFactor { sealed, state: TotpState::Pending, created_at: origin.at };
            state.factors.totp.insert(user, pending);
            Ok(BeginningTotp::Begun)
        })
    }

    async fn enrol_totp(&self, enrolment: Enrolment, origin: Origin) -> Result<EnrollingTotp, StoreError> {
        self.step(|state| {
            let Enrolment { user, sealed, step, codes, keeps, notice } = enrolment;
            let waiting = state.factors.totp.get_mut(&user);
            let waiting = waiting.filter(|totp| totp.sealed == sealed && totp.awaits_first_code(origin.at));
            let Some(totp) = waiting else { return Ok(EnrollingTotp::Changed) };
            (totp.state, totp.created_at) = (TotpState::Enrolled(step), origin.at);
            state.log.write(&IdentityFact::FactorEnrolled { user }, &origin);
            renew(state, user, codes, &origin);
            end_others(state, user, keeps, &origin);
            mail::queue_notice(state, notice, &origin)?;
            Ok(EnrollingTotp::Enrolled)
        })
    }

    async fn spend_totp(&self, user: UserId, step: TotpStep, origin: Origin) -> Result<Spending, StoreError> {
        self.step(|state| Ok(spend(state, user, &FactorUse::Totp(step), &origin)))
    }

    async fn spend_backup_code(
        &self,
        user: UserId,
        code: Digest,
        origin: Origin,
    ) -> Result<Spending, StoreError> {
        self.step(|state| Ok(spend(state, user, &FactorUse::BackupCode(code), &origin)))
    }

    async fn backup_codes_left(&self, user: UserId) -> Result<usize, StoreError> {
        self.step(|state| Ok(state.factors.backup_codes.get(&user).map_or(0, |codes| codes.1.len())))
    }

    async fn renew_backup_codes(
        &self,
        user: UserId,
        codes: Vec<Digest>,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.step(|state| {
            if !state.factors.has_second_factor(user) {
                return Ok(false);
            }
            renew(state, user, codes, &origin);
            mail::queue_notice(state, notice, &origin)?;
            Ok(true)
        })
    }

    async fn remove_totp(
        &self,
        user: UserId,
        keeps: Option<SessionId>,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.step(|state| {
            let Some(totp) = state.factors.totp.remove(&user) else { return Ok(false) };
            state.factors.keep_codes_of_a_factor(user);
            if totp.is_enrolled() {
                state.log.write(&IdentityFact::FactorRemoved { user }, &origin);
                end_others(state, user, keeps, &origin);
                mail::queue_notice(state, notice, &origin)?;
            }
            Ok(totp.is_enrolled())
        })
    }
}

impl Factors {
    /// Whether the person is asked for one when they sign in.
    pub(super) fn has_second_factor(&self, user: UserId) -> bool {
        self.has_app(user) || self.asks_for_passkey(user)
    }

    pub(super) fn asks_for_passkey(&self, user: UserId) -> bool {
        self.passkeys.contains_key(&user)
    }

    pub(super) fn asks_for_passkey_since(&self, user: UserId, since: Timestamp) -> bool {
        self.passkeys.get(&user).is_some_and(|at| *at >= since)
    }

    pub(super) fn ask_for_passkey(&mut self, user: UserId, now: Timestamp) {
        self.passkeys.insert(user, now);
    }

    /// `false` when none was asked for.
    pub(super) fn ask_for_no_passkey(&mut self, user: UserId) -> bool {
        let was_on = self.passkeys.remove(&user).is_some();
        self.keep_codes_of_a_factor(user);
        was_on
    }

    fn has_app(&self, user: UserId) -> bool {
        self.totp.get(&user).is_some_and(TotpFactor::is_enrolled)
    }

    /// Without a factor there are no codes in the place of one.
    fn keep_codes_of_a_factor(&mut self, user: UserId) {
        if !self.has_second_factor(user) {
            self.backup_codes.remove(&user);
        }
    }
}

/// Whether a second factor is asked for in a session that begins: its person has one, or must have one and has a passkey that
/// is one beside what they proved.
pub(super) fn is_asked(state: &Tables, session: &SessionRecord) -> bool {
    let must_have = session.stage == SessionStage::AwaitsEnrolment;
    state.factors.has_second_factor(session.user)
        || (must_have && completed_by(&state.passkeys.of_user(session.user), &session.methods))
}

/// Marks a code spent, if it is good.
pub(super) fn spend(state: &mut Tables, user: UserId, used: &FactorUse, origin: &Origin) -> Spending {
    let class = match used {
        FactorUse::Totp(step) => {
            let state_of = state.factors.totp.get_mut(&user).map(|totp| &mut totp.state);
            let Some(TotpState::Enrolled(last)) = state_of else { return Spending::Missing };
            if step <= last {
                return Spending::SpentBefore;
            }
            *last = *step;
            CredentialClass::Totp
        }
        FactorUse::BackupCode(code) => {
            let codes = state.factors.backup_codes.get_mut(&user).map(|codes| &mut codes.1);
            let place = codes.as_ref().and_then(|codes| codes.iter().position(|there| there.matches(code)));
            let (Some(codes), Some(place)) = (codes, place) else { return Spending::Missing };
            codes.swap_remove(place);
            CredentialClass::BackupCode
        }
    };
    state.log.write(&IdentityFact::FactorUsed { user, class }, origin);
    Spending::Spent
}

pub(super) fn renew(state: &mut Tables, user: UserId, codes: Vec<Digest>, origin: &Origin) {
    state.log.write(&IdentityFact::BackupCodesRenewed { user, count: codes.len() }, origin);
    state.factors.backup_codes.insert(user, (origin.at, codes));
}

fn end_others(state: &mut Tables, user: UserId, keeps: Option<SessionId>, origin: &Origin) {
    ending::end_of_user(state, user, keeps, SessionEnd::FactorsChanged, origin);
}
