//! One connection, from its first request to its last.

use std::{
    convert::Infallible,
    error::Error,
    future::poll_fn,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::atomic::{AtomicU64, Ordering},
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::{Sleep, sleep},
};
use tower::{Service, ServiceExt, timeout::error::Elapsed};
use towergate::client_address::PeerAddress;

use super::{PATIENCE, aside::Aside, head_watch::HeadWatch};

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
    let asked = AtomicU64::new(0);
    let counted = &asked;
    let answer = service_fn(move |mut request: Request<Incoming>| {
        counted.fetch_add(1, Ordering::Relaxed);
        request.extensions_mut().insert(PeerAddress(peer));
        within(PERSISTENCE, service.clone().oneshot(request))
    });
    let watch = HeadWatch::new();
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Answers are small: one piece is sent sooner than two.
    builder.http1().timer(watch.clone()).header_read_timeout(PATIENCE).writev(false);
    builder.http2().timer(TokioTimer::new());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), answer));
    let mut late = Aside::new(watch.keep_looking(PATIENCE));
    let mut told = Aside::new(async move { drop(stop.wait_for(|stop| *stop).await) });
    let ended = poll_fn(|context| {
        // Runs for ever; the connection sees what it saw.
        let _ = late.poll(context);
        match connection.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending => told.poll(context).map(|()| None),
        }
    })
    .await;
    let ended = match ended {
        Some(ended) => ended,
        None => {
            let before = asked.load(Ordering::Relaxed);
            let patience = if before == 0 { FIRST_WORD } else { LAST_LOOK };
            let mut patience = pin!(sleep(patience));
            // hyper closes a connection between two requests without looking what has come in.
            let ended = poll_fn(|context| match connection.as_mut().poll(context) {
                Poll::Ready(ended) => Poll::Ready(Some(ended)),
                Poll::Pending if asked.load(Ordering::Relaxed) > before => Poll::Ready(None),
                Poll::Pending => patience.as_mut().poll(context).map(|()| None),
            });
            match ended.await {
                Some(ended) => ended,
                None => {
                    connection.as_mut().graceful_shutdown();
                    poll_fn(|context| {
                        let _ = late.poll(context);
                        connection.as_mut().poll(context)
                    })
                    .await
                }
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "a connection ended early");
    }
}

/// What `answer` answers, unless that takes too long. Most is at hand, and needs no timer.
async fn within<T>(
    long: Duration,
    answer: impl Future<Output = Result<T, Infallible>>,
) -> Result<T, Elapsed> {
    let (mut answer, mut patience) = (pin!(answer), None::<Pin<Box<Sleep>>>);
    poll_fn(|context| match answer.as_mut().poll(context) {
        Poll::Ready(Ok(answer)) => Poll::Ready(Ok(answer)),
        Poll::Pending => {
            let patience = patience.get_or_insert_with(|| Box::pin(sleep(long)));
            patience.as_mut().poll(context).map(|()| Err(Elapsed::new()))
        }
    })
    .await
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
    async fn a_head_that_never_ends_does_not_hold_its_connection_nor_does_silence_after_an_answer() {
        for rest in ["GET / HTTP/1.1\r\nHost: x\r\nHalf", ""] {
            let (mut client, _stop, _) = connected();
            // As often as not, the first one was waited for in vain for a while.
            sleep(PATIENCE / 2).await;
            client.write_all(ASKED).await.unwrap();
            hear(&mut client).await;
            sleep(PATIENCE / 3).await;
            client.write_all(rest.as_bytes()).await.unwrap();
            let began = Instant::now();
            let end = async { client.read_to_end(&mut Vec::new()).await.unwrap() };
            assert_eq!(tokio::time::timeout(2 * PATIENCE, end).await, Ok(0), "{rest}");
            assert_eq!(began.elapsed().as_secs(), (PATIENCE - PATIENCE / 3).as_secs(), "{rest}");
        }
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
