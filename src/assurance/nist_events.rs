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
        gap("one app and ten codes, bound after a fresh proof; no mail is sent about it"),
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
        gap("backup codes are; there is no mailed way back"),
    ),
    must(
        "N4.2b",
        A2,
        "At AAL2 the way back needs two codes by different roads, or one and a factor",
        gap("there is no reset; a backup code beside the password is the only way back"),
    ),
    must("N4.2c", A1, "Whoever gets back in is told", gap("no mail is sent about it")),
    must(
        "N4.2d",
        A2,
        "A forgotten password of somebody with other factors is set anew by those",
        gap("there is no reset"),
    ),
    must(
        "N4.3",
        A1,
        "What is in wrong hands is suspended at once",
        gap("an account can be shut out by a call; it cannot be let in again"),
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
        gap("an app and its codes do; accounts cannot be deleted yet"),
    ),
    must(
        "N4.6",
        A1,
        "Notices go to every address of the person, with what to do if it was not them",
        gap("no notice is sent"),
    ),
];
