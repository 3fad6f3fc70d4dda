//! The reference host once more: the same house, around a warp filter.

pub mod app;
