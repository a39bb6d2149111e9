//! The feed as it happens, over every transport.

mod limits;
mod slow_readers;
mod sse;
mod websocket;

use domain::EntryId;
use newsroom::live::FeedId;

use super::support::TestApp;

/// Where the stream of an entry's feed is.
fn path(entry: EntryId) -> String {
    format!("/feed/{entry}/stream")
}

/// The cursor after `rev` in the epoch of today.
fn cursor(app: &TestApp, entry: EntryId, rev: i64) -> String {
    let head = app.newsroom.hub().head(FeedId::Entry(entry)).unwrap();
    format!("{}.{rev}", head.epoch)
}
