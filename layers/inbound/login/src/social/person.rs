//! Whose an account elsewhere is.

use towergate_core::{Secret, audit::Origin, seal::SealError};
use towergate_identity::{
    ports::{
        IdentityStore,
        linked_identity::{Linking, RegisteringLinked, Unlinkage, Unlinking},
    },
    rules::{
        linked_identity::{Course, LinkedIdentity, LinkedIdentityId, VisitPurpose, decide},
        login_proof::LoginProof,
        notice::Notice,
        session::SessionId,
        user::{User, UserId, UserState},
    },
};

use super::{Returned, SocialError, SocialLogin, context};

impl<S: IdentityStore> SocialLogin<S> {
    /// The proof of whoever came back: of the person whose account is linked, or of somebody new.
    ///
    /// # Errors
    /// [`SocialError::OwnLoginFirst`] or [`SocialError::NoAddress`] when it is neither; otherwise when something failed.
    pub async fn sign_in(&self, returned: Returned, origin: Origin) -> Result<LoginProof, SocialError> {
        // Twice: somebody may take the address or link the account in between.
        for _ in 0..2 {
            let answer = &returned.answer;
            let linked = self.store.find_linked_identity(&answer.account).await?;
            let taken = match &answer.proven_address {
                Some(address) => self.store.find_user_by_email(address).await?.is_some(),
                None => false,
            };
            match decide(answer, linked.as_ref(), taken, origin.at) {
                Course::SignIn(proof) => {
                    if let Some(linked) = linked {
                        let tokens = self.seal(linked.id, &returned.tokens)?;
                        let label = answer.label.clone();
                        self.store.use_linked_identity(linked.id, label, tokens, origin.at).await?;
                    }
                    return Ok(proof);
                }
                Course::OwnLoginFirst => return Err(SocialError::OwnLoginFirst),
                Course::NoAddress => return Err(SocialError::NoAddress),
                Course::Create(email) => {
                    let user = User {
                        id: UserId::fresh(origin.at, &self.random)?,
                        email,
                        password: None,
                        state: UserState::Active,
                        created_at: origin.at,
                        confirmed_at: Some(origin.at),
                    };
                    let identity = self.identity(user.id, &returned, origin)?;
                    match self.store.register_linked(user, identity, origin).await? {
                        // The account is linked now, and says who it is.
                        RegisteringLinked::Added
                        | RegisteringLinked::AccountTaken
                        | RegisteringLinked::EmailTaken => {}
                    }
                }
            }
        }
        Err(SocialError::OwnLoginFirst)
    }

    /// Links the account of whoever came back to that of `user`, in the session that left for it.
    ///
    /// # Errors
    /// [`SocialError::Stranger`] when another person or session left; [`SocialError::Taken`] when the account opens somebody
    /// else's; otherwise when something failed.
    pub async fn link(
        &self,
        returned: Returned,
        user: UserId,
        session: SessionId,
        origin: Origin,
    ) -> Result<(), SocialError> {
        if returned.purpose != (VisitPurpose::Link { user, session }) {
            return Err(SocialError::Stranger);
        }
        let identity = self.identity(user, &returned, origin)?;
        let notice = self.herald.notice_to(&self.store, user, Notice::IdentityLinked, origin.at).await?;
        match self.store.link_identity(identity, notice, origin).await? {
            Linking::Linked => {
                self.herald.announce();
                Ok(())
            }
            Linking::Theirs => Ok(()),
            Linking::Taken => Err(SocialError::Taken),
            Linking::UserRefused => Err(SocialError::UserRefused),
        }
    }

    /// Takes a link of `user` away, and ends every session of theirs but `keeps`.
    ///
    /// # Errors
    /// [`SocialError::LastWayIn`] or [`SocialError::NotThere`]; otherwise when something failed.
    pub async fn unlink(
        &self,
        user: UserId,
        identity: LinkedIdentityId,
        keeps: Option<SessionId>,
        origin: Origin,
    ) -> Result<(), SocialError> {
        let providers = self.desks.keys().cloned().collect();
        let removal = Unlinkage { user, identity, keeps, other_ways: self.other_ways, providers };
        let notice = self.herald.notice_to(&self.store, user, Notice::IdentityUnlinked, origin.at).await?;
        match self.store.unlink_identity(removal, notice, origin).await? {
            Unlinking::Unlinked { .. } => {
                self.herald.announce();
                Ok(())
            }
            Unlinking::LastWayIn => Err(SocialError::LastWayIn),
            Unlinking::Missing => Err(SocialError::NotThere),
        }
    }

    fn identity(
        &self,
        user: UserId,
        returned: &Returned,
        origin: Origin,
    ) -> Result<LinkedIdentity, SocialError> {
        let id = LinkedIdentityId::fresh(origin.at, &self.random)?;
        Ok(LinkedIdentity {
            id,
            user,
            provider: returned.provider.clone(),
            account: returned.answer.account.clone(),
            label: returned.answer.label.clone(),
            tokens: self.seal(id, &returned.tokens)?,
            linked_at: origin.at,
            last_used_at: None,
        })
    }

    /// The tokens as they are kept, where they are.
    fn seal(&self, id: LinkedIdentityId, tokens: &Secret<Vec<u8>>) -> Result<Option<Vec<u8>>, SealError> {
        let Some(ring) = &self.tokens else { return Ok(None) };
        ring.seal(&context(id), tokens.expose(), &self.random).map(Some)
    }
}
