//! The plans, under the suite's names without `oidcc-` and `-certification-test-plan`.

mod back_channel_logout;
mod basic;
mod config;
mod dynamic;
mod front_channel_logout;
mod modules;
mod rp_initiated_logout;
mod session_management;
mod third_party_init_login;
