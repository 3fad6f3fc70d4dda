//! As much of a mail relay as a sender needs.

use std::sync::Arc;

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::book::Book;

/// Takes mail, and tells the book whom it came to. Answers its port.
pub(crate) async fn open(book: Arc<Book>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let book = Arc::clone(&book);
            tokio::spawn(async move { serve(stream, &book).await });
        }
    });
    port
}

async fn serve(stream: TcpStream, book: &Book) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 relay.example\r\n").await?;
    let (mut to, mut in_data) = (None, false);
    while let Some(line) = lines.next_line().await? {
        let answer = match line.as_str() {
            "." if in_data => {
                in_data = false;
                // Told first: a mail that the sender believes sent was taken.
                to.take().into_iter().for_each(|address: String| book.mail_came(&address));
                "250 taken\r\n"
            }
            _ if in_data => continue,
            "DATA" => {
                in_data = true;
                "354 go on\r\n"
            }
            "QUIT" => return write.write_all(b"221 bye\r\n").await,
            _ => {
                if let Some(rest) = line.strip_prefix("RCPT TO:<") {
                    to = rest.split('>').next().map(str::to_owned);
                }
                "250 ok\r\n"
            }
        };
        write.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}
