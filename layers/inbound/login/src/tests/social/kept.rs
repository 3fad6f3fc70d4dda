//! How long what is known of a provider is kept, counted at its sockets.

use super::*;

const DISCOVERY: &str = "/openid-configuration";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Pair {
    /// How often the provider was asked what it is, and for its keys.
    fn asked(&self) -> (usize, usize) {
        (self.fake.count(DISCOVERY), self.fake.count("/keys"))
    }

    async fn comes_in(&self) -> bool {
        signs_in(&self.visit(google("somebody")).await.0)
    }
}

#[tokio::test]
async fn what_is_known_of_a_provider_is_kept_for_a_quarter_of_an_hour() {
    let pair = Pair::google().await;
    for (rest, asked) in [(0, (1, 1)), (60, (1, 1)), (780, (1, 1)), (120, (2, 2)), (60, (2, 2))] {
        pair.host.clock.advance(seconds(rest));
        assert!(pair.comes_in().await);
        assert_eq!(pair.asked(), asked, "after {rest} s more");
    }
}

#[tokio::test]
async fn what_is_known_counts_for_a_day_while_the_provider_is_away_and_no_longer() {
    let pair = Pair::google().await;
    assert!(pair.comes_in().await);
    pair.fake.change(|says| says.broken = vec![DISCOVERY, "/keys"]);
    pair.host.clock.advance(seconds(15 * 60));
    assert!(pair.comes_in().await && pair.comes_in().await, "and it is not asked again each time");
    assert_eq!(pair.asked(), (2, 2));
    pair.host.clock.advance(seconds(23 * 3600));
    assert!(pair.comes_in().await);
    assert_eq!(pair.asked(), (3, 3));
    pair.host.clock.advance(seconds(3600));
    assert_eq!(pair.leave().await.status, StatusCode::BAD_GATEWAY);
    // It is back: what it says counts at once.
    pair.fake.change(|says| says.broken.clear());
    pair.host.clock.advance(seconds(10));
    assert!(pair.comes_in().await);
}

#[tokio::test]
async fn whoever_waits_for_a_provider_that_fails_does_not_ask_it_again() {
    let pair = Pair::google().await;
    pair.fake.change(|says| says.broken = vec![DISCOVERY]);
    let (one, two, three, four) = tokio::join!(pair.leave(), pair.leave(), pair.leave(), pair.leave());
    for answer in [one, two, three, four] {
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    }
    assert_eq!(pair.asked().0, 1, "one asked for all");
    pair.host.clock.advance(seconds(1));
    assert_eq!(pair.leave().await.status, StatusCode::BAD_GATEWAY);
    assert_eq!(pair.asked().0, 1, "it is left alone for some seconds");
    pair.host.clock.advance(seconds(10));
    pair.fake.change(|says| says.broken.clear());
    let (one, two) = tokio::join!(pair.leave(), pair.leave());
    assert_eq!((one.status, two.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    assert_eq!(pair.asked().0, 2);
}

#[tokio::test]
async fn keys_that_nobody_knows_have_them_fetched_once_a_minute() {
    let pair = Pair::google().await;
    assert!(pair.comes_in().await);
    // A stranger signs, and names keys as fast as they can.
    let published = key("second");
    pair.fake.change(|says| says.key = key("strangers"));
    for _ in 0..3 {
        assert!(!pair.comes_in().await);
    }
    assert_eq!(pair.asked().1, 1, "they were fetched within the minute");
    pair.host.clock.advance(seconds(60));
    for _ in 0..3 {
        assert!(!pair.comes_in().await);
    }
    assert_eq!(pair.asked().1, 2);
    // The provider's own new key is known after a minute, and needs no quarter of an hour.
    pair.fake.change(|says| (says.key, says.published) = (Arc::clone(&published), published));
    pair.host.clock.advance(seconds(60));
    assert!(pair.comes_in().await && pair.comes_in().await);
    assert_eq!(pair.asked().1, 3);
    // While its keys cannot be had, those that are there go on counting.
    pair.fake.change(|says| says.broken = vec!["/keys"]);
    pair.host.clock.advance(seconds(15 * 60));
    assert!(pair.comes_in().await);
    assert_eq!(pair.asked().1, 4);
}
