//! The feeds of entries, and the feed of all public entries.

use std::collections::HashMap;

use domain::{
    Batch, Change, Cursor, Deleted, EntryChange, EntryState, Epoch, FeedId, Rev, UpdateId, Upserted,
};
use futures::{FutureExt, future::BoxFuture};

use super::{FeedSource, Frame, SourceHead, source::check_cursor};
use crate::{
    Cards, Entry, Error, LiveUpdate, Result,
    permissions::check_public,
    storage::{Counter, EntryHead, Snapshot},
};

/// The maximum number of entries in a batch of all entries, besides those that its updates belong
/// to.
const MAX_ENTRIES: i64 = 100;

/// The source of the feeds of entries and of the feed of all public entries. The number and the
/// bytes of the updates in a batch are limited, and the number of its entries.
#[derive(Debug)]
pub struct EntrySource {
    cards: Cards,
}

impl EntrySource {
    /// Creates the source; `cards` renders what its batches contain.
    pub const fn new(cards: Cards) -> Self {
        Self { cards }
    }

    async fn read_heads(snapshot: &mut Snapshot, since: Rev) -> Result<Vec<SourceHead>> {
        let entries = snapshot.public_heads_since(since).await?;
        let mut heads = Vec::with_capacity(entries.len() + 1);
        if !entries.is_empty() || since == 0 {
            heads.push(head_of_all(snapshot.public_head().await?));
        }
        heads.extend(entries.into_iter().map(head_of_entry));
        Ok(heads)
    }

    async fn read_head(snapshot: &mut Snapshot, feed: FeedId) -> Result<Option<SourceHead>> {
        if feed == FeedId::All {
            return Ok(Some(head_of_all(snapshot.public_head().await?)));
        }
        let FeedId::Entry(id) = feed else {
            return Ok(None);
        };
        let entry = snapshot.public_entry_head(id).await?;
        Ok(entry.map(head_of_entry))
    }

    async fn read_changes(
        &self,
        snapshot: &mut Snapshot,
        epoch: Epoch,
        feed: FeedId,
        since: Cursor,
    ) -> Result<Frame> {
        // The counter also counts changes of drafts, which are not public. A cursor of the feed of
        // all entries may continue in the feed of one.
        let last = snapshot.public_head().await?;
        if feed == FeedId::All {
            check_cursor(&since, epoch, last, last)?;
            return of_all(snapshot, &self.cards, &since, last).await;
        }
        let FeedId::Entry(id) = feed else {
            return Err(Error::NotFound("feed"));
        };
        let entry = check_public(snapshot.entry(id).await?)?;
        check_cursor(&since, epoch, last, entry.head)?;
        of_entry(snapshot, &self.cards, &since, entry).await
    }
}

impl FeedSource for EntrySource {
    fn counter(&self) -> Counter {
        Counter::ENTRIES
    }

    fn heads_since<'a>(
        &'a self,
        snapshot: &'a mut Snapshot,
        since: Rev,
    ) -> BoxFuture<'a, Result<Vec<SourceHead>>> {
        Self::read_heads(snapshot, since).boxed()
    }

    fn head<'a>(
        &'a self,
        snapshot: &'a mut Snapshot,
        feed: FeedId,
    ) -> BoxFuture<'a, Result<Option<SourceHead>>> {
        Self::read_head(snapshot, feed).boxed()
    }

    fn changes<'a>(
        &'a self,
        snapshot: &'a mut Snapshot,
        epoch: Epoch,
        feed: FeedId,
        since: Cursor,
    ) -> BoxFuture<'a, Result<Frame>> {
        self.read_changes(snapshot, epoch, feed, since).boxed()
    }
}

const fn head_of_all(head: Rev) -> SourceHead {
    SourceHead {
        feed: FeedId::All,
        head,
        state: EntryState::Live,
        slug: None,
    }
}

fn head_of_entry(entry: EntryHead) -> SourceHead {
    SourceHead {
        feed: FeedId::Entry(entry.id),
        head: entry.head,
        state: entry.state,
        slug: Some(entry.slug),
    }
}

async fn of_entry(
    snapshot: &mut Snapshot,
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
        // A client that has seen nothing may show the article of another epoch.
        let since_article = if since.rev == 0 { -1 } else { since.rev };
        let article = snapshot.article_changed_since(entry.id, since_article);
        let article = article.await?.map(|html| cards.article(&entry, &html));
        quoted.extend(highlights.iter().map(|update| update.id));
        entry_changed = Some(Box::new(EntryChange {
            highlights: cards.highlights(&entry, &highlights),
            since_html: cards.since(&entry),
            article,
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
        room: None,
    };
    Ok(Frame::new(&batch, &quoted))
}

async fn of_all(
    snapshot: &mut Snapshot,
    cards: &Cards,
    since: &Cursor,
    head: Rev,
) -> Result<Frame> {
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
        room: None,
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
        article: None,
        summary_html: String::new(),
    }
}
