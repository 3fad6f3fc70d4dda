//! The default pages: server-rendered, accessible, themeable, without JavaScript.
//!
//! [`DefaultPages`] renders every page of the wings that are compiled in: signing in (feature `inbound`) and consent
//! (feature `outbound`). Each page carries one style element, and the content security policy allows that one by its
//! digest; there is no style attribute and no script, but for the one file that asks browsers for passkeys, where a host offers
//! them (feature `passkeys`); nothing else is loaded. Colours follow the reader's preference for
//! light or dark.
//!
//! ```
//! use towergate_pages::DefaultPages;
//!
//! let pages = DefaultPages::new().with_css_variables([("--tg-accent", "#7a1fa2")])?;
//! let html = pages.document("Hello", "<h1>Hello</h1>");
//! assert!(html.contains("--tg-accent:#7a1fa2"));
//! assert!(DefaultPages::new().with_css_variables([("--tg-accent", "red;}</style>")]).is_err());
//! # Ok::<(), towergate_pages::InvalidTheme>(())
//! ```

#[cfg(feature = "inbound")]
mod account;
#[cfg(feature = "api-tokens")]
mod api_tokens;
mod default_pages;
#[cfg(feature = "inbound")]
mod devices;
#[cfg(feature = "inbound")]
mod email_change;
#[cfg(feature = "inbound")]
mod factors;
#[cfg(feature = "inbound")]
mod inbound;
#[cfg(feature = "inbound")]
mod magic;
#[cfg(feature = "outbound")]
mod outbound;
#[cfg(feature = "passkeys")]
mod passkeys;
#[cfg(feature = "inbound")]
mod passwords;
#[cfg(feature = "inbound")]
mod registering;
#[cfg(feature = "social")]
mod social;
mod theme;

pub use default_pages::DefaultPages;
pub use theme::InvalidTheme;
