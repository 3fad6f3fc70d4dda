//! Passwords: ours beside the crate's own allocating call.

#![expect(clippy::expect_used, clippy::panic, reason = "a bench that cannot run stops")]

#[expect(dead_code, reason = "no service is called here")]
mod measure;

use argon2::{Algorithm, Argon2, Params, Version};
use criterion::{Criterion, SamplingMode};
use measure::{cpu_time::CpuTime, ratio};
use towergate::{
    core::{Secret, system::OsRandom},
    identity::rules::password::{HashParams, Password, hash, verify},
};

const PASSWORD: &str = "correct horse battery staple";
/// What a new hash costs by default: 19 MiB, two passes, one lane.
const GROUP: &str = "argon2id m19456 t2 p1";

fn main() {
    let mut criterion = measure::criterion();
    argon2id(&mut criterion);
    criterion.final_summary();
    for ours in ["hash", "verify"] {
        ratio::print(GROUP, ours, &[(GROUP, "hash_password_into", 1.0)]);
    }
}

fn argon2id(criterion: &mut Criterion<CpuTime>) {
    let random = OsRandom::new();
    let params = HashParams::new(19 * 1024, 2, 1).expect("parameters");
    let password = Password::parse(&Secret::from(PASSWORD)).expect("a password");
    let kept = hash(&password, params, &random).expect("a hash");
    let yardstick = Params::new(19 * 1024, 2, 1, Some(32)).expect("parameters");
    let yardstick = Argon2::new(Algorithm::Argon2id, Version::V0x13, yardstick);

    let mut group = criterion.benchmark_group(GROUP);
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.bench_function("hash_password_into", |bencher| {
        bencher.iter(|| {
            let mut out = [0; 32];
            let done = yardstick.hash_password_into(PASSWORD.as_bytes(), b"sixteen salt now", &mut out);
            done.map(|()| out).expect("a hash")
        });
    });
    group
        .bench_function("hash", |bencher| bencher.iter(|| hash(&password, params, &random).expect("a hash")));
    group.bench_function("verify", |bencher| {
        bencher.iter(|| verify(&password, &kept).expect("the right password"));
    });
    group.finish();
}
