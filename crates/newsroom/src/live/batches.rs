//! Batches, from the database: the one way that polls, catch-ups and the tailer share.

use domain::{Batch, Change, Cursor, Deleted, EntryChange, Presented, Reset};

use super::FeedId;
use crate::{Cards, Entry, Error, LiveUpdate, Result, storage::Store};

/// How many changes a batch holds at most: a page applies so many without a stutter.
const MAX_CHANGES: usize = 500;

/// All that changed in `feed` after `since`, up to [`MAX_CHANGES`], read in one moment.
///
/// # Errors
/// [`Error::Reset`] if `since` can't be continued from, [`Error::Unknown`] if there is no such
/// public entry, or if the database can't be reached.
pub async fn assemble(store: &Store, cards: &Cards, feed: FeedId, since: &Cursor) -> Result<Batch> {
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
    let of_themselves = match entry {
        Some(entry) if entry.rev > since.rev => vec![entry],
        Some(_) => Vec::new(),
        None => snapshot.entries_changed_since(since.rev).await?,
    };
    let mut entries = Vec::with_capacity(of_themselves.len());
    for entry in &of_themselves {
        let highlights = snapshot.highlights(entry.id).await?;
        entries.push(entry_change(cards, entry, &highlights));
    }
    let (entry, entries) = match feed {
        FeedId::Entry(_) => (entries.pop().map(Box::new), Vec::new()),
        FeedId::All => (None, entries),
    };
    Ok(Batch {
        epoch: state.epoch,
        from: since.rev,
        to,
        head,
        more,
        changes,
        entry,
        entries,
    })
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

fn entry_change(cards: &Cards, entry: &Entry, highlights: &[LiveUpdate]) -> EntryChange {
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
        highlights: cards.highlights(entry, highlights),
    }
}
