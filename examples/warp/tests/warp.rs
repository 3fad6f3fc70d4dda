//! The reference host around warp keeps the laws that a newcomer relies on.

#[cfg(test)]
#[path = "../../axum/tests/journey/mod.rs"]
mod journey;

use towergate_example_warp::app::Warp;

journey::prove!(Warp:
    a_person_signs_in_and_out,
    a_person_stays_signed_in_and_ends_it_from_elsewhere,
    signing_out_is_not_undone_by_a_cookie,
    a_passkey_is_asked_for_after_a_password,
    a_browser_stays_signed_in_by_a_passkey,
    whoever_must_have_a_second_factor_enrols_one_and_a_passkey_is_one,
    every_page_is_strict,
    a_form_of_another_site_is_refused,
    the_third_party_app_walks_the_whole_way,
    a_remembered_consent_goes_straight_through,
    a_consent_not_remembered_is_asked_again,
    a_refusal_reaches_the_app_as_access_denied,
    the_app_refuses_an_answer_that_it_did_not_ask_for,
    the_api_wants_an_access_token,
    a_script_calls_the_api_by_a_narrowed_token,
    the_api_says_where_its_authorization_server_is,
    an_issuer_may_have_a_path,
    a_client_pushes_its_request_and_gets_one_answer,
    signing_out_ends_what_other_software_holds,
    the_whole_way_goes_over_tls_under_the_strict_cookies,
    what_was_kept_in_sqlite_outlives_the_host,
    the_whole_way_goes_over_postgres_and_outlives_the_host,
    a_client_registers_itself_and_a_sign_in_begins_at_it,
    a_person_leaves_and_thinks_again,
    a_person_takes_their_data_along,
    without_days_of_grace_an_account_ends_at_once,
    a_person_registers_confirms_and_signs_in,
    an_address_is_confirmed_by_its_code_after_a_restart,
    an_app_asks_for_a_new_account_and_the_person_goes_on,
    whose_mail_cannot_be_sent_makes_no_accounts,
    somebody_new_comes_in_by_an_account_elsewhere_and_again,
    an_address_links_nothing_but_its_person_does,
    nobody_comes_back_who_did_not_leave,
    a_provider_that_calls_itself_otherwise_is_not_believed,
    an_address_signs_in_so_often_and_is_told_to_wait,
    nobody_chooses_the_address_that_they_are_counted_by,
    a_person_signs_in_by_mail,
    a_person_changes_their_address_and_has_it_back,
    a_forgotten_password_is_set_anew_through_the_mailbox,
    a_password_is_changed_where_managers_look_for_it,
    whose_mail_cannot_be_sent_changes_passwords_all_the_same,
    a_password_that_leaked_is_refused_where_it_is_looked_up,
);
