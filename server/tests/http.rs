//! Ringside over HTTP: what readers, authors, other people's programs and attackers get.
//!
//! The files mirror `server/src`. A test asks a [`TestApp`](http::support::TestApp), which is a whole
//! server on a database of its own, over a real connection.

#[cfg(test)]
mod http {
    mod api;
    mod bounds;
    mod feed;
    mod files;
    mod forms;
    mod health;
    mod identity;
    mod metadata;
    mod odd_requests;
    mod page_cache;
    mod pages;
    mod secrets;
    mod security;
    mod server_functions;
    mod streams;
    pub mod support;
    mod texts;
    mod updates;
}
