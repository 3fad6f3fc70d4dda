//! What counts as proof of who somebody is, decided from facts alone.

pub mod email;
pub mod fact;
pub mod level;
pub mod login_proof;
pub mod password;
pub mod session;
pub mod user;
