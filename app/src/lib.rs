//! What people see of Ringside. A folder is a capability: its page, its components, its islands and
//! its server functions.
//!
//! With the feature `ssr` this renders pages; with `hydrate`, compiled to wasm, only the islands and
//! the stubs of the server functions are left, and nothing of the server's code is seen.
//!
//! # How to add a page
//! Write its component in the folder of its capability, add its route to [`App`] (with
//! `SsrMode::Async`, so that it reads without JavaScript), and, if it is for those who are logged in,
//! its path to `Audience` in `server`'s router.

pub mod accounts;
mod browser_clock;
pub mod composer;
mod entry;
mod error;
mod escape;
mod front;
mod isolate;
mod local_storage;

#[cfg(feature = "ssr")]
mod desk;
#[cfg(feature = "ssr")]
mod layout;
#[cfg(feature = "ssr")]
mod request;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
mod site;

pub use error::AppError;

#[cfg(feature = "ssr")]
pub use {
    entry::{
        DocumentList, list_parts, render_card, render_highlights, render_since, update_content,
    },
    front::render_line,
    layout::{Assets, BodyOverride, Shell, inline_scripts},
    request::{PageRequest, SubmittedForm, status_of},
    routes::App,
    site::Site,
};
