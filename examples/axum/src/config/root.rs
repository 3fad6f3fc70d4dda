//! The whole file, key by key, and what no single key is to blame for.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use towergate::{identity::rules::assurance::Provided, oauth::rules::resource::ResourceServer};
use url::Url;

use crate::host::SITE;

use super::{
    ClientEntry, Config, Database, Demo, Tls, assurance, client, database, deletion, development,
    is_this_machine, keys, limits, mail, outbound, passkeys, passwords, provider,
    reader::{Section, Text},
    registration, requests, resource_server, shutdown, user,
};

pub(super) fn read(section: Section<'_>) -> Option<Config> {
    let addr = section.required_text("addr").and_then(|text| socket(&section, "addr", &text));
    let issuer = section.required_text("issuer");
    let issuer_url = issuer.as_ref().and_then(|text| issuer_of(&section, text));
    let database_text = section.required_text("database");
    let database = database_text.as_ref().and_then(|text| database::read(&section, text));
    let redis = section.text("redis");
    let redis = redis.and_then(|text| database::read_redis(&section, &text, database.as_ref()));
    let replay_marks = section.text("replay_marks");
    let replay_marks = replay_marks.and_then(|text| database::read_marks(&section, &text, redis.is_some()));
    let metrics = section.text("metrics").and_then(|text| {
        let metrics = socket(&section, "metrics", &text);
        if metrics.is_some() && metrics == addr {
            section.refuse(
                &text.place,
                "`metrics` must be another address than `addr`: figures are not for everybody",
            );
        }
        metrics
    });
    let tls = section.section("tls").map(read_tls);
    let keys = section.section("keys").map_or_else(keys::Keys::usual, keys::read);
    if let (Some(text), Some(Database::Postgres(_)), None) = (&database_text, &database, &keys.seal_key_file)
    {
        let why = "`database`: with PostgreSQL, name the file of the seal key, which all instances need: `[keys] seal_key_file`";
        section.refuse(&text.place, why);
    }
    let outbound = section.section("outbound").map(outbound::read).unwrap_or_default();
    let is_local = issuer_url.as_ref().is_some_and(is_this_machine);
    let development = section.section("development");
    let clock_offset = development.and_then(|section| development::read_offset(section, is_local));
    let mail = mail::read(section.section("mail"), is_local);
    let limits = section.section("limits").map(limits::read).unwrap_or_default();
    let assurance = section.section("assurance").map(assurance::read);
    let assurance = assurance.flatten();
    let passwords = section.section("passwords").map(passwords::read).unwrap_or_default();
    let deletion = section.section("deletion").map(deletion::read).unwrap_or_default();
    let require_second_factor = section.section("second_factor").is_some_and(|section| {
        let required = section.flag("required").unwrap_or_default();
        section.finish();
        required
    });
    let passkeys = passkeys::read(section.section("passkeys"), issuer_url.as_ref(), SITE);
    if let Some(profile) = &assurance {
        let given = [
            (mail.is_some(), Provided::mail as fn(Provided) -> Provided),
            (passkeys.is_some(), Provided::passkeys),
            (passwords.breaches.is_some(), Provided::breach_check),
        ];
        let given = given.into_iter().filter(|(is_there, _)| *is_there);
        assurance::refuse_unprovided(
            &section,
            profile,
            given.fold(Provided::default().second_factors(), |given, (_, add)| add(given)),
        );
    }
    let users: Vec<_> = section.sections("users").into_iter().filter_map(user::read).collect();
    let clients: Vec<_> =
        section.sections("clients").into_iter().filter_map(|section| client::read(&section)).collect();
    let resource_servers: Vec<_> = section
        .sections("resource_servers")
        .into_iter()
        .filter_map(|section| resource_server::read(section, &clients))
        .collect();
    let registration = section.section("registration").map(registration::read).unwrap_or_default();
    let providers: Vec<_> = section.sections("providers").into_iter().filter_map(provider::read).collect();
    let documents = section.section("cimd").and_then(registration::read_documents);
    let shutdown = section.section("shutdown").map(shutdown::read).unwrap_or_default();
    let demo = section.section("demo").and_then(read_demo);
    let requests = requests::read(section.section("requests"));
    let logo_hosts = logo_hosts(&section);
    // Whoever names a level means it for everybody; without one the seeder says whose password is weak.
    if let (Some(issuer), Some(profile)) = (&issuer_url, &assurance) {
        user::refuse_weak(&section, &users, &passwords::policy(Some(profile), issuer));
    }
    refuse_doubles(&section, "users", "email", users.iter().map(|user| user.email.as_str()));
    refuse_doubles(&section, "clients", "client_id", clients.iter().map(|entry| entry.client.id.as_str()));
    refuse_doubles(&section, "providers", "name", providers.iter().map(|entry| entry.name.as_str()));
    let resources = resource_servers.iter().map(ResourceServer::resource);
    refuse_doubles(&section, "resource_servers", "resource", resources);
    for ClientEntry { client, .. } in &clients {
        let metadata = &client.metadata;
        let wanted = [
            Some(metadata.id_token_signed_response_alg),
            metadata.userinfo_signed_response_alg,
            metadata.introspection_signed_response_alg,
        ];
        for wanted in wanted.into_iter().flatten() {
            if keys.rotation.wanted().all(|offered| offered != wanted) {
                let name = client.id.as_str();
                section.refuse(
                    &section.place_in("clients", "client_id", name),
                    format!("[[clients]] {name:?} wants {wanted}, which [keys] does not offer"),
                );
            }
        }
    }
    if let (Some(text), Some(url)) = (&issuer, &issuer_url) {
        if tls.is_some() && url.scheme() == "http" {
            section.refuse(&text.place, "`issuer` must be https where [tls] is set");
        }
        if demo.is_some() && url.scheme() == "https" && tls.is_none() {
            section.refuse(
                &text.place,
                "[demo] trusts the certificate of [tls] alone: set that, or switch the demo off",
            );
        }
    }
    section.finish();
    let tls = match tls {
        None => None,
        Some(read) => Some(read?),
    };
    Some(Config {
        addr: addr?,
        issuer: issuer_url?,
        database: database?,
        redis,
        replay_marks: replay_marks.unwrap_or_default(),
        metrics,
        tls,
        seal_key_file: keys.seal_key_file,
        older_seal_key_files: keys.older_seal_key_files,
        rotation: keys.rotation,
        outbound,
        mail,
        limits,
        assurance,
        passwords,
        deletion,
        passkeys,
        require_second_factor,
        users,
        clients,
        resource_servers,
        registration,
        documents,
        providers,
        logo_hosts,
        requests,
        shutdown,
        insecure_clock_offset: clock_offset,
        demo,
    })
}

fn socket(section: &Section<'_>, key: &str, text: &Text) -> Option<SocketAddr> {
    let read = text.value.parse().ok();
    if read.is_none() {
        section
            .refuse(&text.place, format!("`{key}` must be an IP address and a port, such as 127.0.0.1:3000"));
    }
    read
}

/// The issuer, in the one spelling that clients can compare as text.
fn issuer_of(section: &Section<'_>, text: &Text) -> Option<Url> {
    let spelled = |url: &Url| url.as_str().trim_end_matches('/') == text.value;
    let problem = match Url::parse(&text.value) {
        Err(_) => "must be an absolute address, such as https://id.example.com",
        Ok(url) if !matches!(url.scheme(), "https" | "http") => "must be https",
        Ok(url) if !url.username().is_empty() || url.query().is_some() || url.fragment().is_some() => {
            "must have no user, query or fragment"
        }
        Ok(url) if !spelled(&url) => {
            "must be in its usual spelling: scheme and host in lower case, without the usual port or a slash at its end"
        }
        Ok(url) if url.scheme() == "http" && !is_this_machine(&url) => {
            "must be https; http is for localhost alone, because cookies and tokens would be readable on the way"
        }
        Ok(url) => return Some(url),
    };
    section.refuse(&text.place, format!("`issuer` {problem}"));
    None
}

/// Hosts with their ports, as addresses write them.
fn logo_hosts(section: &Section<'_>) -> BTreeSet<String> {
    let hosts = section.texts("logo_hosts").unwrap_or_default().into_iter();
    let named = hosts.filter(|text| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
        let is_host = text.value.bytes().all(plain)
            && Url::parse(&format!("https://{}", text.value))
                .is_ok_and(|url| url.as_str() == format!("https://{}/", text.value));
        if !is_host {
            section.refuse(
                &text.place,
                "`logo_hosts` must be hosts, with their port unless that is 443, such as \"cdn.example.com\"",
            );
        }
        is_host
    });
    named.map(|text| text.value).collect()
}

fn read_tls(section: Section<'_>) -> Option<Tls> {
    let [cert, key] =
        ["cert", "key"].map(|key| section.required_text(key).and_then(|text| file(&section, key, text)));
    section.finish();
    Some(Tls { cert: cert?, key: key? })
}

fn file(section: &Section<'_>, key: &str, text: Text) -> Option<PathBuf> {
    let path = PathBuf::from(text.value);
    if !path.is_file() {
        section.refuse(&text.place, format!("`{key}`: there is no file {}", path.display()));
        return None;
    }
    Some(path)
}

fn read_demo(section: Section<'_>) -> Option<Demo> {
    let enabled = section.flag("enabled").unwrap_or(false);
    let addr = section.text("addr").and_then(|text| socket(&section, "addr", &text));
    section.finish();
    let usual = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4000);
    enabled.then(|| Demo { addr: addr.unwrap_or(usual) })
}

fn refuse_doubles<'n>(section: &Section<'_>, list: &str, key: &str, names: impl Iterator<Item = &'n str>) {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            let place = section.place_in(list, key, name);
            section.refuse(&place, format!("[[{list}]]: `{key}` {name:?} is there twice"));
        }
    }
}
