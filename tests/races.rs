//! Many at once, through the real services, on real threads, in memory, on SQLite and on PostgreSQL: one wins, and nothing is left that
//! two could hold.

#[cfg(test)]
#[path = "races/assertion.rs"]
mod assertion;
#[cfg(test)]
#[path = "races/code.rs"]
mod code;
#[cfg(test)]
#[path = "races/consent.rs"]
mod consent;
#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;
#[cfg(test)]
#[path = "races/logout.rs"]
mod logout;
#[cfg(test)]
#[path = "races/pushed.rs"]
mod pushed;
#[cfg(test)]
#[path = "races/refresh.rs"]
mod refresh;
#[cfg(test)]
#[path = "races/registration.rs"]
mod registration;
#[cfg(test)]
#[path = "races/session.rs"]
mod session;
#[cfg(test)]
#[path = "races/together.rs"]
mod together;

macro_rules! on_each_store {
    ($($module:ident::$law:ident),+ $(,)?) => {
        mod in_memory {
            use towergate::{identity, oauth};
            $(#[tokio::test(flavor = "multi_thread")] async fn $law() {
                let people = identity::ports::memory::MemoryStore::new();
                crate::$module::$law(people, oauth::ports::memory::MemoryStore::new()).await;
            })+
        }
        mod on_sqlite {
            use towergate::sqlite::SqliteStore;
            $(#[tokio::test(flavor = "multi_thread")] async fn $law() {
                let folder = tempfile::tempdir().unwrap();
                let store = SqliteStore::open(folder.path().join("towergate.db")).unwrap();
                crate::$module::$law(store.clone(), store).await;
            })+
        }
        mod on_postgres {
            use towergate_test_servers::postgres::PostgresServer;
            $(#[tokio::test(flavor = "multi_thread")] async fn $law() {
                let database = PostgresServer::shared().database();
                let store = towergate_postgres::PostgresStore::connect(&database.url()).await.unwrap();
                crate::$module::$law(store.clone(), store.clone()).await;
                store.close().await;
            })+
        }
    };
}

on_each_store! {
    assertion::one_assertion_of_many_alike_is_heard,
    code::one_redemption_of_many_wins_and_the_rest_end_what_it_won,
    code::another_client_does_not_spend_a_code,
    consent::a_consent_submitted_many_times_gives_one_code,
    consent::a_yes_and_a_no_at_once_give_one_answer,
    logout::a_sign_out_by_many_is_told_once_by_one,
    pushed::a_pushed_request_is_answered_in_one_of_many_browsers,
    pushed::a_reference_opened_many_times_at_once_gives_one_code,
    refresh::parallel_refreshes_get_one_answer,
    refresh::a_child_is_used_once_and_its_parent_then_ends_the_family,
    registration::a_deletion_leaves_nothing_that_others_make_meanwhile,
    session::a_slow_request_does_not_undo_a_logout,
    session::a_logout_ends_whatever_a_renewal_makes_meanwhile,
    session::a_logout_with_the_old_cookie_ends_a_renewal_whose_answer_is_on_its_way,
    session::a_logout_leaves_nothing_of_a_sign_in_that_is_gone_on_with,
    session::parallel_logins_of_one_browser_each_stand,
}
