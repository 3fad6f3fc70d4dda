//! Authenticator apps, backup codes, and passkeys that are asked for at every sign-in.

use proptest::{option, prelude::*};
use towergate_core::{Digest, contract::model::Answers};

use super::{
    Model, Modelled,
    world::{person, recent, user_id},
};
use crate::{
    ports::{
        factor::{BeginningTotp, EnrollingTotp, Enrolment},
        passkey_factor::{PasskeyFactorSwitch, SwitchingOn},
    },
    rules::{
        fact::{IdentityFact, SessionEnd},
        factor::{TotpFactor, TotpState},
        lockout::CredentialClass,
        second_factor::{FactorUse, Spending},
        totp::TotpStep,
        user::{UserId, UserState},
    },
};

/// What is done about second factors.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum FactorOperation {
    FindTotp { user: u8 },
    BeginTotp { user: u8, secret: u8 },
    EnrolTotp { user: u8, secret: u8, step: u64, keeps: Option<u8>, notice: bool },
    Spend { user: u8, code: Code },
    BackupCodesLeft { user: u8 },
    RenewBackupCodes { user: u8, notice: bool },
    RemoveTotp { user: u8, keeps: Option<u8>, notice: bool },
    HasPasskeyFactor { user: u8 },
    SwitchOn { user: u8, keeps: Option<u8>, notice: bool },
    SwitchOff { user: u8, keeps: Option<u8>, notice: bool },
}

/// A code that is typed.
#[derive(Debug, Clone, Copy)]
pub enum Code {
    /// Of an app, of this step.
    Totp(u64),
    /// A backup code.
    Backup(u8),
}

impl Code {
    pub(super) fn used(self) -> FactorUse {
        match self {
            Self::Totp(step) => FactorUse::Totp(TotpStep::new(step)),
            Self::Backup(n) => FactorUse::BackupCode(Digest::of(&[n])),
        }
    }
}

pub(super) fn code() -> impl Strategy<Value = Code> {
    prop_oneof![(1..5_u64).prop_map(Code::Totp), (0..4_u8).prop_map(Code::Backup)]
}

pub(super) fn operation() -> impl Strategy<Value = FactorOperation> {
    use FactorOperation as Do;
    let keeps = || option::of(recent());
    prop_oneof![
        1 => person().prop_map(|user| Do::FindTotp { user }),
        4 => (person(), 0..2_u8).prop_map(|(user, secret)| Do::BeginTotp { user, secret }),
        4 => (person(), 0..2_u8, 1..3_u64, keeps(), any::<bool>()).prop_map(
            |(user, secret, step, keeps, notice)| Do::EnrolTotp { user, secret, step, keeps, notice },
        ),
        4 => (person(), code()).prop_map(|(user, code)| Do::Spend { user, code }),
        1 => person().prop_map(|user| Do::BackupCodesLeft { user }),
        1 => (person(), any::<bool>()).prop_map(|(user, notice)| Do::RenewBackupCodes { user, notice }),
        1 => (person(), keeps(), any::<bool>())
            .prop_map(|(user, keeps, notice)| Do::RemoveTotp { user, keeps, notice }),
        1 => person().prop_map(|user| Do::HasPasskeyFactor { user }),
        3 => (person(), keeps(), any::<bool>())
            .prop_map(|(user, keeps, notice)| Do::SwitchOn { user, keeps, notice }),
        1 => (person(), keeps(), any::<bool>())
            .prop_map(|(user, keeps, notice)| Do::SwitchOff { user, keeps, notice }),
    ]
}

pub(super) fn readings() -> impl Iterator<Item = FactorOperation> {
    use FactorOperation as Do;
    (1..4)
        .flat_map(|user| [Do::FindTotp { user }, Do::BackupCodesLeft { user }, Do::HasPasskeyFactor { user }])
}

impl Model {
    pub(super) async fn factor<S>(&mut self, store: &S, operation: &FactorOperation) -> Answers
    where
        S: Modelled,
    {
        let origin = self.trail.origin();
        match *operation {
            FactorOperation::FindTotp { user } => {
                let user = user_id(user.into());
                Answers::of(store.find_totp(user).await, self.totp.get(&user).cloned())
            }
            FactorOperation::BeginTotp { user, secret } => {
                let user = user_id(user.into());
                let answer = store.begin_totp(user, vec![secret], origin).await;
                Answers::of(answer, self.begin_totp(user, secret))
            }
            FactorOperation::EnrolTotp { user, secret, step, keeps, notice } => {
                let (user, keeps) = (user_id(user.into()), keeps.map(|n| self.nth_session(n)));
                let notice = self.notice(user, notice);
                let (sealed, step, codes) = (vec![secret], TotpStep::new(step), codes());
                let enrolment = Enrolment { user, sealed, step, codes, keeps, notice };
                Answers::of(store.enrol_totp(enrolment.clone(), origin).await, self.enrol_totp(enrolment))
            }
            FactorOperation::Spend { user, code } => {
                let user = user_id(user.into());
                let answer = match code.used() {
                    FactorUse::Totp(step) => store.spend_totp(user, step, origin).await,
                    FactorUse::BackupCode(code) => store.spend_backup_code(user, code, origin).await,
                };
                Answers::of(answer, self.spend(user, &code.used()))
            }
            FactorOperation::BackupCodesLeft { user } => {
                let user = user_id(user.into());
                let left = self.backup_codes.get(&user).map_or(0, |(_, codes)| codes.len());
                Answers::of(store.backup_codes_left(user).await, left)
            }
            FactorOperation::RenewBackupCodes { user, notice } => {
                let user = user_id(user.into());
                let notice = self.notice(user, notice);
                let answer = store.renew_backup_codes(user, codes(), notice.clone(), origin).await;
                let has_factor = self.has_second_factor(user);
                if has_factor {
                    self.renew_backup_codes(user, codes());
                    notice.into_iter().for_each(|notice| self.queue(notice));
                }
                Answers::of(answer, has_factor)
            }
            FactorOperation::RemoveTotp { user, keeps, notice } => {
                let (user, keeps) = (user_id(user.into()), keeps.map(|n| self.nth_session(n)));
                let notice = self.notice(user, notice);
                let answer = store.remove_totp(user, keeps, notice.clone(), origin).await;
                let was_enrolled = self.totp.remove(&user).is_some_and(|totp| totp.is_enrolled());
                self.keep_codes_of_a_factor(user);
                if was_enrolled {
                    self.tell(&IdentityFact::FactorRemoved { user });
                    self.end_all_of(user, keeps, SessionEnd::FactorsChanged);
                    notice.into_iter().for_each(|notice| self.queue(notice));
                }
                Answers::of(answer, was_enrolled)
            }
            FactorOperation::HasPasskeyFactor { user } => {
                let user = user_id(user.into());
                let answer = store.has_passkey_factor(user).await;
                Answers::of(answer, self.passkey_factors.contains_key(&user))
            }
            FactorOperation::SwitchOn { user, keeps, notice } => {
                let (user, keeps) = (user_id(user.into()), keeps.map(|n| self.nth_session(n)));
                let notice = self.notice(user, notice);
                let switch = PasskeyFactorSwitch { user, codes: codes(), keeps, notice };
                let answer = store.switch_on_passkey_factor(switch.clone(), origin).await;
                Answers::of(answer, self.switch_on(switch))
            }
            FactorOperation::SwitchOff { user, keeps, notice } => {
                let (user, keeps) = (user_id(user.into()), keeps.map(|n| self.nth_session(n)));
                let notice = self.notice(user, notice);
                let answer = store.switch_off_passkey_factor(user, keeps, notice.clone(), origin).await;
                let was_on = self.switch_off(user);
                if was_on {
                    self.end_all_of(user, keeps, SessionEnd::FactorsChanged);
                    notice.into_iter().for_each(|notice| self.queue(notice));
                }
                Answers::of(answer, was_on)
            }
        }
    }

    fn begin_totp(&mut self, user: UserId, secret: u8) -> BeginningTotp {
        if !self.may_sign_in(user) {
            return BeginningTotp::UserRefused;
        }
        if self.totp.get(&user).is_some_and(TotpFactor::is_enrolled) {
            return BeginningTotp::Enrolled;
        }
        let (sealed, created_at) = (vec![secret], self.trail.now());
        self.totp.insert(user, TotpFactor { sealed, state: TotpState::Pending, created_at });
        BeginningTotp::Begun
    }

    fn enrol_totp(&mut self, enrolment: Enrolment) -> EnrollingTotp {
        let Enrolment { user, sealed, step, codes, keeps, notice } = enrolment;
        let now = self.trail.now();
        let there = self.totp.get_mut(&user).filter(|there| there.sealed == sealed);
        let Some(there) = there.filter(|there| there.awaits_first_code(now)) else {
            return EnrollingTotp::Changed;
        };
        (there.state, there.created_at) = (TotpState::Enrolled(step), now);
        self.tell(&IdentityFact::FactorEnrolled { user });
        self.renew_backup_codes(user, codes);
        self.end_all_of(user, keeps, SessionEnd::FactorsChanged);
        notice.into_iter().for_each(|notice| self.queue(notice));
        EnrollingTotp::Enrolled
    }

    /// Marks a code spent, if it is good.
    pub(super) fn spend(&mut self, user: UserId, used: &FactorUse) -> Spending {
        let class = match used {
            FactorUse::Totp(step) => match self.totp.get_mut(&user).map(|totp| &mut totp.state) {
                Some(TotpState::Enrolled(last)) if *last < *step => {
                    *last = *step;
                    CredentialClass::Totp
                }
                Some(TotpState::Enrolled(_)) => return Spending::SpentBefore,
                Some(TotpState::Pending) | None => return Spending::Missing,
            },
            FactorUse::BackupCode(code) => {
                let Some((_, left)) = self.backup_codes.get_mut(&user) else { return Spending::Missing };
                let before = left.len();
                left.retain(|there| !there.matches(code));
                if left.len() == before {
                    return Spending::Missing;
                }
                CredentialClass::BackupCode
            }
        };
        self.tell(&IdentityFact::FactorUsed { user, class });
        Spending::Spent
    }

    fn renew_backup_codes(&mut self, user: UserId, codes: Vec<Digest>) {
        self.tell(&IdentityFact::BackupCodesRenewed { user, count: codes.len() });
        self.backup_codes.insert(user, (self.trail.now(), codes));
    }

    fn switch_on(&mut self, switch: PasskeyFactorSwitch) -> SwitchingOn {
        let PasskeyFactorSwitch { user, codes, keeps, notice } = switch;
        if !self.may_sign_in(user) {
            return SwitchingOn::UserRefused;
        }
        if self.passkey_factors.contains_key(&user) {
            return SwitchingOn::OnAlready;
        }
        if !self.passkeys.values().any(|there| there.user == user) {
            return SwitchingOn::NoPasskey;
        }
        self.passkey_factors.insert(user, self.trail.now());
        self.tell(&IdentityFact::PasskeyFactorSwitchedOn { user });
        self.renew_backup_codes(user, codes);
        self.end_all_of(user, keeps, SessionEnd::FactorsChanged);
        notice.into_iter().for_each(|notice| self.queue(notice));
        SwitchingOn::SwitchedOn
    }

    /// Asks for no passkey any more; `false` where none was asked for.
    pub(super) fn switch_off(&mut self, user: UserId) -> bool {
        let was_on = self.passkey_factors.remove(&user).is_some();
        if was_on {
            self.tell(&IdentityFact::PasskeyFactorSwitchedOff { user });
            self.keep_codes_of_a_factor(user);
        }
        was_on
    }

    pub(super) fn has_second_factor(&self, user: UserId) -> bool {
        self.totp.get(&user).is_some_and(TotpFactor::is_enrolled) || self.passkey_factors.contains_key(&user)
    }

    /// Without a factor there are no codes in the place of one.
    fn keep_codes_of_a_factor(&mut self, user: UserId) {
        if !self.has_second_factor(user) {
            self.backup_codes.remove(&user);
        }
    }

    pub(super) fn may_sign_in(&self, user: UserId) -> bool {
        self.users.get(&user).is_some_and(|user| user.state == UserState::Active)
    }
}

fn codes() -> Vec<Digest> {
    (0..3).map(|n: u8| Digest::of(&[n])).collect()
}
