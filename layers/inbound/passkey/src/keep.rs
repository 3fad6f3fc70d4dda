//! A person's own passkeys, as plain calls for a host's own handler: list, rename, remove.
//!
//! Who may call these is the caller's to ask: the pages of [`PasskeyRoutes`](crate::PasskeyRoutes) stand behind the gate of
//! sensitive changes.

use towergate_core::audit::Origin;
use towergate_identity::{
    ports::{
        IdentityStore,
        passkey::{PasskeyRemoval, RemovingPasskey},
    },
    rules::{
        notice::Notice,
        passkey::{Passkey, PasskeyId, PasskeyName},
        session::SessionRecord,
        user::UserId,
    },
};

use crate::passkeys::{PasskeyError, Passkeys};

impl<S: IdentityStore> Passkeys<S> {
    /// The passkeys of `user`, oldest first.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn of(&self, user: UserId) -> Result<Vec<Passkey>, PasskeyError> {
        Ok(self.store.passkeys_of(user).await?)
    }

    /// Calls a passkey of `user` something else; `false` when they have no such passkey.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn rename(
        &self,
        user: UserId,
        passkey: PasskeyId,
        name: PasskeyName,
        origin: Origin,
    ) -> Result<bool, PasskeyError> {
        Ok(self.store.rename_passkey(user, passkey, name, origin).await?)
    }

    /// Removes a passkey of the person of `record`, and tells them. Their other sessions end, and this one too where it rests
    /// on that passkey. The last way in stays.
    ///
    /// # Errors
    /// When something failed.
    pub async fn remove(
        &self,
        record: &SessionRecord,
        passkey: PasskeyId,
        origin: Origin,
    ) -> Result<RemovingPasskey, PasskeyError> {
        let user = self.person(record).await?;
        let notice = self.notice(Notice::PasskeyRemoved, &user, origin)?;
        let removal = PasskeyRemoval {
            user: user.id,
            passkey,
            keeps: Some(record.id),
            other_ways: u32::from(self.other_ways),
            providers: self.providers.to_vec(),
        };
        let removed = self.store.remove_passkey(removal, notice, origin).await?;
        if matches!(removed, RemovingPasskey::Removed { .. }) {
            self.herald.announce();
        }
        Ok(removed)
    }
}
