//! What the configuration says of passwords comes to count, and a pepper turns over as people sign in.

#![expect(clippy::unwrap_used, reason = "a test")]

#[cfg(test)]
#[path = "journey/browser.rs"]
#[expect(dead_code, reason = "each test uses its own part")]
mod browser;
#[cfg(test)]
#[path = "journey/place.rs"]
#[expect(dead_code, reason = "each test uses its own part")]
mod place;

use std::{fs, path::Path};

use browser::Browser;
use http::StatusCode;
use place::{EMAIL, PASSWORD, Place};
use rusqlite::Connection;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use towergate_example_axum::{
    app::Axum,
    config::Config,
    run::{Listeners, start},
};

/// Thirty-two bytes, as a file holds them.
fn pepper(folder: &Path, name: &str, letter: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, format!("{}\n", letter.repeat(43))).unwrap();
    format!("[[passwords.peppers]]\nname = \"{name}\"\nfile = {:?}\n", path.display().to_string())
}

#[tokio::test]
async fn a_pepper_and_the_cost_of_the_file_come_to_count_as_people_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.db");
    let database = format!("sqlite:{}", file.display());
    let (first, second) = (pepper(folder.path(), "first", "A"), pepper(folder.path(), "second", "E"));
    let costly = format!("[passwords]\nhash_memory_kib = 20480\n{second}{first}");
    for (more, begins) in [
        ("", "$argon2id$v=19$m=19456,t=2,p=1$"),
        (&*first, "pepper=first$argon2id$v=19$m=19456,t=2,p=1$"),
        (&*costly, "pepper=second$argon2id$v=19$m=20480,t=2,p=1$"),
        (&*second, "pepper=second$argon2id$v=19$m=19456,t=2,p=1$"),
    ] {
        let place = Place::over::<Axum>("http", &database, more).await;
        let browser = &mut Browser::default();
        let login = browser.open(&place.at("/login")).await;
        assert!(place.sign_in(browser, &login).await.says("You are Alice"), "{begins}");
        place.running.stop().await;
        let sql = "SELECT password FROM towergate_users WHERE email = ?1";
        let kept: String =
            Connection::open(&file).unwrap().query_row(sql, [EMAIL], |row| row.get(0)).unwrap();
        assert!(kept.starts_with(begins), "{kept}");
    }
    // Without the pepper nobody gets in, whatever they know.
    let place = Place::over::<Axum>("http", &database, &first).await;
    let browser = &mut Browser::default();
    let login = browser.open(&place.at("/login")).await;
    let refused = browser.submit(&login, &[("email", EMAIL), ("password", PASSWORD)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    place.running.stop().await;
}

/// ASVS 6.2.12, at the start.
#[tokio::test]
async fn under_a_profile_a_password_that_leaked_stops_the_start_and_says_whose_it_is() {
    let leaked = "nine indigo lighthouses";
    let service = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://127.0.0.1:{}", service.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut peer, _)) = service.accept().await {
            let mut head = [0; 2048];
            let _ = peer.read(&mut head).await.unwrap();
            let body = format!("{LEAKED_REST}:12\r\n");
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            peer.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let text = format!(
        "addr = \"127.0.0.1:0\"\nissuer = \"http://localhost:3000\"\ndatabase = \"memory:\"\n\
         [outbound]\ndanger_allow_loopback = true\n[assurance]\nprofile = \"asvs-l2\"\n\
         [passwords]\nbreach_check = true\nbreach_service = \"{at}\"\n\
         [[users]]\nemail = \"{EMAIL}\"\npassword = \"{leaked}\"\n"
    );
    let config = Config::parse("test.toml", &text).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refused = start::<Axum>(config, Listeners::from_parts(listener, None)).await;
    let told = refused.err().unwrap().to_string();
    assert!(told.contains(EMAIL) && told.contains("has leaked"), "{told}");
    assert!(!told.contains(leaked), "{told}");
}

/// All but the first five digits of the SHA-1 digest of the password above.
const LEAKED_REST: &str = "5FFD8EEC18A7DFBADFB6FD90D089F43A732";
