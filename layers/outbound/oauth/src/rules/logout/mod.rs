//! Signing out, in the order of a request: [`request`] reads and binds, [`mod@decide`] says whether the person must be
//! asked, [`notice`] and [`logout_token`] tell clients directly, [`frame`] tells them through the browser, and
//! [`session_state`] lets them see it by themselves.
//!
//! [RP-Initiated](https://openid.net/specs/openid-connect-rpinitiated-1_0.html),
//! [Back-Channel](https://openid.net/specs/openid-connect-backchannel-1_0.html) and
//! [Front-Channel Logout](https://openid.net/specs/openid-connect-frontchannel-1_0.html),
//! [Session Management](https://openid.net/specs/openid-connect-session-1_0.html).

pub mod decide;
pub mod frame;
pub mod logout_token;
pub mod notice;
pub mod post_logout_uri;
pub mod request;
pub mod session_state;

pub use decide::{Decision, Present, decide};
pub use frame::Frame;
pub use logout_token::LogoutClaims;
pub use notice::{Delivery, LogoutNotice, NoticeKey};
pub use post_logout_uri::PostLogoutUri;
pub use request::{Asked, LogoutRequest, Params};
