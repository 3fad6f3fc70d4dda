//! OWASP ASVS 5.0: what chapters 2, 3 and 8 ask of flows, browsers and access, as far as it touches signing in.

use super::requirement::{L1, L2, L3, Requirement, Status::Met, gap, host, must, page, test};

pub(super) const ROWS: &[Requirement] = &[
    must(
        "2.3.1",
        L1,
        "The steps of a flow come in their order, none is left out",
        Met(&[
            test("layers/inbound/scope/tests/scope.rs", "half_signed_in_is_nobody"),
            test(
                "layers/inbound/identity/src/ports/contract/factor.rs",
                "whoever_has_an_app_is_half_signed_in",
            ),
        ]),
    ),
    must(
        "2.4.1",
        L2,
        "What programs could do too often is bounded",
        Met(&[
            test("layers/shared/rate-limit/tests/layer.rs", "a_burst_lets_no_more_through_than_the_limit"),
            test("layers/shared/rate-limit/tests/layer.rs", "the_addresses_of_one_subscriber_are_one"),
            test("layers/inbound/login/src/tests/lockout.rs", "sixty_four_guesses_at_once_are_five"),
            test("layers/shared/rate-limit/tests/layer.rs", "an_address_asks_so_often_and_waits_then"),
            test("layers/shared/rate-limit/tests/layer.rs", "a_success_empties_no_bucket"),
            test(
                "layers/shared/client-address/tests/properties.rs",
                "no_prefix_of_a_client_changes_who_it_is",
            ),
        ]),
    ),
    must(
        "3.3.1",
        L1,
        "Cookies are `Secure`",
        Met(&[test(
            "layers/inbound/session/tests/recognition.rs",
            "the_cookie_is_host_bound_and_ends_with_the_browser",
        )]),
    ),
    must(
        "3.3.2",
        L2,
        "Each cookie has the `SameSite` that fits it",
        Met(&[test(
            "layers/inbound/session/tests/recognition.rs",
            "the_cookie_is_host_bound_and_ends_with_the_browser",
        )]),
    ),
    must(
        "3.3.3",
        L2,
        "Cookies begin with `__Host-`",
        Met(&[
            test(
                "layers/inbound/session/tests/recognition.rs",
                "the_cookie_is_host_bound_and_ends_with_the_browser",
            ),
            test("layers/inbound/session/src/cookie.rs", "the_plain_name_is_not_read_by_a_secure_host"),
        ]),
    ),
    must(
        "3.3.4",
        L2,
        "No script reads the cookie of a session",
        Met(&[test(
            "layers/inbound/session/tests/recognition.rs",
            "the_cookie_is_host_bound_and_ends_with_the_browser",
        )]),
    ),
    must(
        "3.3.5",
        L3,
        "A cookie's name and value have 4096 bytes at most",
        Met(&[test("tests/assurance.rs", "an_opaque_token_is_far_smaller_than_a_cookie_may_be")]),
    ),
    must(
        "3.4.1",
        L1,
        "`Strict-Transport-Security` on every answer, for a year",
        host("Whoever terminates TLS sends it: your server, or the proxy before it."),
    ),
    must(
        "3.4.2",
        L1,
        "`Access-Control-Allow-Origin` is fixed or checked",
        host("No page of signing in sends one; see to your own routes."),
    ),
    must(
        "3.4.3",
        L2,
        "A content security policy on every page",
        Met(&[
            test(
                "layers/shared/endpoint/src/page.rs",
                "each_answer_forbids_framing_sniffing_keeping_and_telling",
            ),
            test(
                "layers/inbound/login/src/tests/login.rs",
                "a_page_is_sent_under_a_strict_policy_without_form_action",
            ),
        ]),
    ),
    must(
        "3.4.4",
        L2,
        "`X-Content-Type-Options: nosniff`",
        Met(&[test(
            "layers/shared/endpoint/src/page.rs",
            "each_answer_forbids_framing_sniffing_keeping_and_telling",
        )]),
    ),
    must(
        "3.4.5",
        L2,
        "A referrer policy that tells nothing",
        Met(&[test(
            "layers/shared/endpoint/src/page.rs",
            "each_answer_forbids_framing_sniffing_keeping_and_telling",
        )]),
    ),
    must(
        "3.4.6",
        L2,
        "`frame-ancestors` forbids framing",
        Met(&[test(
            "layers/shared/endpoint/src/page.rs",
            "each_answer_forbids_framing_sniffing_keeping_and_telling",
        )]),
    ),
    must(
        "3.4.7",
        L3,
        "The content security policy says where breaches are reported",
        gap("the policy names no place for reports"),
    ),
    must("3.4.8", L3, "`Cross-Origin-Opener-Policy` on pages", gap("pages come without it")),
    must(
        "3.5.1",
        L1,
        "Posts from other sites are found out",
        Met(&[
            test("tests/frameworks/behaviour.rs", "a_form_from_another_site_is_refused"),
            test("tests/login_csrf.rs", "nobody_is_signed_in_by_a_form_of_another_site"),
            test("tests/login_csrf.rs", "signing_out_and_every_other_form_is_held_to_the_same"),
        ]),
    ),
    must(
        "3.5.2",
        L1,
        "Nothing that matters can be asked without a preflight and by its own type",
        Met(&[
            test("layers/shared/endpoint/src/body.rs", "only_a_form_is_read"),
            test(
                "tests/mounting.rs",
                "other_sites_may_post_to_the_authorization_endpoint_and_to_what_the_host_named",
            ),
        ]),
    ),
    must(
        "3.5.3",
        L1,
        "Nothing that matters is done by GET",
        Met(&[
            test("layers/inbound/login/src/tests/logout.rs", "a_link_cannot_sign_out"),
            test(
                "layers/inbound/login/src/tests/register.rs",
                "a_link_confirms_in_the_browser_that_asked_and_looking_at_it_does_nothing",
            ),
        ]),
    ),
    must(
        "3.5.8",
        L3,
        "What only a person may see is not to be loaded by other sites",
        host("Set `Cross-Origin-Resource-Policy` on your own answers; the pages here cannot be framed."),
    ),
    must(
        "3.7.2",
        L2,
        "Nobody is sent on to another host",
        Met(&[
            test("layers/inbound/login/src/tests/login.rs", "nobody_is_sent_to_another_host"),
            test("layers/shared/core/tests/properties.rs", "a_local_path_never_leaves_its_host"),
        ]),
    ),
    must(
        "3.7.3",
        L3,
        "Whoever is sent elsewhere is told so",
        host(
            "Sign-in leads only to this host, or to a client that the consent page named; tell of other links yourself.",
        ),
    ),
    must(
        "8.1.3",
        L3,
        "It is written down which surroundings of a request count for access",
        host("No surroundings count here, and the manual says so; write down those that you add."),
    ),
    must(
        "8.1.4",
        L3,
        "It is written down how they count for signing in",
        host("No surroundings count here, and the manual says so; write down those that you add."),
    ),
    must(
        "8.2.1",
        L1,
        "Functions need an explicit permission",
        host("Guard routes with `RequireUserLayer` or `RequireLevelLayer`; rights are yours."),
    ),
    must(
        "8.2.2",
        L1,
        "Data needs an explicit permission",
        host("Whose record is whose is your knowledge alone."),
    ),
    must(
        "8.2.4",
        L3,
        "Surroundings count for new and for running sessions",
        host("End sessions with `SessionStore::end_sessions_of` where your checks say so."),
    ),
    must(
        "8.3.1",
        L1,
        "Access is decided on the server",
        Met(&[test("layers/inbound/scope/tests/scope.rs", "only_somebody_signed_in_passes")]),
    ),
    must(
        "8.3.2",
        L3,
        "A change of rights counts at once",
        Met(&[
            test("layers/inbound/identity/src/ports/contract/user.rs", "whoever_is_shut_out_has_no_session"),
            test(
                "layers/inbound/identity/src/ports/contract/race.rs",
                "a_person_shut_out_while_signing_in_is_out",
            ),
        ]),
    ),
    must(
        "8.4.1",
        L2,
        "Tenants do not reach each other",
        host("Organizations are not here yet; keep tenants apart in your own data."),
    ),
    must(
        "8.4.2",
        L3,
        "Operators pass several checks, again and again",
        host("Guard your console with `RequireLevelLayer` at two factors and a short age."),
    ),
    must(
        "14.2.1",
        L1,
        "No secret that stays good is in an address",
        Met(&[
            test("layers/inbound/login/src/tests/login.rs", "a_password_in_the_query_is_not_read"),
            test(
                "layers/outbound/oauth-resource/src/service/tests.rs",
                "rfc6750_2_3_a_token_in_the_query_is_not_seen",
            ),
            test("layers/inbound/identity/src/ports/contract/email_token.rs", "a_proof_is_good_once"),
        ]),
    ),
    must(
        "14.3.1",
        L1,
        "Signing out clears what the browser keeps",
        Met(&[test("layers/inbound/login/src/tests/logout.rs", "signing_out_ends_the_session_in_the_store")]),
    ),
    must(
        "14.3.2",
        L2,
        "Nothing personal is kept by caches",
        Met(&[
            test(
                "layers/shared/endpoint/src/page.rs",
                "each_answer_forbids_framing_sniffing_keeping_and_telling",
            ),
            test(
                "layers/inbound/session/tests/weak_points.rs",
                "an_answer_that_sets_the_cookie_is_not_kept_by_caches",
            ),
        ]),
    ),
    must(
        "15.1.3",
        L2,
        "It is written down which work is dear, and what bounds it",
        Met(&[page("src/manual/signing_in.md", "dear-work")]),
    ),
    must(
        "15.2.2",
        L2,
        "Dear work is bounded, so that the rest goes on",
        Met(&[
            test("layers/inbound/login/src/hasher/tests.rs", "what_exceeds_the_queue_is_shed_at_once"),
            test("layers/inbound/login/src/tests/login.rs", "too_many_at_once_are_asked_to_come_back"),
        ]),
    ),
];
