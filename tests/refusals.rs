//! Wrong requests at every endpoint of the composed house, on SQLite: the exact status, error and headers of each, what
//! it leaves in the log by name, and that no row of any table is another than before.

#[cfg(test)]
#[path = "refusals/admission.rs"]
mod admission;
#[cfg(test)]
#[path = "refusals/api.rs"]
mod api;
#[cfg(test)]
#[path = "refusals/assertion.rs"]
mod assertion;
#[cfg(test)]
#[path = "refusals/authorization_request.rs"]
mod authorization_request;
#[cfg(test)]
#[path = "refusals/authorize.rs"]
mod authorize;
#[cfg(test)]
#[path = "refusals/grant.rs"]
mod grant;
#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;
#[cfg(test)]
#[path = "refusals/inquiry.rs"]
mod inquiry;
#[cfg(test)]
#[path = "refusals/interaction.rs"]
mod interaction;
#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
#[path = "rfc/keys.rs"]
mod keys;
#[cfg(test)]
#[path = "refusals/login.rs"]
mod login;
#[cfg(test)]
#[path = "refusals/logout.rs"]
mod logout;
#[cfg(test)]
#[path = "refusals/management.rs"]
mod management;
#[cfg(test)]
#[path = "refusals/meanwhile.rs"]
mod meanwhile;
#[cfg(test)]
#[path = "refusals/proof.rs"]
mod proof;
#[cfg(test)]
#[path = "refusals/pushed.rs"]
mod pushed;
#[cfg(test)]
#[path = "refusals/refusal.rs"]
mod refusal;
#[cfg(test)]
#[path = "refusals/registration.rs"]
mod registration;
#[cfg(test)]
#[path = "refusals/request.rs"]
mod request;
#[cfg(test)]
#[path = "refusals/request_object.rs"]
mod request_object;
#[cfg(test)]
#[path = "refusals/shape.rs"]
mod shape;
#[cfg(test)]
#[path = "refusals/stage.rs"]
mod stage;
#[cfg(test)]
#[path = "refusals/userinfo.rs"]
mod userinfo;

use refusal::Refusal;
use request::{Asked, get, of_alice, post};
use stage::Stage;
use towergate::core::Clock;

/// One test for each group of rows, and one that counts them all.
macro_rules! refuses {
    ($($group:ident: $rows:path,)+) => {
        $(
            #[tokio::test]
            async fn $group() {
                let mut stage = Stage::new().await;
                let rows = $rows(&mut stage).await;
                stage.holds(rows).await;
            }
        )+

        #[tokio::test]
        async fn the_list_has_at_least_150_rows() {
            let (mut count, mut stage) = (0, Stage::new().await);
            let start = stage.house.clock.now();
            $(
                count += $rows(&mut stage).await.len();
                stage.house.clock.set(start);
            )+
            assert!(count >= 150, "{count}");
        }
    };
}

/// Each way in which a row can be wrong shows, so that no row passes by mistake.
#[tokio::test]
async fn a_row_that_is_wrong_shows() {
    let mut stage = Stage::new().await;
    let unknown = || get("/oauth/authorize?client_id=nobody");
    let right = Refusal::page("right", unknown(), 400, "invalid_client");
    assert!(right.faults(&mut stage).await.is_empty());
    let nobody = || post("/oauth/token", "grant_type=client_credentials");
    let failed = "client.authentication_failed no_credentials";
    let begun = of_alice(&stage, Asked::good().get());
    for (row, fault) in [
        (Refusal::page("row", unknown(), 401, "invalid_client"), "the status"),
        (Refusal::page("row", unknown(), 400, "invalid_scope"), "the body"),
        (Refusal::plain("row", unknown(), 400), "content-type"),
        (Refusal::redirect("row", unknown(), "invalid_client"), "the body"),
        (Refusal::page("row", unknown(), 400, "invalid_client").challenge("Bearer", &[]), "the challenge"),
        (Refusal::page("row", unknown(), 400, "invalid_client").header(http::header::ALLOW, "GET"), "allow"),
        (Refusal::json("row", nobody(), 401, "invalid_client"), "what was logged"),
        (Refusal::json("row", nobody(), 401, "invalid_request").wrote(failed), "the body"),
        (
            Refusal::json("row", nobody(), 401, "invalid_client").wrote(failed).changed("codes"),
            "what was written",
        ),
        (Refusal::redirect("row", begun, "invalid_request"), "what was written"),
        (Refusal::redirect("row", Asked::good().with("scope", "x").get(), "invalid_target"), "the body"),
        (
            Refusal::redirect("row", Asked::good().with("scope", "x").get(), "invalid_scope").without_state(),
            "the body",
        ),
    ] {
        let faults = row.faults(&mut stage).await;
        assert!(faults.iter().any(|told| told.contains(fault)), "{fault}: {faults:?}");
    }
}

refuses! {
    authorize_tells_the_person: authorize::told_to_the_person,
    authorize_tells_the_client: authorization_request::told_to_the_client,
    authorize_tells_as_it_is_asked: authorize::told_as_asked,
    authorize_asks_nobody_in_silence: authorize::silent_and_hinted,
    a_signed_request_says_the_right_things: request_object::claims,
    a_signed_request_is_the_clients_own: request_object::signatures,
    a_client_that_must_sign_signs_everything: request_object::strict,
    what_is_pushed_is_right: pushed::at_the_endpoint,
    what_was_pushed_is_good_for_one_answer: pushed::at_the_authorization_endpoint,
    a_reference_expires: pushed::expired,
    token_asks_for_a_proof: proof::at_token,
    revocation_asks_for_a_proof: proof::at_revocation,
    introspection_asks_for_a_proof: proof::at_introspection,
    an_assertion_says_the_right_things: assertion::claims,
    an_assertion_is_the_clients_own: assertion::signatures,
    token_knows_its_grants: grant::types,
    a_code_is_its_clients: grant::codes,
    a_refresh_token_is_its_clients: grant::refresh_tokens,
    a_replay_ends_what_came_of_it: grant::replays,
    a_code_expires: grant::expired_code,
    a_refresh_token_expires: grant::expired_refresh_token,
    userinfo_asks_for_a_token: userinfo::at_userinfo,
    an_access_token_expires_at_userinfo: userinfo::expired,
    an_api_asks_for_a_token: api::tokens,
    an_api_asks_for_a_fresh_sign_in: api::stale,
    an_access_token_expires_at_an_api: api::expired,
    revocation_leaves_other_tokens_alone: inquiry::revocation,
    introspection_tells_nobody_else: inquiry::introspection,
    introspection_tells_of_the_living_alone: inquiry::expired,
    a_question_is_put_to_one_browser: interaction::browsers,
    a_question_is_answered_once_and_clearly: interaction::answers,
    a_question_does_not_wait_for_ever: interaction::expired,
    registration_checks_addresses: registration::addresses,
    registration_checks_fields: registration::fields,
    registration_reads_one_small_object: registration::bodies,
    a_registration_is_managed_by_its_own_token: management::tokens,
    an_update_keeps_to_the_rules: management::updates,
    documents_are_read: api::documents,
    signing_in_tells_nothing: login::signing_in,
    signing_out_is_the_persons_own: login::signing_out,
    nobody_is_sent_elsewhere_by_signing_out: logout::requests,
    nobody_is_signed_out_unasked: logout::unproven,
    registration_may_be_closed: admission::closed,
    registration_may_ask_for_a_voucher: admission::vouched_for,
    the_session_check_is_read: logout::check_session,
    a_sign_in_that_ended_takes_all_along: meanwhile::signed_out,
    a_client_that_is_shut_out_is_so_at_once: meanwhile::shut_out,
}
