//! The authorization endpoint's rules, in the order of a request: [`params`] reads, [`request_object`] opens what the
//! client signed, [`redirect_uri`] binds the address, [`mod@validate`] checks, [`mod@select`] finds the person where several are signed in, [`mod@decide`] says what is still missing, [`response`] builds the answer; after a detour
//! [`mod@resume`] lets the same browser go on.
//!
//! Until the redirect address is bound an error is told to the person; afterwards it is told to the client.

pub mod again;
pub mod decide;
pub mod params;
pub mod redirect_uri;
pub mod request_object;
pub mod response;
pub mod resume;
pub mod select;
pub mod validate;

pub use decide::{Decision, Facts, SignedIn, decide};
pub use params::Params;
pub use redirect_uri::RedirectUri;
pub use response::Reply;
pub use resume::{Unresumable, resume};
pub use select::{Selectable, Selection, select};
pub use validate::{Offer, Rejection, validate};
