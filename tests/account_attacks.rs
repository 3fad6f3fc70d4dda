//! The attacks that others' accounts fell to, published as B1 to B11 in the changelogs of other people's libraries, each tried
//! here through the whole stack of signing in, in memory, on SQLite and on PostgreSQL; and what a thief leaves behind.

#[cfg(test)]
#[path = "account_attacks/bursts.rs"]
mod bursts;
#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;
#[cfg(test)]
#[path = "account_attacks/mailed.rs"]
mod mailed;
#[cfg(test)]
#[path = "account_attacks/providers.rs"]
mod providers;
#[cfg(test)]
#[path = "account_attacks/sessions.rs"]
mod sessions;
#[cfg(test)]
#[path = "account_attacks/thief.rs"]
mod thief;
#[cfg(test)]
#[path = "account_attacks/town.rs"]
mod town;

macro_rules! on_each_store {
    ($($module:ident::$law:ident),+ $(,)?) => {
        mod in_memory {
            use towergate::identity::ports::memory::MemoryStore;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)] async fn $law() {
                crate::$module::$law(MemoryStore::new()).await;
            })+
        }
        mod on_sqlite {
            use towergate::sqlite::SqliteStore;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)] async fn $law() {
                let folder = tempfile::tempdir().unwrap();
                let store = SqliteStore::open(folder.path().join("towergate.db")).unwrap();
                crate::$module::$law(store).await;
            })+
        }
        mod on_postgres {
            use towergate_test_servers::postgres::PostgresServer;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)] async fn $law() {
                let database = PostgresServer::shared().database();
                let store = towergate_postgres::PostgresStore::connect(&database.url()).await.unwrap();
                crate::$module::$law(store.clone()).await;
                store.close().await;
            })+
        }
    };
}

on_each_store! {
    bursts::b03_what_counts_once_counts_once_in_parallel,
    bursts::b03_parallel_guesses_are_no_more_than_the_tries,
    bursts::b04_a_limit_holds_under_bursts_and_made_up_headers,
    bursts::b04_nobody_is_limited_in_anothers_name,
    mailed::b01_a_pre_registered_account_is_not_shared_with_whoever_squats_on_it,
    mailed::b10_every_form_that_sets_a_password_asks_the_policy,
    mailed::b11_a_mailed_code_opens_nobody_elses_account_and_nothing_else,
    mailed::b11_a_mistyped_new_address_takes_no_account_over,
    providers::b02_an_account_elsewhere_is_not_absorbed_by_a_row_with_its_address,
    providers::b09_only_the_browser_that_left_for_a_provider_comes_back_from_it,
    sessions::b05_a_half_sign_in_that_is_too_old_is_not_completed,
    sessions::b06_a_revoked_session_does_not_finish_what_it_began,
    sessions::b07_nobody_ends_or_takes_anothers_session,
    sessions::b08_fields_that_no_form_has_change_nothing,
    thief::what_a_thief_added_before_changing_the_address_goes_with_it,
}
