//! `/live`: the latest updates of all live entries, each with the label of its entry.

use std::cell::RefCell;

use domain::{Change, EntryChange, EntryState, PageScope, Rev, Timestamp, Upserted};
use web_sys::Element;

use super::target::Target;
use crate::{
    front::labelled_cards::add_entry_label,
    live::{client::Freshness, dom::all, list_data::Bounds, page::Page},
};

/// `/live`.
pub struct LiveNowTarget {
    bounds: RefCell<Bounds>,
}

impl LiveNowTarget {
    /// Creates the target of the page with this list.
    pub fn new(list: &Element) -> Self {
        Self {
            bounds: RefCell::new(Bounds::read(list)),
        }
    }

    /// Shows an entry's title on its cards. Fetches the page if the set of live entries changed,
    /// because other cards belong on the page then.
    fn show_label(&self, page: &Page, entry: &EntryChange) -> Freshness {
        let id = entry.id.to_string();
        let of_entry = ["a[data-of=\"", &id, "\"]"].concat();
        let mut freshness = Freshness::Unchanged;
        for label in all(page.list.element(), &of_entry) {
            if label.text_content().as_ref() != Some(&entry.title) {
                freshness = Freshness::Newer;
                label.set_text_content(Some(&entry.title));
            }
        }
        let was_live = self.bounds.borrow().live().any(|live| live == id);
        if was_live == (entry.state == EntryState::Live) {
            freshness
        } else {
            Freshness::Outdated
        }
    }
}

impl Target for LiveNowTarget {
    fn scope(&self) -> PageScope {
        PageScope::Latest
    }

    fn show(&self, page: &Page, changes: Vec<Change>, entries: &[EntryChange]) -> Freshness {
        let has_deletion = changes.iter().any(|it| matches!(it, Change::Deleted(_)));
        let oldest = self.bounds.borrow().oldest;
        page.show_updates(&label_cards(changes, entries, oldest));
        let of_changes = if has_deletion {
            Freshness::Newer
        } else {
            Freshness::Unchanged
        };
        let labels = entries.iter().map(|entry| self.show_label(page, entry));
        labels.fold(of_changes, Ord::max)
    }

    fn show_page(&self, page: &Page, fresh: &Element, merge: Option<Rev>) {
        let mut bounds = Bounds::read(fresh);
        page.insert_updates(|hidden| match merge {
            Some(rev) => page.list.merge(fresh, rev, &bounds, hidden),
            None => page.list.replace_with(fresh, hidden),
        });
        if merge.is_some() {
            // The updates that this page started with are still shown.
            bounds.oldest = bounds.oldest.min(self.bounds.borrow().oldest);
        }
        self.bounds.replace(bounds);
    }
}

/// Returns the `changes` that `/live` shows: updates of live entries, posted at `oldest` or later,
/// with the labels of their entries; and deletions. An older update would make the page longer.
fn label_cards(changes: Vec<Change>, entries: &[EntryChange], oldest: Timestamp) -> Vec<Change> {
    let label = |shown: Upserted| {
        let is_same = |entry: &&EntryChange| entry.id == shown.entry_id;
        let entry = entries.iter().find(is_same)?;
        let is_shown = entry.state == EntryState::Live && shown.posted_at >= oldest;
        is_shown.then(|| {
            let html = add_entry_label(&shown.html, shown.id, entry.id, &entry.slug, &entry.title);
            Change::Upserted(Upserted { html, ..shown })
        })
    };
    let filter = |change| match change {
        Change::Upserted(shown) => label(shown),
        deleted @ Change::Deleted(_) => Some(deleted),
    };
    changes.into_iter().filter_map(filter).collect()
}

#[cfg(test)]
mod tests;
