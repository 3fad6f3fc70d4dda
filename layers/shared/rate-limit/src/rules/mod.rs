//! What is counted and how, pure.

pub mod bucket;
pub mod limit;
pub mod policy;
