//! Every way in, for everybody who must not simply come in: whoever has a second factor, must have one, stays out without
//! one, is shut out, or is leaving; whether the host asks it of everybody, by role or by organization. A new way in gets a row
//! here.

#[cfg(test)]
#[path = "ways_in/rule.rs"]
mod rule;
#[cfg(test)]
#[path = "ways_in/steps.rs"]
mod steps;
#[cfg(test)]
#[path = "ways_in/table.rs"]
mod table;
#[cfg(test)]
#[path = "ways_in/town.rs"]
mod town;

use rule::{Organizations, Roles, Rule};
use table::{Person, Way};
use towergate::identity::{
    ports::IdentityStore,
    rules::session::SessionStage::{AwaitsEnrolment, AwaitsSecondFactor, Complete, Leaving},
};
use town::{Came, Land, Town};

/// What each way comes to for a person.
fn expected(person: Person, way: Way) -> Came {
    let nobody = Came::default();
    let at = |stage, amr: &'static [&'static str]| Came { stage: Some(stage), amr: amr.to_vec() };
    let one: &[_] = match way {
        Way::Password | Way::TrustedBrowser => &["pwd"],
        Way::MailedCode | Way::MailedLink => &["email"],
        Way::Social => &["fed"],
        Way::BarePasskey => &["pop"],
        Way::VerifiedPasskey => &["pop", "mfa"],
        Way::RememberedBrowser | Way::RememberedByOneFactor => &["remembered"],
    };
    match (person, way) {
        (Person::Anybody, _) => at(Complete, one),
        (_, Way::RememberedByOneFactor) => nobody,
        (Person::Disabled, _) => nobody,
        (Person::Leaving, Way::RememberedBrowser) => nobody,
        // They may prove who they are, to stay after all, and are nobody until then.
        (Person::Leaving, _) => at(Leaving, one),
        // Two factors by itself; or proven by both when the browser was trusted, which says no more than that: whatever asks for
        // a factor still asks. Whoever must have a factor had a passkey then, and has it still.
        (_, Way::VerifiedPasskey | Way::TrustedBrowser) => at(Complete, one),
        (Person::AskedForKey | Person::Protected, Way::RememberedBrowser) => at(Complete, one),
        (_, Way::RememberedBrowser) => nobody,
        (Person::AskedForKey | Person::Protected, _) => at(AwaitsSecondFactor, one),
        // The key is what they come by, and proves no more by itself.
        (Person::MustHaveKey, Way::BarePasskey) => at(AwaitsEnrolment, one),
        (Person::StaysOutWithoutKey, Way::BarePasskey) => nobody,
        (Person::MustHaveKey | Person::StaysOutWithoutKey, _) => at(AwaitsSecondFactor, one),
        (Person::MustEnrol, _) => at(AwaitsEnrolment, one),
        (Person::StaysOut, _) => nobody,
    }
}

/// Everybody by every way, in one store, under a rule of the host.
async fn walk<S: IdentityStore>(store: S, rule: Rule) {
    let (land, mut wrong, mut n) = (Land::of(store, rule), Vec::new(), 0);
    for person in Person::ALL {
        for way in Way::ALL {
            let came = Town::new(&land, n).await.come_in(person, way).await;
            if came != expected(person, way) {
                wrong.push(format!("{person:?} by {way:?}: {came:?}"));
            }
            n += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn no_way_in_is_weaker_than_another<S: IdentityStore>(store: S) {
    walk(store, Rule::Everybody).await;
}

async fn a_rule_by_role_holds_on_every_way_in<S: IdentityStore>(store: S) {
    walk(store, Rule::Role(Roles::default())).await;
}

async fn a_rule_by_organization_holds_on_every_way_in<S: IdentityStore>(store: S) {
    walk(store, Rule::Organization(Organizations::default())).await;
}

macro_rules! on_each_store {
    ($($law:ident),+ $(,)?) => {
        mod in_memory {
            $(#[tokio::test] async fn $law() {
                crate::$law(towergate::identity::ports::memory::MemoryStore::new()).await;
            })+
        }
        mod on_sqlite {
            $(#[tokio::test] async fn $law() {
                let folder = tempfile::tempdir().unwrap();
                let store = towergate::sqlite::SqliteStore::open(folder.path().join("towergate.db")).unwrap();
                crate::$law(store).await;
            })+
        }
        mod on_postgres {
            use towergate_test_servers::postgres::PostgresServer;
            $(#[tokio::test] async fn $law() {
                let database = PostgresServer::shared().database();
                let store = towergate_postgres::PostgresStore::connect(&database.url()).await.unwrap();
                crate::$law(store.clone()).await;
                store.close().await;
            })+
        }
    };
}

on_each_store! {
    no_way_in_is_weaker_than_another,
    a_rule_by_role_holds_on_every_way_in,
    a_rule_by_organization_holds_on_every_way_in,
}

/// The table above, looked over.
#[test]
fn whoever_must_not_simply_come_in_comes_in_by_two_factors_alone() {
    let by_two = [Way::VerifiedPasskey, Way::RememberedBrowser, Way::TrustedBrowser];
    for person in Person::ALL.into_iter().filter(|person| *person != Person::Anybody) {
        for way in Way::ALL {
            let whole = expected(person, way).stage == Some(Complete);
            assert!(!whole || by_two.contains(&way), "{person:?} by {way:?}");
        }
    }
}
