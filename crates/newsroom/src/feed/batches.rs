//! Assembles batches from the database, for polls, catch-ups and the tailer.

use std::collections::HashMap;

use domain::{Batch, Change, Cursor, Deleted, EntryChange, FeedId, Reset, Rev, UpdateId, Upserted};

use super::Frame;
use crate::{
    Cards, Entry, Error, LiveUpdate, Result,
    storage::{Snapshot, Store},
};

/// The maximum number of entries in a batch of all entries, besides those that its updates belong
/// to.
const MAX_ENTRIES: i64 = 100;

/// Reads the changes of `feed` after `since` in one snapshot. Their number, their bytes and the
/// number of entries are limited; a batch that reaches a limit has `more` set.
///
/// # Errors
/// Returns [`Error::Reset`] if `since` can't be continued, [`Error::NotFound`] if there is no such
/// public entry, and an error if the database can't be reached.
pub async fn assemble(store: &Store, cards: &Cards, feed: FeedId, since: &Cursor) -> Result<Frame> {
    let mut snapshot = store.snapshot().await?;
    let epoch = snapshot.feed().await?.epoch;
    let public_head = snapshot.public_head().await?;
    let entry = match feed {
        FeedId::All => None,
        FeedId::Entry(id) => Some(
            snapshot
                .entry(id)
                .await?
                .filter(|entry| entry.state.is_public())
                .ok_or(Error::NotFound("live blog"))?,
        ),
    };
    let head = entry.as_ref().map_or(public_head, |entry| entry.head);
    // The database's own counter also counts changes of drafts, which are not public.
    if since.epoch != epoch || since.rev > public_head {
        return Err(Error::Reset(Reset::new(epoch, head)));
    }
    match entry {
        Some(entry) => of_entry(snapshot, cards, since, entry).await,
        None => of_all(snapshot, cards, since, head).await,
    }
}

async fn of_entry(
    mut snapshot: Snapshot,
    cards: &Cards,
    since: &Cursor,
    entry: Entry,
) -> Result<Frame> {
    let read = snapshot.updates_changed_since(entry.id, since.rev).await?;
    let changes = read
        .updates
        .iter()
        .map(|update| change(cards, &entry, update))
        .collect();
    let mut quoted: Vec<UpdateId> = Vec::new();
    let mut entry_changed = None;
    if entry.rev > since.rev {
        let highlights = snapshot.highlights(entry.id).await?;
        quoted.extend(highlights.iter().map(|update| update.id));
        entry_changed = Some(Box::new(EntryChange {
            highlights: cards.highlights(&entry, &highlights),
            since_html: cards.since(&entry),
            ..entry_change(&entry)
        }));
    }
    let batch = Batch {
        epoch: entry.epoch,
        from: since.rev,
        // A cursor of the front page, which follows all entries, may be ahead of this entry's head.
        to: read.cut_at.unwrap_or(entry.head.max(since.rev)),
        head: entry.head,
        more: read.cut_at.is_some(),
        changes,
        entry: entry_changed,
        entries: Vec::new(),
    };
    Ok(Frame::new(&batch, &quoted))
}

async fn of_all(mut snapshot: Snapshot, cards: &Cards, since: &Cursor, head: Rev) -> Result<Frame> {
    let mut read = snapshot.public_updates_changed_since(since.rev).await?;
    let heads = snapshot.heads_after(since.rev, MAX_ENTRIES + 1).await?;
    let entries_cut_at = usize::try_from(MAX_ENTRIES)
        .ok()
        .filter(|&max| heads.len() > max)
        .map(|max| heads[max - 1]);
    let cut_at = [read.cut_at, entries_cut_at].into_iter().flatten().min();
    let to = cut_at.unwrap_or(head.max(since.rev));
    read.updates.retain(|update| update.rev <= to);
    // Include the entries of these updates even if their heads are later: a page ignores updates of
    // an entry it doesn't know.
    let entries = snapshot
        .entries_changed_between(since.rev, to, MAX_ENTRIES)
        .await?;
    let by_id: HashMap<_, _> = entries.iter().map(|entry| (entry.id, entry)).collect();
    let changes = read
        .updates
        .iter()
        .filter_map(|update| Some(change(cards, by_id.get(&update.entry_id)?, update)))
        .collect();
    let latest = snapshot
        .latest_of_entries_changed_between(since.rev, to, MAX_ENTRIES)
        .await?;
    let quoted: Vec<_> = latest.values().map(|update| update.id).collect();
    let batch = Batch {
        epoch: since.epoch,
        from: since.rev,
        to,
        head,
        more: cut_at.is_some(),
        changes,
        entry: None,
        entries: entries
            .iter()
            .map(|entry| EntryChange {
                rev: entry.head,
                summary_html: cards.summary(entry, latest.get(&entry.id)),
                ..entry_change(entry)
            })
            .collect(),
    };
    Ok(Frame::new(&batch, &quoted))
}

/// Returns the change that the feed contains for an update.
pub fn change(cards: &Cards, entry: &Entry, update: &LiveUpdate) -> Change {
    if update.deleted_at.is_some() {
        return Change::Deleted(Deleted {
            id: update.id,
            rev: update.rev,
        });
    }
    Change::Upserted(Upserted {
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
        since_html: String::new(),
        slug: entry.slug.to_string(),
        summary: entry.summary.to_string(),
        time_zone: entry.time_zone.to_string(),
        language: entry.language.clone(),
        default_order: entry.default_order,
        highlights: String::new(),
        summary_html: String::new(),
    }
}
