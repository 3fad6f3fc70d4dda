//! The client against real servers on this machine.

#![expect(clippy::unwrap_used, reason = "a test")]

#[cfg(test)]
mod server;

use std::time::Duration;

use http::StatusCode;
use rcgen::{CertifiedKey, KeyPair};
use server::{Answer, Server, acceptor, certificate, expired_certificate};
use towergate_guarded_http::{AddressClass, FetchError, GuardedClient, HttpsUrl, Policy};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: max-age=60\r\netag: \"1\"\r\n\
                  content-length: 11\r\n\r\n{\"keys\":[]}";

fn says(text: impl Into<Vec<u8>>) -> Answer {
    Answer::Says(text.into())
}

fn trusting(certified: &CertifiedKey<KeyPair>) -> Policy {
    Policy::new().danger_allow_loopback().extra_ca(certified.cert.pem())
}

/// What a client that trusts the server and this machine hears over TLS.
async fn heard(answer: Answer) -> Result<towergate_guarded_http::Fetched, FetchError> {
    let certified = certificate("localhost");
    let server = Server::tls(&certified, answer).await;
    let client = GuardedClient::new(trusting(&certified)).unwrap();
    client.get(&client.url(&server.url("https")).unwrap(), "application/json").await
}

#[tokio::test]
async fn a_get_over_tls_is_answered() {
    let certified = certificate("localhost");
    let mut server = Server::tls(&certified, says(OK)).await;
    let client = GuardedClient::new(trusting(&certified)).unwrap();
    let url = client.url(&server.url("https")).unwrap();

    let fetched = client.get(&url, "application/json").await.unwrap();

    assert_eq!(fetched.status, StatusCode::OK);
    assert_eq!(fetched.media_type().as_deref(), Some("application/json"));
    assert_eq!(fetched.max_age, Some(Duration::from_secs(60)));
    assert_eq!(fetched.etag.as_deref(), Some("\"1\""));
    assert_eq!(fetched.body, r#"{"keys":[]}"#);
    let asked = server.asked_so_far();
    let [asked] = asked.as_slice() else { panic!("{asked:?}") };
    let port = server.at.port();
    let (first, fields) = asked.split_once("\r\n").unwrap();
    assert_eq!(first, "GET /jwks.json?v=1 HTTP/1.1");
    let mut fields: Vec<_> = fields.trim_end().lines().map(str::to_owned).collect();
    fields.sort();
    let expected = [
        "accept-encoding: identity",
        "accept: application/json",
        "connection: close",
        &format!("host: localhost:{port}"),
        "user-agent: towergate",
    ];
    assert_eq!(fields, expected, "nothing else goes out: no cookie, no credentials");
}

#[tokio::test]
async fn a_post_sends_its_body_once() {
    let certified = certificate("localhost");
    let mut server = Server::tls(&certified, says("HTTP/1.1 204 No Content\r\n\r\n")).await;
    let client = GuardedClient::new(trusting(&certified)).unwrap();
    let url = client.url(&server.url("https")).unwrap();

    let fetched =
        client.post(&url, "application/x-www-form-urlencoded", b"logout_token=x".to_vec()).await.unwrap();

    assert_eq!((fetched.status, fetched.body.len()), (StatusCode::NO_CONTENT, 0));
    let asked = server.asked_so_far();
    let [asked] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(asked.starts_with("POST /jwks.json?v=1 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("\r\ncontent-type: application/x-www-form-urlencoded\r\n"), "{asked}");
    assert!(asked.ends_with("\r\n\r\nlogout_token=x"), "{asked}");
}

#[tokio::test]
async fn this_machine_is_refused_by_name_and_by_address() {
    let certified = certificate("localhost");
    let mut server = Server::tls(&certified, says(OK)).await;
    let client = GuardedClient::new(Policy::new().extra_ca(certified.cert.pem())).unwrap();
    let port = server.at.port();
    for host in ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "127.9.9.9"] {
        let url = client.url(&format!("https://{host}:{port}/")).unwrap();
        let refused = client.get(&url, "application/json").await.unwrap_err();
        let class = match &refused {
            FetchError::Refused { class, .. } => class,
            other => panic!("{host}: {other}"),
        };
        assert_eq!((*class, refused.is_temporary()), (AddressClass::Loopback, false), "{host}");
    }
    assert_eq!(server.asked_so_far(), Vec::<String>::new());
}

#[tokio::test]
async fn an_address_that_is_not_public_is_refused_whatever_the_policy() {
    for policy in [Policy::new(), Policy::new().danger_allow_loopback()] {
        let client = GuardedClient::new(policy).unwrap();
        for (host, expected) in [
            ("10.0.0.1", AddressClass::Private),
            ("169.254.169.254", AddressClass::Metadata),
            ("0.0.0.0", AddressClass::Unspecified),
            ("[fd00::1]", AddressClass::Private),
            ("[fe80::1]", AddressClass::LinkLocal),
            ("[64:ff9b::10.0.0.1]", AddressClass::Private),
        ] {
            let url = client.url(&format!("https://{host}/")).unwrap();
            let refused = client.get(&url, "application/json").await;
            assert!(
                matches!(refused, Err(FetchError::Refused { class, .. }) if class == expected),
                "{host}: {refused:?}"
            );
        }
    }
}

#[tokio::test]
async fn plain_http_is_checked_again_when_it_is_sent() {
    let mut server = Server::plain(says(OK)).await;
    let url = HttpsUrl::danger_parse_allowing_loopback(&server.url("http")).unwrap();

    let strict = GuardedClient::new(Policy::new()).unwrap();
    assert!(strict.url(url.as_str()).is_err());
    assert!(matches!(strict.get(&url, "application/json").await, Err(FetchError::Plain)));
    assert_eq!(server.asked_so_far(), Vec::<String>::new());

    let here = GuardedClient::new(Policy::new().danger_allow_loopback()).unwrap();
    assert_eq!(here.get(&url, "application/json").await.unwrap().status, StatusCode::OK);
    assert!(here.url("http://client.example/").is_err());
}

#[tokio::test]
async fn an_ipv6_address_is_asked_in_brackets() {
    let certified = certificate("::1");
    let mut server = Server::start("[::1]:0", Some(acceptor(&certified)), says(OK)).await;
    let client = GuardedClient::new(trusting(&certified)).unwrap();
    let url = client.url(&format!("https://[::1]:{}/", server.at.port())).unwrap();
    assert_eq!(client.get(&url, "application/json").await.unwrap().status, StatusCode::OK);
    assert!(server.asked_so_far().concat().contains(&format!("host: [::1]:{}", server.at.port())));
}

#[tokio::test]
async fn a_certificate_must_be_trusted_for_this_host_and_in_time() {
    for (shown, trusted) in [
        (certificate("localhost"), false),
        (certificate("other.example"), true),
        (expired_certificate(), true),
    ] {
        let mut server = Server::tls(&shown, says(OK)).await;
        let policy = if trusted { trusting(&shown) } else { Policy::new().danger_allow_loopback() };
        let client = GuardedClient::new(policy).unwrap();
        let refused = client.get(&client.url(&server.url("https")).unwrap(), "application/json").await;
        let Err(refused @ FetchError::Tls(_)) = refused else { panic!("{refused:?}") };
        assert!(refused.to_string().contains("certificate"), "{refused}");
        assert_eq!(server.asked_so_far(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused() {
    let server = Server::plain(Answer::Interrupts(OK.into())).await;
    let client = GuardedClient::new(Policy::new().danger_allow_loopback()).unwrap();
    let refused = client.get(&client.url(&server.url("https")).unwrap(), "application/json").await;
    assert!(matches!(refused, Err(FetchError::Tls(_))), "{refused:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let certified = certificate("localhost");
    let mut other = Server::tls(&certified, says(OK)).await;
    for status in [301, 302, 303, 307, 308] {
        let location = other.url("https");
        let answer = format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let mut server = Server::tls(&certified, says(answer)).await;
        let client = GuardedClient::new(trusting(&certified)).unwrap();
        let refused = client.get(&client.url(&server.url("https")).unwrap(), "application/json").await;
        assert!(matches!(refused, Err(FetchError::Redirected(_))), "{refused:?}");
        assert_eq!(server.asked_so_far().len(), 1);
    }
    assert_eq!(other.asked_so_far(), Vec::<String>::new());
}

#[tokio::test]
async fn a_body_without_end_is_refused_while_it_comes() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let refused = heard(Answer::NeverEnds(head.into())).await;
    assert!(matches!(refused, Err(FetchError::TooLarge { limit: 65536 })), "{refused:?}");
}

#[tokio::test]
async fn a_declared_length_over_the_bound_is_refused_before_the_body() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 65537\r\n\r\n";
    let refused = heard(Answer::SaysAndStays(head.into())).await;
    assert!(matches!(refused, Err(FetchError::TooLarge { limit: 65536 })), "{refused:?}");
}

#[tokio::test]
async fn a_body_of_just_the_bound_passes() {
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 65536\r\n\r\n{}", "x".repeat(65536));
    assert_eq!(heard(says(answer)).await.unwrap().body.len(), 65536);
}

#[tokio::test]
async fn a_header_without_measure_is_refused() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(64 * 1024));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(65));
    for answer in [long, many] {
        let refused = heard(says(answer)).await;
        let Err(refused @ FetchError::Exchange(_)) = refused else { panic!("{refused:?}") };
        assert!(refused.to_string().contains("too large"), "{refused}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_count_is_an_error() {
    for (status, temporary) in [(204, false), (206, false), (304, false), (404, false), (503, true)] {
        let refused =
            heard(says(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n"))).await.unwrap_err();
        let (FetchError::Status(told) | FetchError::Redirected(told)) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!((told.as_u16(), refused.is_temporary()), (status, temporary));
    }
}

#[tokio::test]
async fn a_post_that_is_refused_is_an_error() {
    let certified = certificate("localhost");
    let server = Server::tls(&certified, says("HTTP/1.1 400 X\r\ncontent-length: 0\r\n\r\n")).await;
    let client = GuardedClient::new(trusting(&certified)).unwrap();
    let refused = client.post(&client.url(&server.url("https")).unwrap(), "text/plain", Vec::new()).await;
    assert!(matches!(refused, Err(FetchError::Status(StatusCode::BAD_REQUEST))), "{refused:?}");
}

#[tokio::test]
async fn a_compressed_or_broken_answer_is_refused() {
    let compressed = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx";
    assert!(matches!(heard(says(compressed)).await, Err(FetchError::Encoded)));
    for broken in ["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx", "SSH-2.0-x\r\n", ""] {
        let refused = heard(says(broken)).await;
        assert!(matches!(refused, Err(FetchError::Exchange(_))), "{broken}: {refused:?}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let certified = certificate("localhost");
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx";
    for answer in [Answer::Silent, Answer::SaysAndStays(Vec::new()), Answer::SaysAndStays(half.into())] {
        let server = Server::tls(&certified, answer).await;
        let client = GuardedClient::new(trusting(&certified).timeout(Duration::from_millis(50))).unwrap();
        let refused = client.get(&client.url(&server.url("https")).unwrap(), "application/json").await;
        let Err(refused @ FetchError::Timeout) = refused else { panic!("{refused:?}") };
        assert!(refused.is_temporary());
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_a_failure_of_the_connection() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let client = GuardedClient::new(Policy::new().danger_allow_loopback()).unwrap();
    let url = client.url(&format!("https://{free}/")).unwrap();
    let refused = client.get(&url, "application/json").await.unwrap_err();
    assert!(matches!(refused, FetchError::Connect(_)) && refused.is_temporary(), "{refused:?}");
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_is_given_up() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(0).unwrap();
    let at = full.local_addr().unwrap();
    let _waits = tokio::net::TcpStream::connect(at).await.unwrap();
    let policy = Policy::new().danger_allow_loopback().connect_timeout(Duration::from_millis(50));
    let client = GuardedClient::new(policy).unwrap();
    let refused = client.get(&client.url(&format!("https://{at}/")).unwrap(), "application/json").await;
    assert!(matches!(refused, Err(FetchError::Connect(_))), "{refused:?}");
}

#[tokio::test]
async fn a_media_type_that_is_no_header_is_refused() {
    let client = GuardedClient::new(Policy::new()).unwrap();
    let url = client.url("https://127.0.0.1/").unwrap();
    assert!(matches!(client.get(&url, "a\r\nb: c").await, Err(FetchError::Request)));
    assert!(matches!(client.post(&url, "a\nb", Vec::new()).await, Err(FetchError::Request)));
}
