//! Passkeys that are asked for at every sign-in, in memory.

use towergate_core::{StoreError, audit::Origin};

use super::{MemoryStore, Tables, ending, factor, mail, passkey::check_notice};
use crate::{
    ports::passkey_factor::{PasskeyFactorStore, PasskeyFactorSwitch, SwitchingOn},
    rules::{
        fact::{IdentityFact, SessionEnd},
        mail::OutboxMail,
        session::SessionId,
        user::UserId,
    },
};

impl PasskeyFactorStore for MemoryStore {
    async fn has_passkey_factor(&self, user: UserId) -> Result<bool, StoreError> {
        self.step(|state| Ok(state.factors.asks_for_passkey(user)))
    }

    async fn switch_on_passkey_factor(
        &self,
        switch: PasskeyFactorSwitch,
        origin: Origin,
    ) -> Result<SwitchingOn, StoreError> {
        self.step(|state| {
            let PasskeyFactorSwitch { user, codes, keeps, notice } = switch;
            if !state.users.may_sign_in(user) {
                return Ok(SwitchingOn::UserRefused);
            }
            if state.factors.asks_for_passkey(user) {
                return Ok(SwitchingOn::OnAlready);
            }
            if state.passkeys.count_of(user) == 0 {
                return Ok(SwitchingOn::NoPasskey);
            }
            check_notice(state, notice.as_ref())?;
            state.factors.ask_for_passkey(user, origin.at);
            state.log.write(&IdentityFact::PasskeyFactorSwitchedOn { user }, &origin);
            factor::renew(state, user, codes, &origin);
            ending::end_of_user(state, user, keeps, SessionEnd::FactorsChanged, &origin);
            mail::queue_notice(state, notice, &origin)?;
            Ok(SwitchingOn::SwitchedOn)
        })
    }

    async fn switch_off_passkey_factor(
        &self,
        user: UserId,
        keeps: Option<SessionId>,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.step(|state| {
            if state.factors.asks_for_passkey(user) {
                check_notice(state, notice.as_ref())?;
            }
            if !switch_off(state, user, &origin) {
                return Ok(false);
            }
            ending::end_of_user(state, user, keeps, SessionEnd::FactorsChanged, &origin);
            mail::queue_notice(state, notice, &origin)?;
            Ok(true)
        })
    }
}

/// Asks for no passkey any more; `false` when none was asked for.
pub(super) fn switch_off(state: &mut Tables, user: UserId, origin: &Origin) -> bool {
    let was_on = state.factors.ask_for_no_passkey(user);
    if was_on {
        state.log.write(&IdentityFact::PasskeyFactorSwitchedOff { user }, origin);
    }
    was_on
}
