//! The laws that every store of the authorization server must keep.
//!
//! A store's own tests name them all at once; each becomes a test of its own, on a fresh store:
//!
//! ```
//! use towergate_oauth::ports::{contract::AuditTrail, memory::MemoryStore};
//!
//! towergate_oauth::oauth_store_contract!(make: MemoryStore::new);
//! ```
//!
//! A store that needs a runtime around its futures says how they are run: `block_on: my_block_on`, a function of
//! any future. The laws of [`race`] call it from many threads at once.

#![expect(clippy::unwrap_used, reason = "a law that is broken panics, as tests do")]

pub mod access_token;
pub mod birth;
pub mod client;
pub mod code;
pub mod consent;
mod fixture;
pub mod interaction;
pub mod key;
pub mod logout;
#[cfg(feature = "model")]
pub mod model;
pub mod pushed_request;
pub mod race;
pub mod refresh_token;
pub mod registration;
pub mod replay;

pub use towergate_core::contract::{AuditTrail, block_on};

/// Makes one test of each law. `make` is called for a fresh store each time; `block_on` runs a future to its end.
#[macro_export]
macro_rules! oauth_store_contract {
    (make: $make:expr $(,)?) => {
        $crate::oauth_store_contract!(make: $make, block_on: $crate::ports::contract::block_on);
    };
    (make: $make:expr, block_on: $block_on:path $(,)?) => {
        $crate::oauth_store_contract! {
            @laws $make, $block_on;
            access_token {
                an_access_token_reads_back_with_its_grant,
                a_client_gets_a_token_for_itself,
                an_access_token_is_issued_once,
                a_disabled_clients_own_token_is_dead,
                a_disabled_clients_family_is_dead,
                a_withdrawn_consent_ends_the_family,
                a_grant_is_revoked_once,
                an_access_token_is_revoked_once_and_alone,
                an_access_token_is_revoked_by_its_own_client_only,
                a_dead_access_token_does_not_die_again,
                a_sign_in_takes_its_grants_along,
                a_waiting_code_dies_with_its_sign_in,
                no_code_is_issued_in_an_ended_sign_in,
                no_code_is_issued_to_a_disabled_client,
            }
            client {
                a_client_reads_back_whole,
                a_client_is_replaced,
                replacing_a_client_keeps_its_grants,
                replacing_a_client_keeps_its_state,
                a_disabled_client_loses_its_grants,
                a_dead_grant_does_not_die_again,
                an_unknown_client_is_not_disabled,
                an_enabled_client_acts_again_without_what_it_held,
                an_enabled_client_has_none_of_its_own_tokens_back,
                only_a_disabled_client_is_enabled,
                clients_are_listed_page_by_page,
            }
            code {
                a_code_reads_back_whole,
                a_code_is_issued_once,
                a_code_is_redeemed_once,
                a_family_dies_once,
                a_spent_code_is_replayed_however_late,
                a_code_lives_to_its_last_millisecond,
                a_code_ends_on_time,
                a_code_dies_with_its_grant,
                a_code_that_never_was_is_missing,
                a_code_is_nothing_to_another_client,
                a_refused_redemption_leaves_the_code_unspent,
                a_code_may_be_redeemed_for_an_access_token_alone,
                a_refresh_token_reads_back_whole,
            }
            consent {
                a_consent_given_once_is_not_remembered,
                a_remembered_consent_is_found,
                a_disabled_clients_consents_are_forgotten,
                remembering_is_on_record,
                a_consent_that_was_not_asked_for_is_not_on_record,
                a_remembered_consent_grows,
                nothing_rests_on_a_consent_that_is_not_remembered,
                a_closed_account_leaves_nothing_granted,
                what_clients_hold_of_a_person_is_listed,
                a_code_rests_on_a_remembered_consent,
                a_consent_of_a_lost_yes_is_not_remembered,
                a_withdrawn_consent_takes_its_grants_along,
            }
            interaction {
                an_interaction_reads_back_whole,
                an_interaction_begins_once,
                interactions_are_bounded,
                an_expired_interaction_makes_room,
                a_yes_makes_room_and_a_no_does_not,
                an_interaction_belongs_to_the_first_who_takes_it,
                an_interaction_is_taken_while_it_waits,
                a_yes_counts_once,
                a_late_yes_gets_nothing,
                another_persons_yes_gets_nothing,
                a_yes_after_signing_out_gets_nothing,
                a_yes_to_a_disabled_client_gets_nothing,
                a_yes_to_nobodys_interaction_gets_nothing,
                a_yes_to_nothing_gets_nothing,
                a_refused_yes_leaves_everything_as_it_was,
                a_no_counts_once,
                a_refusal_of_the_server_counts_once,
                nobody_may_refuse_what_nobody_took,
                a_no_out_of_place_is_not_heard,
            }
            key {
                a_key_reads_back_whole,
                keys_come_oldest_first,
                a_change_for_another_ring_does_nothing,
                a_key_takes_over_in_one_step,
                a_key_never_moves_back,
                one_key_of_an_algorithm_signs,
                a_refused_change_leaves_the_ring_as_it_was,
                a_retired_key_is_listed_no_more,
                a_private_half_goes_when_its_key_signs_no_more,
                a_key_is_sealed_anew,
                an_event_reads_back_whole,
            }
            logout {
                a_client_is_known_by_any_grant_in_the_session,
                a_client_that_asked_for_it_is_told_once,
                a_notice_belongs_to_one_while_the_lease_holds,
                a_notice_waits_as_long_as_it_was_told_to,
                a_finished_notice_is_over,
                a_busy_host_holds_up_no_other,
                an_attempt_that_was_overtaken_finishes_nothing,
                notices_come_in_the_order_in_which_they_wait,
                a_notice_that_was_given_up_is_a_dead_letter,
                a_dead_notice_is_replayed_once,
                notices_that_wait_and_that_were_given_up_are_counted,
            }
            pushed_request {
                a_pushed_request_reads_back_whole,
                a_request_is_pushed_once,
                pushed_requests_are_bounded,
                a_client_pushes_its_share_and_no_more,
                an_old_pushed_request_makes_room,
                a_pushed_request_is_spent_once,
                an_interaction_begins_from_what_waits,
                a_yes_to_a_pushed_request_closes_the_others,
                a_no_to_a_pushed_request_closes_the_others,
                a_refusal_of_a_pushed_request_closes_the_others,
                a_pushed_request_gives_one_code,
                a_code_that_is_not_issued_spends_nothing,
            }
            refresh_token {
                a_refresh_token_is_exchanged,
                a_repetition_gets_the_same_answer,
                a_use_after_the_window_ends_the_family,
                a_clock_set_back_does_not_open_the_window,
                a_use_after_the_successors_ends_the_family,
                a_repetition_is_not_a_use,
                without_a_window_nothing_repeats,
                a_reuse_is_noticed_however_late,
                a_refresh_token_lives_to_its_last_millisecond,
                a_refresh_token_ends_on_time,
                a_family_ends_on_time,
                a_refresh_token_dies_with_its_grant,
                a_refresh_token_that_never_was_is_missing,
                a_refresh_token_is_nothing_to_another_client,
                a_refused_exchange_leaves_the_token_unused,
            }
            registration {
                a_client_registers_itself,
                a_client_registers_once,
                registrations_are_bounded,
                a_full_house_does_not_say_who_is_there,
                an_update_brings_its_own_token,
                a_client_without_a_token_is_not_managed,
                a_deleted_client_takes_everything_along,
                no_code_is_issued_to_a_deleted_client,
                an_unused_registration_ends,
                a_registration_in_use_stays,
                a_sealed_secret_gives_way_to_itself,
                a_client_document_is_kept,
                a_client_document_replaces_no_registration,
                client_documents_are_bounded,
                a_disabled_document_stays_disabled,
            }
            replay {
                an_identifier_counts_once,
                an_identifier_is_remembered_until_its_end,
                old_identifiers_go_and_living_ones_stay,
            }
            @race {
                parallel_updates_leave_one_token,
                parallel_redemptions_spend_a_code_once,
                parallel_exchanges_leave_one_child,
                parallel_answers_close_an_interaction_once,
                parallel_takers_leave_one_owner,
                parallel_revocations_kill_once,
                parallel_revocations_of_a_token_kill_once,
                parallel_changes_of_a_ring_leave_one,
                parallel_repetitions_leave_one_first,
                parallel_ends_of_a_session_tell_once,
                parallel_takers_of_notices_share_them,
                parallel_codes_die_with_their_sign_in,
                parallel_codes_die_with_their_client,
                parallel_codes_die_with_their_consent,
                parallel_codes_die_with_their_person,
                parallel_consents_add_up,
                parallel_answers_to_a_pushed_request_leave_one,
                parallel_beginnings_end_with_the_answer,
            }
        }
    };
    (@laws $make:expr, $block_on:path; $($module:ident { $($law:ident,)* })* @race { $($race:ident,)* }) => {
        $($(
            #[test]
            fn $law() {
                let store = ($make)();
                $block_on($crate::ports::contract::$module::$law(&store));
            }
        )*)*
        $(
            #[test]
            fn $race() {
                let store = ($make)();
                $crate::ports::contract::race::$race(&store, |task| $block_on(task));
            }
        )*
    };
}
