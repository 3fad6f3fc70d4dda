//! The program while what it stands on fails: killed in every step, its disk full, its database without a free connection.

#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
mod client;
#[cfg(test)]
#[path = "servers_faults/disk.rs"]
mod disk;
#[cfg(test)]
#[path = "servers_faults/house.rs"]
mod house;
#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
#[path = "kill/program.rs"]
mod program;
#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
#[path = "soak/program.rs"]
mod recipe;
#[cfg(test)]
#[path = "servers_faults/rows.rs"]
mod rows;
#[cfg(test)]
#[path = "servers_faults/steps.rs"]
mod steps;
#[cfg(test)]
#[path = "instances/wait.rs"]
mod wait;
