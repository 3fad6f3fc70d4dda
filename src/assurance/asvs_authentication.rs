//! OWASP ASVS 5.0, chapter 6: authentication.

use super::requirement::{L1, L2, L3, Requirement, Status::Met, gap, host, must, page, test};

pub(super) const ROWS: &[Requirement] = &[
    must(
        "6.1.1",
        L1,
        "It is written down how guessing is slowed, without a lever to lock strangers out",
        Met(&[page("src/manual/signing_in.md", "guessing")]),
    ),
    must(
        "6.1.2",
        L2,
        "The words around a site that no password may be made of are listed",
        Met(&[page("src/manual/signing_in.md", "words-of-the-site")]),
    ),
    must(
        "6.1.3",
        L2,
        "Every way to sign in is listed with its strength",
        Met(&[page("src/manual/signing_in.md", "ways-in-and-their-strength")]),
    ),
    must(
        "6.2.1",
        L1,
        "A password has 8 characters or more, better 15",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/password/policy.rs",
                "a_password_that_stands_alone_has_15_characters",
            ),
            test(
                "layers/inbound/identity/src/rules/password/policy.rs",
                "no_policy_goes_below_8_unless_it_says_insecure",
            ),
        ]),
    ),
    must(
        "6.2.2",
        L1,
        "People can change their password",
        Met(&[test(
            "layers/inbound/login/src/tests/passwords.rs",
            "a_password_is_changed_by_whoever_knows_it_and_the_session_gets_a_new_identifier",
        )]),
    ),
    must(
        "6.2.3",
        L1,
        "Whoever changes a password types the present one too",
        Met(&[
            test(
                "layers/inbound/login/src/tests/passwords.rs",
                "a_password_is_changed_by_whoever_knows_it_and_the_session_gets_a_new_identifier",
            ),
            test(
                "layers/inbound/login/src/tests/passwords.rs",
                "guesses_at_the_current_password_are_counted_with_those_at_the_sign_in",
            ),
        ]),
    ),
    must(
        "6.2.4",
        L1,
        "A new password is none of the 3000 that are tried first",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/password/policy.rs",
                "common_passwords_of_every_length_are_refused",
            ),
            test(
                "layers/inbound/login/src/tests/new_passwords.rs",
                "every_way_that_sets_a_password_asks_the_same",
            ),
        ]),
    ),
    must(
        "6.2.5",
        L1,
        "No rules on what characters a password is made of",
        Met(&[test(
            "layers/inbound/identity/src/rules/password/policy.rs",
            "a_password_that_stands_alone_has_15_characters",
        )]),
    ),
    must(
        "6.2.6",
        L1,
        "Password fields hide what is typed; they may show it for a moment",
        Met(&[test("layers/ui/pages/src/inbound.rs", "the_form_has_its_fields_and_ids")]),
    ),
    must(
        "6.2.7",
        L1,
        "Pasting and password managers work",
        Met(&[test("layers/ui/pages/src/inbound.rs", "the_form_has_its_fields_and_ids")]),
    ),
    must(
        "6.2.8",
        L1,
        "A password is verified as it was typed, whole",
        Met(&[
            test("layers/inbound/identity/src/rules/password/mod.rs", "nothing_is_trimmed"),
            test(
                "layers/inbound/login/src/tests/login.rs",
                "a_password_has_up_to_128_characters_of_any_script",
            ),
        ]),
    ),
    must(
        "6.2.9",
        L2,
        "Passwords of 64 characters and more are taken",
        Met(&[test(
            "layers/inbound/identity/src/rules/password/mod.rs",
            "a_password_has_1_to_128_characters_of_any_script",
        )]),
    ),
    must(
        "6.2.10",
        L2,
        "A password is good until it is known to others, and no date ends it",
        Met(&[page("src/manual/signing_in.md", "passwords")]),
    ),
    must(
        "6.2.11",
        L2,
        "No new password is made of the words around the site",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/password/policy.rs",
                "what_everybody_tries_first_is_refused_and_so_is_ones_own_address",
            ),
            test(
                "layers/inbound/identity/src/rules/password/context.rs",
                "a_password_is_more_than_the_words_around_its_person",
            ),
        ]),
    ),
    must(
        "6.2.12",
        L2,
        "A new password is looked up among those that leaked",
        Met(&[
            test(
                "layers/inbound/login/src/tests/new_passwords.rs",
                "a_password_that_leaked_is_taken_by_no_way",
            ),
            test(
                "layers/inbound/login/src/tests/assurance.rs",
                "a_profile_that_looks_passwords_up_takes_none_where_nothing_does",
            ),
            test(
                "examples/axum/tests/journey/passwords.rs",
                "a_password_that_leaked_is_refused_where_it_is_looked_up",
            ),
        ]),
    ),
    must(
        "6.3.1",
        L1,
        "Guessing and stuffing are slowed as is written down",
        Met(&[
            test(
                "layers/inbound/login/src/tests/lockout.rs",
                "guessing_is_slowed_and_looks_the_same_at_an_address_that_nobody_has",
            ),
            test("layers/inbound/login/src/tests/lockout.rs", "sixty_four_guesses_at_once_are_five"),
            test("layers/shared/rate-limit/tests/layer.rs", "an_address_asks_so_often_and_waits_then"),
            test(
                "layers/inbound/login/src/tests/lockout.rs",
                "after_a_hundred_failures_the_right_password_looks_wrong_until_the_count_is_forgotten",
            ),
        ]),
    ),
    must(
        "6.3.2",
        L1,
        "No account is there by default",
        Met(&[test("examples/axum/tests/program.rs", "a_password_is_shown_once_and_the_next_start_says_so")]),
    ),
    must(
        "6.3.3",
        L2,
        "Nobody signs in with one factor",
        Met(&[
            test(
                "layers/inbound/login/src/tests/assurance.rs",
                "where_two_factors_are_asked_for_nobody_signs_in_with_one",
            ),
            test(
                "layers/inbound/login/src/tests/enrolment.rs",
                "whoever_must_have_a_second_factor_is_nobody_until_it_is_enrolled_and_goes_on_then",
            ),
        ]),
    ),
    must(
        "6.3.3@L3",
        L3,
        "One factor is hardware that cannot be phished and asks for a touch",
        gap(
            "passkeys are there; nothing makes everybody sign in by one, nor tells hardware from what is copied",
        ),
    ),
    must(
        "6.3.4",
        L2,
        "No way in is weaker than is written down, and none is hidden",
        Met(&[
            test("tests/ways_in.rs", "no_way_in_is_weaker_than_another"),
            test("tests/ways_in.rs", "whoever_must_not_simply_come_in_comes_in_by_two_factors_alone"),
            page("src/manual/signing_in.md", "ways-in-and-their-strength"),
        ]),
    ),
    must(
        "6.3.5",
        L3,
        "People are told of sign-ins that look strange",
        gap(
            "of a credential that was guessed at too often and of a new browser they are told; not of long absence or far places",
        ),
    ),
    must(
        "6.3.6",
        L3,
        "Mail is no way to sign in",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/assurance/tests.rs",
                "each_level_asks_for_what_its_standard_says",
            ),
            test(
                "layers/inbound/login/src/tests/magic.rs",
                "a_site_whose_assurance_forbids_it_signs_nobody_in_by_mail",
            ),
        ]),
    ),
    must(
        "6.3.7",
        L3,
        "People are told of changes to their password, factors and address",
        Met(&[
            test(
                "layers/inbound/login/src/tests/notices.rs",
                "each_change_of_factors_is_told_at_the_proven_address",
            ),
            test(
                "layers/inbound/login/src/tests/email_change.rs",
                "an_address_is_changed_by_the_link_that_was_mailed_to_it_and_the_one_before_is_told",
            ),
            test(
                "layers/inbound/identity/src/ports/contract/password.rs",
                "a_password_is_changed_by_whoever_knows_it",
            ),
        ]),
    ),
    must(
        "6.3.8",
        L3,
        "Nobody learns who has an account, by words, status or time",
        gap(
            "words, status and work are alike, and the times were measured; where unconfirmed people are let in, registering and then signing in tells",
        ),
    ),
    must(
        "6.4.1",
        L1,
        "First passwords and codes are random, end soon, and are not kept as passwords",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/email_token/tests.rs",
                "link_and_code_are_good_until_their_end_and_no_longer",
            ),
            test(
                "layers/inbound/identity/src/rules/email_token/tests.rs",
                "a_code_has_six_digits_and_a_token_keeps_none_of_its_secrets",
            ),
        ]),
    ),
    must(
        "6.4.2",
        L1,
        "No hints and no secret questions",
        Met(&[page("src/manual/signing_in.md", "passwords")]),
    ),
    must(
        "6.4.3",
        L2,
        "A forgotten password is no way around the second factor",
        Met(&[
            test(
                "layers/inbound/login/src/tests/passwords.rs",
                "a_reset_asks_for_the_second_factor_and_a_wrong_code_leaves_the_link",
            ),
            test(
                "layers/inbound/identity/src/ports/contract/password.rs",
                "a_reset_asks_for_the_second_factor",
            ),
        ]),
    ),
    must(
        "6.4.4",
        L2,
        "Whoever lost a factor proves as much as when it was enrolled",
        host("Decide who is believed without their factor, and call `Authenticator::remove` for them alone."),
    ),
    must(
        "6.4.5",
        L3,
        "Whose authenticator ends is reminded in time",
        host("Nothing enrolled here ends by itself; remind people of what you issue yourself."),
    ),
    must(
        "6.4.6",
        L3,
        "An operator can begin a reset and cannot choose the password",
        host("Call `PasswordReset::ask` for them: nothing here lets an operator choose a password."),
    ),
    must(
        "6.5.1",
        L2,
        "A backup code, mailed code or app code counts once",
        Met(&[
            test("layers/inbound/identity/src/ports/contract/race.rs", "parallel_uses_of_one_code_are_one"),
            test(
                "layers/inbound/identity/src/ports/contract/race.rs",
                "parallel_uses_of_one_backup_code_are_one",
            ),
            test(
                "layers/inbound/identity/src/ports/contract/email_race.rs",
                "parallel_confirmations_are_one",
            ),
        ]),
    ),
    must(
        "6.5.2",
        L2,
        "Backup codes below 112 bits are kept as passwords are",
        Met(&[test(
            "layers/inbound/identity/src/rules/backup_code.rs",
            "a_set_has_ten_different_codes_of_120_bits",
        )]),
    ),
    must(
        "6.5.3",
        L2,
        "Codes and seeds come from a generator for secrets",
        Met(&[test("tests/assurance.rs", "secrets_are_drawn_from_the_system_alone")]),
    ),
    must(
        "6.5.4",
        L2,
        "Codes have 20 bits or more; six random digits count as that",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/backup_code.rs",
                "a_set_has_ten_different_codes_of_120_bits",
            ),
            test("layers/inbound/identity/src/rules/totp.rs", "a_code_is_six_digits"),
        ]),
    ),
    must(
        "6.5.5",
        L2,
        "Codes sent elsewhere live 10 min at most, those of an app 30 s",
        Met(&[
            test("layers/inbound/identity/src/rules/totp.rs", "without_a_drift_a_code_lives_thirty_seconds"),
            test(
                "layers/inbound/login/src/tests/assurance.rs",
                "a_code_of_an_app_lives_as_long_as_the_profile_says",
            ),
            test(
                "layers/inbound/identity/src/rules/assurance/tests.rs",
                "each_level_asks_for_what_its_standard_says",
            ),
        ]),
    ),
    must(
        "6.5.6",
        L3,
        "Any factor can be taken back when it is lost",
        Met(&[
            test(
                "layers/inbound/login/src/tests/factors.rs",
                "somebody_enrols_keeps_the_codes_uses_one_and_removes_it_all",
            ),
            test(
                "layers/inbound/identity/src/ports/contract/passkey.rs",
                "removing_a_passkey_ends_the_other_sessions",
            ),
        ]),
    ),
    must(
        "6.5.7",
        L3,
        "What somebody is counts only beside what they have or know",
        Met(&[
            page("src/manual/signing_in.md", "ways-in-and-their-strength"),
            test(
                "layers/inbound/identity/src/rules/level.rs",
                "two_kinds_are_two_factors_and_twice_the_same_is_one",
            ),
        ]),
    ),
    must(
        "6.5.8",
        L3,
        "The time of an app's code is the server's own",
        Met(&[test(
            "layers/inbound/identity/src/rules/totp.rs",
            "a_code_is_good_for_one_step_on_either_side",
        )]),
    ),
    must(
        "6.6.1",
        L2,
        "Codes by telephone only to proven numbers, and never the only way",
        Met(&[page("src/manual/signing_in.md", "ways-in-and-their-strength")]),
    ),
    must(
        "6.6.1@L3",
        L3,
        "No codes by telephone at all",
        Met(&[page("src/manual/signing_in.md", "ways-in-and-their-strength")]),
    ),
    must(
        "6.6.2",
        L2,
        "A mailed code is bound to the request that it was asked for",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/email_token/tests.rs",
                "without_firm_ground_neither_is_good_and_a_right_code_looks_wrong",
            ),
            test(
                "layers/inbound/identity/src/rules/email_token/tests.rs",
                "a_code_is_bound_to_person_address_and_key",
            ),
            test(
                "layers/inbound/login/src/tests/magic.rs",
                "the_code_signs_in_the_browser_that_asked_and_no_other",
            ),
        ]),
    ),
    must(
        "6.6.3",
        L2,
        "Guessing at a mailed code is bounded",
        Met(&[
            test("layers/inbound/identity/src/ports/contract/email_race.rs", "parallel_guesses_are_five"),
            test("layers/inbound/login/src/tests/register.rs", "a_person_is_not_flooded"),
            test(
                "layers/inbound/login/src/tests/magic.rs",
                "guessing_codes_is_slowed_over_all_mails_and_links_open_all_the_same",
            ),
        ]),
    ),
    must(
        "6.6.4",
        L3,
        "Pushed questions are bounded, so that nobody says yes to be left alone",
        Met(&[page("src/manual/signing_in.md", "ways-in-and-their-strength")]),
    ),
    must(
        "6.7.1",
        L3,
        "The keys of authenticators are kept from change",
        Met(&[
            test(
                "layers/inbound/passkey/src/tests/registering.rs",
                "a_key_that_somebody_has_is_not_registered_again",
            ),
            test("layers/inbound/passkey/src/tests/attacks.rs", "one_key_does_not_sign_for_another"),
        ]),
    ),
    must(
        "6.7.2",
        L3,
        "A challenge has 64 bits or more and never comes twice",
        Met(&[
            test("layers/inbound/passkey/src/tests/attacks.rs", "a_signature_is_not_good_twice"),
            test(
                "layers/inbound/passkey/src/tests/attacks.rs",
                "a_challenge_is_good_for_its_own_purpose_alone",
            ),
            test("layers/inbound/identity/src/ports/contract/passkey.rs", "a_ceremony_is_taken_once"),
        ]),
    ),
    must(
        "6.8.1",
        L2,
        "An identity of elsewhere is its provider and its subject together",
        Met(&[
            test("layers/inbound/identity/src/rules/linked_identity.rs", "an_address_links_nothing"),
            test("examples/axum/tests/journey/social.rs", "an_address_links_nothing_but_its_person_does"),
        ]),
    ),
    must(
        "6.8.2",
        L2,
        "What a provider asserts is taken under its signature alone",
        Met(&[test("layers/inbound/login/src/social/id_token.rs", "anything_else_is_refused")]),
    ),
    must("6.8.3", L2, "A SAML assertion counts once", gap("nobody signs in by SAML yet")),
    must(
        "6.8.4",
        L2,
        "How strongly a provider says that somebody signed in is checked, and silence is weak",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/linked_identity.rs",
                "a_linked_account_signs_its_person_in_whatever_its_address",
            ),
            test(
                "layers/inbound/identity/src/rules/linked_identity.rs",
                "a_proof_is_as_old_as_the_provider_says",
            ),
        ]),
    ),
];
