//! The laws that every store that people sign in with must keep.
//!
//! A store's own tests name them all at once; each becomes a test of its own, on a fresh store:
//!
//! ```
//! use towergate_identity::ports::{contract::AuditTrail, memory::MemoryStore};
//!
//! towergate_identity::identity_store_contract!(make: MemoryStore::new);
//! ```
//!
//! A store that needs a runtime around its futures says how they are run: `block_on: my_block_on`, a function of
//! any future. The laws of [`race`] call it from many threads at once.

#![expect(clippy::unwrap_used, reason = "a law that is broken panics, as tests do")]

pub mod api_token;
pub mod api_token_race;
pub mod deletion;
pub mod deletion_race;
pub mod email_change;
pub mod email_race;
pub mod email_token;
pub mod factor;
mod fixture;
pub mod linked_identity;
pub mod linked_identity_race;
pub mod mail;
pub mod mail_sign_in;
#[cfg(feature = "model")]
pub mod model;
pub mod notice;
pub mod passkey;
pub mod passkey_factor;
pub mod passkey_race;
pub mod password;
pub mod password_race;
pub mod race;
pub mod remember;
pub mod session;
pub mod session_end;
pub mod sign_in;
pub mod tries;
pub mod user;

pub use towergate_core::contract::{AuditTrail, block_on};

/// Makes one test of each law of the tokens of people's programs, for a store that keeps them.
#[macro_export]
macro_rules! api_token_store_contract {
    (make: $make:expr $(,)?) => {
        $crate::api_token_store_contract!(make: $make, block_on: $crate::ports::contract::block_on);
    };
    (make: $make:expr, block_on: $block_on:path $(,)?) => {
        $crate::identity_store_contract! {
            @laws $make, $block_on;
            api_token {
                a_token_reads_back_whole,
                a_person_has_so_many_tokens,
                the_first_use_of_a_token_is_told,
                a_token_is_revoked_by_its_person,
                all_tokens_of_a_person_end,
                a_reset_ends_tokens_and_a_change_does_not,
                no_token_outlives_its_person,
            }
            @race api_token_race {
                parallel_revocations_of_a_token_are_one,
                parallel_tokens_keep_their_limit,
                parallel_uses_of_a_token_have_one_first,
                a_token_beside_a_disabling_is_none,
            }
        }
    };
}

/// Makes one test of each law. `make` is called for a fresh store each time; `block_on` runs a future to its end.
#[macro_export]
macro_rules! identity_store_contract {
    (make: $make:expr $(,)?) => {
        $crate::identity_store_contract!(make: $make, block_on: $crate::ports::contract::block_on);
    };
    (make: $make:expr, block_on: $block_on:path $(,)?) => {
        $crate::identity_store_contract! {
            @laws $make, $block_on;
            session {
                a_session_reads_back_whole,
                a_half_session_stays_half,
                a_new_identifier_is_no_sign_in,
                a_sign_in_ends_the_session_before_it,
                a_sign_in_needs_no_session_before_it,
                an_ended_session_is_not_renewed,
                what_rests_on_an_ended_session_is_not_established,
                an_expired_session_is_not_renewed,
                whoever_is_shut_out_gets_no_session,
                a_session_is_established_once,
                an_idle_session_ends_on_time,
                an_old_session_ends_on_time,
                activity_prolongs_a_session,
                activity_stops_at_the_absolute_end,
                activity_never_goes_backwards,
                activity_never_revives,
            }
            session_end {
                a_session_is_ended_once,
                an_expired_session_is_not_ended_again,
                all_sessions_of_a_person_end_but_one,
                all_sessions_of_a_person_end,
                who_is_signed_in_is_told_part_by_part,
                sessions_are_listed_newest_first,
                a_value_is_kept_until_it_is_removed,
                a_value_ends_with_its_session,
                values_follow_a_sign_in,
                no_value_outlives_a_sign_in,
            }
            sign_in {
                a_person_who_proves_themself_again_keeps_their_sign_in,
                another_person_ends_the_sign_in_before_them,
                a_half_sign_in_is_not_gone_on_with,
                an_ended_sign_in_is_not_gone_on_with,
                a_sign_in_lives_as_long_as_its_session,
                a_sign_in_ends_with_its_person,
                a_replaced_identifier_is_known_until_its_end,
                an_end_follows_a_replaced_identifier,
                an_end_follows_no_further_than_the_sign_in,
                a_refused_login_replaces_nothing,
            }
            remember {
                a_cookie_is_traded_for_a_session_that_proves_nothing,
                a_copied_cookie_ends_its_family,
                a_family_ends_with_the_sessions_of_its_person,
                a_family_of_one_factor_ends_when_a_second_is_enrolled,
                nobody_stays_signed_in_by_what_another_asked_for,
                a_trusted_browser_saves_the_second_factor,
                trust_ends_with_a_change_of_factors,
                a_new_browser_is_told,
                nobody_ends_what_is_another_persons,
                sessions_keep_their_limit,
                what_happened_is_read_newest_first,
            }
            tries {
                tries_are_counted_and_waits_are_kept,
                each_credential_is_counted_by_itself,
                a_success_forgets_the_tries,
                a_credential_is_blocked_once,
            }
            factor {
                a_secret_waits_for_its_first_code,
                a_secret_does_not_wait_for_ever,
                a_first_code_proves_the_secret_it_is_of,
                an_app_that_counts_is_not_replaced,
                whoever_has_an_app_is_half_signed_in,
                a_half_sign_in_is_completed,
                enrolling_ends_the_other_sessions,
                a_step_is_spent_once_with_all_before_it,
                a_backup_code_is_spent_once,
                backup_codes_are_renewed_whole,
                whoever_removes_their_app_has_no_factor,
            }
            passkey_factor {
                whoever_wants_to_be_asked_has_a_passkey,
                whoever_is_asked_for_a_passkey_is_half_signed_in,
                backup_codes_go_with_a_passkey_too,
                whoever_switches_it_off_is_asked_no_more,
                the_last_passkey_takes_it_along,
                a_revoked_key_does_not_take_it_along,
                backup_codes_stay_with_either_factor,
                a_passkey_is_what_somebody_must_have,
            }
            deletion {
                whoever_leaves_is_shut_out_and_told,
                a_goodbye_does_not_keep_an_address_from_its_owner,
                nobody_leaves_who_is_shut_out,
                whoever_is_leaving_is_not_signed_in,
                whoever_stays_is_as_before,
                the_session_of_a_second_thought_ends,
                grace_ends_on_time,
                whoever_is_disabled_does_not_stay,
                whoever_is_let_in_again_is_leaving_still,
                nothing_opens_what_was_deleted,
                a_closed_account_keeps_its_address,
                an_anonymised_account_frees_its_address,
                an_erased_account_is_not_there,
            }
            notice {
                enrolling_tells_its_person,
                renewing_backup_codes_tells_their_person,
                removing_an_app_tells_its_person,
                a_block_tells_its_person_once,
            }
            user {
                a_person_reads_back_whole,
                a_person_may_have_no_password,
                an_address_belongs_to_one_person,
                an_identifier_belongs_to_one_person,
                a_hash_is_replaced_if_unchanged,
                nobodys_hash_is_not_replaced,
                whoever_is_shut_out_has_no_session,
                nobody_is_not_shut_out,
                whoever_was_shut_out_is_let_in_again,
                an_event_reads_back_whole,
            }
            password {
                a_reset_is_issued_or_its_refusal_is_written,
                a_forgotten_password_is_set_anew_once,
                a_spent_reset_keeps_no_password,
                a_dead_link_resets_nothing,
                a_proof_of_another_kind_resets_nothing,
                a_reset_asks_for_the_second_factor,
                a_backup_code_is_spent_with_the_reset,
                a_reset_wipes_what_a_squatter_set,
                a_reset_of_somebody_shut_out_sets_nothing,
                a_password_is_changed_by_whoever_knows_it,
                a_first_password_is_set_where_there_is_none,
                a_change_that_was_overtaken_changes_nothing,
            }
            email_token {
                a_registration_is_whole,
                a_proof_is_good_once,
                an_unknown_proof_confirms_nothing,
                a_proof_ends_on_time,
                a_code_is_tried_five_times,
                only_the_newest_proof_is_good,
                a_later_owner_wipes_what_a_squatter_set,
                the_first_owner_keeps_what_they_have,
                a_confirmed_person_keeps_their_password,
                a_proof_is_bound_to_person_and_address,
                too_many_proofs_are_not_written,
                what_is_written_in_vain_opens_nothing,
            }
            mail {
                a_mail_is_taken_by_one_at_a_time,
                a_finished_mail_is_gone,
                a_delayed_mail_is_due_again,
                a_late_note_counts_for_nothing,
                mails_are_taken_in_order,
                a_person_gets_so_many_mails_of_a_kind,
                a_busy_domain_holds_up_no_other,
                a_mail_that_was_given_up_is_a_dead_letter,
                a_dead_mail_is_replayed_once,
                mail_that_waits_and_mail_that_was_given_up_is_counted,
                a_mail_that_is_worth_nothing_is_not_replayed,
            }
            passkey {
                a_ceremony_is_taken_once,
                a_ceremony_does_not_wait_for_ever,
                strangers_have_so_much_room,
                what_is_over_gives_no_place_away,
                a_ceremony_of_nobody_is_refused,
                the_oldest_ceremony_makes_way,
                a_passkey_reads_back_whole,
                a_credential_belongs_to_one_person,
                a_person_has_so_many_passkeys,
                a_use_is_noted,
                a_count_that_went_back_is_told,
                a_count_that_went_back_is_refused,
                a_count_that_went_back_revokes,
                a_passkey_is_renamed,
                removing_a_passkey_ends_the_other_sessions,
                the_last_way_in_stays,
            }
            email_change {
                an_address_changes_once_it_is_proven,
                a_change_is_bound_to_person_address_and_purpose,
                a_change_ends_on_time_and_after_five_tries,
                a_taken_address_is_asked_for_and_not_had,
                changes_are_asked_for_so_often,
                a_change_is_called_off,
                a_change_is_undone_once,
                what_a_thief_added_goes_with_the_change,
                what_was_added_since_goes_with_the_change,
                a_passkey_asked_for_since_is_asked_for_no_more,
                a_passkey_that_is_gone_is_asked_for_no_more,
                the_oldest_way_back_prevails,
                an_older_way_back_closes_the_newer,
                an_address_is_kept_for_whom_it_may_go_back_to,
                an_unproven_address_is_not_kept,
            }
            mail_sign_in {
                a_mailed_sign_in_is_spent_once,
                a_mailed_sign_in_ends_on_time,
                a_mailed_sign_in_needs_firm_ground,
                a_proof_is_bound_to_its_purpose,
                whoever_is_shut_out_does_not_sign_in_by_mail,
                a_mailed_sign_in_wipes_what_a_squatter_set,
            }
            linked_identity {
                a_visit_ends_once,
                visits_have_so_much_room,
                a_visit_that_is_over_gives_no_place_away,
                an_account_elsewhere_opens_one_account,
                whoever_comes_by_an_account_elsewhere_is_kept_with_it,
                a_use_of_a_link_is_noted,
                removing_a_link_ends_the_other_sessions,
                the_last_link_of_somebody_without_a_password_stays,
            }
            @race email_change {
                parallel_changes_are_one,
                parallel_takers_of_an_address_leave_one,
                parallel_undoings_are_one,
            }
            @race mail_sign_in {
                parallel_mailed_sign_ins_are_one,
            }
            @race linked_identity_race {
                parallel_returns_of_a_visit_are_one,
                parallel_links_of_an_account_are_one,
                parallel_newcomers_by_one_account_are_one,
                parallel_removals_leave_a_link,
            }
            @race deletion_race {
                parallel_goodbyes_are_one,
                staying_or_going_is_decided_once,
                a_sign_in_beside_a_goodbye_is_none,
            }
            @race email_race {
                parallel_confirmations_are_one,
                parallel_guesses_are_five,
                parallel_askings_leave_one_person,
                parallel_resends_keep_their_limit,
                parallel_askings_in_vain_keep_the_limit_of_somebody,
                parallel_senders_take_each_mail_once,
            }
            @race passkey_race {
                parallel_answers_to_a_ceremony_are_one,
                parallel_strangers_keep_their_room,
                parallel_additions_keep_the_limit,
                parallel_additions_of_a_credential_are_one,
                parallel_uses_of_one_count_are_one,
                parallel_removals_leave_a_way_in,
            }
            @race remember {
                parallel_uses_of_one_cookie_make_one_session,
                parallel_ends_of_one_device_are_one,
            }
            @race password_race {
                parallel_resets_are_one,
                parallel_resets_with_one_code_are_one,
                parallel_changes_of_a_password_are_one,
            }
            @race race {
                parallel_activity_does_not_undo_an_end,
                parallel_renewals_leave_one_session,
                parallel_proofs_keep_the_sign_in_once,
                an_end_catches_whatever_a_renewal_makes,
                parallel_registrations_leave_one_person,
                a_person_shut_out_while_signing_in_is_out,
                parallel_guesses_are_no_more_than_the_limit,
                parallel_uses_of_one_code_are_one,
                parallel_uses_of_one_backup_code_are_one,
                parallel_first_codes_enrol_once,
            }
        }
    };
    (@laws $make:expr, $block_on:path; $($module:ident { $($law:ident,)* })* $(@race $races:ident { $($race:ident,)* })*) => {
        $($(
            #[test]
            fn $law() {
                let store = ($make)();
                $block_on($crate::ports::contract::$module::$law(&store));
            }
        )*)*
        $($(
            #[test]
            fn $race() {
                let store = ($make)();
                $crate::ports::contract::$races::$race(&store, |task| $block_on(task));
            }
        )*)*
    };
}
