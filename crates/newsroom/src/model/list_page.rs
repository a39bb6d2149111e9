//! A page of a list.

use domain::EntryId;

/// A page of a long list of entries.
#[derive(Clone, Debug)]
pub struct ListPage<T, Id = EntryId> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// The last item of this page, if the list continues after it: the next page's `before`.
    pub next: Option<Id>,
}

impl<T, Id> ListPage<T, Id> {
    /// Returns the page of at most `limit` items, from a list that was read with one item more.
    pub(crate) fn new(mut items: Vec<T>, limit: usize, id: impl Fn(&T) -> Id) -> Self {
        let continues = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| continues).map(id);
        Self { items, next }
    }
}
