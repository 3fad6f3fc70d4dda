//! A person in Chromium walks through the reference host around axum.

#[cfg(test)]
mod person;

use towergate_example_axum::app::Axum;

person::prove!(Axum:
    a_stranger_signs_in_on_the_way_to_the_app,
    a_wrong_password_is_told_and_the_address_is_kept,
    who_signed_out_is_a_stranger_even_behind_the_back_button,
    cookies_are_out_of_reach_of_scripts_and_other_sites,
    a_remembered_consent_asks_nothing,
    a_refusal_is_shown_by_the_app,
    another_browser_cannot_answer_for_this_one,
    the_way_back_answers_nothing_twice,
    a_double_click_leaves_nobody_stranded,
    a_form_that_posts_itself_breaks_no_policy,
    where_no_script_runs_the_form_has_a_button,
    the_whole_way_needs_no_script,
    the_whole_way_needs_no_mouse,
    over_https_the_browser_keeps_the_host_cookies,
    who_signs_out_is_signed_out_everywhere_and_comes_back_to_the_app,
    the_hosts_own_way_out_tells_the_apps_too,
    a_page_that_keeps_people_out_is_noticed,
    an_account_is_made_protected_used_and_left,
    everybody_can_use_the_pages_of_signing_in,
    everybody_can_use_the_pages_of_a_new_password,
    everybody_can_use_the_pages_of_the_account,
    everybody_can_use_the_pages_of_an_address_that_is_put_back,
    everybody_can_use_the_pages_of_accounts_elsewhere,
    everybody_can_use_the_page_of_tokens,
    everybody_can_use_the_page_that_asks_to_wait,
    everybody_can_use_the_pages_of_second_factors,
    everybody_can_use_the_pages_of_the_app_and_its_consent,
    somebody_makes_a_passkey_signs_in_with_it_and_steps_up,
    where_no_script_runs_nobody_is_offered_a_passkey,
    a_person_stays_signed_in_by_a_passkey,
    a_passkey_is_asked_for_and_a_browser_trusted_beside_it,
    a_passkey_is_enrolled_where_one_is_due,
);
