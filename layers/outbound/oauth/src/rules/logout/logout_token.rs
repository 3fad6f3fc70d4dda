//! What a logout token says.
//! [Back-Channel Logout section 2.4](https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken)

use std::time::Duration;

use serde::{Serialize, Serializer, ser::SerializeMap};
use towergate_core::Timestamp;
use towergate_jose::jwt::NumericDate;

use crate::rules::{client::ClientId, grant::Subject};

/// The `typ` of a logout token.
pub const TYP: &str = "logout+jwt";

/// How long it may be accepted.
pub const LIFETIME: Duration = Duration::from_secs(120);

/// The event that it tells of.
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What a logout token says: always who and which session, so that a client may go by either.
#[derive(Debug, Serialize)]
pub struct LogoutClaims<'a> {
    iss: &'a str,
    sub: &'a Subject,
    aud: &'a ClientId,
    iat: NumericDate,
    exp: NumericDate,
    jti: String,
    sid: &'a str,
    events: Events,
}

impl<'a> LogoutClaims<'a> {
    /// The claims for a client that knows the person as `sub`. `jti` is never used twice.
    #[must_use]
    pub fn new(
        issuer: &'a str,
        client: &'a ClientId,
        sub: &'a Subject,
        sid: &'a str,
        jti: String,
        now: Timestamp,
    ) -> Self {
        Self {
            iss: issuer,
            sub,
            aud: client,
            iat: NumericDate(now),
            exp: NumericDate(now.plus(LIFETIME)),
            jti,
            sid,
            events: Events,
        }
    }
}

/// The one event, without facts of its own.
#[derive(Debug)]
struct Events;

impl Serialize for Events {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Nothing {}
        let mut events = to.serialize_map(Some(1))?;
        events.serialize_entry(EVENT, &Nothing {})?;
        events.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn back_channel_2_4_a_logout_token_says_who_which_session_and_until_when_and_has_no_nonce() {
        let (client, sub) = (ClientId::parse("shop").unwrap(), Subject::parse("alice-1").unwrap());
        let now = Timestamp::from_unix_seconds(1_700_000_000);
        let claims = LogoutClaims::new("https://id.example", &client, &sub, "sid-1", "jti-1".into(), now);
        assert_eq!(
            serde_json::to_value(&claims).unwrap(),
            json!({
                "iss": "https://id.example",
                "sub": "alice-1",
                "aud": "shop",
                "iat": 1_700_000_000,
                "exp": 1_700_000_120,
                "jti": "jti-1",
                "sid": "sid-1",
                "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
            })
        );
    }
}
