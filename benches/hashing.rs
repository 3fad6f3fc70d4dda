//! Passwords: ours beside the crate's own allocating call.

#![expect(clippy::expect_used, clippy::panic, reason = "a bench that cannot run stops")]

#[expect(dead_code, reason = "no service is called here")]
mod measure;

use argon2::{Algorithm, Argon2, Params, Version};
use criterion::{Criterion, SamplingMode};
use measure::{cpu_time::CpuTime, ratio};
use towergate::{
    core::{Secret, system::OsRandom},
    identity::rules::password::{HashMemory, HashParams, Password, Peppers, hash_in, verify_in},
};

const PASSWORD: &str = "correct horse battery staple";
/// What a new hash costs by default, 19 MiB and two passes; and what RFC 9106 asks of machines with little memory, in one lane.
const COSTS: [(&str, u32, u32); 2] =
    [("argon2id m19456 t2 p1", 19 * 1024, 2), ("argon2id m65536 t3 p1", 64 * 1024, 3)];

fn main() {
    let mut criterion = measure::criterion();
    for (group, memory, passes) in COSTS {
        argon2id(&mut criterion, group, memory, passes);
    }
    criterion.final_summary();
    for (group, ..) in COSTS {
        for ours in ["hash", "verify"] {
            ratio::print(group, ours, &[(group, "hash_password_into", 1.0)]);
        }
    }
}

fn argon2id(criterion: &mut Criterion<CpuTime>, group: &str, memory_kib: u32, passes: u32) {
    let (random, peppers, mut memory) = (OsRandom::new(), Peppers::default(), HashMemory::new());
    let params = HashParams::new(memory_kib, passes, 1).expect("parameters");
    let password = Password::parse(&Secret::from(PASSWORD)).expect("a password");
    let kept = hash_in(&mut memory, &password, params, &peppers, &random).expect("a hash");
    let yardstick = Params::new(memory_kib, passes, 1, Some(32)).expect("parameters");
    let yardstick = Argon2::new(Algorithm::Argon2id, Version::V0x13, yardstick);

    let mut group = criterion.benchmark_group(group);
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.bench_function("hash_password_into", |bencher| {
        bencher.iter(|| {
            let mut out = [0; 32];
            let done = yardstick.hash_password_into(PASSWORD.as_bytes(), b"sixteen salt now", &mut out);
            done.map(|()| out).expect("a hash")
        });
    });
    group.bench_function("hash", |bencher| {
        bencher.iter(|| hash_in(&mut memory, &password, params, &peppers, &random).expect("a hash"));
    });
    group.bench_function("verify", |bencher| {
        bencher.iter(|| verify_in(&mut memory, &password, &kept, &peppers).expect("the right password"));
    });
    group.finish();
}
