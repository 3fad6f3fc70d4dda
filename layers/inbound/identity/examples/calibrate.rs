//! Says how costly a password hash may be on this machine: `cargo run --release -p towergate-identity --example calibrate`, with the
//! milliseconds that one may take (200) and the memory that it may fill in MiB (64).

use std::{
    env,
    error::Error,
    io::{Write, stdout},
    time::Duration,
};

use towergate_core::system::{OsRandom, SystemClock};
use towergate_identity::rules::password::HashParams;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = env::args().skip(1);
    let millis = words.next().map_or(Ok(200), |word| word.parse())?;
    let mib: u32 = words.next().map_or(Ok(64), |word| word.parse())?;
    let (target, memory) = (Duration::from_millis(millis), mib.saturating_mul(1024));
    let params = HashParams::calibrate(target, memory, &SystemClock, &OsRandom::new())?;
    let (memory, passes, lanes) = (params.memory_kib(), params.iterations(), params.parallelism());
    writeln!(stdout(), "HashParams::new({memory}, {passes}, {lanes})")?;
    Ok(())
}
