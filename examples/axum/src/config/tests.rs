mod passwords;

use towergate::{client_address::ForwardedBy, login::SignInLimits};

use super::*;

const BASE: &str = "addr = \"127.0.0.1:3000\"\nissuer = \"http://localhost:3000\"\ndatabase = \"memory:\"\n";

fn refusals(text: &str) -> Vec<(usize, String)> {
    let problems = Config::parse("test.toml", text).unwrap_err();
    problems.list().iter().map(|problem| (problem.line, problem.text.clone())).collect()
}

#[test]
fn the_file_that_comes_with_the_example_is_accepted() {
    let config = Config::parse("towergate.toml", BUILT_IN).unwrap();
    assert_eq!(config.issuer_text(), "http://localhost:3000");
    assert_eq!(config.database, Database::Sqlite(PathBuf::from("towergate.db")));
    assert_eq!(config.demo.unwrap().origin(), "http://localhost:4000");
    assert!(config.users[0].password.is_none());
    assert_eq!(config.users[0].claims["given_name"], "Alice");
}

#[test]
fn all_problems_are_told_at_once_with_their_lines() {
    let text = "addr = \"localhost\"\nissuer = \"http://example.com\"\ndatabase = \"postgres://x\"\ncolour = 1\n\
                [[users]]\nemail = \"alice\"\nbirthdate = \"yesterday\"\n[[clients]]\nclient_id = \"c\"\n\
                redirect_uris = [\"http://app.example.com/cb\"]\n[demo]\nenabled = \"yes\"\n";
    let told = refusals(text);
    for (line, word) in [
        (1, "`addr`"),
        (2, "`issuer` must be https"),
        (3, "PostgreSQL"),
        (4, "unknown key `colour`"),
        (6, "`email`"),
        (7, "`birthdate`"),
        (8, "needs a client_secret"),
        (10, "redirect_uri \"http://app.example.com/cb\""),
        (12, "`enabled` must be true or false, not a text"),
    ] {
        assert!(told.iter().any(|(at, text)| *at == line && text.contains(word)), "{line} {word}: {told:?}");
    }
    assert_eq!(told.len(), 9, "{told:?}");
}

#[test]
fn redis_stands_beside_postgres_alone() {
    let with = |database: &str, redis: &str| {
        format!(
            "addr = \"127.0.0.1:1\"\nissuer = \"http://localhost\"\ndatabase = \"{database}\"\nredis = \"{redis}\"\n\
             [keys]\nseal_key_file = \"gate.key\"\n"
        )
    };
    for place in ["redis://127.0.0.1/1", "redis+unix:///run/redis.sock"] {
        let config = Config::parse("test.toml", &with("postgres://x/y", place)).unwrap();
        assert_eq!(config.redis.unwrap().expose(), place);
    }
    for (database, redis, word) in [
        ("memory:", "redis://127.0.0.1", "only beside PostgreSQL"),
        ("sqlite:a.db", "redis://127.0.0.1", "only beside PostgreSQL"),
        ("postgres://x/y", "http://127.0.0.1", "must be `redis://"),
        ("postgres://x/y", "127.0.0.1:6379", "must be `redis://"),
    ] {
        let told = refusals(&with(database, redis));
        assert!(told.len() == 1 && told[0].0 == 4 && told[0].1.contains(word), "{redis}: {told:?}");
    }
    let secret = Config::parse("test.toml", &with("postgres://x/y", "redis://me:hush@127.0.0.1")).unwrap();
    assert!(!format!("{secret:?}").contains("hush"));
}

#[test]
fn what_is_not_toml_is_told_beside_the_rest() {
    let told = refusals("addr = \nissuer = \"ftp://x\"\n");
    assert!(told.iter().any(|(line, _)| *line == 1), "{told:?}");
    assert!(told.iter().any(|(_, text)| text.contains("`issuer`")), "{told:?}");
}

#[test]
fn an_issuer_is_an_address_in_its_usual_spelling() {
    for bad in [
        "https://x.example/",
        "https://x.example/a/",
        "https://x.example/a?b",
        "https://x.example#",
        "https://me@x.example",
        "https://x.example:443",
        "https://x.example/a/../b",
        "https://X.example",
        "http://10.0.0.1",
        "x",
    ] {
        let text = format!("addr = \"127.0.0.1:1\"\nissuer = {bad:?}\ndatabase = \"memory:\"\n");
        assert_eq!(refusals(&text).len(), 1, "{bad}");
    }
    for (good, api) in [
        ("https://x.example", "https://x.example/api"),
        ("https://x.example:8443/a/b", "https://x.example:8443/api"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000/api"),
        ("http://[::1]:3000", "http://[::1]:3000/api"),
    ] {
        let text = format!("addr = \"127.0.0.1:1\"\nissuer = {good:?}\ndatabase = \"memory:\"\n");
        let config = Config::parse("test.toml", &text).unwrap();
        assert_eq!((config.issuer_text().as_str(), config.api_audience().as_str()), (good, api));
    }
}

const GUARD: &str = "[[clients]]\nclient_id = \"guard\"\nclient_secret = \"0123456789abcdef0123456789abcdef\"\n\
                     grant_types = [\"client_credentials\"]\n";

#[test]
fn an_api_is_read_with_its_guard_and_its_scope() {
    let api = "[[resource_servers]]\nresource = \"https://mail.example\"\nclient_id = \"guard\"\n\
               scope = \"mail.read mail.send\"\n[[resource_servers]]\nresource = \"urn:example:open\"\n";
    let servers = Config::parse("test.toml", &format!("{BASE}{GUARD}{api}")).unwrap().resource_servers;
    let read: Vec<_> = servers
        .iter()
        .map(|api| {
            let guard = api.client.as_ref().map(ToString::to_string);
            (api.resource(), guard, api.scope.as_ref().map(ToString::to_string))
        })
        .collect();
    let mail = ("https://mail.example", Some("guard".into()), Some("mail.read mail.send".into()));
    assert_eq!(read, [mail, ("urn:example:open", None, None)]);
}

#[test]
fn an_api_that_nobody_could_guard_is_refused() {
    for (lines, word) in [
        ("client_id = \"guard\"", "`resource` is missing"),
        ("resource = \"mail\"", "`resource`: a resource must be an absolute URI"),
        ("resource = \"https://a.example\"\nclient_id = \"nobody\"", "no [[clients]] has it"),
        ("resource = \"https://a.example\"\nclient_id = \"public\"", "a public client cannot ask"),
        ("resource = \"https://a.example\"\nscope = \"\\\"\"", "`scope`"),
        ("resource = \"https://a.example\"\nscopes = \"a\"", "unknown key `scopes`"),
        (
            "resource = \"https://a.example\"\n[[resource_servers]]\nresource = \"https://a.example\"",
            "is there twice",
        ),
    ] {
        let public = "[[clients]]\nclient_id = \"public\"\ntoken_endpoint_auth_method = \"none\"\n\
                      redirect_uris = [\"https://app.example/cb\"]\n";
        let told = refusals(&format!("{BASE}{GUARD}{public}[[resource_servers]]\n{lines}\n"));
        assert!(told.len() == 1 && told[0].1.contains(word), "{lines}: {told:?}");
    }
}

#[test]
fn a_client_is_read_under_its_registered_names() {
    let text = format!(
        "{BASE}[[clients]]\nclient_id = \"c\"\ntoken_endpoint_auth_method = \"none\"\nclient_name = \"C\"\n\
         redirect_uris = [\"com.example.app:/cb\", \"http://127.0.0.1/cb\"]\nresponse_types = [\"code\"]\n\
         grant_types = [\"authorization_code\", \"refresh_token\"]\nscope = \"openid profile\"\n\
         id_token_signed_response_alg = \"ES256\"\naccess_token_format = \"opaque\"\n"
    );
    let client = Config::parse("test.toml", &text).unwrap().clients.remove(0).client;
    assert!(client.secret.is_none());
    assert_eq!(client.metadata.id_token_signed_response_alg, towergate::jose::Algorithm::ES256);
    assert_eq!(client.metadata.redirect_uris.len(), 2);
    assert_eq!(client.metadata.scope.to_string(), "openid profile");
}

#[test]
fn only_public_addresses_are_asked_unless_told_otherwise() {
    assert_eq!(Config::parse("test.toml", BASE).unwrap().outbound, Outbound::default());
    let text = format!("{BASE}[outbound]\nextra_ca = \"ca.pem\"\ndanger_allow_loopback = true\n");
    let outbound = Config::parse("test.toml", &text).unwrap().outbound;
    let extra_ca = Some(PathBuf::from("ca.pem"));
    assert_eq!(outbound, Outbound { extra_ca, danger_allow_loopback: true });
    assert_eq!(refusals(&format!("{BASE}[outbound]\nallow = true\n")).len(), 1);
}

#[test]
fn doubles_are_refused() {
    let text = format!("{BASE}[[users]]\nemail = \"a@b\"\n[[users]]\nemail = \"A@B\"\n");
    assert!(refusals(&text)[0].1.contains("twice"));
}

#[test]
fn a_missing_file_is_a_problem_like_any_other() {
    let told = Config::read(Path::new("/nowhere/at/all.toml")).unwrap_err().to_string();
    assert!(told.contains("/nowhere/at/all.toml: 1 problem"), "{told}");
}

const KEY: &str = "kty = \"OKP\", crv = \"Ed25519\", x = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"";

#[test]
fn the_keys_of_a_client_stand_in_a_table_or_in_json() {
    let json =
        r#"'{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}'"#;
    for keys in [format!("{{ keys = [{{ {KEY} }}] }}"), json.to_owned()] {
        let text = format!(
            "{BASE}[[clients]]\nclient_id = \"c\"\ntoken_endpoint_auth_method = \"private_key_jwt\"\n\
             redirect_uris = [\"https://app.example/cb\"]\njwks = {keys}\n"
        );
        let client = Config::parse("test.toml", &text).unwrap().clients.remove(0).client;
        assert!(client.secret.is_none());
        assert_eq!(client.metadata.jwks.unwrap().keys().len(), 1);
    }
}

#[test]
fn each_field_of_a_client_is_refused_at_its_value() {
    let told = refusals(&format!(
        "{BASE}[[clients]]\nclient_id = \"c\"\nclient_secret = \"0123456789abcdef\"\nredirect_uris = [\n\
         \"https://app.example/cb\",\n\"http://app.example/cb\",\n]\ndefault_max_age = -1\ncolour = 1\n\
         jwks = '{{\"keys\":[],\"keys\":[]}}'\nlogo_uri = 1979-05-27\n"
    ));
    for (line, word) in [
        (9, "redirect_uri \"http://app.example/cb\""),
        (11, "default_max_age must be a whole number of seconds"),
        (12, "unknown key `colour`"),
        (13, "`jwks`"),
        (14, "logo_uri"),
    ] {
        assert!(told.iter().any(|(at, text)| *at == line && text.contains(word)), "{line} {word}: {told:?}");
    }
    assert_eq!(told.len(), 5, "{told:?}");
}

#[test]
fn a_database_that_is_shared_wants_a_seal_key_that_is_and_keeps_its_password_to_itself() {
    let text = BASE.replace("memory:", "postgres://gate:hush@db.example:5433/towergate?sslmode=require");
    let told = refusals(&text);
    assert!(told[0].0 == 3 && told[0].1.contains("`[keys] seal_key_file`"), "{told:?}");
    let config =
        Config::parse("test.toml", &format!("{text}[keys]\nseal_key_file = \"gate.key\"\n")).unwrap();
    let shown = format!("{config:?}");
    assert!(shown.contains("postgres://db.example:5433/towergate") && !shown.contains("hush"), "{shown}");
    let Database::Postgres(url) = config.database else { panic!("{shown}") };
    assert!(url.expose().contains(":hush@"));
    assert!(refusals(&BASE.replace("memory:", "postgres:"))[0].1.contains("must be"));
    assert!(refusals(&BASE.replace("memory:", "mysql://x"))[0].1.contains("must be"));
}

fn rotation(lines: &str) -> RotationPolicy {
    Config::parse("test.toml", &format!("{BASE}[keys]\n{lines}")).unwrap().rotation
}

#[test]
fn every_algorithm_is_signed_with_unless_fewer_are_named() {
    let all = Config::parse("test.toml", BASE).unwrap().rotation;
    assert_eq!(all.wanted().count(), 4);
    assert_eq!(rotation("algorithms = [\"EdDSA\"]").wanted().count(), 3);
    let client = "[[clients]]\nclient_id = \"c\"\nclient_secret = \"0123456789abcdef0123456789abcdef\"\n\
                  redirect_uris = [\"https://app.example/cb\"]\nid_token_signed_response_alg = \"PS256\"\n";
    assert!(Config::parse("test.toml", &format!("{BASE}{client}")).is_ok());
    let told = refusals(&format!("{BASE}[keys]\nalgorithms = [\"EdDSA\"]\n{client}"));
    assert!(told[0].1.contains("wants PS256"), "{told:?}");
    for field in ["userinfo_signed_response_alg", "introspection_signed_response_alg"] {
        let other = client.replace("id_token_signed_response_alg", field);
        let told = refusals(&format!("{BASE}[keys]\nalgorithms = [\"EdDSA\"]\n{other}"));
        assert!(told[0].1.contains("wants PS256"), "{field}: {told:?}");
    }
}

#[test]
fn keys_are_published_early_enough_whatever_the_pace() {
    for (lines, publish_for, turn_every) in [
        ("", 3600, 60),
        ("rotate_every = \"30d\"", 3600, 60),
        ("rotate_every = \"1h\"", 1800, 60),
        ("rotate_every = \"10s\"\ncache_for = \"2s\"", 5, 2),
        ("cache_for = \"2h\"", 7260, 60),
        ("publish_for = \"1d\"", 86_400, 60),
    ] {
        let policy = rotation(lines);
        let seconds = [policy.publish_for, policy.turn_every].map(|time| time.as_secs());
        assert_eq!(seconds, [publish_for, turn_every], "{lines}");
    }
}

#[test]
fn a_pace_that_breaks_tokens_is_refused() {
    for (lines, word) in [
        ("rotate_every = \"5m\"", "longer than `publish_for`"),
        ("publish_for = \"5m\"", "at least 6m"),
        ("retiring_for = \"1h\"", "`retiring_for`"),
        ("cache_for = \"soon\"", "a number and a unit"),
        ("cache_for = \"99999999999999999d\"", "a number and a unit"),
        ("algorithms = [\"HS256\"]", "\"HS256\" is not offered"),
    ] {
        let told = refusals(&format!("{BASE}[keys]\n{lines}\n"));
        assert!(told.len() == 1 && told[0].1.contains(word), "{lines}: {told:?}");
    }
}

#[test]
fn registration_is_closed_unless_the_file_says_otherwise() {
    let read = |more: &str| Config::parse("test.toml", &format!("{BASE}{more}")).unwrap().registration;
    assert!(!read("").is_offered());
    assert!(!read("[registration]\nmode = \"closed\"\n").is_offered());
    assert!(read("[registration]\nmode = \"open\"\n").is_offered());
    let token = "[registration]\nmode = \"token\"\ninitial_access_tokens = [\"0123456789abcdef\"]\n\
                 scope = \"openid\"\ngrant_types = [\"authorization_code\"]\nmax_clients = 3\nunused_for = \"7d\"\n\
                 redirect_hosts = [\"*.example\"]\ntoken_endpoint_auth_methods = [\"none\"]\n\
                 insecure_pkce_optional = true\nrequire_software_statement = true\n\
                 [[registration.software_statement_issuers]]\nissuer = \"https://v.example\"\n";
    let bounded = read(&format!("{token}jwks = {{ keys = [{{ {KEY} }}] }}\n"));
    assert_eq!((bounded.policy.max_clients, bounded.policy.insecure_pkce_optional), (3, true));
    assert_eq!(bounded.statement_issuers[0].keys.keys().len(), 1);
    assert_eq!(bounded.unused_for, Some(std::time::Duration::from_secs(7 * 24 * 3600)));
}

#[test]
fn what_is_wrong_with_registration_is_told_at_its_place() {
    let told = refusals(&format!(
        "{BASE}[registration]\nmode = \"token\"\ngrant_types = [\"implicit\"]\nmax_clients = -1\n\
         require_software_statement = true\n[cimd]\nallowed_hosts = []\n"
    ));
    for (line, word) in [
        (5, "needs `initial_access_tokens`"),
        (6, "implicit"),
        (7, "whole number"),
        (4, "software_statement_issuers"),
        (9, "allowed_hosts"),
    ] {
        assert!(told.iter().any(|(at, text)| *at == line && text.contains(word)), "{line} {word}: {told:?}");
    }
    assert_eq!(told.len(), 5, "{told:?}");
}

#[test]
fn a_logo_comes_from_a_host_that_is_named_as_addresses_name_it() {
    let config =
        Config::parse("test.toml", &format!("{BASE}logo_hosts = [\"cdn.example\", \"a.example:8443\"]\n"));
    assert!(config.unwrap().logo_hosts.contains("a.example:8443"));
    for bad in [
        "https://cdn.example",
        "cdn.example/logos",
        "CDN.example",
        "cdn.example:443",
        "*",
        "",
        "me@cdn.example",
    ] {
        let told = refusals(&format!("{BASE}logo_hosts = [{bad:?}]\n"));
        assert!(told.len() == 1 && told[0].1.contains("`logo_hosts`"), "{bad}: {told:?}");
    }
}

#[test]
fn hosts_that_nothing_could_be_at_are_refused_at_their_place() {
    let told = refusals(&format!(
        "{BASE}[registration]\nmode = \"open\"\nmax_clients = 0\nredirect_hosts = [\n\"*\",\n\"*.example\",\n\"https://a.example\",\n\"\"]\n\
         [[registration.software_statement_issuers]]\nissuer = \"https://v.example\"\njwks = {{ keys = [] }}\n\
         [cimd]\nallowed_hosts = [\"a.example/\"]\n"
    ));
    let lines: Vec<_> = told.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [6, 10, 11, 14, 16], "{told:?}");
}

#[test]
fn what_is_there_twice_is_told_where_it_is_the_second_time() {
    let person = "[[users]]\nemail = \"bob@example.com\"\n";
    let told = refusals(&format!("{BASE}{person}{person}"));
    assert!(told.len() == 1 && told[0].0 == 7 && told[0].1.contains("is there twice"), "{told:?}");
}

#[test]
fn all_that_is_wrong_with_a_pace_is_told_at_once_and_at_its_place() {
    let told = refusals(&format!("{BASE}[keys]\npublish_for = \"1s\"\nretiring_for = \"5m\"\n"));
    let lines: Vec<_> = told.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [5, 6], "{told:?}");
}

#[test]
fn the_secret_of_an_app_is_base32_of_160_bits_or_more() {
    let user = |secret: &str| {
        format!(
            "{BASE}[[users]]\nemail = \"alice@example.com\"\npassword = \"plenty of letters\"\ntotp_secret = \"{secret}\"\n"
        )
    };
    let config = Config::parse("test.toml", &user("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")).unwrap();
    assert!(config.users[0].totp_secret.is_some());
    for bad in ["", "JBSWY3DPEHPK3PXP", "0189"] {
        let told = refusals(&user(bad));
        assert_eq!((told.len(), told[0].0), (1, 7), "{told:?}");
        assert!(!told[0].1.contains("JBSWY"), "a secret is not told again: {told:?}");
    }
}

#[test]
fn a_mailbox_that_anybody_reads_is_for_this_machine_alone() {
    let local = Config::parse("test.toml", BASE).unwrap();
    assert!(matches!(local.mail, Some(MailSetting::DevMailbox)));
    let far = BASE.replace("http://localhost:3000", "https://id.example.com");
    assert!(Config::parse("test.toml", &far).unwrap().mail.is_none());
    let told = refusals(&format!("{far}[mail]\ndev_mailbox = true\n"));
    assert!(told.len() == 1 && told[0].1.contains("dev_mailbox"), "{told:?}");
    let relay = format!(
        "{far}[mail]\nsmtp = \"smtp+starttls://mail.example.com:587\"\nfrom = \"Us <us@example.com>\"\n"
    );
    assert!(matches!(Config::parse("test.toml", &relay).unwrap().mail, Some(MailSetting::Smtp(_))));
    for bad in [
        "smtp = \"mail.example.com\"",
        "smtp = \"smtps://a/b\"\nfrom = \"us@example.com\"",
        "smtp = \"smtps://a\"",
    ] {
        assert!(!refusals(&format!("{far}[mail]\n{bad}\n")).is_empty(), "{bad}");
    }
}

#[test]
fn proxies_are_trusted_by_one_header_that_is_named() {
    let read = |limits: &str| Config::parse("test.toml", &format!("{BASE}[limits]\n{limits}\n"));
    let limits =
        read("trusted_proxies = [\"10.0.0.0/8\"]\nheader = \"x-forwarded-for\"\nlogin = 7").unwrap().limits;
    assert!(
        limits.proxies.contains("10.1.2.3".parse().unwrap()) && limits.header == ForwardedBy::XForwardedFor
    );
    assert_eq!(limits.sign_in.login, SignInLimits::default().login.most(7));
    assert_eq!(limits.sign_in.magic, SignInLimits::default().magic);
    assert!(Config::parse("test.toml", BASE).unwrap().limits.proxies.is_empty());
    for (bad, told) in [
        ("trusted_proxies = [\"10.0.0.0/8\"]", "`header` must say"),
        ("trusted_proxies = [\"0.0.0.0/0\"]\nheader = \"forwarded\"", "is everybody"),
        ("trusted_proxies = [\"proxy\"]\nheader = \"forwarded\"", "neither an address nor a network"),
        ("header = \"x-real-ip\"", "must be \"forwarded\""),
        ("login = 0", "`login` must be 1 to"),
        ("token = 5", "unknown key `token`"),
    ] {
        let all = refusals(&format!("{BASE}[limits]\n{bad}\n"));
        assert!(all.len() == 1 && all[0].1.contains(told), "{bad}: {all:?}");
    }
}

#[test]
fn a_profile_sets_the_numbers_of_signing_in_and_the_host_may_be_stricter() {
    assert!(Config::parse("test.toml", BASE).unwrap().assurance.is_none());
    let one = format!("{BASE}[assurance]\nprofile = \"aal2\"\nsession_idle = \"30m\"\nfree_tries = 3\n");
    let profile = Config::parse("test.toml", &one).unwrap().assurance.unwrap();
    let asked = profile.settings();
    assert_eq!((asked.session_idle.as_secs(), asked.session_absolute.as_secs()), (1800, 24 * 3600));
    assert_eq!((asked.free_tries, asked.second_factor, asked.password_breach_check), (3, true, false));
    let both = format!(
        "{BASE}[passwords]\nbreach_check = true\n[assurance]\nprofile = [\"aal2\", \"asvs-l2\"]\ninsecure_trusted_browser = \"30d\"\n"
    );
    let profile = Config::parse("test.toml", &both).unwrap().assurance.unwrap();
    assert!(profile.settings().password_breach_check);
    assert_eq!(profile.weakened(), ["trusted_browser"]);
}

#[test]
fn all_that_is_wrong_with_a_profile_is_told_at_once_and_at_its_place() {
    let text = format!(
        "{BASE}[assurance]\nprofile = \"aal2\"\nsession_idle = \"2h\"\npassword_minimum = 300\n\
         insecure_failure_limit = 1000\nremember_me = \"30d\"\nmail_sign_in = true\nsecond_factors = true\n"
    );
    let told = refusals(&text);
    for (line, word) in [
        (6, "`session_idle`: 2 h is weaker than 1 h, which aal2 asks for (7.3.1, N2.1a, N2.2e)"),
        (6, "it is called `insecure_session_idle`"),
        (7, "`password_minimum` must be 8 to 128"),
        (8, "`failure_limit` must be 1 to 100"),
        (9, "`remember_me`: 30 d is weaker than no"),
        (10, "`mail_sign_in`: yes is weaker than no"),
        (11, "unknown key `second_factors`"),
    ] {
        assert!(told.iter().any(|(at, text)| *at == line && text.contains(word)), "{line} {word}: {told:?}");
    }
    assert_eq!(told.len(), 6, "{told:?}");
    for (lines, word) in [
        ("session_idle = \"1h\"", "`profile` is missing"),
        ("profile = []", "`profile` is empty"),
        ("profile = 2", "`profile` must be a list of texts, not a number"),
        ("profile = \"aal9\"\nremember_me = \"30d\"", "no such assurance profile"),
        ("profile = [\"asvs-l1\", \"x\"]", "no such assurance profile"),
        ("profile = \"asvs-l1\"\nremember_me = \"ever\"", "must be a number and a unit"),
    ] {
        let told = refusals(&format!("{BASE}[assurance]\n{lines}\n"));
        assert!(told.len() == 1 && told[0].1.contains(word), "{lines}: {told:?}");
    }
}

#[test]
fn a_profile_that_tells_people_of_changes_needs_mail() {
    let base = "addr = \"127.0.0.1:1\"\nissuer = \"https://x.example\"\ndatabase = \"memory:\"\n[assurance]\nprofile = \"aal1\"\n";
    let told = refusals(base);
    assert!(told.len() == 2 && told.iter().all(|(_, text)| text.contains("set [mail]")), "{told:?}");
    let silent = "insecure_change_notices = false\ninsecure_sign_in_notices = false\n";
    assert!(Config::parse("test.toml", &format!("{base}{silent}")).is_ok());
}

#[test]
fn a_clock_is_moved_on_a_developers_own_machine_alone() {
    let with = |issuer: &str, offset: &str| {
        format!(
            "addr = \"127.0.0.1:1\"\nissuer = \"{issuer}\"\ndatabase = \"memory:\"\n\
             [development]\ninsecure_clock_offset = \"{offset}\"\n"
        )
    };
    for (offset, millis) in [("10m", 600_000), ("-10m", -600_000), ("45s", 45_000)] {
        let config = Config::parse("test.toml", &with("http://localhost:3000", offset)).unwrap();
        assert_eq!(config.insecure_clock_offset, Some(millis));
    }
    assert_eq!(Config::parse("test.toml", BASE).unwrap().insecure_clock_offset, None);
    let told = refusals(&with("https://id.example.com", "10m"));
    assert!(told.iter().any(|(line, text)| *line == 5 && text.contains("on this machine alone")), "{told:?}");
    assert!(refusals(&with("http://localhost:3000", "soon"))[0].1.contains("a number and a unit"));
}

#[test]
fn replay_marks_are_where_the_file_says() {
    let with = |more: &str| {
        format!(
            "addr = \"127.0.0.1:1\"\nissuer = \"http://localhost\"\ndatabase = \"postgres://x/y\"\n{more}\n\
             [keys]\nseal_key_file = \"gate.key\"\n"
        )
    };
    let redis = "redis = \"redis://127.0.0.1\"\n";
    for (more, wanted) in [
        ("", ReplayMarks::Redis),
        ("replay_marks = \"redis\"", ReplayMarks::Redis),
        ("replay_marks = \"redis-keeps-all\"", ReplayMarks::RedisKeepsAll),
        ("replay_marks = \"database\"", ReplayMarks::Database),
    ] {
        let config = Config::parse("test.toml", &with(&format!("{redis}{more}"))).unwrap();
        assert_eq!(config.replay_marks, wanted);
    }
    for (more, word) in [
        (format!("{redis}replay_marks = \"nowhere\""), "must be"),
        ("replay_marks = \"redis\"".to_owned(), "without `redis`"),
    ] {
        assert!(refusals(&with(&more))[0].1.contains(word), "{more}");
    }
}

#[test]
fn requests_are_asked_for_what_the_file_says() {
    let with = |more: &str| format!("{BASE}[requests]\n{more}");
    let requests =
        Config::parse("test.toml", &with("require_pushed = true\nmax_waiting = 7\n")).unwrap().requests;
    assert_eq!((requests.require_pushed, requests.max_waiting), (true, Some(7)));
    let usual = Config::parse("test.toml", BASE).unwrap().requests;
    assert_eq!((usual.require_pushed, usual.max_waiting), (false, None));
    let told = refusals(&with("max_waiting = 0\nrequire_pushed = \"yes\"\n"));
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn a_program_ends_as_the_file_says() {
    let with = |more: &str| format!("{BASE}[shutdown]\n{more}");
    let shutdown = Config::parse("test.toml", &with("grace = \"0s\"\nwithin = \"1m\"\n")).unwrap().shutdown;
    assert_eq!((shutdown.grace.as_secs(), shutdown.within.as_secs()), (0, 60));
    assert_eq!(Config::parse("test.toml", BASE).unwrap().shutdown, Shutdown::default());
    let told = refusals(&with("grace = \"11m\"\nwithin = \"1h\"\n"));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|(_, text)| text.contains("10m at most")), "{told:?}");
}
