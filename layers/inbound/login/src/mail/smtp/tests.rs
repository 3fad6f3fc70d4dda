//! Mail goes out over SMTP, to a server that writes down what it hears.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::mpsc,
    thread,
};

use super::*;

/// A server for one connection, which answers a recipient with `answer`; what it heard comes when the connection ends.
fn sink(answer: &'static str) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, heard) = mpsc::channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut out = stream.try_clone().unwrap();
        let mut say = |line: &str| out.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        let mut heard = String::new();
        let mut in_data = false;
        say("220 sink");
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { break };
            heard.push_str(&line);
            heard.push('\n');
            match line.split(' ').next().unwrap_or_default() {
                "." if in_data => {
                    in_data = false;
                    say("250 kept");
                    let _ = tell.send(heard.clone());
                }
                _ if in_data => {}
                "EHLO" => say("250 sink"),
                "RCPT" => say(answer),
                "DATA" => {
                    in_data = true;
                    say("354 go on");
                }
                "QUIT" => {
                    say("221 bye");
                    break;
                }
                _ => say("250 fine"),
            }
        }
        let _ = tell.send(heard);
    });
    (port, heard)
}

fn mail(to: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: String::from("Confirm: ünïcode\r\nBcc: evil@example.com"),
        text: String::from("the text"),
        html: String::from("<p>the html</p>"),
        message_id: "id-1@h.example".into(),
    }
}

fn mailer(port: u16) -> SmtpMailer {
    SmtpMailer::new(&Relay::insecure_plain("127.0.0.1").port(port), "Tower <gate@example.com>").unwrap()
}

#[tokio::test]
async fn a_mail_arrives_with_both_its_bodies_and_no_header_of_its_own_making() {
    let (port, heard) = sink("250 fine");
    mailer(port).send(&mail("alice@example.com")).await.unwrap();
    let heard = heard.recv().unwrap();
    assert!(
        heard.contains("RCPT TO:<alice@example.com>") && heard.contains("MAIL FROM:<gate@example.com>"),
        "{heard}"
    );
    for body in ["Message-ID: <id-1@h.example>", "the text", "<p>the html</p>", "multipart/alternative"] {
        assert!(heard.contains(body), "{body}: {heard}");
    }
    assert!(!heard.lines().any(|line| line.starts_with("Bcc:")), "{heard}");
}

#[tokio::test]
async fn a_refusal_for_good_is_told_from_one_for_now() {
    for (answer, never) in [("550 nobody here", true), ("451 later", false)] {
        let (port, _heard) = sink(answer);
        let error = mailer(port).send(&mail("alice@example.com")).await.unwrap_err();
        assert_eq!(matches!(error, MailError::Never(_)), never, "{error}");
    }
    let nobody_listens = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = mailer(nobody_listens).send(&mail("alice@example.com")).await.unwrap_err();
    assert!(matches!(error, MailError::Later(_)), "{error}");
    let error = mailer(nobody_listens).send(&mail("no address")).await.unwrap_err();
    assert!(matches!(error, MailError::Never(_)), "{error}");
}

/// The log is told why a mail was not sent, and relays like to repeat to whom.
#[tokio::test]
async fn what_a_relay_says_is_told_by_its_code_alone() {
    for (answer, code) in
        [("550 5.1.1 <alice@example.com>: nobody here", "550"), ("451 alice@example.com: later", "451")]
    {
        let (port, _heard) = sink(answer);
        let error = mailer(port).send(&mail("alice@example.com")).await.unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(told.contains(code), "{told}");
        assert!(!told.contains("alice"), "{told}");
    }
}

#[tokio::test]
async fn nothing_is_told_of_an_answer_that_is_no_smtp() {
    for answer in ["<alice@example.com> is nobody here", "550-alice@example.com\r\n451 is nobody here"] {
        let (port, _heard) = sink(answer);
        let error = mailer(port).send(&mail("alice@example.com")).await.unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(matches!(error, MailError::Later(_)), "{told}");
        assert!(told.contains("cannot be read") && !told.contains("alice"), "{told}");
    }
}

#[tokio::test]
async fn a_relay_that_does_not_turn_to_tls_gets_no_mail() {
    let (port, heard) = sink("250 fine");
    let relay = Relay::starttls("127.0.0.1").port(port);
    let mailer = SmtpMailer::new(&relay, "gate@example.com").unwrap();
    assert!(mailer.send(&mail("alice@example.com")).await.is_err());
    assert!(!heard.recv().unwrap().contains("RCPT"));
    assert!(matches!(SmtpMailer::new(&relay, "no address"), Err(InvalidSmtp::From(_))));
}
