//! Batches, from the database: the one way that polls, catch-ups and the tailer share.

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

    let mut changes = Vec::with_capacity(updates.len());
    let mut entries_seen: Vec<Entry> = entry.iter().cloned().collect();
    for update in &updates {
        let seen = entries_seen
            .iter()
            .position(|entry| entry.id == update.entry_id);
        let of = if let Some(at) = seen {
            &entries_seen[at]
        } else {
            let Some(entry) = snapshot.entry(update.entry_id).await? else {
                continue;
            };
            entries_seen.push(entry);
            &entries_seen[entries_seen.len() - 1]
        };
        changes.push(change(cards, of, update));
    }
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
    match entry {
        Some(entry) if entry.rev > since.rev => {
            let highlights = snapshot.highlights(entry.id).await?;
            quoted.extend(highlights.iter().map(|update| update.id));
            batch.entry = Some(Box::new(EntryChange {
                highlights: cards.highlights(&entry, &highlights),
                ..entry_change(&entry)
            }));
        }
        Some(_) => {}
        None => {
            for entry in snapshot.entries_moved_since(since.rev).await? {
                let latest = snapshot.latest_updates(entry.id, 1).await?.pop();
                quoted.extend(latest.as_ref().map(|update| update.id));
                batch.entries.push(EntryChange {
                    rev: entry.head,
                    line: cards.line(&entry, latest.as_ref()),
                    ..entry_change(&entry)
                });
            }
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
