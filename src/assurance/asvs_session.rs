//! OWASP ASVS 5.0, chapter 7: sessions.

use super::requirement::{L1, L2, L3, Requirement, Status::Met, host, must, page, test};

pub(super) const ROWS: &[Requirement] = &[
    must(
        "7.1.1",
        L2,
        "How long sessions live is written down, and why where NIST says otherwise",
        Met(&[page("src/manual/signing_in.md", "how-long-a-session-lives")]),
    ),
    must(
        "7.1.2",
        L2,
        "How many sessions a person may have, and what happens beyond, is written down",
        Met(&[page("src/manual/signing_in.md", "how-long-a-session-lives")]),
    ),
    must(
        "7.1.3",
        L2,
        "Which other systems hold sessions of the same sign-in, and how they end, is written down",
        Met(&[page("src/manual/signing_in.md", "sessions-elsewhere")]),
    ),
    must(
        "7.2.1",
        L1,
        "Sessions are verified on the server",
        Met(&[
            test(
                "layers/inbound/session/tests/recognition.rs",
                "the_right_identifier_with_the_wrong_secret_is_nobody",
            ),
            test(
                "layers/inbound/session/src/record.rs",
                "a_dead_session_is_nobody_even_when_the_store_hands_it_out",
            ),
        ]),
    ),
    must(
        "7.2.2",
        L1,
        "Tokens are made for each session, none is fixed",
        Met(&[test(
            "layers/inbound/session/tests/weak_points.rs",
            "an_identifier_chosen_by_the_browser_is_not_adopted",
        )]),
    ),
    must(
        "7.2.3",
        L1,
        "Tokens that refer to a session are random, 128 bits or more",
        Met(&[
            test("layers/shared/core/src/token.rs", "a_token_survives_the_round_trip"),
            test("tests/assurance.rs", "secrets_are_drawn_from_the_system_alone"),
        ]),
    ),
    must(
        "7.2.4",
        L1,
        "Signing in, again too, makes a new token and ends the one before",
        Met(&[
            test(
                "layers/inbound/login/src/tests/login.rs",
                "signing_in_again_changes_the_session_id_and_ends_the_old_one",
            ),
            test(
                "layers/inbound/login/src/tests/factors.rs",
                "half_signed_in_is_nobody_until_a_code_completes_it_under_a_new_id",
            ),
        ]),
    ),
    must(
        "7.3.1",
        L2,
        "A session that lies unused ends",
        Met(&[
            test(
                "layers/inbound/session/tests/recognition.rs",
                "idle_for_thirty_minutes_ends_it_and_activity_does_not_revive_it",
            ),
            test(
                "layers/inbound/login/src/tests/assurance.rs",
                "a_session_lives_as_long_as_the_profile_says",
            ),
        ]),
    ),
    must(
        "7.3.2",
        L2,
        "A session ends at last, however much it is used",
        Met(&[test(
            "layers/inbound/session/tests/recognition.rs",
            "a_day_ends_it_however_active_and_however_renewed",
        )]),
    ),
    must(
        "7.4.1",
        L1,
        "After a sign-out or an end nothing opens any more, on the server too",
        Met(&[
            test("layers/inbound/login/src/tests/logout.rs", "signing_out_ends_the_session_in_the_store"),
            test("layers/inbound/session/tests/weak_points.rs", "a_slower_request_cannot_undo_a_logout"),
            test("tests/races/session.rs", "a_logout_ends_whatever_a_renewal_makes_meanwhile"),
        ]),
    ),
    must(
        "7.4.2",
        L1,
        "An account that is shut out or deleted has no session left",
        Met(&[
            test("layers/inbound/identity/src/ports/contract/user.rs", "whoever_is_shut_out_has_no_session"),
            test(
                "layers/inbound/identity/src/ports/contract/deletion.rs",
                "whoever_leaves_is_shut_out_and_told",
            ),
            test("layers/inbound/identity/src/ports/contract/deletion.rs", "nothing_opens_what_was_deleted"),
        ]),
    ),
    must(
        "7.4.3",
        L2,
        "Whoever changes a factor can end all other sessions",
        Met(&[
            test(
                "layers/inbound/login/src/tests/factors.rs",
                "somebody_enrols_keeps_the_codes_uses_one_and_removes_it_all",
            ),
            test(
                "layers/inbound/identity/src/ports/contract/password.rs",
                "a_password_is_changed_by_whoever_knows_it",
            ),
        ]),
    ),
    must(
        "7.4.4",
        L2,
        "Signing out is in sight on every page",
        host("Put a form that posts to `/logout` on every page of yours."),
    ),
    must(
        "7.4.5",
        L2,
        "An operator can end the sessions of a person, and of everybody",
        Met(&[
            test(
                "layers/inbound/login/src/tests/operator.rs",
                "an_operator_ends_the_sessions_of_one_person_or_of_everybody",
            ),
            test("tests/command_line/sessions.rs", "an_operator_ends_sessions_of_a_postgresql_database"),
        ]),
    ),
    must(
        "7.5.1",
        L2,
        "Whoever changes address, factors or ways back proves themself anew first",
        Met(&[
            test(
                "layers/inbound/login/src/tests/email_change.rs",
                "asking_needs_a_fresh_proof_and_what_is_no_new_address_is_told",
            ),
            test(
                "layers/inbound/login/src/tests/factors.rs",
                "somebody_enrols_keeps_the_codes_uses_one_and_removes_it_all",
            ),
        ]),
    ),
    must(
        "7.5.2",
        L2,
        "People see their sessions and, after a proof, end any",
        Met(&[
            test(
                "examples/axum/tests/journey/devices.rs",
                "a_person_stays_signed_in_and_ends_it_from_elsewhere",
            ),
            test(
                "layers/inbound/identity/src/ports/contract/remember.rs",
                "nobody_ends_what_is_another_persons",
            ),
        ]),
    ),
    must(
        "7.5.3",
        L3,
        "Before what matters most another factor is asked for",
        Met(&[
            test("layers/inbound/scope/tests/step_up.rs", "two_factors_are_not_one"),
            test(
                "layers/inbound/login/src/tests/factors.rs",
                "stepping_up_asks_for_the_second_factor_alone_and_keeps_the_sign_in",
            ),
        ]),
    ),
    must(
        "7.6.1",
        L2,
        "Sessions here and at a provider or client live and end as is written down",
        Met(&[
            test("examples/axum/tests/sign_in_end.rs", "tokens_end_when_the_session_lay_idle_for_too_long"),
            test("examples/axum/tests/sign_in_end.rs", "tokens_end_when_the_session_is_ended_from_elsewhere"),
        ]),
    ),
    must(
        "7.6.2",
        L2,
        "No session begins without the person's doing or consent",
        Met(&[
            test(
                "layers/inbound/login/src/tests/register.rs",
                "a_link_confirms_in_the_browser_that_asked_and_looking_at_it_does_nothing",
            ),
            test(
                "layers/outbound/oauth-server/src/browser/tests/interaction.rs",
                "the_whole_way_from_nobody_to_a_code",
            ),
        ]),
    ),
];
