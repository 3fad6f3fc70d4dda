//! Somebody else at the database, who takes connections and locks.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

/// One connection of a stranger's, gone with this.
pub(crate) struct Stranger(UnixStream);

/// Longer than any statement of theirs takes.
const PATIENCE: Duration = Duration::from_secs(60);

impl Stranger {
    /// Connects to the server at `socket`.
    ///
    /// # Errors
    /// When no place is left.
    pub(crate) fn at(socket: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut stranger = Self(stream);
        let body = b"\0\x03\0\0user\0tester\0database\0postgres\0\0";
        let length = u32::try_from(body.len() + 4).unwrap();
        stranger.0.write_all(&[&length.to_be_bytes()[..], body].concat())?;
        stranger.await_its_turn().map(|()| stranger)
    }

    /// Runs `sql` to its end.
    ///
    /// # Errors
    /// When the server says no, or is gone.
    pub(crate) fn says(&mut self, sql: &str) -> io::Result<()> {
        let length = u32::try_from(sql.len() + 5).unwrap();
        self.0.write_all(&[b"Q", &length.to_be_bytes()[..], sql.as_bytes(), b"\0"].concat())?;
        self.await_its_turn()
    }

    /// Reads up to where the server is ready for what comes next.
    fn await_its_turn(&mut self) -> io::Result<()> {
        let mut refused = None;
        loop {
            let mut head = [0; 5];
            if let Err(error) = self.0.read_exact(&mut head) {
                return Err(refused.unwrap_or(error));
            }
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
            let mut body = vec![0; usize::try_from(length).unwrap() - 4];
            self.0.read_exact(&mut body)?;
            match head[0] {
                b'E' => refused = Some(io::Error::other(String::from_utf8_lossy(&body).into_owned())),
                b'Z' => return refused.map_or(Ok(()), Err),
                _ => {}
            }
        }
    }
}
