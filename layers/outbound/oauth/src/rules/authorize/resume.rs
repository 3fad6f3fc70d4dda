//! Whether a browser may go on with an interaction.

use towergate_core::{Digest, Timestamp};

use crate::rules::interaction::{Interaction, InteractionState};

/// Why a browser may not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unresumable {
    /// The same browser answered it already, not long ago.
    #[error("the interaction is closed")]
    Answered,
    /// It has expired.
    #[error("the interaction has expired")]
    Gone,
    /// Another browser began it.
    #[error("the interaction belongs to another browser")]
    OtherBrowser,
}

/// Lets the browser that began an open interaction go on with it; `browser` digests the secret it presents.
///
/// # Errors
/// When the interaction is no longer open, or the browser is another one.
pub fn resume(
    interaction: &Interaction,
    browser: Option<&Digest>,
    now: Timestamp,
) -> Result<(), Unresumable> {
    if now >= interaction.expires_at {
        return Err(Unresumable::Gone);
    }
    if !browser.is_some_and(|digest| digest.matches(&interaction.browser)) {
        return Err(Unresumable::OtherBrowser);
    }
    if interaction.state != InteractionState::Open {
        return Err(Unresumable::Answered);
    }
    Ok(())
}

#[cfg(test)]
mod tests {

    use towergate_core::id::Uuid;

    use super::*;
    use crate::rules::{
        client::ClientId,
        interaction::{AuthorizationRequest, InteractionId, LIFETIME},
    };

    const BEGUN: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn interaction(state: InteractionState) -> Interaction {
        Interaction {
            id: InteractionId::from_uuid(Uuid::from_u128(1)),
            browser: Digest::of(b"cookie"),
            request: AuthorizationRequest::new(
                ClientId::parse("shop").unwrap(),
                String::from("https://shop.example/cb"),
            ),
            pushed: None,
            subject: None,
            sign_in_after: None,
            created_at: BEGUN,
            expires_at: BEGUN.plus(LIFETIME),
            state,
        }
    }

    #[test]
    fn only_the_browser_that_began_it_goes_on() {
        let open = interaction(InteractionState::Open);
        assert_eq!(resume(&open, Some(&Digest::of(b"cookie")), BEGUN), Ok(()));
        for other in [None, Some(&Digest::of(b"other"))] {
            assert_eq!(resume(&open, other, BEGUN), Err(Unresumable::OtherBrowser));
        }
    }

    #[test]
    fn an_interaction_ends_with_its_answer_or_its_time() {
        let own = Digest::of(b"cookie");
        for closed in [InteractionState::Approved, InteractionState::Denied] {
            assert_eq!(resume(&interaction(closed), Some(&own), BEGUN), Err(Unresumable::Answered));
            let stranger = resume(&interaction(closed), None, BEGUN);
            assert_eq!(stranger, Err(Unresumable::OtherBrowser), "whoever cannot answer learns nothing");
        }
        let end = BEGUN.plus(LIFETIME);
        assert_eq!(resume(&interaction(InteractionState::Open), Some(&own), end), Err(Unresumable::Gone));
    }
}
