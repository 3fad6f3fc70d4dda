//! Which of several people signed in beside each other a request is about.
//! [OpenID Connect Core 3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)

use crate::rules::interaction::AuthorizationRequest;

/// Somebody signed in beside others, of whom the person has chosen none.
#[derive(Debug, Clone, Copy)]
pub struct Selectable<'a> {
    /// The person, as the client knows them.
    pub sub: &'a str,
    /// Whether the request's `login_hint` is a name of theirs.
    pub is_hinted: bool,
    /// Whether the interaction that is resumed belongs to them.
    pub is_bound: bool,
}

/// What names one of several people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// The interaction, the only `sub` that an answer may be about, or that there is nobody else.
    Named(usize),
    /// The `login_hint` alone. Anybody can put an address there: without a page it may be followed only to who allowed the
    /// client before, or the answer would tell who is signed in.
    Hinted(usize),
    /// Nothing does: they must choose.
    Undecided,
}

/// Finds the one among `people` whom a request is about, by their place.
#[must_use]
pub fn select(request: &AuthorizationRequest, is_bound: bool, people: &[Selectable<'_>]) -> Selection {
    if is_bound {
        return only(people, |one| one.is_bound).map_or(Selection::Undecided, Selection::Named);
    }
    if let Some(sub) = &request.required_sub {
        return only(people, |one| one.sub == sub).map_or(Selection::Undecided, Selection::Named);
    }
    if people.len() == 1 {
        return Selection::Named(0);
    }
    only(people, |one| one.is_hinted).map_or(Selection::Undecided, Selection::Hinted)
}

fn only(people: &[Selectable<'_>], is_meant: impl Fn(&Selectable<'_>) -> bool) -> Option<usize> {
    let mut meant = people.iter().enumerate().filter(|(_, one)| is_meant(one)).map(|(place, _)| place);
    meant.next().filter(|_| meant.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::client::ClientId;

    fn asked(required_sub: Option<&str>) -> AuthorizationRequest {
        let client = ClientId::parse("shop").unwrap();
        let mut request = AuthorizationRequest::new(client, String::from("https://shop.example/cb"));
        request.required_sub = required_sub.map(str::to_owned);
        request
    }

    const fn one(sub: &str) -> Selectable<'_> {
        Selectable { sub, is_hinted: false, is_bound: false }
    }

    #[test]
    fn oidc_core_3_1_2_1_of_several_people_only_a_name_of_one_chooses() {
        let (alice, bob) = (one("alice"), one("bob"));
        let hinted = Selectable { is_hinted: true, ..bob };
        let bound = Selectable { is_bound: true, ..bob };
        for (law, required, is_bound, people, selection) in [
            ("nothing names one", None, false, &[alice, bob][..], Selection::Undecided),
            ("a hint", None, false, &[alice, hinted], Selection::Hinted(1)),
            ("a hint at two", None, false, &[hinted, hinted], Selection::Undecided),
            ("a sub", Some("bob"), false, &[alice, bob], Selection::Named(1)),
            ("a sub before a hint", Some("alice"), false, &[alice, hinted], Selection::Named(0)),
            ("a sub of nobody here", Some("carol"), false, &[alice, hinted], Selection::Undecided),
            ("the interaction's own person", None, true, &[alice, bound], Selection::Named(1)),
            ("who has signed out since", None, true, &[alice, hinted], Selection::Undecided),
            ("nobody else", None, false, &[alice], Selection::Named(0)),
            ("nobody else, and not who was asked for", Some("bob"), false, &[alice], Selection::Undecided),
            ("nobody", None, false, &[], Selection::Undecided),
        ] {
            assert_eq!(select(&asked(required), is_bound, people), selection, "{law}");
        }
    }
}
