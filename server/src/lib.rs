//! The HTTP server and the command line of Ringside. It parses requests, authenticates callers and
//! enforces limits; the `newsroom` crate decides and stores, and the `app` crate renders the pages.
//!
//! # Map
//!
//! - Starting: `main.rs` calls [`run`] in `cli`, which parses the arguments and the settings
//!   (`config`) and runs one of `commands`. `state` opens the database and creates what the
//!   handlers share.
//! - Connections: `serving` accepts them within the limits of `connections`, `address_limits` and
//!   `open_files`, and passes their requests to `router`.
//! - Layers, from the outside in: `page_cache` serves cached public pages; `router` adds request
//!   ids and the log's spans; `security` sets headers and rejects cross-site requests;
//!   `error_responses` renders every error in the format of its route; `identity` reads the session
//!   cookie, on personal routes only.
//! - Routes: public pages, personal pages and server functions (`pages`), HTML forms (`forms`), the
//!   JSON API (`api`), the feed (`feed`, `streams`), updates for simple clients (`updates`), static
//!   files (`files`) and health checks (`health`).
//! - Shared by routes: `problem` is the error type of handlers; `extract` parses paths and queries,
//!   `bodies` receives request bodies, and `proxies` determines the client's address. `rendering`
//!   limits how many pages are rendered at once; `document`, `compression` and `content_coding`
//!   compress responses. `login_limits` limits password guessing, `log_limit` repeated log
//!   messages.
//!
//! # How to add a route
//!
//! A page belongs to the `app` crate; see its documentation. The route of a form goes into the file
//! of its subject in `forms`, the route of an API operation into the file of its resource in `api`.
//! Any other route gets a file of its own. `router` puts all of them together. Decide there whether
//! the route is public, so that responses are cached and must not depend on cookies, or personal,
//! so that the handler knows the caller and responses are never cached.

mod address_limits;
mod api;
mod bodies;
mod cli;
mod command_error;
mod commands;
mod compression;
mod config;
mod connections;
mod content_coding;
mod document;
mod error_responses;
mod extract;
mod feed;
mod files;
mod forms;
mod health;
mod identity;
mod log_limit;
mod login_limits;
mod open_files;
mod output;
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
