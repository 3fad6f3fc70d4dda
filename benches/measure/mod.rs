//! How the benches measure: CPU time of the one thread that works, and each of ours over its yardstick in the same run.

pub(crate) mod calls;
pub(crate) mod cpu_time;
pub(crate) mod ratio;
pub(crate) mod spent;

use criterion::Criterion;

use cpu_time::CpuTime;

/// Where this run leaves its estimates.
pub(crate) const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/criterion");

/// A criterion that counts CPU time, in a folder that the ratios are read from.
pub(crate) fn criterion() -> Criterion<CpuTime> {
    Criterion::default().with_measurement(CpuTime).output_directory(FOLDER.as_ref()).configure_from_args()
}
