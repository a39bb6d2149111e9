//! What a kind of live page implements.

use domain::{Change, EntryChange, PageScope, Rev};
use web_sys::Element;

use crate::live::{client::Freshness, page::Page};

/// What a live page shows of its feed.
pub trait Target {
    /// Returns the part of the feed that the page shows.
    fn scope(&self) -> PageScope;

    /// Shows changes of updates and of entries.
    fn show(&self, page: &Page, changes: Vec<Change>, entries: &[EntryChange]) -> Freshness;

    /// Shows what the list `fresh` of a fetched page shows. With `merge`, the fetched page was
    /// rendered at that revision of the same epoch, and is merged into this one.
    fn show_page(&self, page: &Page, fresh: &Element, merge: Option<Rev>);

    /// Shows the times outside of the list in the reader's own zone or in the entry's.
    fn show_times(&self, _own: bool) {}
}
