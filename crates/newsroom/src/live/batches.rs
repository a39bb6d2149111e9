//! Batches, from the database: the one way that polls, catch-ups and the tailer share.

use std::collections::HashMap;

use domain::{Batch, Change, Cursor, Deleted, EntryChange, Presented, Reset, UpdateId};

use super::{FeedId, Frame};
use crate::{Cards, Entry, Error, LiveUpdate, Result, storage::Store};

/// How many changes a batch holds at most: a page applies so many without a stutter.
const MAX_CHANGES: usize = 500;

/// The frame of all that changed in `feed` after `since`, up to [`MAX_CHANGES`], read in one moment.
///
/// # Errors
/// [`Error::Reset`] if `since` can't be continued from, [`Error::Unknown`] if there is no such
/// public entry, or if the database can't be reached.
pub async fn assemble(store: &Store, cards: &Cards, feed: FeedId, since: &Cursor) -> Result<Frame> {
    let mut snapshot = store.snapshot().await?;
    let state = snapshot.feed().await?;
    let entry = match feed {
        FeedId::All => None,
        FeedId::Entry(id) => Some(
            snapshot
                .entry(id)
                .await?
                .filter(|entry| entry.state.is_public())
                .ok_or(Error::Unknown("entry"))?,
        ),
    };
    let head = match &entry {
        None => snapshot.public_head().await?,
        Some(entry) => entry.head,
    };
    let too_old = since.rev != 0 && since.rev < state.horizon;
    if since.epoch != state.epoch || since.rev > state.rev || too_old {
        return Err(Error::Reset(Reset::new(state.epoch, head)));
    }

    let limit = i64::try_from(MAX_CHANGES + 1).unwrap_or(i64::MAX);
    let mut updates = match feed {
        FeedId::All => {
            snapshot
                .public_updates_changed_since(since.rev, limit)
                .await?
        }
        FeedId::Entry(id) => snapshot.updates_changed_since(id, since.rev, limit).await?,
    };
    let more = updates.len() > MAX_CHANGES;
    updates.truncate(MAX_CHANGES);

    // Whatever changed in an entry moved it: these are all that the changes are of.
    let entries = match entry {
        Some(entry) => vec![entry],
        None => snapshot.entries_moved_since(since.rev).await?,
    };
    let by_id: HashMap<_, _> = entries.iter().map(|entry| (entry.id, entry)).collect();
    let changes = updates
        .iter()
        .filter_map(|update| Some(change(cards, by_id.get(&update.entry_id)?, update)))
        .collect();
    let to = match updates.last() {
        Some(last) if more => last.rev,
        // The head may be behind a cursor of the front page's, which follows every entry.
        _ => head.max(since.rev),
    };
    let mut batch = Batch {
        epoch: state.epoch,
        from: since.rev,
        to,
        head,
        more,
        changes,
        entry: None,
        entries: Vec::new(),
    };
    let mut quoted: Vec<UpdateId> = Vec::new();
    match feed {
        FeedId::Entry(_) => {
            if let Some(entry) = entries.first().filter(|entry| entry.rev > since.rev) {
                let highlights = snapshot.highlights(entry.id).await?;
                quoted.extend(highlights.iter().map(|update| update.id));
                batch.entry = Some(Box::new(EntryChange {
                    highlights: cards.highlights(entry, &highlights),
                    ..entry_change(entry)
                }));
            }
        }
        FeedId::All => {
            let latest = snapshot.latest_of_each(since.rev).await?;
            quoted.extend(latest.values().map(|update| update.id));
            batch
                .entries
                .extend(entries.iter().map(|entry| EntryChange {
                    rev: entry.head,
                    line: cards.line(entry, latest.get(&entry.id)),
                    ..entry_change(entry)
                }));
        }
    }
    Ok(Frame::new(&batch, &quoted))
}

/// What the feed says of an update.
pub fn change(cards: &Cards, entry: &Entry, update: &LiveUpdate) -> Change {
    if update.deleted_at.is_some() {
        return Change::Deleted(Deleted {
            id: update.id,
            rev: update.rev,
        });
    }
    Change::Presented(Presented {
        id: update.id,
        rev: update.rev,
        entry_id: update.entry_id,
        posted_at: update.posted_at,
        html: cards.card(entry, update).to_string(),
    })
}

fn entry_change(entry: &Entry) -> EntryChange {
    EntryChange {
        id: entry.id,
        rev: entry.rev,
        state: entry.state,
        title: entry.title.to_string(),
        since: entry.since(),
        slug: entry.slug.to_string(),
        summary: entry.summary.to_string(),
        time_zone: entry.time_zone.to_string(),
        default_order: entry.default_order,
        highlights: String::new(),
        line: String::new(),
    }
}
