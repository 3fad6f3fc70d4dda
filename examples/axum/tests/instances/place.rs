//! Two programs, what they stand on, and the balancer in front of them.

use std::{path::PathBuf, process::Command};

use tempfile::TempDir;
use tokio::{net::TcpListener, task::spawn_blocking};
use towergate_test_servers::{postgres::PostgresServer, redis::RedisServer};

use crate::{
    assertion::Machine,
    balancer::Balancer,
    client::Client,
    load,
    program::{Dead, Program, free_port},
};

const DATABASE: &str = "postgres";

/// What happened once, and the event that says so.
const HAPPENED: [(&str, &str); 3] = [
    ("towergate_codes WHERE spent_at IS NOT NULL", "code.redeemed"),
    ("towergate_refresh_tokens WHERE rotated_at IS NOT NULL", "token.refreshed"),
    ("towergate_sessions", "session.created"),
];

pub(crate) struct Place {
    pub(crate) client: Client,
    pub(crate) machine: Machine,
    pub(crate) balancer: Balancer,
    programs: [Option<Program>; 2],
    dead: [Option<Dead>; 2],
    pub(crate) redis: RedisServer,
    postgres: PostgresServer,
    folders: [TempDir; 2],
}

impl Place {
    /// Starts everything; the two programs at once, on an empty database and without a seal key.
    pub(crate) async fn start() -> Self {
        Self::start_with(RedisServer::private, "", ["", ""]).await
    }

    /// The same beside this Redis, with a key more, and for each program what is its own.
    pub(crate) async fn start_with(redis: fn() -> RedisServer, key: &str, own: [&str; 2]) -> Self {
        let (postgres, redis) = spawn_blocking(move || (PostgresServer::private(), redis())).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let front = listener.local_addr().unwrap().port();
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let machine = Machine::new();
        let ports = [(); 2].map(|()| free_port());
        let beside = format!(
            "\n{}{}\n[shutdown]\ngrace = \"1s\"\n[limits]\nlogin = 100000\nforgot = 1000000\nreset = 1000000\n[keys]\nseal_key_file = '{}'\ncache_for = \"1s\"\n",
            machine.toml(),
            load::people(),
            folders[0].path().join("gate.key").display(),
        );
        let redis_key = format!("redis = \"{}\"\n{key}\n", redis.url());
        let host = Client::toml(front, &postgres.url(DATABASE));
        let starts = [0, 1].map(|instance| {
            let listens = |port: u16| format!("addr = \"127.0.0.1:{port}\"");
            let host = host.replace(&listens(front), &listens(ports[instance]));
            let (folder, toml) =
                (folders[instance].path().to_owned(), format!("{redis_key}{host}{beside}{}", own[instance]));
            spawn_blocking(move || Program::start(&folder, &toml))
        });
        let [first, second] = starts;
        let programs = [Some(first.await.unwrap()), Some(second.await.unwrap())];
        let client = Client { issuer: format!("http://localhost:{front}") };
        let balancer = Balancer::new(listener, ports);
        Self { client, machine, balancer, programs, dead: [None, None], redis, postgres, folders }
    }

    /// The address of the database.
    pub(crate) fn database(&self) -> String {
        self.postgres.url(DATABASE)
    }

    /// The configuration of the first program.
    pub(crate) fn config(&self) -> PathBuf {
        self.folders[0].path().join("host.toml")
    }

    /// SIGTERM, and waits until the program is gone.
    pub(crate) fn stop(&mut self, instance: usize) {
        let program = self.programs[instance].take().unwrap();
        self.dead[instance] = Some(tokio::task::block_in_place(|| program.terminate()));
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self, instance: usize) {
        let program = self.programs[instance].take().unwrap();
        self.dead[instance] = Some(tokio::task::block_in_place(|| program.kill()));
    }

    pub(crate) fn start_again(&mut self, instance: usize) {
        let dead = self.dead[instance].take().unwrap();
        self.programs[instance] = Some(tokio::task::block_in_place(|| dead.start_again()));
    }

    pub(crate) fn kill_database(&self) {
        tokio::task::block_in_place(|| self.postgres.kill());
    }

    pub(crate) fn start_database(&self) {
        tokio::task::block_in_place(|| self.postgres.start());
    }

    /// `keys` and these words, under the configuration of the first program.
    pub(crate) fn keys(&self, words: &[&str]) {
        let folder = self.folders[0].path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_towergate-example-axum"));
        command.env("TOWERGATE_CONFIG", folder.join("host.toml")).current_dir(folder);
        let output = command.arg("keys").args(words).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// Each thing that happened once was written down once, and nothing else was.
    pub(crate) fn check_rows(&self) {
        for (happened, action) in HAPPENED {
            let differ = format!(
                "SELECT count(*) FROM (SELECT id::text AS id FROM towergate.{happened}) a
                 FULL JOIN (SELECT target_id AS id, count(*) AS told FROM towergate.towergate_audit_events
                            WHERE action = '{action}' GROUP BY 1) b ON a.id = b.id
                 WHERE a.id IS NULL OR b.id IS NULL OR b.told <> 1"
            );
            assert_eq!(self.postgres.ask(DATABASE, &differ), "0", "{action}");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Before what they stand on.
        self.programs = [None, None];
    }
}
