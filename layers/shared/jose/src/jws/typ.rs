//! What kind of token it is, [RFC 8725 section 3.11](https://www.rfc-editor.org/rfc/rfc8725#section-3.11).

/// The `typ` that a token must have, without `application/`; compared without regard to case,
/// [RFC 7515 section 4.1.9](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.9).
///
/// ```
/// use towergate_jose::jws::Typ;
///
/// let assertion = Typ::AbsentOr(&["JWT", "client-authentication+jwt"]);
/// assert!(assertion.allows(None) && assertion.allows(Some("jwt")));
/// assert!(!assertion.allows(Some("at+jwt")));
/// assert!(!Typ::Exactly("at+jwt").allows(None));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typ<'a> {
    /// This one.
    Exactly(&'a str),
    /// One of these, or none at all: for kinds that are older than the custom of naming them, such as client
    /// assertions, request objects and ID tokens.
    AbsentOr(&'a [&'a str]),
}

impl Typ<'_> {
    /// Whether a token may have this `typ`.
    #[must_use]
    pub fn allows(self, typ: Option<&str>) -> bool {
        match self {
            Self::Exactly(expected) => typ.is_some_and(|typ| is_type(typ, expected)),
            Self::AbsentOr(several) => typ.is_none_or(|typ| several.iter().any(|one| is_type(typ, one))),
        }
    }
}

fn is_type(typ: &str, expected: &str) -> bool {
    const APPLICATION: &str = "application/";
    let bare = match typ.split_at_checked(APPLICATION.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(APPLICATION) => rest,
        _ => typ,
    };
    bare.eq_ignore_ascii_case(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_type_is_asked_for_by_its_name() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert!(Typ::Exactly("at+jwt").allows(Some(typ)), "{typ}");
        }
        for typ in ["JWT", "", "at+jwt ", "application/application/at+jwt", "text/at+jwt", "é/application"] {
            assert!(!Typ::Exactly("at+jwt").allows(Some(typ)), "{typ}");
        }
        assert!(!Typ::Exactly("at+jwt").allows(None));
    }

    #[test]
    fn an_optional_type_is_one_of_those_named_when_it_is_there() {
        let either = Typ::AbsentOr(&["JWT", "oauth-authz-req+jwt"]);
        for typ in [None, Some("JWT"), Some("application/oauth-authz-req+jwt")] {
            assert!(either.allows(typ), "{typ:?}");
        }
        for typ in ["", "at+jwt", "null", "JWT,oauth-authz-req+jwt"] {
            assert!(!either.allows(Some(typ)), "{typ}");
        }
        assert!(Typ::AbsentOr(&[]).allows(None) && !Typ::AbsentOr(&[]).allows(Some("JWT")));
    }
}
