//! The requests of the feed: its head, its changes, and the position at which a stream begins.

use domain::{Cursor, FeedId, Head, Rev};

use super::{FeedHead, Frame, assemble};
use crate::{Error, Newsroom, Result, permissions::check_public};

impl Newsroom {
    /// Returns the response to a poll of a feed.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such public entry, and an error if the database
    /// can't be reached.
    pub async fn head(&self, feed: FeedId) -> Result<Head> {
        let head = self.feed_head(feed).await?;
        Ok(self.policy.head(&head, self.clock.now()))
    }

    /// Returns all changes of a feed after `since`, or from the start. The frame is cached for a
    /// few seconds, until the feed changes.
    ///
    /// # Errors
    /// Returns [`Error::Reset`] if `since` can't be continued, [`Error::NotFound`] if there is no
    /// such public entry, and an error if the database can't be reached.
    pub async fn changes(&self, feed: FeedId, since: Option<Cursor>) -> Result<Frame> {
        let current = self.feed_head(feed).await?;
        let since = since.unwrap_or_else(|| Cursor::new(current.epoch, 0));
        let assembled = assemble(&self.store, &self.cards, feed, &since);
        if since.epoch != current.epoch {
            // Cached frames belong to the hub's epoch, which may be outdated.
            return assembled.await;
        }
        let key = (feed, since, current.head);
        self.catch_ups
            .try_get_with(key, assembled)
            .await
            .map_err(|error| (*error).clone())
    }

    /// Checks whether a stream can begin at `since`, and returns its revision. Reads the database
    /// only if the hub doesn't know the cursor's epoch or revision.
    ///
    /// # Errors
    /// Returns [`Error::Reset`] if it can't, [`Error::NotFound`] if there is no such public entry,
    /// and an error if the database can't be reached.
    pub async fn check_cursor(&self, feed: FeedId, since: &Cursor) -> Result<Rev> {
        let current = self.feed_head(feed).await?;
        if since.epoch != current.epoch || since.rev > current.head {
            let _: Frame = assemble(&self.store, &self.cards, feed, since).await?;
        }
        Ok(since.rev)
    }

    /// Returns the state of a feed from the hub. Reads the database for an entry that the hub
    /// doesn't have, since another process may just have created it.
    async fn feed_head(&self, feed: FeedId) -> Result<FeedHead> {
        let not_found = Error::NotFound("live blog");
        if let Some(head) = self.hub.head(feed) {
            return Ok(head);
        }
        let FeedId::Entry(id) = feed else {
            return Err(not_found);
        };
        let entry = check_public(self.store.entry(id).await?)?;
        self.hub.wake();
        self.wait_until_published(entry.head).await;
        self.hub.head(feed).ok_or(not_found)
    }
}
