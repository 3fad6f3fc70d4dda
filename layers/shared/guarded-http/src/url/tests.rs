use super::*;

#[test]
fn https_with_a_host_is_read_as_written() {
    for good in [
        "https://client.example",
        "https://client.example/",
        "https://client.example:8443/a/../b?c=%20&d",
        "https://CLIENT.example./x",
        "https://xn--bcher-kva.example/",
        "https://a_b.example/",
        "https://203.0.113.7/",
        "https://[2001:db8::1]:444/",
        "HTTPS://client.example/",
    ] {
        assert_eq!(HttpsUrl::parse(good).unwrap().as_str(), good);
    }
}

#[test]
fn each_defect_is_named() {
    for (bad, defect) in [
        ("", InvalidUrl::Malformed),
        ("client.example", InvalidUrl::Scheme),
        ("/jwks.json", InvalidUrl::Malformed),
        ("https:///x", InvalidUrl::Malformed),
        ("https://client.example/a b", InvalidUrl::Malformed),
        ("https://client.example/\n", InvalidUrl::Malformed),
        ("https://client.example\\@evil.example/", InvalidUrl::Malformed),
        ("https://client.example/a\\b", InvalidUrl::Malformed),
        ("https://bücher.example/", InvalidUrl::Malformed),
        ("http://client.example/", InvalidUrl::Scheme),
        ("http://127.0.0.1/", InvalidUrl::Scheme),
        ("ftp://client.example/", InvalidUrl::Scheme),
        ("https://client.example/#x", InvalidUrl::Fragment),
        ("https://client.example/#", InvalidUrl::Fragment),
        ("https://user@client.example/", InvalidUrl::UserInfo),
        ("https://user:word@client.example/", InvalidUrl::UserInfo),
        ("https://@client.example/", InvalidUrl::UserInfo),
        ("https://client.example:/", InvalidUrl::Port),
        ("https://client.example:0/", InvalidUrl::Port),
        ("https://client.example:65536/", InvalidUrl::Port),
    ] {
        assert_eq!(HttpsUrl::parse(bad), Err(defect), "{bad}");
    }
    let long = format!("https://client.example/{}", "a".repeat(MAX_LENGTH));
    assert_eq!(HttpsUrl::parse(&long), Err(InvalidUrl::Length));
}

#[test]
fn a_host_has_one_reading_or_none() {
    let name_of = |labels| format!("https://{}a/", "a.".repeat(labels));
    assert!(HttpsUrl::parse(&name_of(126)).is_ok());
    let (long_name, long_label) = (name_of(127), format!("https://{}.example/", "a".repeat(64)));
    for bad in [
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://client.0x/",
        "https://%6cocalhost/",
        "https://a..b/",
        "https://./",
        "https://[::1%25lo]/",
        "https://[::1/",
        "https://[v1.x]/",
        long_name.as_str(),
        long_label.as_str(),
    ] {
        assert!(HttpsUrl::parse(bad).is_err(), "{bad}");
    }
    assert_eq!(HttpsUrl::parse("https://[::FFFF:127.0.0.1]/").unwrap().host(), "::ffff:127.0.0.1");
}

#[test]
fn plain_http_is_for_this_machine_alone() {
    let read = HttpsUrl::danger_parse_allowing_loopback;
    for good in [
        "http://127.0.0.1:80/",
        "http://127.9.9.9/",
        "http://[::1]/",
        "http://localhost/",
        "http://a.LOCALHOST/",
    ] {
        assert!(read(good).is_ok(), "{good}");
    }
    for bad in ["http://client.example/", "http://10.0.0.1/", "http://notlocalhost/", "http://[::]/"] {
        assert_eq!(read(bad), Err(InvalidUrl::Scheme), "{bad}");
    }
    assert!(read("https://client.example/").is_ok());
}
