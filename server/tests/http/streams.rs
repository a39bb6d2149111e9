//! Live streams of the feed, over every transport.

mod limits;
mod slow_readers;
mod sse;
mod websocket;

use domain::{EntryId, FeedId};

use super::support::TestApp;

/// Returns the path of an entry's stream.
fn path(entry: EntryId) -> String {
    format!("/feed/{entry}/stream")
}

/// Returns the cursor after `rev` in the current epoch.
fn cursor(app: &TestApp, entry: EntryId, rev: i64) -> String {
    let head = app.newsroom.hub().head(FeedId::Entry(entry)).unwrap();
    format!("{}.{rev}", head.epoch)
}
