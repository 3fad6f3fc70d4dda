//! The wire between a program and its database, which can stand still or be cut.

use std::path::PathBuf;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};

/// A way to the database of one program's own.
pub(crate) struct Wire {
    pub(crate) port: u16,
    state: watch::Sender<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    /// Everything is taken, and nothing is carried.
    StandsStill,
    /// Every connection is reset, those that come too.
    Cut,
}

impl Wire {
    /// To the server at this socket.
    pub(crate) async fn to(server: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (state, seen) = watch::channel(State::Whole);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carried(client, server.clone(), seen.clone()));
            }
        });
        Self { port, state }
    }

    pub(crate) fn stand_still(&self) {
        self.state.send_replace(State::StandsStill);
    }

    pub(crate) fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    pub(crate) fn mend(&self) {
        self.state.send_replace(State::Whole);
    }
}

async fn carried(mut client: TcpStream, server: PathBuf, mut state: watch::Receiver<State>) {
    client.set_nodelay(true).unwrap();
    let carries = state.clone();
    let Ok(mut server) = UnixStream::connect(server).await else { return };
    let is_cut = {
        let ((from, to), (read, write)) = (client.split(), server.split());
        tokio::select! {
            _ = state.wait_for(|state| *state == State::Cut) => true,
            _ = carry(from, write, carries.clone()) => false,
            _ = carry(read, to, carries) => false,
        }
    };
    if is_cut {
        // Whoever waits for an answer hears that there is none.
        let _ = client.set_zero_linger();
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
) -> std::io::Result<()> {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut bytes).await?;
        let _ = state.wait_for(|state| *state != State::StandsStill).await;
        if read == 0 {
            return Ok(());
        }
        to.write_all(&bytes[..read]).await?;
    }
}
