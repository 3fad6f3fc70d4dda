//! NIST SP 800-63B-4, section 5: sessions.

use super::requirement::{A1, Requirement, Status::Met, host, must, should, test};

pub(super) const ROWS: &[Requirement] = &[
    must(
        "N5.1a",
        A1,
        "A session's secret is made at the sign-in, has 64 bits, travels encrypted, and ends with the sign-out",
        Met(&[
            test("layers/inbound/session/tests/door.rs", "a_logout_deletes_and_clears"),
            test(
                "layers/inbound/session/tests/recognition.rs",
                "the_cookie_is_host_bound_and_ends_with_the_browser",
            ),
        ]),
    ),
    must(
        "N5.1b",
        A1,
        "Being remembered is no sign-in; better nothing outlives the browser",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/remember.rs",
                "a_session_by_a_cookie_proves_nothing_and_tells_when_something_was",
            ),
            test(
                "layers/inbound/session/tests/recognition.rs",
                "the_cookie_is_host_bound_and_ends_with_the_browser",
            ),
            test(
                "layers/inbound/identity/src/rules/assurance/tests.rs",
                "each_level_asks_for_what_its_standard_says",
            ),
        ]),
    ),
    must(
        "N5.1c",
        A1,
        "A session is no stronger than the sign-in that it came from",
        Met(&[
            test(
                "layers/inbound/identity/src/rules/level.rs",
                "two_kinds_are_two_factors_and_twice_the_same_is_one",
            ),
            test("layers/inbound/scope/tests/step_up.rs", "two_factors_are_not_one"),
        ]),
    ),
    should(
        "N5.1d",
        A1,
        "No session secret in web storage",
        Met(&[test(
            "layers/inbound/session/tests/recognition.rs",
            "the_cookie_is_host_bound_and_ends_with_the_browser",
        )]),
    ),
    must(
        "N5.1e",
        A1,
        "No way back from https to http",
        Met(&[
            test("layers/inbound/session/src/cookie.rs", "the_plain_name_is_not_read_by_a_secure_host"),
            test("examples/axum/src/config/tests.rs", "an_issuer_is_an_address_in_its_usual_spelling"),
        ]),
    ),
    must(
        "N5.1f",
        A1,
        "A post shows that it comes from the site's own page",
        Met(&[
            test("tests/login_csrf.rs", "signing_out_and_every_other_form_is_held_to_the_same"),
            test("tests/frameworks/behaviour.rs", "a_form_from_another_site_is_refused"),
        ]),
    ),
    should(
        "N5.1g",
        A1,
        "Signing out is at hand",
        host("Put a form that posts to `/logout` on every page of yours."),
    ),
    must(
        "N5.1.1",
        A1,
        "Cookies: secure, for one host and path, opaque, out of scripts' reach",
        Met(&[
            test(
                "layers/inbound/session/tests/recognition.rs",
                "the_cookie_is_host_bound_and_ends_with_the_browser",
            ),
            test("tests/frameworks/behaviour.rs", "signing_in_sets_a_guarded_cookie_and_a_new_identifier"),
        ]),
    ),
    must(
        "N5.1.2",
        A1,
        "An access token is no sign that its person is there",
        Met(&[
            test("examples/axum/tests/sign_in_end.rs", "a_code_gives_no_tokens_after_the_session_ended"),
            test(
                "layers/outbound/oauth-resource/src/service/tests/step_up.rs",
                "rfc9470_3_an_old_sign_in_is_told_how_fresh_it_must_be",
            ),
        ]),
    ),
    must(
        "N5.2a",
        A1,
        "Either end is the end; use sets the first back, a new proof both",
        Met(&[
            test(
                "layers/inbound/identity/src/ports/contract/session.rs",
                "activity_stops_at_the_absolute_end",
            ),
            test(
                "layers/inbound/session/tests/door.rs",
                "whoever_proves_themself_again_has_a_new_identifier_in_the_same_sign_in",
            ),
        ]),
    ),
    must(
        "N5.2b",
        A1,
        "Whoever takes a sign-in from elsewhere says itself when it is asked for anew",
        Met(&[test(
            "layers/inbound/identity/src/rules/linked_identity.rs",
            "a_proof_is_as_old_as_the_provider_says",
        )]),
    ),
    should(
        "N5.3",
        A1,
        "Sessions may be watched for what is strange, with care for privacy",
        host("The audit log tells each sign-in; what is strange for your people is yours to say."),
    ),
];
