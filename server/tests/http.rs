//! Tests of Ringside over HTTP: the responses to readers, authors, API clients and attackers.
//!
//! The files mirror `server/src`. A test sends requests to a [`TestApp`](http::support::TestApp), a
//! complete server with its own database, over a real connection.

#[cfg(test)]
mod http {
    mod api;
    mod bounds;
    mod display_names;
    mod drafts;
    mod editor_functions;
    mod feed;
    mod files;
    mod forms;
    mod health;
    mod identity;
    mod likes;
    mod matrix;
    mod metadata;
    mod odd_requests;
    mod page_cache;
    mod pages;
    mod rooms;
    mod secrets;
    mod security;
    mod server_functions;
    mod streams;
    pub mod support;
    mod texts;
    mod updates;
}
