//! OWASP ASVS 5.0: what chapters 9 and 10 ask of tokens, clients and APIs, as far as it touches people who sign in.

use super::requirement::{L1, L2, L3, Requirement, Status::Met, gap, host, must, page, test};

pub(super) const ROWS: &[Requirement] = &[
    must(
        "9.1.1",
        L1,
        "A token that speaks for itself is believed under its signature alone",
        Met(&[
            test("layers/shared/jose/src/jws/tests.rs", "what_is_signed_verifies_and_only_under_its_own_key"),
            test("tests/rfc/wycheproof_jws.rs", "none_never_verifies_however_it_is_spelt"),
        ]),
    ),
    must(
        "9.1.2",
        L1,
        "Only listed algorithms count, `none` never, symmetric and asymmetric apart",
        Met(&[
            test(
                "layers/shared/jose/src/jws/tests.rs",
                "the_kid_selects_the_key_and_the_key_pins_the_algorithm",
            ),
            test("tests/rfc/wycheproof_jws.rs", "a_public_key_is_no_shared_secret"),
        ]),
    ),
    must(
        "9.1.3",
        L1,
        "Keys come from where they were set up, not from the token",
        Met(&[test("tests/rfc/wycheproof_jws.rs", "a_key_inside_the_token_is_never_trusted")]),
    ),
    must(
        "9.2.1",
        L1,
        "A token counts within its time alone",
        Met(&[
            test("layers/shared/jose/src/jwt.rs", "rfc7519_4_1_4_expiry_is_required_and_ends_at_its_second"),
            test("layers/shared/jose/src/jwt.rs", "rfc7519_4_1_5_and_6_a_token_from_the_future_is_refused"),
        ]),
    ),
    must(
        "9.2.2",
        L2,
        "A token is of the kind that is asked for",
        Met(&[test("tests/attacks/confusion.rs", "one_jwt_is_good_in_one_place_only")]),
    ),
    must(
        "9.2.3",
        L2,
        "A service takes only tokens that are for it",
        Met(&[test(
            "layers/outbound/oauth-resource/src/service/tests.rs",
            "rfc9068_4_each_check_refuses_on_its_own",
        )]),
    ),
    must(
        "9.2.4",
        L2,
        "An issuer that serves several puts the audience into each token",
        Met(&[test(
            "layers/outbound/oauth-server/src/browser/tests/consent.rs",
            "rfc8707_2_the_tokens_are_for_the_apis_that_were_named_and_seen",
        )]),
    ),
    must(
        "10.1.1",
        L2,
        "Tokens go only where they are needed",
        Met(&[
            test(
                "layers/outbound/oauth/src/rules/resource/tests.rs",
                "a_scope_value_goes_only_where_it_means_something",
            ),
            page("src/manual/way_of_a_request.md", "the-way-of-a-request"),
        ]),
    ),
    must(
        "10.1.2",
        L2,
        "A client takes only answers to what its own browser session began",
        Met(&[test("examples/axum/tests/journey/social.rs", "nobody_comes_back_who_did_not_leave")]),
    ),
    must(
        "10.2.1",
        L2,
        "A client defends its flow against forgery: PKCE or `state`",
        Met(&[test("examples/axum/tests/journey/social.rs", "nobody_comes_back_who_did_not_leave")]),
    ),
    must(
        "10.2.2",
        L2,
        "A client of several providers tells their answers apart",
        Met(&[test("examples/axum/tests/journey/social.rs", "nobody_comes_back_who_did_not_leave")]),
    ),
    must(
        "10.2.3",
        L3,
        "A client asks for no more scope than it needs",
        host("the scope of each provider: the presets ask for who somebody is and for their address"),
    ),
    must(
        "10.3.1",
        L2,
        "An API takes only tokens that are for it",
        Met(&[
            test(
                "layers/outbound/oauth-resource/src/service/tests.rs",
                "the_audience_is_the_issuer_unless_told_otherwise",
            ),
            test(
                "layers/outbound/oauth-resource/src/service/tests/stored.rs",
                "an_opaque_token_expires_and_is_for_its_audience_only",
            ),
        ]),
    ),
    must(
        "10.3.2",
        L2,
        "An API decides by what the token says was granted",
        Met(&[test(
            "layers/outbound/oauth-resource/src/service/tests.rs",
            "rfc6750_3_1_too_little_scope_is_403_and_says_what_is_needed",
        )]),
    ),
    must(
        "10.3.3",
        L2,
        "Whom a token is about is its issuer and subject together",
        Met(&[
            test(
                "layers/outbound/oauth-resource/src/service/tests.rs",
                "a_good_jwt_passes_offline_and_its_facts_reach_the_handler",
            ),
            test("layers/shared/jose/src/jwt.rs", "an_issuer_is_compared_exactly"),
        ]),
    ),
    must(
        "10.3.4",
        L2,
        "An API that needs a strong or fresh sign-in checks `acr`, `amr` or `auth_time`",
        Met(&[
            test(
                "layers/outbound/oauth-resource/src/service/tests/step_up.rs",
                "rfc9470_3_a_weak_sign_in_is_told_which_would_do",
            ),
            test(
                "layers/outbound/oauth-resource/src/service/tests/step_up.rs",
                "rfc9470_3_an_old_sign_in_is_told_how_fresh_it_must_be",
            ),
        ]),
    ),
    must(
        "10.3.5",
        L3,
        "A stolen token is of no use: it is bound to its sender",
        gap("neither DPoP nor mutual TLS is here; a token is good for whoever holds it"),
    ),
    must(
        "10.5.1",
        L2,
        "An ID token is not taken twice: `nonce`",
        Met(&[test("layers/inbound/login/src/social/id_token.rs", "anything_else_is_refused")]),
    ),
    must(
        "10.5.2",
        L2,
        "A person of elsewhere is known by a `sub` that never changes hands",
        Met(&[test(
            "layers/inbound/identity/src/rules/linked_identity.rs",
            "a_linked_account_signs_its_person_in_whatever_its_address",
        )]),
    ),
    must(
        "10.5.3",
        L2,
        "A provider's metadata names the issuer that was asked",
        Met(&[test(
            "examples/axum/tests/journey/social.rs",
            "a_provider_that_calls_itself_otherwise_is_not_believed",
        )]),
    ),
    must(
        "10.5.4",
        L2,
        "An ID token is for this client",
        Met(&[test("layers/inbound/login/src/social/id_token.rs", "anything_else_is_refused")]),
    ),
    must(
        "10.5.5",
        L2,
        "A logout token of elsewhere ends what it names, and nothing else",
        gap("logout tokens of providers are not taken"),
    ),
];
