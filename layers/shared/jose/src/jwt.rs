//! The claims that every token shares, and the rules for their times,
//! [RFC 7519 section 4.1](https://www.rfc-editor.org/rfc/rfc7519#section-4.1).

use std::{fmt, time::Duration};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};
use towergate_core::Timestamp;

/// A moment as a token writes it: seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericDate(pub Timestamp);

/// When a token is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Times {
    /// Not on or after this.
    pub exp: Option<NumericDate>,
    /// Not before this.
    pub nbf: Option<NumericDate>,
    /// When it was issued.
    pub iat: Option<NumericDate>,
}

/// Why a token is not good now, or not for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// It has no `exp`.
    #[error("the token does not say when it expires")]
    NoExpiry,
    /// It has expired.
    #[error("the token has expired")]
    Expired,
    /// It is not good yet.
    #[error("the token is not good yet")]
    NotYet,
    /// It was issued in the future.
    #[error("the token was issued in the future")]
    IssuedInTheFuture,
    /// Another issued it.
    #[error("the token was issued by another")]
    Issuer,
    /// It is for another.
    #[error("the token is for another audience")]
    Audience,
}

impl Times {
    /// Whether a token is good at `now`. `tolerance` forgives a clock that runs ahead (`nbf`, `iat`) or behind (`exp`).
    ///
    /// # Errors
    /// When `exp` is missing or has come, `nbf` has not come, or `iat` lies in the future.
    pub fn check(&self, now: Timestamp, tolerance: Duration) -> Result<(), JwtError> {
        let exp = self.exp.ok_or(JwtError::NoExpiry)?.0;
        let ahead = now.plus(tolerance);
        if now >= exp.plus(tolerance) {
            return Err(JwtError::Expired);
        }
        if self.nbf.is_some_and(|nbf| nbf.0 > ahead) {
            return Err(JwtError::NotYet);
        }
        if self.iat.is_some_and(|iat| iat.0 > ahead) {
            return Err(JwtError::IssuedInTheFuture);
        }
        Ok(())
    }
}

/// Whether the token names exactly this issuer.
///
/// # Errors
/// When it names another or none.
pub fn check_issuer(iss: Option<&str>, expected: &str) -> Result<(), JwtError> {
    if iss == Some(expected) { Ok(()) } else { Err(JwtError::Issuer) }
}

/// Who a token is for: written as a string when it is one, as an array when they are several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience(pub Vec<String>);

impl Audience {
    /// Whether `name` is among them, compared exactly.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|audience| audience == name)
    }

    /// Whether `name` is among them.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self, name: &str) -> Result<(), JwtError> {
        if self.contains(name) { Ok(()) } else { Err(JwtError::Audience) }
    }
}

/// The same, of somebody else's: to be written, not to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipients<'a>(pub &'a [String]);

impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Recipients(&self.0).serialize(serializer)
    }
}

impl Serialize for Recipients<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            [one] => serializer.serialize_str(one),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrSeveral {
            One(String),
            Several(Vec<String>),
        }
        Ok(Self(match OneOrSeveral::deserialize(deserializer)? {
            OneOrSeveral::One(one) => vec![one],
            OneOrSeveral::Several(several) => several,
        }))
    }
}

impl Serialize for NumericDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.unix_seconds())
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Seconds)
    }
}

struct Seconds;

impl Visitor<'_> for Seconds {
    type Value = NumericDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds since 1970-01-01")
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<NumericDate, E> {
        Ok(NumericDate(Timestamp::from_unix_seconds(seconds)))
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<NumericDate, E> {
        self.visit_i64(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    /// Fractions are allowed, [RFC 7519 section 2](https://www.rfc-editor.org/rfc/rfc7519#section-2).
    fn visit_f64<E: Error>(self, seconds: f64) -> Result<NumericDate, E> {
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, as time does here")]
        let millis = (seconds * 1000.0).floor() as i64;
        Ok(NumericDate(Timestamp::from_unix_millis(millis)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_000);
    const MINUTE: Duration = Duration::from_secs(60);

    fn times(json: &str) -> Times {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn rfc7519_4_1_4_expiry_is_required_and_ends_at_its_second() {
        assert_eq!(times("{}").check(NOW, MINUTE), Err(JwtError::NoExpiry));
        assert_eq!(times(r#"{"exp":1000}"#).check(NOW, Duration::ZERO), Err(JwtError::Expired));
        assert_eq!(times(r#"{"exp":1001}"#).check(NOW, Duration::ZERO), Ok(()));
        assert_eq!(times(r#"{"exp":940}"#).check(NOW, MINUTE), Err(JwtError::Expired));
        assert_eq!(times(r#"{"exp":941}"#).check(NOW, MINUTE), Ok(()));
    }

    #[test]
    fn rfc7519_4_1_5_and_6_a_token_from_the_future_is_refused() {
        assert_eq!(times(r#"{"exp":9999,"nbf":1061}"#).check(NOW, MINUTE), Err(JwtError::NotYet));
        assert_eq!(times(r#"{"exp":9999,"iat":1061}"#).check(NOW, MINUTE), Err(JwtError::IssuedInTheFuture));
        assert_eq!(times(r#"{"exp":9999,"nbf":1060,"iat":1060}"#).check(NOW, MINUTE), Ok(()));
    }

    #[test]
    fn rfc7519_2_a_numeric_date_is_a_number_however_large_or_broken() {
        assert_eq!(times(r#"{"exp":1.5}"#).exp, Some(NumericDate(Timestamp::from_unix_millis(1500))));
        for wild in ["1e300", "-1e300", "18446744073709551615", "-9223372036854775808"] {
            let _ = times(&format!(r#"{{"exp":{wild}}}"#)).check(NOW, Duration::MAX);
        }
        for bad in [r#"{"exp":"1"}"#, r#"{"exp":[1]}"#, r#"{"exp":true}"#] {
            assert!(serde_json::from_str::<Times>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rfc7519_4_1_3_one_audience_is_a_string_and_several_an_array() {
        for json in [r#""a""#, r#"["a","b"]"#] {
            let audience: Audience = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&audience).unwrap(), json);
            assert_eq!(audience.check("a"), Ok(()));
            assert_eq!(audience.check("A"), Err(JwtError::Audience));
        }
        assert!(serde_json::from_str::<Audience>("[1]").is_err());
    }

    #[test]
    fn an_issuer_is_compared_exactly() {
        assert_eq!(check_issuer(Some("https://a"), "https://a"), Ok(()));
        assert_eq!(check_issuer(Some("https://a/"), "https://a"), Err(JwtError::Issuer));
        assert_eq!(check_issuer(None, "https://a"), Err(JwtError::Issuer));
    }
}
