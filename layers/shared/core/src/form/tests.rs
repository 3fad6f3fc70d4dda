use super::*;

const KNOWN: &[&str] = &["a", "b", "client_id"];

#[test]
fn rfc6749_3_1_an_empty_value_is_no_value_and_unknown_names_are_ignored() {
    let form = Form::parse(b"a=&b=x+y%2f&z=1&z=2&&=", KNOWN).unwrap();
    assert_eq!(form.get("a"), Ok(None));
    assert_eq!(form.get("b"), Ok(Some("x y/")));
    assert_eq!(form.get("z"), Ok(None));
    assert_eq!(form.bad(), None);
}

#[test]
fn rfc6749_3_1_a_parameter_given_twice_is_bad_even_when_one_is_empty() {
    for twice in ["a=1&a=1", "a=&a=1", "a=1&a", "a=1&%61=2"] {
        let form = Form::parse(twice.as_bytes(), KNOWN).unwrap();
        assert_eq!(form.get("a"), Err(BadParameter::Repeated), "{twice}");
        assert_eq!(form.bad(), Some(("a", BadParameter::Repeated)));
    }
}

#[test]
fn rfc8707_2_only_a_list_may_be_there_several_times() {
    let form = Form::parse_with_lists(b"l=1&a=x&l=&l=2&l=1", KNOWN, &["l"]).unwrap();
    assert_eq!(form.list("l"), Ok(vec!["1", "2", "1"]));
    assert_eq!((form.get("l"), form.get("a"), form.list("a")), (Ok(None), Ok(Some("x")), Ok(vec![])));
    assert_eq!(form.bad(), None);
    let torn = Form::parse_with_lists(b"l=1&l=%zz", &[], &["l"]).unwrap();
    assert_eq!(torn.list("l"), Err(BadParameter::Unreadable));
    assert_eq!(torn.bad(), Some(("l", BadParameter::Unreadable)));
    assert!(!torn.is_empty());
    assert!(!format!("{form:?}").contains('2'));
}

#[test]
fn a_value_that_is_no_percent_encoded_utf8_is_bad() {
    for torn in ["a=%", "a=%2", "a=%zz", "a=%ff", "a=%c3"] {
        let form = Form::parse(torn.as_bytes(), KNOWN).unwrap();
        assert_eq!(form.get("a"), Err(BadParameter::Unreadable), "{torn}");
    }
}

#[test]
fn what_is_torn_is_seen_in_unknown_fields_too() {
    for torn in ["%ff=a", "z=%zz", "a=%2", "%"] {
        assert!(Form::parse(torn.as_bytes(), KNOWN).unwrap().is_torn(), "{torn}");
    }
    assert!(!Form::parse(b"z=%c3%a9&&=&a", KNOWN).unwrap().is_torn());
}

#[test]
fn an_empty_value_was_sent_all_the_same() {
    let mut form = Form::parse(b"a=&b&client_id&client_id", KNOWN).unwrap();
    for sent in ["a", "b"] {
        assert!(form.take(sent).unwrap().unwrap().expose().is_empty());
        assert!(form.take(sent).unwrap().is_none());
    }
    assert_eq!(form.take("client_id").unwrap_err(), BadParameter::Repeated);
}

#[test]
fn more_than_64_kib_is_not_read() {
    assert!(Form::parse(&vec![b'&'; MAX_LENGTH], KNOWN).is_ok());
    assert!(Form::parse(&vec![b'&'; MAX_LENGTH + 1], KNOWN).is_err());
}

#[test]
fn a_form_prints_no_value() {
    let form = Form::parse(b"a=hush", KNOWN).unwrap();
    assert!(!format!("{form:?}").contains("hush"));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let _ = Form::parse(&bytes, KNOWN);
    }

    /// Whatever comes in whatever order: what is there once is read, what is there more often is not.
    #[test]
    fn each_parameter_is_read_by_itself_and_only_once(
        pairs in proptest::collection::vec(
            (proptest::sample::select(vec!["a", "b", "client_id", "l", "z", ""]), "\\PC{0,6}"),
            0..8,
        ),
    ) {
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let form = Form::parse_with_lists(text.as_bytes(), KNOWN, &["l"]).unwrap();
        let of = |name: &str| -> Vec<&str> {
            let own = pairs.iter().filter(|(known, _)| *known == name);
            own.map(|(_, value)| value.as_str()).collect()
        };
        for name in KNOWN {
            let expected = match of(name)[..] {
                [] | [""] => Ok(None),
                [only] => Ok(Some(only)),
                _ => Err(BadParameter::Repeated),
            };
            proptest::prop_assert_eq!(form.get(name), expected);
        }
        let listed: Vec<_> = of("l").into_iter().filter(|value| !value.is_empty()).collect();
        proptest::prop_assert_eq!(form.list("l"), Ok(listed));
        proptest::prop_assert!(!form.is_torn());
        let repeated = KNOWN.iter().any(|name| of(name).len() > 1);
        proptest::prop_assert_eq!(form.bad().is_some(), repeated);
    }

    #[test]
    fn what_is_encoded_reads_back(value in "\\PC{1,40}") {
        let text = url::form_urlencoded::Serializer::new(String::new()).append_pair("a", &value).finish();
        let form = Form::parse(text.as_bytes(), KNOWN).unwrap();
        proptest::prop_assert_eq!(form.get("a"), Ok(Some(value.as_str())));
    }
}
