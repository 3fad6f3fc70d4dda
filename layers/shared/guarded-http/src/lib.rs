//! The one client through which the server speaks outwards: key sets, client documents, logout notices, metadata.
//!
//! What it asks for was written by somebody else, so each request keeps these rules, in order:
//!
//! 1. The address is an [`HttpsUrl`]: https, no user, no fragment, bounded, with a host in one spelling.
//! 2. A host that is an address is judged by [`AddressClass`]; a host that is a name is looked up, and what is not
//!    public among the answers is dropped. The connection goes to what is left and to nothing else, so an answer that
//!    changes between check and use changes nothing.
//! 3. TLS by rustls over ring, against the public roots and those that the [`Policy`] adds.
//! 4. No redirect is followed, no proxy asked, no cookie kept, no connection reused, no compression accepted, nothing
//!    sent twice.
//! 5. Connecting, the whole exchange, the header and the body each have a bound; the body is refused as soon as it is
//!    known to be over, and never held beyond it.
//!
//! Names are looked up by the system, a few at a time, so that a name server that never answers cannot take all the
//! threads. The client needs a tokio runtime with I/O and time.
//!
//! ```
//! use towergate_guarded_http::{AddressClass, FetchError, GuardedClient, Policy};
//! # use tokio::{io::{AsyncReadExt, AsyncWriteExt}, net::TcpListener};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let listener = TcpListener::bind("127.0.0.1:0").await?;
//! # let port = listener.local_addr()?.port();
//! # tokio::spawn(async move {
//! #     let (mut peer, _) = listener.accept().await.unwrap();
//! #     let mut asked = [0; 1024];
//! #     let _ = peer.read(&mut asked).await;
//! #     let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{\"keys\":[]}";
//! #     peer.write_all(answer).await.unwrap();
//! # });
//! // On one machine, in a test: this machine may be asked as well, and without TLS.
//! let client = GuardedClient::new(Policy::new().danger_allow_loopback())?;
//! let url = client.url(&format!("http://127.0.0.1:{port}/jwks.json"))?;
//! let answer = client.get(&url, "application/json").await?;
//! assert_eq!(answer.body, r#"{"keys":[]}"#);
//!
//! // Everywhere else: only what is public.
//! let client = GuardedClient::new(Policy::new())?;
//! assert!(client.url("http://127.0.0.1/jwks.json").is_err());
//! let metadata = client.url("https://169.254.169.254/latest/meta-data")?;
//! let refused = client.get(&metadata, "application/json").await;
//! assert!(matches!(refused, Err(FetchError::Refused { class: AddressClass::Metadata, .. })));
//! # Ok(())
//! # }
//! ```

mod address;
mod client;
mod error;
mod fetched;
mod guard;
mod policy;
mod url;

pub use address::AddressClass;
pub use client::{Call, GuardedClient};
pub use error::{Cause, FetchError};
pub use fetched::Fetched;
pub use policy::{InvalidPolicy, Policy};
pub use url::{HttpsUrl, InvalidUrl};
