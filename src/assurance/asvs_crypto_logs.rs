//! OWASP ASVS 5.0: what chapters 11, 13 and 16 ask of cryptography, secrets and logs, as far as it touches signing in.

use super::requirement::{L2, L3, Requirement, Status::Met, gap, host, must, page, test};

pub(super) const ROWS: &[Requirement] = &[
    must(
        "11.2.1",
        L2,
        "Cryptography is other people's, and well proven",
        Met(&[page("src/manual/signing_in.md", "cryptography")]),
    ),
    must(
        "11.2.2",
        L2,
        "An algorithm can be replaced by a better one",
        Met(&[
            test(
                "layers/inbound/login/src/tests/login.rs",
                "a_hash_made_in_another_way_is_replaced_at_sign_in",
            ),
            test("layers/shared/core/src/seal/tests.rs", "an_older_key_of_the_ring_still_opens_and_is_stale"),
        ]),
    ),
    must(
        "11.2.3",
        L2,
        "128 bits of strength or more throughout",
        Met(&[page("src/manual/signing_in.md", "cryptography")]),
    ),
    must(
        "11.2.4",
        L3,
        "Comparing secrets takes the same time whatever they are",
        gap("digests are compared in constant time; no measurement of it is kept"),
    ),
    must(
        "11.2.5",
        L3,
        "Cryptography that fails opens nothing and tells nothing",
        Met(&[
            test("layers/shared/core/src/seal/tests.rs", "a_flipped_bit_anywhere_keeps_it_shut"),
            test(
                "layers/inbound/login/src/tests/factors.rs",
                "a_secret_that_cannot_be_opened_lets_nobody_in",
            ),
        ]),
    ),
    must(
        "11.4.2",
        L2,
        "Passwords are kept under a hash made for them, as dear as today asks",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/password/hash/tests.rs",
                "the_default_is_argon2id_with_19_mib_and_two_passes",
            ),
            test(
                "layers/inbound/identity/src/rules/password/hash/tests.rs",
                "weaker_parameters_need_the_word_insecure",
            ),
        ]),
    ),
    must(
        "11.5.1",
        L2,
        "What nobody may guess has 128 random bits or more",
        Met(&[
            test("tests/assurance.rs", "secrets_are_drawn_from_the_system_alone"),
            test("layers/shared/core/tests/properties.rs", "a_changed_token_is_another_token"),
        ]),
    ),
    must(
        "13.3.1",
        L2,
        "The application's own secrets come from a vault",
        host("`SealingRing` and `Mailroom` take their keys as bytes: fetch them from your vault."),
    ),
    must(
        "13.3.4",
        L3,
        "The application's own secrets end and turn",
        host("Give the ring a new key first and keep the older ones until all is sealed anew."),
    ),
    must(
        "16.2.1",
        L2,
        "A log entry says when, where, who and what",
        Met(&[
            test("layers/inbound/identity/src/ports/contract/user.rs", "an_event_reads_back_whole"),
            test("layers/inbound/session/tests/door.rs", "the_events_of_a_request_carry_its_identifier"),
        ]),
    ),
    must(
        "16.2.2",
        L2,
        "The times of logs are of one clock, in UTC",
        Met(&[test("layers/shared/core/tests/properties.rs", "time_moves_there_and_back")]),
    ),
    must(
        "16.2.4",
        L2,
        "Logs can be read by the tools that are used for them",
        Met(&[
            test("layers/shared/audit/tests/record.rs", "a_fanout_tells_every_sink_in_order"),
            test("layers/storage/sqlite/src/details.rs", "facts_keep_their_order"),
        ]),
    ),
    must(
        "16.2.5",
        L2,
        "No secret is logged",
        Met(&[
            test("tests/way_of_a_request.rs", "the_five_steps_leave_what_they_should_in_sqlite"),
            test(
                "layers/shared/audit/tests/record.rs",
                "the_record_tells_method_path_and_status_and_neither_query_nor_header",
            ),
        ]),
    ),
    must(
        "16.3.1",
        L2,
        "Every try to sign in is logged, with its means",
        Met(&[
            test(
                "layers/inbound/login/src/tests/login.rs",
                "a_failure_that_cannot_be_written_down_is_not_answered_as_one",
            ),
            test("tests/way_of_a_request.rs", "the_five_steps_leave_what_they_should_in_memory"),
        ]),
    ),
    must(
        "16.3.2",
        L2,
        "Refused access is logged",
        Met(&[test(
            "layers/shared/audit/tests/record.rs",
            "tracing_hears_of_a_success_at_info_and_of_a_refusal_at_warn",
        )]),
    ),
    must(
        "16.3.2@L3",
        L3,
        "Every decision on access is logged",
        Met(&[test(
            "layers/shared/audit/tests/record.rs",
            "the_record_tells_method_path_and_status_and_neither_query_nor_header",
        )]),
    ),
    must(
        "16.3.3",
        L2,
        "Tries to get around a defence are logged",
        Met(&[
            test("tests/attempts.rs", "who_tries_to_get_around_a_defence_is_in_the_record"),
            test("layers/inbound/login/src/tests/factors.rs", "a_code_counts_once_even_across_sessions"),
        ]),
    ),
    must(
        "16.3.4",
        L2,
        "Errors and failing defences are logged",
        Met(&[test(
            "layers/inbound/session/tests/recognition.rs",
            "a_broken_store_is_a_500_that_does_not_tell_why",
        )]),
    ),
    must(
        "16.4.1",
        L2,
        "Nobody writes into the log by what they send",
        Met(&[
            test("layers/shared/audit/tests/record.rs", "whoever_asks_does_not_choose_the_name"),
            test("layers/storage/sqlite/src/details.rs", "facts_keep_their_order"),
        ]),
    ),
    must(
        "16.4.2",
        L2,
        "Nobody changes or reads the log who may not",
        host("Whoever may write the database may write its log: tell another system by a `Sink`."),
    ),
    must(
        "16.4.3",
        L2,
        "Logs are kept on another system too",
        host("Hang a `Sink` of your own beside `TracingSink`: it hears of each event after its commit."),
    ),
    must(
        "16.5.1",
        L2,
        "An error tells a person nothing about the inside",
        Met(&[
            test(
                "layers/inbound/session/tests/recognition.rs",
                "a_broken_store_is_a_500_that_does_not_tell_why",
            ),
            test(
                "layers/inbound/login/src/tests/login.rs",
                "a_store_that_is_away_answers_503_and_one_that_is_broken_500",
            ),
        ]),
    ),
    must(
        "16.5.2",
        L2,
        "When a part is away, the rest stands",
        Met(&[
            test("examples/axum/tests/faults/database.rs", "a_database_that_is_gone_is_told"),
            test(
                "layers/inbound/login/src/tests/register.rs",
                "mail_that_cannot_go_out_waits_and_what_went_leaves_no_text",
            ),
        ]),
    ),
    must(
        "16.5.3",
        L2,
        "A failure lets nobody in",
        Met(&[
            test(
                "layers/inbound/session/tests/recognition.rs",
                "an_unavailable_store_is_a_503_that_asks_to_come_back",
            ),
            test(
                "layers/inbound/login/src/tests/factors.rs",
                "a_secret_that_cannot_be_opened_lets_nobody_in",
            ),
            test("layers/shared/rate-limit/tests/layer.rs", "a_store_that_fails_lets_nobody_through"),
        ]),
    ),
];
