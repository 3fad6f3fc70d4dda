//! A server as a program of its own, on a core of its own.

use std::{
    fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// A running server; it ends with its owner.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
}

impl Server {
    /// Starts `command` on these cores, or on all.
    pub(super) fn start(mut command: Command, port: u16, cores: Option<&[usize]>) -> Self {
        // What they complain of is worth reading.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        // A child stays on the cores of the thread that started it.
        let before = sched_getaffinity(None).expect("Linux");
        if let Some(cores) = cores {
            pin(cores);
        }
        let child = command.spawn();
        sched_setaffinity(None, &before).expect("the cores from before");
        Self { child: child.unwrap_or_else(|error| panic!("{command:?}: {error}")), port }
    }

    /// Waits until it takes connections.
    pub(super) fn until_it_listens(mut self) -> Self {
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("a server ended with {status}");
            }
            assert!(start.elapsed() < Duration::from_secs(60), "a server does not listen");
            std::thread::sleep(Duration::from_millis(2));
        }
        self
    }

    /// The CPU time that it spent so far, in and for it.
    pub(super) fn spent(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("a running server");
        // The name in brackets may hold anything.
        let fields: Vec<&str> =
            stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let ticks: u64 = [11, 12].iter().filter_map(|place| fields.get(*place)?.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
    }

    /// The memory that it holds, in KiB.
    pub(super) fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// What of it are pages of its program's file, which the system can drop and read again.
    pub(super) fn program(&self) -> u64 {
        self.status("RssFile:")
    }

    fn status(&self, line: &str) -> u64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a running server");
        let line = status.lines().find_map(|text| text.strip_prefix(line)).expect("a figure");
        line.split_whitespace().next().and_then(|figure| figure.parse().ok()).expect("a figure")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps this thread, and what it starts, on these cores.
pub(super) fn pin(cores: &[usize]) {
    let mut set = CpuSet::new();
    cores.iter().for_each(|core| set.set(*core));
    sched_setaffinity(None, &set).expect("cores");
}

/// A port that nobody has now.
pub(super) fn free_port() -> u16 {
    let probe = TcpListener::bind(("127.0.0.1", 0)).and_then(|probe| probe.local_addr());
    probe.expect("a port").port()
}
