//! One connection, from its first request to its last.

use std::{
    convert::Infallible,
    error::Error,
    net::SocketAddr,
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::sleep,
};
use tower::{Service, timeout::Timeout};
use towergate::client_address::PeerAddress;

use super::PATIENCE;

/// How long a request may take, its body included: a body that never ends must not hold a connection for ever.
const PERSISTENCE: Duration = Duration::from_secs(60);
/// How long, once the host is to stop, a connection is waited for that never asked anything: it was opened to ask.
const FIRST_WORD: Duration = Duration::from_secs(2);
/// How long one that is kept open is waited for: what its client sent by now has come in by then.
const LAST_LOOK: Duration = Duration::from_millis(100);

/// Answers what comes, until the client is done. Told to stop, answers what has come, and closes.
pub(super) async fn speak<Io, S, B>(io: Io, service: S, peer: SocketAddr, mut stop: watch::Receiver<bool>)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (begun, mut asked) = watch::channel(0);
    let service = Known { service: Timeout::new(service, PERSISTENCE), peer: PeerAddress(peer), begun };
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    builder.http2().timer(TokioTimer::new());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), TowerToHyperService::new(service)));
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = stop.wait_for(|stop| *stop) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            let patience = if *asked.borrow_and_update() == 0 { FIRST_WORD } else { LAST_LOOK };
            // hyper closes a connection between two requests without looking what has come in.
            let ended = tokio::select! {
                biased;
                ended = connection.as_mut() => Some(ended),
                _ = asked.changed() => None,
                () = sleep(patience) => None,
            };
            match ended {
                Some(ended) => ended,
                None => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "a connection ended early");
    }
}

/// Tells each request of a connection who connected, and counts them.
#[derive(Clone)]
struct Known<S> {
    service: S,
    peer: PeerAddress,
    begun: watch::Sender<u64>,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Known<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        self.begun.send_modify(|begun| *begun += 1);
        request.extensions_mut().insert(self.peer);
        self.service.call(request)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use http_body_util::{BodyExt, Full};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
        task::JoinHandle,
        time::Instant,
    };
    use tower::service_fn;

    use super::*;

    const ASKED: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    fn connected() -> (DuplexStream, watch::Sender<bool>, JoinHandle<()>) {
        let patient = service_fn(async |request: Request<Incoming>| {
            let _ = request.into_body().collect().await;
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("answer")))
        });
        let (client, server) = tokio::io::duplex(1024);
        let (stop, told) = watch::channel(false);
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        (client, stop, tokio::spawn(speak(server, patient, peer, told)))
    }

    async fn hear(client: &mut DuplexStream) -> String {
        let mut heard = String::new();
        while !heard.ends_with("answer") {
            heard.push(char::from(client.read_u8().await.unwrap()));
        }
        heard
    }

    async fn hear_the_end(client: &mut DuplexStream) -> String {
        let mut heard = String::new();
        client.read_to_string(&mut heard).await.unwrap();
        heard
    }

    // The clock is paused: whoever waits for nothing sooner waits for this.

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_does_not_hold_its_connection() {
        let (mut client, _stop, _) = connected();
        client.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf").await.unwrap();
        let end = async { client.read_to_end(&mut Vec::new()).await.unwrap() };
        assert_eq!(tokio::time::timeout(2 * PERSISTENCE, end).await, Ok(0));
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_just_connected_is_heard_before_the_end() {
        let (mut client, stop, _) = connected();
        stop.send_replace(true);
        sleep(FIRST_WORD / 2).await;
        client.write_all(ASKED).await.unwrap();
        let heard = hear_the_end(&mut client).await;
        assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_sent_on_a_connection_that_is_kept_is_answered_before_the_end() {
        let (mut client, stop, _) = connected();
        client.write_all(ASKED).await.unwrap();
        hear(&mut client).await;
        // Both at once, so that neither has been seen.
        client.write_all(ASKED).await.unwrap();
        stop.send_replace(true);
        let heard = hear_the_end(&mut client).await;
        assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_who_says_nothing_is_waited_for_long() {
        let (mut silent, stop, ended) = connected();
        stop.send_replace(true);
        let began = Instant::now();
        assert_eq!(hear_the_end(&mut silent).await, "");
        ended.await.unwrap();
        assert_eq!(began.elapsed().as_secs(), FIRST_WORD.as_secs());
        let (mut kept, stop, ended) = connected();
        kept.write_all(ASKED).await.unwrap();
        hear(&mut kept).await;
        stop.send_replace(true);
        let began = Instant::now();
        assert_eq!(hear_the_end(&mut kept).await, "");
        ended.await.unwrap();
        assert!(began.elapsed() < 2 * LAST_LOOK, "{:?}", began.elapsed());
    }
}
