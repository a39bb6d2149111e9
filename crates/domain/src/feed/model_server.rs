//! A server for the tests of a client's state machines, and what a page shows of it.

use std::collections::BTreeMap;

use crate::{
    Batch, Change, Cursor, Deleted, EntryId, EntryState, Epoch, Head, Rev, Timestamp, Transport,
    UpdateId, Upserted,
};

/// The updates that a page shows.
pub type Page = BTreeMap<UpdateId, (Rev, String)>;

/// A server that keeps every state it was in.
#[derive(Debug)]
pub struct Server {
    pub epoch: Epoch,
    /// Each change: an update, and its new text unless it was deleted.
    pub log: Vec<(UpdateId, Option<String>)>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            epoch: Epoch::parse("e1").unwrap(),
            log: Vec::new(),
        }
    }
}

impl Server {
    pub fn rev(&self) -> Rev {
        Rev::try_from(self.log.len()).unwrap()
    }

    pub fn cursor(&self) -> Cursor {
        Cursor::new(self.epoch, self.rev())
    }

    pub fn head(&self) -> Head {
        Head {
            epoch: self.epoch,
            head: self.rev(),
            state: EntryState::Live,
            interval_ms: 1_000,
            transport: Transport::Auto,
            build: String::new(),
            now: Timestamp(0),
        }
    }

    /// Returns the batch that it would have sent for `from` when its head was `at`, with at most
    /// `limit` changes.
    pub fn batch(&self, from: Rev, at: Rev, limit: usize) -> Batch {
        let mut latest = BTreeMap::new();
        for (index, (id, html)) in self.log[..usize::try_from(at).unwrap()].iter().enumerate() {
            latest.insert(*id, (Rev::try_from(index).unwrap() + 1, html.clone()));
        }
        let mut changes: Vec<_> = latest
            .into_iter()
            .filter(|(_, (rev, _))| *rev > from)
            .map(|(id, (rev, html))| match html {
                None => Change::Deleted(Deleted { id, rev }),
                Some(html) => Change::Upserted(Upserted {
                    id,
                    rev,
                    entry_id: EntryId(1),
                    posted_at: Timestamp(id.0),
                    html,
                }),
            })
            .collect();
        changes.sort_by_key(Change::rev);
        let more = changes.len() > limit;
        changes.truncate(limit);
        Batch {
            epoch: self.epoch,
            from,
            to: if more {
                changes.last().map_or(at, Change::rev)
            } else {
                at
            },
            head: at,
            more,
            changes,
            entry: None,
            entries: Vec::new(),
            room: None,
        }
    }

    /// Returns what a page shows that is loaded when the head is `at`.
    pub fn page(&self, at: Rev) -> Page {
        let mut page = Page::new();
        apply(&mut page, self.batch(0, at, usize::MAX).changes);
        page
    }
}

pub fn apply(page: &mut Page, changes: Vec<Change>) {
    for change in changes {
        match change {
            Change::Deleted(deleted) => drop(page.remove(&deleted.id)),
            Change::Upserted(upserted) => {
                drop(page.insert(upserted.id, (upserted.rev, upserted.html)));
            }
        }
    }
}
