//! What a server says of itself, asked once on each new connection.
//!
//! 1. It is no replica and no part of a cluster.
//! 2. It throws nothing away that is alive: without a limit of memory, or with `maxmemory-policy noeviction`.
//! 3. Its run has a name of its own: whoever was started again, or took over from another, may have forgotten something.
//! 4. Whoever is said to forget nothing when it is started again has all that it answered on its disk, and no replica that could take over.

use std::sync::Arc;

use redis::aio::MultiplexedConnection;

use crate::open_error::OpenError;

/// A server as it was when the connection to it began. It is the same as long as the connection lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// The name of its run: another after each start, and on each replica.
    pub(crate) run: Arc<str>,
}

/// Asks a new connection whom it leads to, and whether it [keeps all](crate::RedisOptions::keeps_all) where it is said to.
pub(crate) async fn meet(
    connection: &mut MultiplexedConnection,
    keeps_all: bool,
) -> Result<Server, OpenError> {
    let info: String = redis::cmd("INFO").query_async(connection).await.map_err(OpenError::Unreachable)?;
    let server = read(&info)?;
    if keeps_all {
        let asked = redis::cmd("CONFIG").arg("GET").arg("appendfsync").query_async(connection).await;
        let (_, fsync): (String, String) = asked.map_err(OpenError::Unreachable)?;
        if fsync != "always" || !may_keep_all(&info) {
            return Err(OpenError::Forgets);
        }
    }
    Ok(server)
}

fn read(info: &str) -> Result<Server, OpenError> {
    let role = field(info, "role").ok_or(OpenError::Unknown("role"))?;
    if role != "master" {
        return Err(OpenError::Replica(role.to_owned()));
    }
    if field(info, "cluster_enabled") == Some("1") {
        return Err(OpenError::Cluster);
    }
    let limit = field(info, "maxmemory").ok_or(OpenError::Unknown("maxmemory"))?;
    let policy = field(info, "maxmemory_policy").ok_or(OpenError::Unknown("maxmemory_policy"))?;
    if limit != "0" && policy != "noeviction" {
        return Err(OpenError::Evicts(policy.to_owned()));
    }
    let run = field(info, "run_id").ok_or(OpenError::Unknown("run_id"))?;
    Ok(Server { run: run.into() })
}

/// Whether it writes down what it does, and nobody follows it nor did it follow anybody.
fn may_keep_all(info: &str) -> bool {
    let never_followed =
        field(info, "master_replid2").is_some_and(|id| id.bytes().all(|digit| digit == b'0'));
    field(info, "aof_enabled") == Some("1") && field(info, "connected_slaves") == Some("0") && never_followed
}

fn field<'i>(info: &'i str, name: &str) -> Option<&'i str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "# Server\r\nrun_id:abc\r\nmaxmemory:0\r\nmaxmemory_human:0B\r\n\
        maxmemory_policy:allkeys-lru\r\nrole:master\r\ncluster_enabled:0\r\n";

    #[test]
    fn a_server_without_a_limit_is_taken_by_its_run() {
        assert_eq!(&*read(INFO).unwrap().run, "abc");
    }

    #[test]
    fn whoever_evicts_follows_or_is_a_part_is_refused() {
        let full = INFO.replace("maxmemory:0", "maxmemory:100");
        assert!(matches!(read(&full), Err(OpenError::Evicts(policy)) if policy == "allkeys-lru"));
        assert!(read(&full.replace("allkeys-lru", "noeviction")).is_ok());
        let replica = INFO.replace("role:master", "role:slave");
        assert!(matches!(read(&replica), Err(OpenError::Replica(_))));
        let part = INFO.replace("cluster_enabled:0", "cluster_enabled:1");
        assert!(matches!(read(&part), Err(OpenError::Cluster)));
    }

    #[test]
    fn only_whoever_writes_and_is_alone_keeps_all() {
        let alone = "aof_enabled:1\nconnected_slaves:0\nmaster_replid2:0000\n";
        assert!(may_keep_all(alone));
        for other in ["aof_enabled:0", "connected_slaves:1", "master_replid2:00a0"] {
            let (name, _) = other.split_once(':').unwrap();
            let kept: Vec<_> = alone.lines().filter(|line| !line.starts_with(name)).collect();
            assert!(!may_keep_all(&format!("{}\n{other}", kept.join("\n"))), "{other}");
        }
    }

    #[test]
    fn whoever_says_too_little_is_refused() {
        for missing in ["run_id", "maxmemory_policy", "role"] {
            let info = INFO.replace(missing, "other");
            assert!(matches!(read(&info), Err(OpenError::Unknown(name)) if name == missing), "{missing}");
        }
    }
}
