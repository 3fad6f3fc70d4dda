//! Making tokens, and telling what one that is shown is good for.

use std::{collections::BTreeSet, time::Duration};

use biscuit_auth::{
    Authorizer, AuthorizerBuilder, Biscuit, BiscuitBuilder, KeyPair, datalog::SymbolTable, error,
};
use towergate_core::{Random, RandomUnavailable, Secret};
use towergate_identity::rules::{
    api_token::{ApiToken, ApiTokenFailure, ApiTokenId, Permission},
    user::UserId,
};

use crate::{asked::Asked, attenuate::next_key, datalog, dialect, keys::RootKeys, text};

/// What runs at most. Our own dialect comes nowhere near; the limits are for what we did not think of.
pub(crate) const LIMITS: (u64, u64, Duration) = (128, 8, Duration::from_millis(100));

/// Why a token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unverified {
    Refused(ApiTokenFailure),
    /// The machine was too busy to run the checks in time.
    Busy,
}

/// A token whose signatures are good. Whether it was revoked, the store knows.
#[derive(Debug, Clone)]
pub(crate) struct Verified {
    pub(crate) id: ApiTokenId,
    pub(crate) user: UserId,
    pub(crate) permissions: BTreeSet<Permission>,
    biscuit: Biscuit,
}

/// The text of a new token.
pub(crate) fn mint(
    token: &ApiToken,
    keys: &RootKeys,
    random: &dyn Random,
) -> Result<Option<Secret<String>>, RandomUnavailable> {
    let next = next_key(random)?;
    let (id, root) = keys.active();
    Ok(build(token, id, root, &next).ok().and_then(|bytes| text::encode(&bytes)))
}

fn build(token: &ApiToken, id: u32, root: &KeyPair, next: &KeyPair) -> Result<Vec<u8>, error::Token> {
    let mut builder = BiscuitBuilder::new()
        .root_key_id(id)
        .fact(datalog::text_fact(datalog::USER, &token.user.to_string()))?
        .fact(datalog::text_fact(datalog::TOKEN, &token.id.to_string()))?
        .check(datalog::before(token.expires_at))?;
    for permission in &token.permissions {
        builder = builder.fact(datalog::text_fact(datalog::PERMISSION, permission.as_str()))?;
    }
    builder.build_with_key_pair(root, SymbolTable::default(), next)?.to_vec()
}

impl Verified {
    /// Reads a token that is shown, if every signature of it is good.
    pub(crate) fn read(shown: &str, keys: &RootKeys) -> Result<Self, ApiTokenFailure> {
        let bytes = text::decode(shown)?;
        dialect::admit(&bytes)?;
        let biscuit = Biscuit::from(&bytes, |id| keys.choose(id)).map_err(|_| ApiTokenFailure::Forged)?;
        let mut first =
            limited(AuthorizerBuilder::new()).build(&biscuit).map_err(|_| ApiTokenFailure::Unreadable)?;
        let [user] = texts(&mut first, datalog::USER)?.try_into().map_err(|_| ApiTokenFailure::Unreadable)?;
        let [id] = texts(&mut first, datalog::TOKEN)?
            .try_into()
            .map_err(|_: Vec<String>| ApiTokenFailure::Unreadable)?;
        let unreadable = |_| ApiTokenFailure::Unreadable;
        let words = texts(&mut first, datalog::PERMISSION)?;
        let permissions: Result<_, _> = words.iter().map(|word| Permission::parse(word)).collect();
        Ok(Self {
            id: id.parse().map_err(unreadable)?,
            user: user.parse().map_err(unreadable)?,
            permissions: permissions.map_err(|_| ApiTokenFailure::Unreadable)?,
            biscuit,
        })
    }

    /// Which of `permissions` the checks leave for this request. None need be left for a token to be good that was never asked
    /// about permissions.
    pub(crate) fn narrow(
        &self,
        asked: &Asked<'_>,
        permissions: BTreeSet<Permission>,
    ) -> Result<BTreeSet<Permission>, Unverified> {
        // Whatever the checks say of permissions, they say of one at a time; one of them must be left.
        self.run(asked, &permissions.iter().collect::<Vec<_>>())?;
        if self.biscuit.block_count() == 1 || permissions.len() == 1 {
            return Ok(permissions);
        }
        let mut left = BTreeSet::new();
        for permission in permissions {
            match self.run(asked, &[&permission]) {
                Ok(()) => {
                    left.insert(permission);
                }
                Err(Unverified::Refused(_)) => {}
                Err(Unverified::Busy) => return Err(Unverified::Busy),
            }
        }
        Ok(left)
    }

    fn run(&self, asked: &Asked<'_>, permissions: &[&Permission]) -> Result<(), Unverified> {
        let authorizer = self.authorizer(asked, permissions);
        match authorizer.and_then(|mut authorizer| authorizer.authorize()) {
            Ok(_) => Ok(()),
            Err(error::Token::RunLimit(error::RunLimit::Timeout)) => Err(Unverified::Busy),
            Err(error::Token::RunLimit(_)) => Err(Unverified::Refused(ApiTokenFailure::TooMuch)),
            Err(_) => Err(Unverified::Refused(ApiTokenFailure::NotForThis)),
        }
    }

    fn authorizer(&self, asked: &Asked<'_>, permissions: &[&Permission]) -> Result<Authorizer, error::Token> {
        let mut builder = limited(AuthorizerBuilder::new())
            .fact(datalog::time_fact(asked.at))?
            .fact(datalog::text_fact(datalog::METHOD, asked.method.as_str()))?
            .policy(datalog::policy())?;
        if let Some(path) = asked.plain_path() {
            builder = builder.fact(datalog::text_fact(datalog::PATH, path))?;
        }
        if let Some(ip) = asked.address {
            builder = builder.fact(datalog::text_fact(datalog::ADDRESS, &ip.to_canonical().to_string()))?;
        }
        for permission in permissions {
            builder = builder.fact(datalog::text_fact(datalog::ASKS, permission.as_str()))?;
        }
        builder.build(&self.biscuit)
    }
}

fn limited(builder: AuthorizerBuilder) -> AuthorizerBuilder {
    let (max_facts, max_iterations, max_time) = LIMITS;
    builder.set_limits(biscuit_auth::AuthorizerLimits { max_facts, max_iterations, max_time })
}

/// The texts that the first block, and nobody else, says of `name`.
fn texts(authorizer: &mut Authorizer, name: &str) -> Result<Vec<String>, ApiTokenFailure> {
    let found: Result<Vec<(String,)>, error::Token> = authorizer.query(datalog::values_of(name));
    Ok(found.map_err(|_| ApiTokenFailure::Unreadable)?.into_iter().map(|(text,)| text).collect())
}
