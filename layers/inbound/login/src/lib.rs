//! Signing in and out, as Tower services and as plain calls.
//!
//! - [`LoginRoutes`] is a layer that answers `/login` and `/logout` and passes all else on. It stands inside
//!   `SessionLayer`, and inside a defence against forged posts that lets no form pass of which nobody says from
//!   where it comes, as `CrossOriginLayer` of `towergate` is one.
//! - [`Site`] is what all of them are told once: pages, paths, the time, randomness.
//! - [`PasswordLogin`] is the same sign-in as a plain call, for a host's own handler.
//! - [`FactorRoutes`] is a layer that answers `/mfa` and `/account/security`: authenticator apps and backup codes.
//!   [`SecondFactor`] proves one and [`Authenticator`] keeps them, as plain calls.
//! - [`DeviceRoutes`] is a layer that answers `/account/devices`: where somebody is signed in, and what happened to their
//!   account. [`Devices`] has the same as plain calls.
//! - [`AccountRoutes`] is a layer that answers `/account`, `/account/export` and `/account/delete`; [`Goodbye`] and
//!   [`export`] are the last two as plain calls.
//! - [`limits`] says how often an address may post each form.
//! - [`PasswordRoutes`] is a layer that answers `/forgot`, `/reset` and `/account/password`; [`PasswordReset`] and
//!   [`PasswordChange`] are the same as plain calls.
//! - [`PasswordHasher`] bounds the work of Argon2 and keeps it off the async threads.
//! - [`RegisterRoutes`] is a layer that answers `/register` and `/confirm`; [`register`] and [`confirm`] have the same as
//!   plain calls, and [`mail`] is what both go through.
//! - [`EmailChangeRoutes`] is a layer that answers `/account/email`: another address, proven first; [`email_change`] has the same
//!   as plain calls.
//! - [`MagicRoutes`] is a layer that answers `/magic`: signing in by a mailed link or code; [`magic`] has the same as plain
//!   calls.
//! - [`pages`] and [`factor_pages`] are what a host implements to draw its own pages.

pub mod account;
mod answer;
mod arrival;
mod arrival_notices;
pub mod authenticator;
#[cfg(feature = "breaches")]
pub mod breaches;
mod browser_cookie;
pub mod change;
pub mod confirm;
pub mod device_pages;
pub mod device_routes;
pub mod devices;
pub mod email_change;
pub mod export;
pub mod factor_pages;
pub mod factor_routes;
mod for_layers;
mod form;
pub mod goodbye;
pub mod hasher;
pub mod limits;
mod login;
mod logout;
pub mod magic;
pub mod mail;
pub mod new_password;
pub mod operator;
pub mod pages;
mod passkey_offer;
pub mod password;
pub mod password_pages;
pub mod password_routes;
mod query;
pub mod register;
pub mod reset;
pub mod routes;
pub mod second_factor;
pub mod sensitive;
pub mod site;
#[cfg(feature = "social")]
pub mod social;

pub use account::AccountRoutes;
pub use arrival::Stopped;
pub use arrival_notices::BrowserNotices;
pub use authenticator::{Authenticator, AuthenticatorError, Enrolled};
pub use change::{ChangeError, PasswordChange};
pub use device_routes::DeviceRoutes;
pub use devices::Devices;
pub use email_change::EmailChangeRoutes;
pub use export::ExportMore;
pub use factor_routes::FactorRoutes;
pub use goodbye::Goodbye;
pub use hasher::{HashLoad, HasherError, PasswordHasher};
pub use limits::SignInLimits;
pub use logout::OnLogout;
pub use magic::MagicRoutes;
pub use new_password::{NewPasswordError, NewPasswords};
pub use operator::{EndedByOperator, OperatorEnd};
pub use passkey_offer::{PasskeyPlaces, PasskeyView};
pub use password::{LoginError, PasswordLogin, SignedIn};
pub use password_routes::PasswordRoutes;
pub use register::RegisterRoutes;
pub use reset::{PasswordReset, ResetError};
pub use routes::LoginRoutes;
pub use second_factor::{SecondFactor, SecondFactorError};
pub use site::{Paths, Site};
#[cfg(feature = "social")]
pub use social::SocialRoutes;

#[cfg(test)]
mod tests;
