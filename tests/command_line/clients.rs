//! An operator lists clients, shuts one out, and lets it act again.

use towergate::{
    core::{Digest, audit::chain::SealStore},
    oauth::{
        ports::OAuthStore,
        rules::client::{Client, ClientId, ClientMetadata, ClientState},
    },
};

use super::{
    place::{Place, now, origin, postgres, run, sqlite},
    told, towergate,
};

fn an_operator_shuts_a_client_out<S: OAuthStore + SealStore, K>(place: &Place<S, K>) {
    let Place { store, database, .. } = place;
    let clients = |words: &[&str]| {
        let output = towergate(&[&["clients"], words, &["--database", database]].concat());
        (told(&output), output.status.success())
    };
    assert_eq!(clients(&["list"]), ("there is no client\n".into(), true));
    for (id, name) in [("shop", Some("The \u{1b}[31mshop")), ("mail", None)] {
        let mut metadata = ClientMetadata::default();
        metadata.client_name = name.map(String::from);
        let secret = Some(Digest::of(b"a-machine-made-secret"));
        let client = Client::unchecked(ClientId::parse(id).unwrap(), secret, metadata);
        run(store.put_client(client, origin())).unwrap();
    }
    let (text, _) = clients(&["list"]);
    assert_eq!(text, "\"mail\" active\n\"shop\" active, named \"The \\u{1b}[31mshop\"\n");

    let shut_out = ("shut out, and grants that died with it: 0\n".to_owned(), true);
    assert_eq!(clients(&["disable", "--client", "shop"]), shut_out);
    assert!(clients(&["list"]).0.contains("\n\"shop\" disabled, named"));
    let state = || run(store.find_client(&ClientId::parse("shop").unwrap())).unwrap().unwrap().state;
    assert_eq!(state(), ClientState::Disabled);
    assert_eq!(clients(&["enable", "--client", "shop"]), ("it may act again\n".into(), true));
    assert_eq!(clients(&["enable", "--client", "shop"]), ("it was not shut out\n".into(), true));
    assert_eq!(state(), ClientState::Active);
    for word in ["disable", "enable"] {
        let missing = clients(&[word, "--client", "nobody"]);
        assert_eq!(missing, ("there is no client \"nobody\"\n".into(), false));
        assert!(!clients(&[word]).1);
    }
    let events = run(store.events_after(0, 100)).unwrap();
    let done: Vec<_> = events.iter().map(|event| (event.action.as_str(), event.target.id.as_str())).collect();
    assert_eq!(done[2..], [("client.disabled", "shop"), ("client.enabled", "shop")]);
    assert!(events.iter().all(|event| event.at <= now()));
}

#[test]
fn an_operator_shuts_a_client_out_of_a_sqlite_database() {
    an_operator_shuts_a_client_out(&sqlite());
    let missing = towergate(&["clients", "list", "--database", "/nowhere.db"]);
    assert!(!missing.status.success() && told(&missing).contains("there is no database"), "{missing:?}");
}

#[test]
fn an_operator_shuts_a_client_out_of_a_postgresql_database() {
    an_operator_shuts_a_client_out(&postgres());
}
