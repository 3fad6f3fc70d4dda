//! The reference host, as a library, so that the same host stands around axum here and around warp next door.

pub mod accounts;
pub mod api;
pub mod app;
pub mod cleaner;
pub mod cli;
pub mod config;
pub mod courier;
pub mod demo;
pub mod error;
pub mod host;
pub mod keys_command;
pub mod limits;
pub mod mailbox;
pub mod measures;
pub mod outbound;
pub mod pages;
pub mod passwords;
mod postgres;
pub mod postman;
pub mod programs;
pub mod rooms;
pub mod run;
pub mod seal_key;
pub mod seed;
pub mod serve;
pub mod start;
pub mod turner;
