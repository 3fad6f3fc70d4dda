//! Laws of births, for a store that remembers those of another; [`births_contract`](crate::births_contract) names them.

use std::time::Duration;

use towergate_core::{
    Digest, Timestamp,
    contract::{MILLISECOND, NOW},
};

use crate::{ports::birth::Births, rules::birth::Trust};

const DOUBT: Duration = Duration::from_secs(3600);

/// Makes one test of each law of births, as [`oauth_store_contract`](crate::oauth_store_contract) does of its own.
#[macro_export]
macro_rules! births_contract {
    (make: $make:expr, block_on: $block_on:path $(,)?) => {
        $crate::births_contract! {
            @laws $make, $block_on;
            the_first_birth_is_trusted,
            another_birth_is_doubted_until_nothing_forgotten_matters,
        }
    };
    (@laws $make:expr, $block_on:path; $($law:ident,)*) => {
        $(
            #[test]
            fn $law() {
                let store = ($make)();
                $block_on($crate::ports::contract::birth::$law(&store));
            }
        )*
    };
}

/// The birth that is met first is trusted, however often it is met.
pub async fn the_first_birth_is_trusted(store: &impl Births) {
    for at in [NOW, NOW, NOW.minus(DOUBT), NOW.plus(DOUBT)] {
        assert_eq!(meet(store, 1, at).await, Trust::Trusted);
    }
}

/// Another is doubted to the last millisecond, whoever meets it and however often, and then takes the place of the one before.
pub async fn another_birth_is_doubted_until_nothing_forgotten_matters(store: &impl Births) {
    let _ = meet(store, 1, NOW).await;
    let until = NOW.plus(DOUBT);
    for at in [NOW, NOW.plus(DOUBT / 2), until.minus(MILLISECOND)] {
        assert_eq!(meet(store, 2, at).await, Trust::Doubted { until });
        assert_eq!(meet(store, 1, at).await, Trust::Trusted);
    }
    assert_eq!(meet(store, 2, until).await, Trust::Trusted);
    assert_eq!(meet(store, 2, NOW).await, Trust::Trusted);
    assert_eq!(meet(store, 1, until).await, Trust::Doubted { until: until.plus(DOUBT) });
}

async fn meet(store: &impl Births, birth: u8, at: Timestamp) -> Trust {
    store.meet_birth(Digest::of(&[birth]), at, DOUBT).await.unwrap()
}
