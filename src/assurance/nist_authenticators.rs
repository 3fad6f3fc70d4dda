//! NIST SP 800-63B-4, sections 3.1.2 to 3.2 and appendix B: codes, keys, and what all authenticators have in common.

use super::requirement::{A1, A2, Requirement, Status::Met, gap, host, must, page, should, test};

pub(super) const ROWS: &[Requirement] = &[
    must(
        "N3.1.2a",
        A1,
        "Backup codes are random, count once, are kept as hashes, and cannot be guessed on and on",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/backup_code.rs",
                "a_set_has_ten_different_codes_of_120_bits",
            ),
            test("layers/inbound/identity/src/ports/contract/factor.rs", "a_backup_code_is_spent_once"),
            test(
                "layers/inbound/login/src/tests/factors.rs",
                "sixty_four_wrong_codes_at_once_are_five_tries",
            ),
        ]),
    ),
    must(
        "N3.1.3a",
        A1,
        "Mail is no authenticator",
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
        "N3.1.3b",
        A1,
        "Codes sent elsewhere have six digits, live 10 min, count once, and a new one forgets no failure",
        Met(&[
            test(
                "layers/inbound/identity/src/ports/contract/mail_sign_in.rs",
                "a_mailed_sign_in_ends_on_time",
            ),
            test(
                "layers/inbound/identity/src/ports/contract/mail_sign_in.rs",
                "parallel_mailed_sign_ins_are_one",
            ),
            test(
                "layers/inbound/login/src/tests/magic.rs",
                "guessing_codes_is_slowed_over_all_mails_and_links_open_all_the_same",
            ),
        ]),
    ),
    must(
        "N3.1.3c",
        A1,
        "Pushed questions are bounded, and saying yes is not enough",
        Met(&[page("src/manual/signing_in.md", "ways-in-and-their-strength")]),
    ),
    must(
        "N3.1.3d",
        A1,
        "Codes by telephone only beside other ways, and with an eye on stolen numbers",
        Met(&[page("src/manual/signing_in.md", "ways-in-and-their-strength")]),
    ),
    must(
        "N3.1.4a",
        A1,
        "An app's seed has 112 bits, its code six digits, and it changes within 2 min",
        Met(&[
            test("layers/inbound/identity/src/rules/totp.rs", "a_secret_has_160_bits_and_reads_back"),
            test("layers/inbound/identity/src/rules/totp.rs", "a_code_is_six_digits"),
        ]),
    ),
    must(
        "N3.1.4b",
        A1,
        "Seeds are kept from who may not see them",
        Met(&[test(
            "layers/inbound/identity/src/rules/totp.rs",
            "a_sealed_secret_opens_for_its_own_person_alone",
        )]),
    ),
    must(
        "N3.1.4c",
        A1,
        "An app's code counts once",
        Met(&[test(
            "layers/inbound/identity/src/ports/contract/race.rs",
            "parallel_uses_of_one_code_are_one",
        )]),
    ),
    must(
        "N3.1.4d",
        A1,
        "How long a code counts is defined: clocks that differ, and the time to type",
        Met(&[test(
            "layers/inbound/identity/src/rules/totp.rs",
            "a_code_is_good_for_one_step_on_either_side",
        )]),
    ),
    must(
        "N3.1.4e",
        A1,
        "Guessing at an app's code is bounded",
        Met(&[test(
            "layers/inbound/login/src/tests/factors.rs",
            "sixty_four_wrong_codes_at_once_are_five_tries",
        )]),
    ),
    should(
        "N3.1.4f",
        A1,
        "A code that comes twice may be told to its person",
        gap("it is refused and written to the audit log; nobody is told"),
    ),
    must(
        "N3.1.6a",
        A1,
        "Keys: challenges of 64 bits that never come twice, and public keys kept from change",
        Met(&[
            test("layers/inbound/passkey/src/tests/attacks.rs", "a_signature_is_not_good_twice"),
            test(
                "layers/inbound/passkey/src/tests/attacks.rs",
                "what_was_changed_on_the_way_is_worth_nothing",
            ),
            test(
                "layers/inbound/passkey/src/tests/registering.rs",
                "a_key_that_somebody_has_is_not_registered_again",
            ),
        ]),
    ),
    must(
        "N3.1.7a",
        A1,
        "A key that was used without its person's PIN or finger is one factor",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/passkey/prove.rs",
                "a_key_alone_is_one_factor_and_one_that_verified_its_person_is_two",
            ),
            test(
                "layers/inbound/passkey/src/tests/signing_in.rs",
                "a_bare_key_is_one_factor_and_leaves_whoever_has_an_app_half_signed_in",
            ),
        ]),
    ),
    must(
        "NB.a",
        A1,
        "Keys that travel between devices: verifying the person is asked for, and looked at",
        Met(&[
            test(
                "layers/inbound/passkey/src/tests/registering.rs",
                "a_discoverable_key_is_asked_for_without_attestation_and_kept_whole",
            ),
            test("layers/inbound/passkey/src/tests/signing_in.rs", "a_bare_key_completes_a_password"),
        ]),
    ),
    must(
        "N3.2.1",
        A1,
        "What was lost can be made worthless at once",
        Met(&[
            test(
                "layers/inbound/identity/src/ports/contract/factor.rs",
                "whoever_removes_their_app_has_no_factor",
            ),
            test("layers/inbound/identity/src/ports/contract/user.rs", "whoever_is_shut_out_has_no_session"),
        ]),
    ),
    must(
        "N3.2.2a",
        A1,
        "100 failures in a row at most, then it must be bound anew",
        Met(&[
            test("layers/inbound/identity/src/rules/lockout.rs", "a_hundred_failures_in_a_row_are_the_last"),
            test("layers/inbound/identity/src/ports/contract/tries.rs", "a_credential_is_blocked_once"),
            test(
                "layers/inbound/identity/src/rules/lockout.rs",
                "a_policy_cannot_be_made_weaker_than_the_limit",
            ),
        ]),
    ),
    should(
        "N3.2.2b",
        A1,
        "A success forgets the failures of its own authenticator and of no other",
        Met(&[
            test("layers/inbound/identity/src/ports/contract/tries.rs", "a_success_forgets_the_tries"),
            test(
                "layers/inbound/identity/src/ports/contract/tries.rs",
                "each_credential_is_counted_by_itself",
            ),
        ]),
    ),
    should(
        "N3.2.4",
        A1,
        "In an enterprise, keys say of what make they are",
        gap("attestation is not asked for; a list of makes is taken at the word of the key"),
    ),
    must(
        "N3.2.5",
        A2,
        "What cannot be phished is bound to the name of the site",
        Met(&[
            test("layers/inbound/passkey/src/tests/attacks.rs", "a_key_of_another_host_opens_nothing_here"),
            test("layers/inbound/passkey/src/tests/attacks.rs", "a_page_of_another_origin_gets_nothing"),
        ]),
    ),
    must(
        "N3.2.7",
        A2,
        "What was seen once opens nothing again",
        Met(&[
            test(
                "layers/inbound/login/src/tests/factors.rs",
                "sixty_four_uses_of_one_code_at_once_are_one_sign_in",
            ),
            test(
                "layers/inbound/identity/src/ports/contract/race.rs",
                "parallel_uses_of_one_backup_code_are_one",
            ),
        ]),
    ),
    must(
        "N3.2.8",
        A2,
        "Nothing signs in without its person's doing",
        Met(&[test(
            "layers/inbound/login/src/tests/factors.rs",
            "half_signed_in_is_nobody_until_a_code_completes_it_under_a_new_id",
        )]),
    ),
    must(
        "N3.2.9",
        A1,
        "Whoever offers a restricted authenticator tells its risk and plans its end",
        host("None is here. Whoever adds codes by telephone owes their people the notice and the plan."),
    ),
    must(
        "N3.2.12",
        A1,
        "Randomness is from an approved generator, 112 bits or more",
        Met(&[test("tests/assurance.rs", "secrets_are_drawn_from_the_system_alone")]),
    ),
];
