//! Ringside over HTTP: settings, commands, routes, security, streams and shutdown.
//!
//! # How to add a route
//! A page belongs to `app` (see its documentation). A plain form's route goes into the file of its
//! capability under `forms`, a program's into the one under `api`, anything else into a file of its
//! own; all are put together in `router`, where what is public is cached and never reads a cookie,
//! and what is personal is told who asks and never stored.

mod address_limits;
mod api;
mod bodies;
mod cli;
mod commands;
mod compression;
mod config;
mod connections;
mod document;
mod error_responses;
mod extract;
mod feed;
mod files;
mod finished_pages;
mod forms;
mod health;
mod identity;
mod log_limit;
mod login_limits;
mod open_files;
mod page_cache;
mod pages;
mod problem;
mod proxies;
mod public_url;
mod rendering;
mod router;
mod security;
mod serving;
mod slug_redirects;
mod state;
mod streams;
mod telemetry;
mod updates;

pub use cli::run;
pub use config::Settings;
pub use router::router;
pub use serving::serve_http;
pub use state::AppState;
