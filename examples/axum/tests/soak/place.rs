//! Two programs, what they stand on, the wires in between, and the balancer in front.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command, sync::Arc};

use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    task::{block_in_place, spawn_blocking},
};
use towergate_test_servers::{postgres::PostgresServer, redis::RedisServer};

use crate::{
    assertion::Machine,
    balancer::Balancer,
    book::Book,
    client::{Client, EMAIL},
    party,
    program::{Program, Recipe, Size, free_port},
    relay, walker,
    wire::Wire,
};

const DATABASE: &str = "postgres";

/// How many connections the database takes: those of both hosts, and some.
const CONNECTIONS: u16 = 60;

/// What each host opens at most, and what is opened beside for a moment while one ends and its successor begins.
pub(crate) const CONNECTIONS_OF_HOSTS: usize = 2 * 16;

pub(crate) struct Place {
    /// In front of both.
    pub(crate) client: Client,
    /// At each of them.
    pub(crate) clients: [Client; 2],
    /// In front of both, where one has the first turn always and the other while it is down.
    pub(crate) hosts: [Client; 2],
    pub(crate) wires: [Wire; 2],
    pub(crate) redis: RedisServer,
    pub(crate) postgres: PostgresServer,
    programs: [Option<Program>; 2],
    recipes: [Recipe; 2],
    folder: TempDir,
    // Gone with this.
    _balancers: [Balancer; 3],
}

impl Place {
    /// Starts everything, with accounts for walkers of these names, and for this client.
    pub(crate) async fn start(book: &Arc<Book>, names: &[String], machine: &Machine) -> Self {
        let (postgres, redis) =
            spawn_blocking(|| (PostgresServer::private_for(CONNECTIONS), RedisServer::private()))
                .await
                .unwrap();
        let folder = tempfile::tempdir().unwrap();
        // Whoever builds meanwhile changes the file that was built before. Copied by somebody else: what this process has open to
        // write, a program that another test starts at the same moment would hold open too, and nobody could start the copy.
        let program = folder.path().join("host");
        let built = env!("CARGO_BIN_EXE_towergate-example-axum");
        assert!(Command::new("cp").arg(built).arg(&program).status().unwrap().success());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let front = listener.local_addr().unwrap().port();
        let relay = relay::open(Arc::clone(book)).await;
        let party = party::open(Arc::clone(book)).await;
        // An application of this machine may be told over plain HTTP.
        let told =
            format!("application_type = \"native\"\nbackchannel_logout_uri = \"{party}\"\nclient_secret");
        let mut wires = Vec::new();
        let mut recipes = Vec::new();
        for instance in ["first", "second"] {
            let (port, wire) = (free_port(), Wire::to(postgres.socket()).await);
            let beside = folder.path().join(instance);
            fs::create_dir(&beside).unwrap();
            let database = format!("postgres://tester@127.0.0.1:{}/{DATABASE}", wire.port);
            let listens = |port: u16| format!("addr = \"127.0.0.1:{port}\"");
            let host = Client::toml(front, &database).replace(&listens(front), &listens(port));
            let host = host.replace("client_secret", &told);
            let toml = format!(
                "redis = \"{}\"\nreplay_marks = \"database\"\n{host}\n{}\n[outbound]\ndanger_allow_loopback = true\n[shutdown]\ngrace = \"1s\"\n\
                 [limits]\nlogin = 1000000\nregister = 1000000\npasskey = 1000000\naccount = 1000000\n\
                 [keys]\nseal_key_file = '{}'\n\
                 [mail]\nsmtp = \"insecure+smtp://127.0.0.1:{relay}\"\nfrom = \"host@example.com\"\n",
                redis.url(),
                machine.toml(),
                folder.path().join("seal.key").display(),
            );
            recipes.push(Recipe::new(&program, &beside, port, &toml));
            wires.push(wire);
        }
        let [first, second] = <[Recipe; 2]>::try_from(recipes).map_err(drop).unwrap();
        let starts = [&first, &second].map(|recipe| {
            let recipe = recipe.clone();
            spawn_blocking(move || recipe.start())
        });
        let [one, other] = starts;
        let programs = [Some(one.await.unwrap()), Some(other.await.unwrap())];
        let at = |port: u16| Client { issuer: format!("http://localhost:{port}") };
        let (mut hosts, mut leaning) = (Vec::new(), Vec::new());
        for ports in [[first.port, second.port], [second.port, first.port]] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            hosts.push(at(listener.local_addr().unwrap().port()));
            leaning.push(Balancer::leaning(listener, ports));
        }
        let [to_first, to_second] = <[Balancer; 2]>::try_from(leaning).map_err(drop).unwrap();
        let place = Self {
            client: at(front),
            clients: [at(first.port), at(second.port)],
            hosts: <[Client; 2]>::try_from(hosts).unwrap(),
            wires: <[Wire; 2]>::try_from(wires).map_err(drop).unwrap(),
            redis,
            postgres,
            programs,
            _balancers: [Balancer::new(listener, [first.port, second.port]), to_first, to_second],
            recipes: [first, second],
            folder,
        };
        place.admit(names);
        place
    }

    /// SIGKILL, and a start.
    pub(crate) fn kill_and_start(&mut self, instance: usize) {
        block_in_place(|| self.programs[instance].take().unwrap().kill());
        self.start_again(instance);
    }

    /// SIGTERM, and a start. Answers whether it ended well.
    pub(crate) fn end_and_start(&mut self, instance: usize) -> bool {
        let well = block_in_place(|| self.programs[instance].take().unwrap().terminate());
        self.start_again(instance);
        well
    }

    pub(crate) fn sizes(&self) -> [Size; 2] {
        [0, 1].map(|instance| self.programs[instance].as_ref().unwrap().size())
    }

    /// How many connections the hosts have.
    pub(crate) fn connections(&self) -> usize {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'towergate'";
        self.ask(sql).parse().unwrap()
    }

    pub(crate) fn ask(&self, sql: &str) -> String {
        block_in_place(|| self.postgres.ask(DATABASE, sql))
    }

    /// The address of the database, beside the wires.
    pub(crate) fn database(&self) -> String {
        self.postgres.url(DATABASE)
    }

    pub(crate) fn seal_key(&self) -> PathBuf {
        self.folder.path().join("seal.key")
    }

    /// What both programs have said that speaks of a bug.
    pub(crate) fn panics(&self) -> Vec<String> {
        let said = self.recipes.iter().map(Recipe::said);
        let lines = said.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
        lines.filter(|line| line.contains("panicked at")).collect()
    }

    /// What both programs have said that speaks of an error, and how often.
    pub(crate) fn errors(&self) -> BTreeMap<String, usize> {
        let mut errors = BTreeMap::new();
        for recipe in &self.recipes {
            for line in recipe.said().lines() {
                if let Some((_, error)) = line.split_once("ERROR") {
                    *errors.entry(error.to_owned()).or_default() += 1;
                }
            }
        }
        errors
    }

    fn start_again(&mut self, instance: usize) {
        self.programs[instance] = Some(block_in_place(|| self.recipes[instance].start()));
    }

    /// Gives each walker their accounts, under the one password that was hashed already.
    fn admit(&self, names: &[String]) {
        for name in names {
            let accounts = walker::ACCOUNTS - 1;
            let address = walker::address(name, 0).replace("-0@", "-' || account || '@");
            self.ask(&format!(
                "INSERT INTO towergate.towergate_users (id, email, password, state, created_at, confirmed_at)
                 SELECT gen_random_uuid(), '{address}', password, state, created_at, created_at
                 FROM towergate.towergate_users, generate_series(0, {accounts}) account WHERE email = '{EMAIL}'"
            ));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Before what they stand on.
        self.programs = [None, None];
    }
}
