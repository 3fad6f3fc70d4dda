//! An app of few words: it repeats what it was sent.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use url::form_urlencoded;

/// An app on a port of its own, for as long as it is held.
pub(crate) struct App {
    port: u16,
    listening: JoinHandle<()>,
}

impl App {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream));
            }
        });
        Self { port, listening }
    }

    pub(crate) fn callback(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.port)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Answers one request with a page that says what came, and closes.
async fn answer(mut stream: TcpStream) -> Option<()> {
    let mut came = Vec::new();
    let (head, body) = loop {
        let mut some = [0; 4096];
        let read = stream.read(&mut some).await.ok().filter(|read| *read > 0)?;
        came.extend_from_slice(&some[..read]);
        let text = String::from_utf8_lossy(&came).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        if body.len() >= length.unwrap_or(0) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let method = head.split(' ').next().unwrap_or_default();
    let mut fields: Vec<_> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    // What an answer is about comes first.
    fields.sort_by_key(|(name, _)| name != "error" && name != "state");
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let page =
        format!("<!doctype html><title>app</title><p>it came by {method} with {}</p>", fields.join(", "));
    let length = page.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(format!("{head}{page}").as_bytes()).await.ok()
}
