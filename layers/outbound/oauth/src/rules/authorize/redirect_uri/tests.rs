use super::*;

fn bind(requested: &str, registered: &[&str]) -> Result<RedirectUri, Unbound> {
    let registered: Vec<String> = registered.iter().map(ToString::to_string).collect();
    RedirectUri::bind(Some(requested), &registered)
}

#[test]
fn rfc9700_4_1_3_an_address_matches_letter_for_letter() {
    let registered = "https://app.example/cb";
    assert_eq!(bind(registered, &[registered]).unwrap().as_str(), registered);
    for other in [
        "https://app.example/cb/",
        "https://app.example/cb?x=1",
        "https://app.example:443/cb",
        "https://APP.example/cb",
        "https://app.example/cB",
        "https://app.example/a/../cb",
        "https://app.example.evil/cb",
        "https://app.example@evil/cb",
        "http://app.example/cb",
        "https://app.example/cb#x",
        "https://app.example/cb ",
    ] {
        assert_eq!(bind(other, &[registered]), Err(Unbound::Unregistered), "{other}");
    }
}

#[test]
fn rfc8252_7_3_only_the_port_of_a_loopback_address_may_differ() {
    for (requested, registered) in [
        ("http://127.0.0.1:51004/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:8080/cb"),
        ("http://[::1]:9/cb?a=b", "http://[::1]/cb?a=b"),
        ("http://127.0.0.1:7", "http://127.0.0.1"),
    ] {
        assert!(bind(requested, &[registered]).is_ok(), "{requested}");
    }
    for (requested, registered) in [
        ("http://127.0.0.1:1/other", "http://127.0.0.1/cb"),
        ("http://[::1]:1/cb", "http://127.0.0.1/cb"),
        ("https://127.0.0.1:1/cb", "https://127.0.0.1/cb"),
        ("http://localhost:1/cb", "http://localhost/cb"),
        ("http://127.0.0.1:1@evil.example/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1:99999/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1:/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1:+1/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1.evil.example/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1:1.evil.example", "http://127.0.0.1"),
        ("http://127.0.0.1:1@shop.example/cb", "http://127.0.0.1@shop.example/cb"),
    ] {
        assert_eq!(bind(requested, &[registered]), Err(Unbound::Unregistered), "{requested}");
    }
}

#[test]
fn rfc6749_3_1_2_3_without_an_address_the_only_registered_one_is_used() {
    let one = [String::from("https://app.example/cb")];
    let bound = RedirectUri::bind(None, &one).unwrap();
    assert_eq!((bound.as_str(), bound.was_sent()), ("https://app.example/cb", false));
    let two = [one[0].clone(), String::from("https://app.example/cb2")];
    assert_eq!(RedirectUri::bind(None, &two), Err(Unbound::Missing));
    assert_eq!(RedirectUri::bind(None, &[]), Err(Unbound::Missing));
}

#[test]
fn rfc6749_3_1_2_an_address_has_no_fragment_even_when_registered() {
    for bad in ["https://app.example/cb#f", "javascript:alert(1)", "data:text/html,x", "/cb", "https://é/"] {
        assert_eq!(bind(bad, &[bad]), Err(Unbound::Unregistered), "{bad}");
        assert_eq!(RedirectUri::bind(None, &[bad.to_owned()]), Err(Unbound::Unregistered), "{bad}");
    }
}

#[test]
fn an_address_that_a_browser_reads_as_a_place_of_our_own_is_nobodys() {
    for bad in ["https:cb", "https:/account/delete", "https:app.example/cb", "http:/cb", "https:///cb"] {
        assert_eq!(bind(bad, &[bad]), Err(Unbound::Unregistered), "{bad}");
    }
    assert!(bind("HTTPS://app.example/cb", &["HTTPS://app.example/cb"]).is_ok());
}

#[test]
fn a_policy_source_is_the_origin_or_the_private_scheme() {
    for (uri, source, host) in [
        ("https://app.example:8443/cb?x", "https://app.example:8443", "app.example:8443"),
        ("http://127.0.0.1:5/cb", "http://127.0.0.1:5", "127.0.0.1:5"),
        ("http://[::1]:5/cb", "http:", "[::1]:5"),
        ("https://192.0.2.1/cb", "https:", "192.0.2.1"),
        ("https://a;script-src/cb", "https:", "a;script-src"),
        ("https://a,b/cb", "https:", "a,b"),
        ("https://a'b*c/cb", "https:", "a'b*c"),
        ("com.example.app:/cb", "com.example.app:", "com.example.app"),
        ("com.example.app://bank.example/cb", "com.example.app:", "com.example.app"),
    ] {
        let bound = bind(uri, &[uri]).unwrap();
        assert_eq!((bound.csp_source().as_str(), bound.host().as_str()), (source, host));
    }
}

proptest::proptest! {
    #[test]
    fn nothing_binds_but_what_is_registered(requested in "\\PC{0,60}") {
        let registered = ["https://app.example/cb", "com.example.app:/cb"];
        let bound = bind(&requested, &registered).is_ok();
        proptest::prop_assert_eq!(bound, registered.contains(&requested.as_str()));
    }

    #[test]
    fn whatever_loopback_address_binds_is_loopback_to_a_url_parser(
        tail in "[:@/?#\\\\.0-9a-z%\\[\\]]{0,20}",
    ) {
        let requested = format!("http://127.0.0.1{tail}");
        if bind(&requested, &["http://127.0.0.1/cb"]).is_ok() {
            let url = Url::parse(&requested).unwrap();
            proptest::prop_assert_eq!(url.host_str(), Some("127.0.0.1"));
            proptest::prop_assert_eq!(url.path(), "/cb");
            proptest::prop_assert!(url.username().is_empty());
        }
    }

    #[test]
    fn any_port_of_a_loopback_address_binds(port: u16) {
        let requested = format!("http://127.0.0.1:{port}/cb");
        let bound = bind(&requested, &["http://127.0.0.1/cb"]).unwrap();
        proptest::prop_assert_eq!(bound.as_str(), requested.as_str());
    }

    /// An address that looks like a registered one, as people and attackers get them wrong: in one place, by one letter.
    #[test]
    fn one_letter_makes_another_address(
        registered in proptest::sample::select(vec![
            "https://app.example/cb",
            "https://app.example:8443/a/b?keep=1",
            "com.example.app:/cb",
            "http://localhost:8080/cb",
            "https://127.0.0.1/cb",
        ]),
        at: proptest::sample::Index,
        cut in 0..=1_usize,
        put in "[a-zA-Z0-9./:@?#%&=+~*\\\\ -]{0,2}",
    ) {
        let (before, rest) = registered.split_at(at.index(registered.len()));
        let after = rest.split_at(cut).1;
        let requested = format!("{before}{put}{after}");
        let bound = bind(&requested, &["https://other.example/", registered]).is_ok();
        proptest::prop_assert_eq!(bound, requested == registered, "{}", requested);
    }
}
