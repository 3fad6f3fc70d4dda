//! A person's own wish to be asked for a passkey after whatever else they sign in by, as plain calls.
//!
//! Whoever has a password and a passkey signs in by either until they [wish so](Authenticator::ask_for_passkey). From then on a
//! password, a mail or an account elsewhere leaves them half signed in until they show a passkey, or one of the backup codes that
//! are handed out with it. A passkey that verifies its person is two factors, and still signs in by itself.

use towergate_core::audit::Origin;
use towergate_identity::{
    ports::{
        IdentityStore,
        passkey_factor::{PasskeyFactorSwitch, SwitchingOn},
    },
    rules::{
        backup_code::BackupCode,
        lockout::{CredentialClass, TryKey},
        notice::Notice,
        session::SessionId,
        user::UserId,
    },
};

use super::{Authenticator, AuthenticatorError};

impl<S: IdentityStore> Authenticator<S> {
    /// Asks `user` for a passkey from now on; answers the backup codes, to be shown once, which take the place of all others.
    /// Every session of theirs but `keeps` ends.
    ///
    /// # Errors
    /// [`AuthenticatorError::NotThere`] when they have no passkey, [`AuthenticatorError::AlreadyThere`] when they are asked
    /// already; otherwise when something failed.
    pub async fn ask_for_passkey(
        &self,
        user: UserId,
        keeps: Option<SessionId>,
        origin: Origin,
    ) -> Result<Vec<BackupCode>, AuthenticatorError> {
        let codes = BackupCode::fresh_set(&self.random)?;
        let digests = codes.iter().map(|code| code.digest(user)).collect();
        let on = Notice::PasskeyFactorSwitchedOn;
        let notice = self.herald.notice_to(&self.store, user, on, origin.at).await?;
        let switch = PasskeyFactorSwitch { user, codes: digests, keeps, notice };
        match self.store.switch_on_passkey_factor(switch, origin).await? {
            SwitchingOn::SwitchedOn => {}
            SwitchingOn::OnAlready => return Err(AuthenticatorError::AlreadyThere),
            SwitchingOn::NoPasskey => return Err(AuthenticatorError::NotThere),
            SwitchingOn::UserRefused => return Err(AuthenticatorError::UserRefused),
        }
        self.herald.announce();
        self.store.forget_tries(TryKey::of_user(CredentialClass::BackupCode, user)).await?;
        Ok(codes)
    }

    /// Asks `user` for no passkey any more, and ends every session of theirs but `keeps`. The backup codes go, unless they have
    /// an app.
    ///
    /// # Errors
    /// [`AuthenticatorError::NotThere`] when they were not asked; otherwise when the store failed.
    pub async fn ask_for_no_passkey(
        &self,
        user: UserId,
        keeps: Option<SessionId>,
        origin: Origin,
    ) -> Result<(), AuthenticatorError> {
        let off = Notice::PasskeyFactorSwitchedOff;
        let notice = self.herald.notice_to(&self.store, user, off, origin.at).await?;
        if !self.store.switch_off_passkey_factor(user, keeps, notice, origin).await? {
            return Err(AuthenticatorError::NotThere);
        }
        self.herald.announce();
        Ok(())
    }
}
