//! NIST SP 800-63B-4, section 4: from enrolling an authenticator to losing it.

use super::requirement::{A1, A2, Requirement, Status::Met, gap, must, page, test};

pub(super) const ROWS: &[Requirement] = &[
    must(
        "N4.1a",
        A1,
        "It is kept who has which authenticators since when",
        Met(&[
            test("layers/inbound/identity/src/ports/contract/factor.rs", "a_secret_waits_for_its_first_code"),
            test(
                "layers/inbound/login/src/tests/factors.rs",
                "somebody_enrols_keeps_the_codes_uses_one_and_removes_it_all",
            ),
        ]),
    ),
    must(
        "N4.1b",
        A1,
        "People may have several authenticators, bind them at their strongest, and are told elsewhere",
        Met(&[
            test(
                "layers/inbound/passkey/src/tests/registering.rs",
                "a_person_has_so_many_passkeys_and_no_more",
            ),
            test(
                "layers/inbound/login/src/tests/factors.rs",
                "stepping_up_asks_for_the_second_factor_alone_and_keeps_the_sign_in",
            ),
            test(
                "layers/inbound/login/src/tests/notices.rs",
                "each_change_of_factors_is_told_at_the_proven_address",
            ),
        ]),
    ),
    must(
        "N4.1c",
        A1,
        "A code that binds an authenticator at another device is short-lived and never mailed",
        Met(&[page("src/manual/signing_in.md", "ways-in-and-their-strength")]),
    ),
    must(
        "N4.2a",
        A1,
        "Codes to get back in: 64 bits and hashed where they are kept, 24 h where they are mailed",
        Met(&[
            test(
                "layers/inbound/login/src/tests/passwords.rs",
                "a_link_is_dead_after_an_hour_or_a_newer_one",
            ),
            test("layers/inbound/login/src/tests/passwords.rs", "a_backup_code_stands_in_and_is_spent"),
        ]),
    ),
    must(
        "N4.2b",
        A2,
        "At AAL2 the way back needs two codes by different roads, or one and a factor",
        Met(&[test(
            "layers/inbound/login/src/tests/passwords.rs",
            "a_reset_asks_for_the_second_factor_and_a_wrong_code_leaves_the_link",
        )]),
    ),
    must(
        "N4.2c",
        A1,
        "Whoever gets back in is told",
        Met(&[test(
            "layers/inbound/login/src/tests/passwords.rs",
            "a_forgotten_password_is_set_anew_and_everybody_is_signed_out",
        )]),
    ),
    must(
        "N4.2d",
        A2,
        "A forgotten password of somebody with other factors is set anew by those",
        Met(&[test(
            "layers/inbound/login/src/tests/passwords.rs",
            "a_reset_asks_for_the_second_factor_and_a_wrong_code_leaves_the_link",
        )]),
    ),
    must(
        "N4.3",
        A1,
        "What is in wrong hands is suspended at once",
        Met(&[
            test(
                "layers/inbound/identity/src/ports/contract/user.rs",
                "whoever_was_shut_out_is_let_in_again",
            ),
            test("layers/inbound/identity/src/ports/contract/user.rs", "whoever_is_shut_out_has_no_session"),
        ]),
    ),
    must(
        "N4.4",
        A1,
        "What has ended opens nothing",
        Met(&[
            test("layers/inbound/identity/src/ports/contract/email_token.rs", "a_proof_ends_on_time"),
            test("layers/inbound/identity/src/ports/contract/factor.rs", "a_secret_does_not_wait_for_ever"),
        ]),
    ),
    must(
        "N4.5",
        A1,
        "Authenticators end when their person says so, and with the account",
        Met(&[
            test(
                "layers/inbound/identity/src/ports/contract/factor.rs",
                "whoever_removes_their_app_has_no_factor",
            ),
            test(
                "layers/inbound/identity/src/ports/contract/passkey.rs",
                "removing_a_passkey_ends_the_other_sessions",
            ),
            test("layers/inbound/identity/src/ports/contract/deletion.rs", "nothing_opens_what_was_deleted"),
        ]),
    ),
    must(
        "N4.6",
        A1,
        "Notices go to every address of the person, with what to do if it was not them",
        gap("notices say what to do; they go to the one address that an account has"),
    ),
];
