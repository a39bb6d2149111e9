//! The requests of the feed: its head, its changes, and the position at which a stream begins.

use domain::{Cursor, Epoch, FeedId, Head, Rev};

use super::{FeedHead, FeedSource, Frame, SourceHead, read_changes};
use crate::{DatabaseFailure, Error, Newsroom, Result, storage::Counter};

impl Newsroom {
    /// Returns the response to a poll of a feed.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such feed, and an error if the database can't be
    /// reached.
    pub async fn head(&self, feed: FeedId) -> Result<Head> {
        let (_, head) = self.feed_head(feed).await?;
        Ok(self.policy.head(&head, self.clock.now()))
    }

    /// Returns all changes of a feed after `since`, or from the start. The frame is cached for a
    /// few seconds, until the feed changes.
    ///
    /// # Errors
    /// Returns [`Error::Reset`] if `since` can't be continued, [`Error::NotFound`] if there is no
    /// such feed, and an error if the database can't be reached.
    pub async fn changes(&self, feed: FeedId, since: Option<Cursor>) -> Result<Frame> {
        let (source, current) = self.feed_head(feed).await?;
        let since = since.unwrap_or_else(|| Cursor::new(current.epoch, 0));
        let read = read_changes(&self.store, source, feed, since);
        if since.epoch != current.epoch {
            // Cached frames belong to the hub's epoch, which may be outdated.
            return read.await;
        }
        let key = (feed, since, current.head);
        self.catch_ups
            .try_get_with(key, read)
            .await
            .map_err(|error| (*error).clone())
    }

    /// Checks whether a stream can begin at `since`, and returns its revision. Reads the database
    /// only if the hub doesn't know the cursor's epoch or revision.
    ///
    /// # Errors
    /// Returns [`Error::Reset`] if it can't, [`Error::NotFound`] if there is no such feed, and an
    /// error if the database can't be reached.
    pub async fn check_cursor(&self, feed: FeedId, since: &Cursor) -> Result<Rev> {
        let (source, current) = self.feed_head(feed).await?;
        if since.epoch != current.epoch || since.rev > current.head {
            let _: Frame = read_changes(&self.store, source, feed, *since).await?;
        }
        Ok(since.rev)
    }

    /// Returns the source and the state of a feed from the hub. Reads the database for a feed that
    /// the hub doesn't have, since another process may just have created it.
    async fn feed_head(&self, feed: FeedId) -> Result<(&dyn FeedSource, FeedHead)> {
        let known = || {
            let (head, counter) = self.hub.head_and_counter(feed)?;
            Some((&**self.sources.with(counter)?, head))
        };
        if let Some(known) = known() {
            return Ok(known);
        }
        let found = self.find_feed(feed).await?;
        let (epoch, counter, head) = found.ok_or(Error::no_such_feed(feed))?;
        self.wait_until_published(counter, head.head).await;
        if matches!(feed, FeedId::Room(_)) && known().is_none() {
            self.hub.add_found(epoch, counter, head);
        }
        known().ok_or_else(|| Error::Unavailable(DatabaseFailure::timed_out()))
    }

    /// Returns the epoch, the counter and the head of a feed from the database. A source that can't
    /// be read hides no feed of another one.
    async fn find_feed(&self, feed: FeedId) -> Result<Option<(Epoch, Counter, SourceHead)>> {
        let mut snapshot = self.store.snapshot().await?;
        let epoch = snapshot.feed().await?.epoch;
        let mut failure = None;
        for source in self.sources.iter() {
            match source.head(&mut snapshot, feed).await {
                Ok(Some(found)) => return Ok(Some((epoch, source.counter(), found))),
                Ok(None) => {}
                Err(error) => {
                    failure.get_or_insert(error);
                    // The failure may have ended the transaction.
                    snapshot = self.store.snapshot().await?;
                }
            }
        }
        failure.map_or(Ok(None), Err)
    }
}
