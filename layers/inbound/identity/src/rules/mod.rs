//! What counts as proof of who somebody is, decided from facts alone.

pub mod assurance;
pub mod backup_code;
pub mod deletion;
pub mod email;
pub mod email_token;
pub mod enrolment;
pub mod fact;
pub mod factor;
pub mod level;
pub mod linked_identity;
pub mod lockout;
pub mod login_proof;
pub mod mail;
pub mod mail_sign_in;
pub mod means;
pub mod notice;
pub mod passkey;
pub mod password;
pub mod registration;
pub mod second_factor;
pub mod session;
pub mod totp;
pub mod user;
pub mod ways_in;
