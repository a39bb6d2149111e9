//! The events of a feed for one connection, from a subscription and the database.

use std::{sync::Arc, time::Duration};

use domain::{Cursor, Epoch, FeedId, Reset, Rev};
use newsroom::{
    Error, Newsroom,
    feed::{Event, Frame, StreamEvent, Subscription},
};

use tokio::time::timeout;

use crate::problem::Problem;

/// How long the database may take to return the changes for a connection that fell behind. After
/// that the stream is closed; the page polls, and keeps no stream open meanwhile.
const READ_DEADLINE: Duration = Duration::from_secs(10);

/// A feed, for all streams of it: reads what is no longer in the replay buffer.
#[derive(Clone, Debug)]
pub struct Feed {
    newsroom: Arc<Newsroom>,
    /// The feed's id.
    pub id: FeedId,
    epoch: Epoch,
}

/// How a stream begins.
#[derive(Debug)]
pub enum Opening {
    /// With a heartbeat, and then the events of the stream. The heartbeat contains the feed's head,
    /// and shows the client that no proxy buffers the response.
    Stream(Event, EventStream),
    /// With a reset, which is its only event: the feed can't continue from the client's cursor.
    Reset(Event),
}

/// The events of a feed after a cursor.
#[derive(Debug)]
pub struct EventStream {
    feed: Feed,
    subscription: Subscription,
    has_ended: bool,
}

/// What to send to a client that fell behind the replay buffer.
#[derive(Debug)]
pub enum CatchUp {
    /// The changes up to this revision; no event if nothing changed.
    Advance(Rev, Option<Event>),
    /// The last event, after which the stream is closed.
    Close(Event),
}

impl Feed {
    /// Reads the changes after `rev` from the database.
    pub async fn catch_up(&self, rev: Rev) -> CatchUp {
        match self.read(rev).await {
            Ok(frame) => CatchUp::Advance(frame.to, (!frame.empty).then(|| frame.event())),
            Err(Error::Reset(reset)) => CatchUp::Close(Event::reset(&reset)),
            Err(error) => CatchUp::Close(Event::error(Problem::from(error).sentence())),
        }
    }

    /// Reads the changes after `rev` from the database, as a frame.
    ///
    /// # Errors
    /// [`Error::Reset`] if the feed can't continue there, and an error if the database can't be
    /// reached in time.
    pub async fn read(&self, rev: Rev) -> Result<Frame, Error> {
        let since = Cursor::new(self.epoch, rev);
        let changes = self.newsroom.changes(self.id, Some(since));
        let timed_out = Error::Internal("The database took too long to respond. Try again.");
        timeout(READ_DEADLINE, changes)
            .await
            .unwrap_or(Err(timed_out))
    }

    /// Returns the last revision of the feed; 0 if it no longer exists.
    pub fn head(&self) -> Rev {
        self.newsroom.hub().head(self.id).map_or(0, |it| it.head)
    }

    /// Returns the event for a feed that continues in another epoch.
    pub fn reset(&self) -> Event {
        let known = self.newsroom.hub().head(self.id);
        // An entry that does not exist in the new epoch has no head there.
        let (epoch, head) = known.map_or_else(|| (self.epoch, 0), |it| (it.epoch, it.head));
        Event::reset(&Reset::new(epoch, head))
    }
}

impl EventStream {
    /// Opens a stream of the feed `id`, after `since` or from now on.
    ///
    /// # Errors
    /// If there is no such public entry, or the database can't be reached when it is needed.
    pub async fn open(
        newsroom: &Arc<Newsroom>,
        id: FeedId,
        since: Option<Cursor>,
    ) -> Result<Opening, Error> {
        let head = newsroom.head(id).await?;
        let since = match since {
            None => None,
            Some(cursor) => match newsroom.check_cursor(id, &cursor).await {
                Ok(rev) => Some(rev),
                Err(Error::Reset(reset)) => return Ok(Opening::Reset(Event::reset(&reset))),
                Err(error) => return Err(error),
            },
        };
        let subscription = newsroom.hub().subscribe(id, since);
        let no_such_feed = Error::no_such_feed(id);
        let stream = Self {
            subscription: subscription.ok_or(no_such_feed)?,
            feed: Feed {
                newsroom: Arc::clone(newsroom),
                id,
                epoch: head.epoch,
            },
            has_ended: false,
        };
        Ok(Opening::Stream(Event::heartbeat(&head), stream))
    }

    /// Returns the feed and the subscription, for a task that drives many streams.
    pub fn into_parts(self) -> (Feed, Subscription) {
        (self.feed, self.subscription)
    }

    /// Waits for the next event; `None` after the last.
    pub async fn next(&mut self) -> Option<Event> {
        while !self.has_ended {
            let last = match self.subscription.next().await {
                StreamEvent::Batch(frame) => return Some(frame.event()),
                StreamEvent::Heartbeat(event) | StreamEvent::Counts(event) => return Some(event),
                StreamEvent::Behind(rev) => match self.feed.catch_up(rev).await {
                    CatchUp::Advance(rev, event) => {
                        self.subscription.caught_up(rev);
                        if event.is_some() {
                            return event;
                        }
                        continue;
                    }
                    CatchUp::Close(event) => event,
                },
                StreamEvent::Reset => self.feed.reset(),
                StreamEvent::Ended => Event::bye(true),
                StreamEvent::Closing => Event::bye(false),
            };
            self.has_ended = true;
            return Some(last);
        }
        None
    }
}
