//! The program: reads the configuration, starts, says where to go, and stops when it is told to; or does one command.

use std::{
    env,
    error::Error,
    future::pending,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use towergate::core::Secret;
use tracing_subscriber::{EnvFilter, filter::LevelFilter, fmt::format::FmtSpan};

use crate::{
    config::{Config, Database},
    error::StartError,
    figures,
    keys_command::KeysCommand,
    run::{Framework, Listeners, Running, start},
    seal_key,
    seed::{Access, SeededUser},
};

/// The words that were given mean nothing.
#[derive(Debug, thiserror::Error)]
#[error(
    "Without words, the host runs. Otherwise:\n  keys list         the signing keys and what becomes of them next\n  \
     keys rotate       publish a successor of each, which signs in due time\n  \
     keys revoke KID   take a key out of the ring that is in wrong hands"
)]
struct Usage;

/// Runs the host around `F` until it is stopped; the exit code says whether it ever ran.
pub async fn main<F: Framework>() -> ExitCode {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,towergate::audit=info,towergate_example_axum::run=info"));
    // At `debug`, a line for each span that closes, with its time.
    let spans = filter.max_level_hint().is_some_and(|level| level >= LevelFilter::DEBUG);
    tracing_subscriber::fmt()
        .with_span_events(if spans { FmtSpan::CLOSE } else { FmtSpan::NONE })
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let command = match words.as_slice() {
        [] => None,
        ["keys", rest @ ..] if let Some(command) = KeysCommand::parse(rest) => Some(command),
        _ => return complain(&Usage),
    };
    let config = match Config::load() {
        Ok(config) => config,
        Err(problems) => return complain(&problems),
    };
    if let Some(command) = command {
        return match command.run(&config).await {
            Ok(answer) => {
                say(&answer);
                ExitCode::SUCCESS
            }
            Err(error) => complain(&error),
        };
    }
    match run::<F>(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

async fn run<F: Framework>(config: Config) -> Result<(), StartError> {
    // Heard from here on: whoever is told to stop while it starts, or in the moment after, ends as well as later.
    let mut told = Told::listen();
    let listeners = Listeners::bind(&config).await?;
    let running = tokio::select! {
        running = start::<F>(config.clone(), listeners) => running?,
        _ = told.next() => return Ok(()),
    };
    say(&welcome(F::NAME, &config, &running));
    if told.next().await == Wish::End {
        say("\nEnding soon; another signal ends at once.\n");
        tokio::select! {
            () = running.announce_end() => {}
            _ = told.next() => {}
        }
    }
    say("\nFinishing what is under way.\n");
    running.stop().await;
    Ok(())
}

/// Where to go, and how to get in.
fn welcome(framework: &str, config: &Config, running: &Running) -> String {
    let mut text = format!("\ntowergate reference host, around {framework}\n\n");
    let mut line = |name: &str, value: &str| text.push_str(&format!("  {name:<16} {value}\n"));
    line("This host", &format!("{}/", config.origin()));
    if let Some(demo) = config.demo {
        line("Third-party app", &format!("{}/", demo.origin()));
    }
    if let Some(metrics) = config.metrics {
        line("Figures", &format!("http://{metrics}{}", figures::PATH));
    }
    for user in &running.users {
        line("Sign in as", user.email.as_str());
        line("  password", password_of(user, config).expose());
    }
    match &config.database {
        Database::Memory => line("Database", "in memory, gone when this program ends"),
        Database::Sqlite(path) => {
            line("Database", &path.display().to_string());
            line("  sealed by", &seal_key::path(config).unwrap_or_default().display().to_string());
        }
        Database::Postgres(url) => {
            line("Database", &url.place());
            if let Some(redis) = &config.redis {
                line("  beside it", &redis.place());
            }
            line("  sealed by", &seal_key::path(config).unwrap_or_default().display().to_string());
        }
    }
    text.push_str("\nCtrl-C stops it.\n");
    text
}

fn password_of(user: &SeededUser, config: &Config) -> Secret<String> {
    match (&user.access, &config.database) {
        (Access::Made(password), _) => Secret::new(format!("{}   (shown this once)", password.expose())),
        (Access::Configured, _) => Secret::from("the one in the configuration"),
        (Access::ConfiguredBefore, _) => {
            Secret::from("the one that the configuration had at their first start")
        }
        (Access::AsBefore, Database::Sqlite(path)) => Secret::new(format!(
            "shown at the first start; to begin anew, delete {}* and start again",
            path.display()
        )),
        (Access::AsBefore, Database::Postgres(_) | Database::Memory) => {
            Secret::from("shown at the first start")
        }
    }
}

/// How the program was told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// By Ctrl-C: somebody sits there and waits.
    Now,
    /// By whoever runs it, who has told nobody yet to go elsewhere.
    End,
}

/// Hears Ctrl-C and the system's request to end, from its making on.
#[cfg(unix)]
struct Told {
    interrupted: Option<Signal>,
    terminated: Option<Signal>,
}

#[cfg(unix)]
impl Told {
    fn listen() -> Self {
        let heard = |kind| match signal(kind) {
            Ok(signal) => Some(signal),
            Err(error) => {
                tracing::error!(%error, "a signal to stop cannot be heard");
                None
            }
        };
        Self { interrupted: heard(SignalKind::interrupt()), terminated: heard(SignalKind::terminate()) }
    }

    async fn next(&mut self) -> Wish {
        async fn heard(signal: &mut Option<Signal>) {
            match signal {
                Some(signal) => drop(signal.recv().await),
                None => pending().await,
            }
        }
        tokio::select! {
            () = heard(&mut self.interrupted) => Wish::Now,
            () = heard(&mut self.terminated) => Wish::End,
        }
    }
}

/// Hears Ctrl-C.
#[cfg(not(unix))]
struct Told;

#[cfg(not(unix))]
impl Told {
    fn listen() -> Self {
        Self
    }

    async fn next(&mut self) -> Wish {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "Ctrl-C cannot be heard");
            pending::<()>().await;
        }
        Wish::Now
    }
}

/// The error with all its causes, on the standard error.
fn complain(error: &(dyn Error + 'static)) -> ExitCode {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !told.contains(&more) {
            told = format!("{told}: {more}");
        }
        cause = error.source();
    }
    // Nobody may be reading; the exit code says it too.
    let _ = writeln!(io::stderr(), "{told}");
    ExitCode::FAILURE
}

fn say(text: &str) {
    // Nobody may be reading, which is no reason to stop.
    let _ = io::stdout().write_all(text.as_bytes());
    let _ = io::stdout().flush();
}
