//! NIST SP 800-63B-4, section 2: the levels, and when people prove themselves anew.

use super::requirement::{A1, A2, A3, Requirement, Status::Met, gap, must, should, test};

pub(super) const ROWS: &[Requirement] = &[
    must(
        "N2.1a",
        A1,
        "A session ends at last; better within 30 days",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/assurance/tests.rs",
                "each_level_asks_for_what_its_standard_says",
            ),
            test(
                "layers/inbound/session/tests/recognition.rs",
                "a_day_ends_it_however_active_and_however_renewed",
            ),
        ]),
    ),
    should(
        "N2.1b",
        A1,
        "Two factors are offered where one is enough",
        Met(&[test(
            "layers/inbound/login/src/tests/factors.rs",
            "somebody_enrols_keeps_the_codes_uses_one_and_removes_it_all",
        )]),
    ),
    must(
        "N2.2a",
        A2,
        "Two different factors at each sign-in",
        Met(&[
            test(
                "layers/inbound/login/src/tests/assurance.rs",
                "where_two_factors_are_asked_for_nobody_signs_in_with_one",
            ),
            test(
                "layers/inbound/login/src/tests/factors.rs",
                "half_signed_in_is_nobody_until_a_code_completes_it_under_a_new_id",
            ),
        ]),
    ),
    must(
        "N2.2b",
        A2,
        "One of them is of no use when it is repeated",
        Met(&[
            test("layers/inbound/login/src/tests/factors.rs", "a_code_counts_once_even_across_sessions"),
            test(
                "layers/inbound/identity/src/ports/contract/factor.rs",
                "a_step_is_spent_once_with_all_before_it",
            ),
        ]),
    ),
    should(
        "N2.2c",
        A2,
        "One of them needs the person's doing",
        Met(&[test(
            "layers/inbound/login/src/tests/factors.rs",
            "half_signed_in_is_nobody_until_a_code_completes_it_under_a_new_id",
        )]),
    ),
    must(
        "N2.2d",
        A2,
        "One way in cannot be phished",
        Met(&[
            test("layers/inbound/passkey/src/tests/attacks.rs", "a_page_of_another_origin_gets_nothing"),
            test(
                "layers/inbound/passkey/src/tests/signing_in.rs",
                "a_verifying_key_is_the_only_factor_that_is_needed",
            ),
        ]),
    ),
    should(
        "N2.2e",
        A2,
        "A session ends after 24 h, and when it lies unused for 1 h",
        Met(&[test(
            "layers/inbound/identity/src/rules/assurance/tests.rs",
            "each_level_asks_for_what_its_standard_says",
        )]),
    ),
    should(
        "N2.2f",
        A2,
        "Before its end, one factor may wake a session that lay unused",
        gap("a session that lay unused is over; people sign in whole"),
    ),
    must(
        "N2.3a",
        A3,
        "A key that cannot be copied, cannot be phished, and asks for a touch",
        gap("a passkey may travel between devices; nothing asks for one that stays in its hardware"),
    ),
    must(
        "N2.3b",
        A3,
        "A session ends after 12 h, better when it lies unused for 15 min",
        gap("there is no profile for AAL3; `asvs-l3` sets these numbers"),
    ),
];
