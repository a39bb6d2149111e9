//! The pages of Ringside: layouts, routes, pages, islands and server functions. Each folder holds
//! one capability.
//!
//! This crate is compiled twice. With the feature `ssr` it is a part of the server and renders
//! pages. With the feature `hydrate` it is compiled to wasm, and contains only the islands and the
//! client side of the server functions.
//!
//! # Where things are
//! | module | contents | runs |
//! | --- | --- | --- |
//! | `routes` | [`App`]: all pages and their routes | on the server |
//! | `layout` | the document, the layout of a page, forms, error pages, assets | on the server |
//! | `renderer` | the HTML that pages and the feed share | on the server |
//! | `params` | the parameters in the paths of pages | on the server |
//! | `request` | the caller of a page, and a rejected form to show again | on the server |
//! | `site` | the site's URL and language | on the server |
//! | `front` | the front page and `/live` | both |
//! | `entry` | the page of a live blog, and its cards | on the server; its islands in both |
//! | `live` | the runtime that keeps an open page up to date | in the browser |
//! | `composer` | posting, in an entry's page and as a page of its own | both |
//! | [`drafts`] | drafts of updates, saved on the server | both |
//! | [`editor`] | editing updates in an entry's page | both |
//! | `rooms` | rooms for readers' chat | both |
//! | `desk` | authors' pages | on the server |
//! | `moderation` | the moderation of rooms, and reports by readers | both |
//! | [`accounts`] | logging in, the first owner, one's own account | both |
//! | `error` | [`AppError`], the error of a server function | both |
//! | `inert` | parts of pages without hydration markers | on the server |
//! | `escape`, `isolate` | escaping of HTML, isolation of text directions | both |
//! | `browser_clock`, `local_storage` | the browser's clocks and storage | in the browser |
//! | `input_method` | keys that an input method handles | in the browser |
//!
//! # How to add a page
//! 1. Write its component in the folder of its capability.
//! 2. Add its route to [`App`], with `SsrMode::Async`, so that the page works without JavaScript.
//! 3. If the page is not public, add its path to `Audience` in the server's router.

// The types of pages are nested deeply.
#![recursion_limit = "256"]

pub mod accounts;
pub mod drafts;
mod entry;
mod error;
mod escape;
mod front;
mod isolate;
mod likes;
mod moderation;
mod rooms;

// The composer is a chunk of its own, whose loader the build makes. Tests in a browser have none.
#[cfg(any(feature = "ssr", not(test)))]
pub mod composer;
#[cfg(any(feature = "ssr", not(test)))]
pub mod editor;

#[cfg(feature = "hydrate")]
mod browser_clock;
#[cfg(feature = "hydrate")]
mod input_method;
#[cfg(feature = "hydrate")]
mod live;
#[cfg(feature = "hydrate")]
mod local_storage;
#[cfg(feature = "hydrate")]
mod not_loaded;
#[cfg(feature = "hydrate")]
mod random_key;

#[cfg(feature = "ssr")]
mod desk;
#[cfg(feature = "ssr")]
mod in_utc;
#[cfg(feature = "ssr")]
mod inert;
#[cfg(feature = "ssr")]
mod layout;
#[cfg(feature = "ssr")]
mod params;
#[cfg(feature = "ssr")]
mod renderer;
#[cfg(feature = "ssr")]
mod request;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
mod site;

pub use error::AppError;

#[cfg(feature = "ssr")]
pub use {
    entry::{DocumentList, list_parts, update_content},
    error::status_of,
    layout::{Assets, BodyOverride, NextStep, RefusedForm, Shell, inline_scripts},
    renderer::Renderer,
    request::{NewLink, PageRequest, SubmittedForm},
    routes::App,
    site::Site,
};
