//! NIST SP 800-63B-4, section 3.1.1: passwords.

use super::requirement::{A1, Requirement, Status::Met, gap, host, must, page, should, test};

pub(super) const ROWS: &[Requirement] = &[
    must(
        "N3.1.1a",
        A1,
        "15 characters where a password stands alone, 8 beside a second factor",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/password/policy.rs",
                "a_password_that_stands_alone_has_15_characters",
            ),
            test(
                "layers/inbound/identity/src/rules/assurance/tests.rs",
                "the_rules_take_their_numbers_from_the_profile",
            ),
        ]),
    ),
    should(
        "N3.1.1b",
        A1,
        "64 characters and more are taken",
        Met(&[test(
            "layers/inbound/identity/src/rules/password/mod.rs",
            "a_password_has_1_to_128_characters_of_any_script",
        )]),
    ),
    should(
        "N3.1.1c",
        A1,
        "All printing ASCII characters and the space are taken",
        Met(&[
            test("layers/inbound/identity/src/rules/password/mod.rs", "nothing_is_trimmed"),
            test(
                "layers/inbound/identity/src/rules/password/mod.rs",
                "a_password_has_1_to_128_characters_of_any_script",
            ),
        ]),
    ),
    should(
        "N3.1.1d",
        A1,
        "Any script is taken; each character counts one",
        Met(&[test(
            "layers/inbound/identity/src/rules/password/mod.rs",
            "a_password_has_1_to_128_characters_of_any_script",
        )]),
    ),
    must(
        "N3.1.1e",
        A1,
        "No rules on what characters a password is made of",
        Met(&[test(
            "layers/inbound/identity/src/rules/password/policy.rs",
            "a_password_that_stands_alone_has_15_characters",
        )]),
    ),
    must(
        "N3.1.1f",
        A1,
        "No password expires by date; one that others know must be changed",
        gap("none expires; nothing can ask for a change"),
    ),
    must("N3.1.1g", A1, "No hints", Met(&[page("src/manual/signing_in.md", "passwords")])),
    must(
        "N3.1.1h",
        A1,
        "No questions about one's life",
        Met(&[page("src/manual/signing_in.md", "passwords")]),
    ),
    must(
        "N3.1.1i",
        A1,
        "The whole password is asked for and verified",
        Met(&[test(
            "layers/inbound/login/src/tests/login.rs",
            "a_password_has_up_to_128_characters_of_any_script",
        )]),
    ),
    should(
        "N3.1.1j",
        A1,
        "Passwords are normalised before they are hashed",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/password/mod.rs",
                "the_same_word_typed_in_another_way_is_the_same_password",
            ),
            test(
                "layers/inbound/identity/src/rules/password/hash/tests.rs",
                "a_composed_and_a_decomposed_password_verify_alike",
            ),
        ]),
    ),
    must(
        "N3.1.1k",
        A1,
        "A new password is none of a list of those that are guessed first, and whoever hears no hears why",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/password/policy.rs",
                "what_everybody_tries_first_is_refused_and_so_is_ones_own_address",
            ),
            test(
                "layers/inbound/login/src/tests/register.rs",
                "what_is_no_address_or_a_weak_password_is_told_and_nothing_is_written",
            ),
        ]),
    ),
    must(
        "N3.1.1l",
        A1,
        "Guessing is slowed",
        Met(&[test(
            "layers/inbound/identity/src/ports/contract/race.rs",
            "parallel_guesses_are_no_more_than_the_limit",
        )]),
    ),
    must(
        "N3.1.1m",
        A1,
        "Password managers and filling in work; better pasting and showing too",
        Met(&[test("layers/ui/pages/src/inbound.rs", "the_form_has_its_fields_and_ids")]),
    ),
    should(
        "N3.1.1n",
        A1,
        "Slips of the finger may be forgiven",
        gap("a password is what was typed, to the letter"),
    ),
    must(
        "N3.1.1o",
        A1,
        "Passwords travel encrypted alone",
        host("Terminate TLS; without it the cookies here do not come back, unless a name says `insecure`."),
    ),
    must(
        "N3.1.1p",
        A1,
        "Salt and a hash made for passwords, as dear as can be, with its cost beside it",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/password/hash/tests.rs",
                "two_hashes_of_one_password_differ_and_both_verify",
            ),
            test(
                "layers/inbound/identity/src/rules/password/hash/tests.rs",
                "a_hash_of_an_older_kind_verifies_and_is_due_for_a_new_one",
            ),
        ]),
    ),
    should(
        "N3.1.1q",
        A1,
        "A second hash under a key that is kept apart",
        Met(&[test(
            "layers/inbound/login/src/tests/new_passwords.rs",
            "a_pepper_turns_over_as_people_sign_in_and_a_lost_one_shuts_them_out",
        )]),
    ),
];
