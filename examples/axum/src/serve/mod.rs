//! A Tower service on a socket, with or without TLS, until it is told to stop; and then without losing a request of anybody
//! whose connection was taken.

mod aside;
mod connection;
mod head_watch;
mod last_in;
mod tls;

use std::{convert::Infallible, error::Error, io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tower::Service;

pub use tls::{TlsError, TlsSetup};

/// How long a client may take to send the head of a request, and to shake hands.
const PATIENCE: Duration = Duration::from_secs(15);

/// Serves until `stop` turns true; then takes those who are connected and nobody else, and lets requests under way finish for as
/// long as `goodbye`.
pub async fn serve<S, B>(
    listener: TcpListener,
    tls: Option<TlsSetup>,
    service: S,
    mut stop: watch::Receiver<bool>,
    goodbye: Duration,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    // Closed once the last connection has let go of it.
    let (open, held) = watch::channel(());
    let told = stop.clone();
    let take = |(stream, peer): (TcpStream, SocketAddr)| {
        let (tls, service) = (tls.clone(), service.clone());
        let (told, held) = (told.clone(), held.clone());
        tokio::spawn(async move {
            match tls {
                None => connection::speak(stream, service, peer, told).await,
                Some(tls) => match tokio::time::timeout(PATIENCE, tls.acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => connection::speak(stream, service, peer, told).await,
                    Ok(Err(error)) => tracing::debug!(%error, "the TLS handshake failed"),
                    Err(_) => tracing::debug!("the TLS handshake took too long"),
                },
            }
            drop(held);
        });
    };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok(accepted) => take(accepted),
            Err(error) => pause_after(&error).await,
        }
    }
    last_in::last_in(listener, take).await;
    drop(held);
    if tokio::time::timeout(goodbye, open.closed()).await.is_err() {
        tracing::warn!("requests that are still under way are cut off");
    }
}

/// Out of file descriptors, for example: to try again at once would only burn time.
async fn pause_after(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(Duration::from_millis(100)).await;
}
