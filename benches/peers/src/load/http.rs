//! A client as small as can be: one connection that is kept, requests as bytes.

use std::{io, ops::Range};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection.
pub(super) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// What was answered; it stays until the next request.
pub(super) struct Answer<'c> {
    pub(super) status: u16,
    head: &'c str,
    pub(super) body: &'c [u8],
}

impl Answer<'_> {
    /// The values of a header.
    pub(super) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.head.lines().filter_map(move |line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// The body as text.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(self.body).unwrap_or("not text")
    }
}

impl Connection {
    pub(super) async fn to(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(8192) })
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn send(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.read.clear();
        let head = loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                break 0..end;
            }
            self.more().await?;
        };
        let body = self.body(head.end + 4, head.clone()).await?;
        let head = std::str::from_utf8(&self.read[head]).map_err(io::Error::other)?;
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
        Ok(Answer { status, head, body: &self.read[body] })
    }

    async fn body(&mut self, start: usize, head: Range<usize>) -> io::Result<Range<usize>> {
        let head = String::from_utf8_lossy(&self.read[head]).to_ascii_lowercase();
        if let Some(length) = head.lines().find_map(|line| line.strip_prefix("content-length:")) {
            let end = start + length.trim().parse::<usize>().map_err(io::Error::other)?;
            while self.read.len() < end {
                self.more().await?;
            }
            return Ok(start..end);
        }
        if head.contains("transfer-encoding: chunked") {
            // Only read where the chunks themselves do not matter.
            while !self.read.ends_with(b"0\r\n\r\n") {
                self.more().await?;
            }
            return Ok(start..self.read.len());
        }
        Ok(start..start)
    }

    async fn more(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// A `GET`.
pub(super) fn get(path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.into_bytes()
}

/// A `POST` of a form.
pub(super) fn post(path: &str, headers: &[(&str, &str)], form: &str) -> Vec<u8> {
    let mut request = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!(
        "content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    ));
    request.into_bytes()
}
