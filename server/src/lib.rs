//! The HTTP server and the command line of Ringside. It parses requests, authenticates callers and
//! enforces limits; the `newsroom` crate decides and stores, and the `app` crate renders the pages.
//!
//! # Map
//!
//! - Starting: `main.rs` calls [`run`] in `cli`, which parses the arguments and the settings
//!   (`config`) and runs one of `commands`. `state` opens the database and creates what the
//!   handlers share.
//! - Connections: `serving` accepts them within the limits of the settings and of the open files,
//!   and passes their requests to `router`.
//! - Layers, from the outside in: `cache` serves cached public pages; `router` adds request ids and
//!   the log's spans; `security` sets headers and rejects cross-site requests; `error_responses`
//!   renders every error in the format of its route; `security::identity` reads the session cookie,
//!   on personal routes only.
//! - `routes`: one file or folder for each kind. `streams` has the streams of the feed.
//! - Shared by routes: `problem` is the error type of handlers; `extract` parses paths, queries and
//!   bodies; `pages` renders pages, and `rendering` limits how many at once; `cache` compresses
//!   responses; `security` receives bodies and limits what one client may use.
//!
//! # How to add a route
//!
//! A page belongs to the `app` crate; see its documentation. The route of a form goes into the file
//! of its subject in `routes::forms`, the route of an API operation into the file of its resource
//! in `routes::api`. Any other route gets a file of its own in `routes`. `router` puts all of them
//! together. Decide there whether the route is public, so that responses are cached and must not
//! depend on cookies, or personal, so that the handler knows the caller and responses are never
//! cached.

mod assets;
mod cache;
mod cli;
mod command_error;
mod commands;
mod config;
mod error_responses;
mod extract;
mod output;
mod pages;
mod problem;
mod public_url;
mod refused_form;
mod rendering;
mod router;
mod routes;
mod security;
mod serving;
mod setup_token;
mod state;
mod streams;
mod telemetry;

pub use cli::run;
pub use config::Settings;
pub use router::{router, service};
pub use serving::serve_http;
pub use state::AppState;
