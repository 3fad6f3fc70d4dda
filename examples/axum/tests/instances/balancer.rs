//! A plain balancer: each connection goes to the next program in turn that takes it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::wait::until;

const PATIENCE: Duration = Duration::from_secs(60);

/// Where all connections arrive; gone with this.
pub(crate) struct Balancer {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    programs: [u16; 2],
    takes: [AtomicBool; 2],
    under_way: [AtomicUsize; 2],
    turn: AtomicUsize,
    /// By how much the turn goes on with each connection.
    step: usize,
}

impl Balancer {
    /// Between `listener` and the programs on these ports.
    pub(crate) fn new(listener: TcpListener, programs: [u16; 2]) -> Self {
        Self::stepping(listener, programs, 1)
    }

    /// The same, where the first has every turn, and the other those that it does not take.
    pub(crate) fn leaning(listener: TcpListener, programs: [u16; 2]) -> Self {
        Self::stepping(listener, programs, 0)
    }

    fn stepping(listener: TcpListener, programs: [u16; 2], step: usize) -> Self {
        let (takes, under_way) = ([true, true].map(AtomicBool::new), [0, 0].map(AtomicUsize::new));
        let shared = Arc::new(Shared { programs, takes, under_way, turn: AtomicUsize::new(0), step });
        let task = tokio::spawn(carry(listener, Arc::clone(&shared)));
        Self { shared, task }
    }

    /// From now on all goes to this program.
    pub(crate) fn only(&self, instance: usize) {
        self.with(instance);
        self.without(1 - instance);
    }

    /// From now on all goes to both.
    pub(crate) fn any(&self) {
        self.with(0);
        self.with(1);
    }

    /// Nothing more goes to this program.
    pub(crate) fn without(&self, instance: usize) {
        self.shared.takes[instance].store(false, Ordering::SeqCst);
    }

    /// Nothing more goes to this program, and what it was sent is answered.
    pub(crate) async fn drain(&self, instance: usize) {
        self.without(instance);
        until(PATIENCE, async || self.shared.under_way[instance].load(Ordering::SeqCst) == 0).await;
    }

    /// This program has its turns again.
    pub(crate) fn with(&self, instance: usize) {
        self.shared.takes[instance].store(true, Ordering::SeqCst);
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (mut from, _) = listener.accept().await.unwrap();
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let first = shared.turn.fetch_add(shared.step, Ordering::Relaxed);
            for instance in [first % 2, (first + 1) % 2] {
                // In this order, so that whoever drains overlooks nothing.
                let under_way = &shared.under_way[instance];
                under_way.fetch_add(1, Ordering::SeqCst);
                let is_done = shared.takes[instance].load(Ordering::SeqCst)
                    && carried(&mut from, shared.programs[instance]).await;
                under_way.fetch_sub(1, Ordering::SeqCst);
                if is_done {
                    return;
                }
            }
        });
    }
}

/// Whether the program took the connection. Where nobody listens it is the turn of the other; what was sent is sent nowhere else.
async fn carried(from: &mut TcpStream, port: u16) -> bool {
    let Ok(mut to) = TcpStream::connect(("127.0.0.1", port)).await else { return false };
    let _ = copy_bidirectional(from, &mut to).await;
    true
}
