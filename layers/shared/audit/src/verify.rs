use towergate_core::{
    StoreError,
    audit::chain::{Break, Damage, MOST_EVENTS, Noted, Place, Proven, Seal, SealPublicKey, SealStore, Walk},
};

/// Seals that are read at once.
const SEALS: u32 = 32;

/// Unsealed events that are read at once.
const EVENTS: u32 = 1000;

/// Why a log is not proven.
#[derive(Debug, thiserror::Error)]
pub enum NotProven {
    /// It is not what was sealed.
    #[error(transparent)]
    Broken(#[from] Break),
    /// The store failed, or a row cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Walks a whole log, in little room however long it is, and tells `heard` of each seal that holds. Others may write, seal and forget
/// meanwhile.
///
/// # Errors
/// At the first place where the log is not what one of `keys` sealed and what was noted, or when the store fails.
pub async fn verify<S: SealStore>(
    store: &S,
    keys: Vec<SealPublicKey>,
    noted: Vec<Noted>,
    mut heard: impl FnMut(u32),
) -> Result<Proven, NotProven> {
    match walk_through(store, Walk::new(keys.clone(), noted.clone()), &mut heard).await {
        // What was proven may have been forgotten since, and what comes after it too: then the second time agrees.
        Err(NotProven::Broken(Break { place: Place::Seal(_), damage: Damage::Removed })) => {
            walk_through(store, Walk::new(keys, noted), &mut heard).await
        }
        // A key that signed what comes later is of this log: then it is the first seal that is not.
        Err(NotProven::Broken(Break { place, damage: Damage::OtherKey }))
            if store.seals(1, SEALS).await?.iter().any(|seal| seal.is_signed_by(&keys)) =>
        {
            Err(NotProven::Broken(Break { place, damage: Damage::Forged }))
        }
        done => done,
    }
}

async fn walk_through<S: SealStore>(
    store: &S,
    mut walk: Walk,
    heard: &mut impl FnMut(u32),
) -> Result<Proven, NotProven> {
    loop {
        let seals = store.seals(walk.seals(), SEALS).await?;
        if seals.is_empty() {
            break;
        }
        for seal in seals {
            if let Err(broken) = step(store, &mut walk, &seal).await? {
                // It may have been forgotten between two looks.
                let again = store.seals(walk.seals(), 1).await?.into_iter().next().ok_or(broken)?;
                step(store, &mut walk, &again).await??;
            }
            heard(walk.seals());
        }
    }
    let mut from = walk.through();
    loop {
        let events = store.events_after(from, EVENTS).await?;
        let Some(last) = events.last() else { break };
        from = last.id;
        walk.unsealed(&events);
    }
    Ok(walk.finish()?)
}

async fn step<S: SealStore>(
    store: &S,
    walk: &mut Walk,
    seal: &Seal,
) -> Result<Result<(), Break>, StoreError> {
    let most = seal.count.min(MOST_EVENTS).saturating_add(1);
    let mut events = store.events_after(walk.through(), most).await?;
    events.retain(|event| event.id <= seal.through);
    Ok(walk.seal(seal, &events))
}
