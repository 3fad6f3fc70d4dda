//! A provider on this machine, spoken to over sockets.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use towergate_jose::{Algorithm, SigningKey, generate};

/// One request that it got.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) body: String,
}

/// What it says, and what it was asked.
pub(super) struct Says {
    pub(super) issuer: String,
    /// What the next ID token says, or nothing where it gives none.
    pub(super) claims: Value,
    /// What it signs with.
    pub(super) key: Arc<SigningKey>,
    /// What it says that it signs with.
    pub(super) published: Arc<SigningKey>,
    pub(super) user: Value,
    pub(super) emails: Value,
    /// Ends of paths at which it breaks off.
    pub(super) broken: Vec<&'static str>,
    asked: Vec<Asked>,
}

#[derive(Clone)]
pub(super) struct Fake {
    pub(super) origin: String,
    says: Arc<Mutex<Says>>,
}

pub(super) fn key(kid: &str) -> Arc<SigningKey> {
    let pkcs8 = generate(Algorithm::ES256).unwrap();
    Arc::new(SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), Some(kid.to_owned())).unwrap())
}

impl Fake {
    pub(super) async fn start(issuer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let key = key("first");
        let says = Says {
            issuer: issuer.to_owned(),
            claims: Value::Null,
            published: Arc::clone(&key),
            key,
            user: Value::Null,
            emails: Value::Null,
            broken: Vec::new(),
            asked: Vec::new(),
        };
        let fake = Self { origin, says: Arc::new(Mutex::new(says)) };
        let this = fake.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, this.clone()));
            }
        });
        fake
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Says)) {
        change(&mut self.says.lock().unwrap());
    }

    /// How often it was asked at a path of this end.
    pub(super) fn count(&self, end: &str) -> usize {
        self.says.lock().unwrap().asked.iter().filter(|asked| asked.path.ends_with(end)).count()
    }

    /// The newest request at a path of this end.
    pub(super) fn newest(&self, end: &str) -> Asked {
        let says = self.says.lock().unwrap();
        says.asked.iter().rev().find(|asked| asked.path.ends_with(end)).cloned().unwrap()
    }

    /// What it answers; nothing where it breaks off.
    fn answer(&self, asked: Asked) -> Option<Value> {
        let mut says = self.says.lock().unwrap();
        let path = asked.path.clone();
        says.asked.push(asked);
        if says.broken.iter().any(|end| path.ends_with(end)) {
            return None;
        }
        let origin = &self.origin;
        Some(match path.rsplit('/').next().unwrap() {
            "openid-configuration" => json!({
                "issuer": says.issuer, "authorization_endpoint": format!("{origin}/authorize"),
                "token_endpoint": format!("{origin}/token"), "jwks_uri": format!("{origin}/keys"),
            }),
            "keys" => json!({ "keys": [says.published.public_jwk()] }),
            "token" => {
                let token = says.key.sign_jwt("JWT", &says.claims).unwrap();
                json!({ "access_token": "access", "id_token": token })
            }
            "access_token" => json!({ "access_token": "access", "token_type": "bearer" }),
            "user" => says.user.clone(),
            "emails" => says.emails.clone(),
            _ => return None,
        })
    }
}

async fn serve(mut stream: TcpStream, fake: Fake) {
    let mut read = Vec::new();
    let head = loop {
        let Ok(more @ 1..) = stream.read_buf(&mut read).await else { return };
        let _ = more;
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8(read[..head].to_vec()).unwrap().to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    while read.len() < head + length {
        let Ok(1..) = stream.read_buf(&mut read).await else { return };
    }
    let whole = String::from_utf8(read).unwrap();
    let path = whole.split(' ').nth(1).unwrap().to_owned();
    let Some(answer) = fake.answer(Asked { path, body: whole.split_once("\r\n\r\n").unwrap().1.to_owned() })
    else {
        return;
    };
    let body = answer.to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}
