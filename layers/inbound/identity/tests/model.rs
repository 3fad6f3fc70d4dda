//! The memory store keeps to the model of a store.

use towergate_identity::ports::memory::MemoryStore;

towergate_identity::identity_store_model!(cases: 256, room: || MemoryStore::new);

#[test]
fn every_method_of_a_port_is_in_the_model() {
    let ports = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ports"));
    let unknown =
        towergate_core::contract::ports::uncalled(ports, &ports.join("contract/model"), NOT_MODELLED);
    assert!(unknown.is_empty(), "the model does not know, and nobody says why: {unknown:?}");
}

/// What the model does not know, and why.
const NOT_MODELLED: &[(&str, &str)] = &[
    ("begin_visit", "its noun is not walked yet"),
    ("take_visit", "its noun is not walked yet"),
    ("find_linked_identity", "its noun is not walked yet"),
    ("linked_identities_of", "its noun is not walked yet"),
    ("register_linked", "its noun is not walked yet"),
    ("link_identity", "its noun is not walked yet"),
    ("use_linked_identity", "its noun is not walked yet"),
    ("unlink_identity", "its noun is not walked yet"),
    ("has_passkey_factor", "its noun is not walked yet"),
    ("switch_on_passkey_factor", "its noun is not walked yet"),
    ("switch_off_passkey_factor", "its noun is not walked yet"),
    ("create_api_token", "its noun is not walked yet"),
    ("find_api_token", "its noun is not walked yet"),
    ("api_tokens_of", "its noun is not walked yet"),
    ("note_api_token_use", "its noun is not walked yet"),
    ("revoke_api_token", "its noun is not walked yet"),
    ("revoke_api_tokens_of", "its noun is not walked yet"),
    ("reserve_try", "its noun is not walked yet"),
    ("forget_tries", "its noun is not walked yet"),
    ("schedule_deletion", "its noun is not walked yet"),
    ("withdraw_deletion", "its noun is not walked yet"),
    ("deletion_of", "its noun is not walked yet"),
    ("due_deletions", "its noun is not walked yet"),
    ("delete_user", "its noun is not walked yet"),
    ("find_remembered", "its noun is not walked yet"),
    ("trade_remembered", "its noun is not walked yet"),
    ("queue_mail", "its noun is not walked yet"),
    ("take_due_mails", "its noun is not walked yet"),
    ("finish_mail", "its noun is not walked yet"),
    ("dead_mails", "its noun is not walked yet"),
    ("replay_mail", "its noun is not walked yet"),
    ("register_user", "its noun is not walked yet"),
    ("issue_email_token", "its noun is not walked yet"),
    ("find_email_token", "its noun is not walked yet"),
    ("open_email_token_of", "its noun is not walked yet"),
    ("confirm_email", "its noun is not walked yet"),
    ("spend_mail_sign_in", "its noun is not walked yet"),
    ("fill", "of the cache, which is no store"),
    ("forget", "of the cache, which is no store"),
    ("closing", "of the cache, which is no store"),
    ("closed", "of the cache, which is no store"),
    ("ask_email_change", "its noun is not walked yet"),
    ("change_email", "its noun is not walked yet"),
    ("cancel_email_change", "its noun is not walked yet"),
    ("undo_email_change", "its noun is not walked yet"),
    ("find_address_keeper", "its noun is not walked yet"),
    ("begin_ceremony", "its noun is not walked yet"),
    ("take_ceremony", "its noun is not walked yet"),
    ("passkeys_of", "its noun is not walked yet"),
    ("find_passkey", "its noun is not walked yet"),
    ("add_passkey", "its noun is not walked yet"),
    ("use_passkey", "its noun is not walked yet"),
    ("rename_passkey", "its noun is not walked yet"),
    ("remove_passkey", "its noun is not walked yet"),
    ("issue_password_reset", "its noun is not walked yet"),
    ("reset_password", "its noun is not walked yet"),
    ("change_password", "its noun is not walked yet"),
    ("find_totp", "its noun is not walked yet"),
    ("begin_totp", "its noun is not walked yet"),
    ("enrol_totp", "its noun is not walked yet"),
    ("spend_totp", "its noun is not walked yet"),
    ("spend_backup_code", "its noun is not walked yet"),
    ("backup_codes_left", "its noun is not walked yet"),
    ("renew_backup_codes", "its noun is not walked yet"),
    ("remove_totp", "its noun is not walked yet"),
    ("devices_of", "its noun is not walked yet"),
    ("end_device", "its noun is not walked yet"),
    ("forget_browsers", "its noun is not walked yet"),
    ("is_known_browser", "its noun is not walked yet"),
    ("events_of", "its noun is not walked yet"),
];
