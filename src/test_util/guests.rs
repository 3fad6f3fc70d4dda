//! People in each state that a host must tell apart, with the cookies of their browsers.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    Request, Response,
    header::{COOKIE, SET_COOKIE},
};
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;
use towergate_core::{
    Clock, Random, Secret,
    audit::Origin,
    seal::{SealingKey, SealingRing},
    system::{OsRandom, SystemClock},
};
use towergate_identity::{
    ports::{IdentityStore, user::AddingUser},
    rules::{
        email::EmailAddress,
        enrolment::EnrolmentDuty,
        lockout::{CredentialClass, LockoutPolicy, Reserving, TryKey},
        password::{HashParams, Password},
        totp::TotpSecret,
        user::{User, UserId},
    },
};
use towergate_login::{Authenticator, PasswordHasher, PasswordLogin, SecondFactor};
use towergate_session::{Session, SessionLayer};

/// What went wrong in a test.
pub type TestError = Box<dyn Error + Send + Sync>;

/// The password of everybody who comes from [`Guests`]. A password policy takes it.
pub const PASSWORD: &str = "seven kettles on a slate roof";

/// How somebody stands with a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// Nobody: no account, no cookie.
    Anonymous,
    /// They must have a second factor and have none: nobody yet, but they may enrol one.
    EnrolmentDue,
    /// By their password alone, though they have an authenticator app: nobody yet.
    HalfSignedIn,
    /// Nobody: their password was guessed at until it opens nothing any more. It is the right one all the same.
    Locked,
    /// By their password.
    SignedIn,
    /// By their password and a code of their app, just now.
    SteppedUp,
    /// By their password; nobody has proven their address.
    Unconfirmed,
}

impl Standing {
    /// Every one of them, for a test that walks them all.
    pub const ALL: [Self; 7] = [
        Self::Anonymous,
        Self::EnrolmentDue,
        Self::HalfSignedIn,
        Self::Locked,
        Self::SignedIn,
        Self::SteppedUp,
        Self::Unconfirmed,
    ];

    /// Whether there is somebody whom a page may take for signed in.
    #[must_use]
    pub const fn is_somebody(self) -> bool {
        matches!(self, Self::SignedIn | Self::SteppedUp | Self::Unconfirmed)
    }
}

/// Somebody, and their browser.
#[derive(Debug)]
pub struct Guest {
    /// Who; nobody where there is no account.
    pub user: Option<UserId>,
    /// What their browser sends as its `Cookie` header.
    pub cookie: Option<String>,
    /// The secret of their authenticator app.
    pub totp: Option<TotpSecret>,
}

/// Makes people of a store, each by the steps that a real one takes: their password is hashed, cheaply, and verified; tries are
/// counted; a code of their app is spent. Nothing here opens what production code could not.
#[derive(Clone)]
#[must_use]
pub struct Guests<S> {
    store: S,
    session: SessionLayer<S>,
    sealing: SealingRing,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl<S: IdentityStore> Guests<S> {
    /// People in `store`.
    pub fn new(store: S) -> Self {
        Self {
            session: SessionLayer::new(store.clone()),
            store,
            sealing: SealingRing::new(SealingKey::new(Secret::new([0; 32]))),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom::new()),
        }
    }

    /// Begins their sessions as the host's own layer does: give it a clone, for the name of the cookie, the lifetime, and who must
    /// have a second factor.
    pub fn session(mut self, layer: SessionLayer<S>) -> Self {
        self.session = layer;
        self
    }

    /// Seals the secrets of their apps as the host's own [`FactorRoutes`](towergate_login::FactorRoutes) does, where a test types
    /// a code of theirs there.
    pub fn sealing(mut self, ring: SealingRing) -> Self {
        self.sealing = ring;
        self
    }

    /// Asks `clock` for the time, as the host's layers must too.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Draws from `random`.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Lets somebody new come to that standing, whose address this is.
    ///
    /// # Errors
    /// When the address is none or taken, when the host's own layer does not let them come to it, or when something failed.
    pub async fn arrive(&self, email: &str, standing: Standing) -> Result<Guest, TestError> {
        if standing == Standing::Anonymous {
            return Ok(Guest { user: None, cookie: None, totp: None });
        }
        let user = self.add(email, standing != Standing::Unconfirmed).await?;
        let mut guest = Guest { user: Some(user), cookie: None, totp: None };
        if matches!(standing, Standing::HalfSignedIn | Standing::SteppedUp) {
            guest.totp = Some(self.protect(user).await?);
        }
        if standing == Standing::Locked {
            self.lock(user).await?;
            return Ok(guest);
        }
        let session = match standing {
            Standing::EnrolmentDue => self.session.clone().enrolment(EnrolmentDuty::Now),
            _ => self.session.clone(),
        };
        let login = PasswordLogin::new(self.store.clone(), self.hasher()?);
        let (origin, email) = (self.origin()?, email.to_owned());
        let by_password = move |session: Session| {
            let (login, email) = (login.clone(), email.clone());
            async move {
                login.attempt(&email, &Secret::from(PASSWORD), &session, origin).await?;
                Ok(())
            }
        };
        guest.cookie = Some(visit(&session, None, by_password).await?);
        if let (Standing::SteppedUp, Some(secret)) = (standing, &guest.totp) {
            let code = secret.code_at(origin.at).ok_or("there is no code before 1970")?;
            let code = Secret::from(code.expose());
            let factor = SecondFactor::new(self.store.clone(), self.sealing.clone());
            let by_code = move |session: Session| {
                let (factor, code) = (factor.clone(), code.clone());
                async move {
                    factor.attempt(&code, &session, origin).await?;
                    Ok(())
                }
            };
            guest.cookie = Some(visit(&session, guest.cookie.as_deref(), by_code).await?);
        }
        Ok(guest)
    }

    async fn add(&self, email: &str, is_confirmed: bool) -> Result<UserId, TestError> {
        let origin = self.origin()?;
        let password = Password::parse(&Secret::from(PASSWORD))?;
        let hash = self.hasher()?.hash(password).await?;
        let mut user = User::fresh(EmailAddress::parse(email)?, hash, origin.at, &*self.random)?;
        user.confirmed_at = is_confirmed.then_some(origin.at);
        let id = user.id;
        match self.store.add_user(user, origin).await? {
            AddingUser::Added => Ok(id),
            AddingUser::EmailTaken => Err("somebody has this address".into()),
        }
    }

    async fn protect(&self, user: UserId) -> Result<TotpSecret, TestError> {
        let secret = TotpSecret::fresh(&*self.random)?;
        let keeper = Authenticator::new(self.store.clone(), self.sealing.clone(), Arc::clone(&self.random));
        keeper.import(user, &secret, self.origin()?).await?;
        Ok(secret)
    }

    /// Guesses until the password opens nothing any more, long enough ago that nobody has to wait for it.
    async fn lock(&self, user: UserId) -> Result<(), TestError> {
        const SECOND: Duration = Duration::from_secs(1);
        const AGO: Duration = Duration::from_secs(2 * 24 * 3600);
        let key = TryKey::of_user(CredentialClass::Password, user);
        let hasty = LockoutPolicy::default().first_wait(SECOND).longest_wait(SECOND);
        let mut origin = self.origin()?;
        origin.at = origin.at.minus(AGO);
        loop {
            match self.store.reserve_try(key, hasty, None, origin).await? {
                Reserving::Blocked { .. } => return Ok(()),
                Reserving::Wait(until) => origin.at = until,
                Reserving::Granted => {}
            }
        }
    }

    fn hasher(&self) -> Result<PasswordHasher, TestError> {
        Ok(PasswordHasher::new(HashParams::insecure_new(8, 1, 1)?, Arc::clone(&self.random))?)
    }

    fn origin(&self) -> Result<Origin, TestError> {
        Ok(Origin::detached(self.clock.now(), &*self.random)?)
    }
}

impl<S> fmt::Debug for Guests<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guests").finish_non_exhaustive()
    }
}

/// Takes a step in the session of a browser with this cookie; answers the cookie that the browser has then.
async fn visit<S, F, Fut>(layer: &SessionLayer<S>, cookie: Option<&str>, step: F) -> Result<String, TestError>
where
    S: IdentityStore,
    F: Fn(Session) -> Fut + Clone,
    Fut: Future<Output = Result<(), TestError>>,
{
    let inside = service_fn(move |request: Request<()>| {
        let step = step.clone();
        async move {
            step(Session::of(request.extensions())?.clone()).await?;
            Ok::<_, TestError>(Response::new(Bytes::new()))
        }
    });
    let mut request = Request::builder();
    if let Some(cookie) = cookie {
        request = request.header(COOKIE, cookie);
    }
    let response = layer.layer(inside).oneshot(request.body(())?).await?;
    let set = response.headers().get(SET_COOKIE).ok_or("the session layer set no cookie")?;
    Ok(set.to_str()?.split(';').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests;
