//! Closes a listener without resetting anybody who is connected already.
//!
//! The kernel answers handshakes by itself, and whoever was not accepted when the listener closes is reset, though their request
//! may be on the way. So nobody new is let in first, then those who shook hands are accepted to the last, and then it closes.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};

/// How long a handshake may be under way between machines that stand near each other.
const HANDSHAKE: Duration = Duration::from_millis(200);

/// Gives `take` everybody who is connected, and closes.
pub(super) async fn last_in(listener: TcpListener, mut take: impl FnMut((TcpStream, SocketAddr))) {
    if hold_back(&listener) {
        let shaken = sleep(HANDSHAKE);
        tokio::pin!(shaken);
        loop {
            tokio::select! {
                () = &mut shaken => break,
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => take(accepted),
                    Err(_) => sleep(Duration::from_millis(1)).await,
                },
            }
        }
    }
    // Past the runtime, which may not have heard yet of the last of them.
    let waiting = listener.into_std().and_then(|listener| {
        while let Ok((stream, peer)) = listener.accept() {
            stream.set_nonblocking(true)?;
            take((TcpStream::from_std(stream)?, peer));
        }
        io::Result::Ok(())
    });
    if let Err(error) = waiting {
        tracing::warn!(%error, "whoever waited to be let in could not be");
    }
}

/// Lets handshakes under way finish and none begin: who knocks is not answered, knocks again a second later, and finds the door
/// closed or somebody else at it. Whether that can be done here.
#[cfg(target_os = "linux")]
fn hold_back(listener: &TcpListener) -> bool {
    use socket2::{SockFilter, SockRef};

    const BYTE: u16 = 0x30;
    const IF_SET: u16 = 0x45;
    const ANSWER: u16 = 0x06;
    /// Where the flags of a TCP segment are.
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;

    let filter = [
        SockFilter::new(BYTE, 0, 0, FLAGS),
        SockFilter::new(IF_SET, 0, 1, SYN),
        SockFilter::new(ANSWER, 0, 0, 0),
        SockFilter::new(ANSWER, 0, 0, u32::MAX),
    ];
    let held = SockRef::from(listener).attach_filter(&filter);
    if let Err(error) = &held {
        tracing::debug!(%error, "who comes while the listener closes may be reset");
    }
    held.is_ok()
}

#[cfg(not(target_os = "linux"))]
fn hold_back(_: &TcpListener) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    };

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Whoever got in is answered with what they said.
    fn echo((mut stream, _): (TcpStream, SocketAddr)) {
        tokio::spawn(async move {
            let mut word = [0; 4];
            if stream.read_exact(&mut word).await.is_ok() {
                let _ = stream.write_all(&word).await;
            }
        });
    }

    #[cfg(target_os = "linux")]
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_is_connected_when_the_listener_closes_is_answered() {
        for _ in 0..20 {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            let inside = Arc::new(AtomicUsize::new(0));
            let crowd: Vec<_> = (0..4)
                .map(|_| {
                    let inside = Arc::clone(&inside);
                    // Until nobody listens any more.
                    thread::spawn(move || {
                        while let Ok(mut stream) = net::TcpStream::connect(addr) {
                            inside.fetch_add(1, Ordering::SeqCst);
                            stream.write_all(b"word").unwrap();
                            let mut word = [0; 4];
                            stream.read_exact(&mut word).expect("whoever got in is answered");
                        }
                    })
                })
                .collect();
            while inside.load(Ordering::SeqCst) < 40 {
                echo(listener.accept().await.unwrap());
            }
            last_in(listener, echo).await;
            for one in crowd {
                tokio::task::spawn_blocking(|| one.join().unwrap()).await.unwrap();
            }
        }
    }
}
