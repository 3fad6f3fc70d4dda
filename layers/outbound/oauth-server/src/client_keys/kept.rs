//! What is kept of one `jwks_uri`, and what that is good for at a moment.

use std::{sync::Arc, time::Duration};

use towergate_core::Timestamp;
use towergate_jose::JwkSet;

use super::{COOLDOWN, ClientKeysError, LAST_GOOD, MAX_AGE, MIN_AGE, PAUSE, USUAL_AGE};

/// What is kept of one `jwks_uri`.
#[derive(Debug, Default)]
pub(super) struct Kept {
    keys: Option<Keys>,
    /// When the last fetch began.
    asked_at: Option<Timestamp>,
    /// When the last fetch began that fresh keys did not call for, but a `kid` that was not among them.
    forced_at: Option<Timestamp>,
    /// Why the last fetch failed, if it did.
    failure: Option<ClientKeysError>,
}

#[derive(Debug)]
struct Keys {
    set: Arc<JwkSet>,
    came_at: Timestamp,
    fresh_until: Timestamp,
}

/// What somebody who asks for keys is told.
#[derive(Debug)]
pub(super) enum Answer {
    /// This, without a fetch.
    Kept(Result<Arc<JwkSet>, ClientKeysError>),
    /// They must be fetched first.
    Fetch,
}

impl Kept {
    /// What is good now for somebody who looks for `kid`.
    pub(super) fn answer(&self, kid: Option<&str>, now: Timestamp) -> Answer {
        let may_be_fetched = match self.fresh(now) {
            Some(set) if kid.is_none_or(|kid| set.find(kid).is_some()) => {
                return Answer::Kept(Ok(Arc::clone(set)));
            }
            Some(_) => has_passed(COOLDOWN, self.forced_at, now),
            None => has_passed(if self.keys.is_some() { COOLDOWN } else { PAUSE }, self.asked_at, now),
        };
        if may_be_fetched { Answer::Fetch } else { Answer::Kept(self.last_good(now)) }
    }

    /// A fetch begins.
    pub(super) fn asked(&mut self, now: Timestamp) {
        if self.fresh(now).is_some() {
            self.forced_at = Some(now);
        }
        self.asked_at = Some(now);
    }

    /// A fetch has ended; answers what is good now.
    pub(super) fn came(
        &mut self,
        result: Result<(JwkSet, Option<Duration>), ClientKeysError>,
        now: Timestamp,
    ) -> Result<Arc<JwkSet>, ClientKeysError> {
        match result {
            Ok((set, max_age)) => {
                let age = max_age.unwrap_or(USUAL_AGE).clamp(MIN_AGE, MAX_AGE);
                self.keys = Some(Keys { set: Arc::new(set), came_at: now, fresh_until: now.plus(age) });
                self.failure = None;
            }
            Err(error) => self.failure = Some(error),
        }
        self.last_good(now)
    }

    fn fresh(&self, now: Timestamp) -> Option<&Arc<JwkSet>> {
        let keys = self.keys.as_ref().filter(|keys| keys.came_at <= now && now < keys.fresh_until);
        keys.map(|keys| &keys.set)
    }

    fn last_good(&self, now: Timestamp) -> Result<Arc<JwkSet>, ClientKeysError> {
        match &self.keys {
            Some(keys) if now < keys.fresh_until.plus(LAST_GOOD) && !came_of_the_future(keys, now) => {
                Ok(Arc::clone(&keys.set))
            }
            _ => Err(self.failure.clone().unwrap_or(ClientKeysError::BrokenOff)),
        }
    }
}

/// Keys that were fetched under a clock which was more than a day ahead would be good for as long as it was.
fn came_of_the_future(keys: &Keys, now: Timestamp) -> bool {
    keys.fresh_until > now.plus(MAX_AGE + LAST_GOOD)
}

/// A clock that was set back does not close the door until it has caught up.
fn has_passed(pause: Duration, since: Option<Timestamp>, now: Timestamp) -> bool {
    since.is_none_or(|since| now < since || since.plus(pause) <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
    const MILLISECOND: Duration = Duration::from_millis(1);

    fn set(kid: &str) -> JwkSet {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let json = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{x}"}}]}}"#);
        JwkSet::parse(json.as_bytes()).unwrap()
    }

    fn kept(max_age: Option<Duration>) -> Kept {
        let mut kept = Kept::default();
        kept.asked(NOW);
        kept.came(Ok((set("a"), max_age)), NOW).unwrap();
        kept
    }

    fn is_fetch(answer: &Answer) -> bool {
        matches!(answer, Answer::Fetch)
    }

    fn kids(answer: &Answer) -> Vec<&str> {
        match answer {
            Answer::Kept(Ok(keys)) => keys.keys().iter().filter_map(towergate_jose::Jwk::kid).collect(),
            Answer::Kept(Err(_)) | Answer::Fetch => Vec::new(),
        }
    }

    #[test]
    fn what_was_never_fetched_is_fetched() {
        assert!(is_fetch(&Kept::default().answer(None, NOW)));
    }

    #[test]
    fn keys_are_kept_as_long_as_they_say_within_bounds() {
        for (said, kept_for) in [
            (None, USUAL_AGE),
            (Some(Duration::ZERO), MIN_AGE),
            (Some(Duration::from_secs(600)), Duration::from_secs(600)),
            (Some(Duration::MAX), MAX_AGE),
        ] {
            let kept = kept(said);
            let end = NOW.plus(kept_for);
            assert_eq!(kids(&kept.answer(Some("a"), end.minus(MILLISECOND))), ["a"], "{said:?}");
            assert!(is_fetch(&kept.answer(Some("a"), end)), "{said:?}");
        }
    }

    #[test]
    fn an_unknown_kid_has_keys_fetched_at_once_and_then_after_the_cooldown_only() {
        let mut kept = kept(None);
        assert!(is_fetch(&kept.answer(Some("b"), NOW)));
        for came in [Ok((set("a"), None)), Err(ClientKeysError::Busy)] {
            let forced = NOW.plus(COOLDOWN);
            kept.asked(forced);
            kept.came(came, forced).unwrap();
            let end = forced.plus(COOLDOWN);
            assert_eq!(kids(&kept.answer(Some("b"), end.minus(MILLISECOND))), ["a"]);
            assert!(is_fetch(&kept.answer(Some("b"), end)));
            assert_eq!(kids(&kept.answer(Some("a"), end)), ["a"]);
            assert_eq!(kids(&kept.answer(None, end)), ["a"]);
        }
    }

    #[test]
    fn the_last_good_keys_outlive_a_failure_for_a_day() {
        let mut kept = kept(None);
        let late = NOW.plus(USUAL_AGE);
        kept.asked(late);
        assert!(kept.came(Err(ClientKeysError::Busy), late).is_ok());
        assert_eq!(kids(&kept.answer(Some("a"), late.plus(MILLISECOND))), ["a"]);
        assert!(is_fetch(&kept.answer(Some("a"), late.plus(COOLDOWN))));
        let end = late.plus(LAST_GOOD);
        kept.asked(end);
        assert!(matches!(kept.came(Err(ClientKeysError::Busy), end), Err(ClientKeysError::Busy)));
    }

    #[test]
    fn without_keys_the_failure_is_told_for_a_short_while() {
        let mut kept = Kept::default();
        kept.asked(NOW);
        assert!(kept.came(Err(ClientKeysError::Busy), NOW).is_err());
        let soon = NOW.plus(PAUSE).minus(MILLISECOND);
        assert!(matches!(kept.answer(None, soon), Answer::Kept(Err(ClientKeysError::Busy))));
        assert!(is_fetch(&kept.answer(None, NOW.plus(PAUSE))));
    }

    #[test]
    fn a_clock_set_back_neither_keeps_old_keys_nor_closes_the_door() {
        let kept = kept(None);
        assert!(is_fetch(&kept.answer(Some("a"), NOW.minus(MILLISECOND))));
    }

    #[test]
    fn keys_fetched_under_a_clock_far_ahead_are_not_good_until_it_is_reached() {
        let mut kept = kept(None);
        let year = Duration::from_secs(365 * 24 * 3600);
        kept.asked(NOW.minus(year));
        assert!(kept.came(Err(ClientKeysError::Busy), NOW.minus(year)).is_err());
        assert!(
            kept.came(Err(ClientKeysError::Busy), NOW.minus(MILLISECOND)).is_ok(),
            "a little back is no harm"
        );
    }
}
