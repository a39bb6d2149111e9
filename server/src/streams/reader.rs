//! One connection's way through a feed.

use std::{sync::Arc, time::Duration};

use domain::{Cursor, Epoch, Reset, Rev};
use newsroom::{
    Error, Newsroom,
    live::{Event, FeedId, StreamEvent, Subscription},
};

use tokio::time::timeout;

use crate::problem::Problem;

/// How long a read of the database may take for readers who fell behind. They are told to come back:
/// by then they poll, and hold no stream open meanwhile.
const READ_DEADLINE: Duration = Duration::from_secs(10);

/// A feed to be told from: what any stream of it needs to know.
#[derive(Clone, Debug)]
pub struct Feed {
    newsroom: Arc<Newsroom>,
    /// Which one.
    pub id: FeedId,
    epoch: Epoch,
}

/// How a stream begins.
#[derive(Debug)]
pub enum Opening {
    /// With a heartbeat, which says where the feed stands, and that nothing on the way holds events
    /// back.
    Stream(Event, Reader),
    /// With the end: there is no way on from where the reader stands.
    Reset(Event),
}

/// A stream that is told what comes next by whoever waits for it.
#[derive(Debug)]
pub struct Reader {
    feed: Feed,
    subscription: Subscription,
    over: bool,
}

/// What a reader is sent who fell further behind than is remembered.
#[derive(Debug)]
pub enum CaughtUp {
    /// This leads to that revision; nothing, if nothing changed.
    To(Rev, Option<Event>),
    /// There is no way on: this is said, and the stream is closed.
    Over(Event),
}

impl Feed {
    /// What the database has after `rev`.
    pub async fn catch_up(&self, rev: Rev) -> CaughtUp {
        let since = Cursor::new(self.epoch.clone(), rev);
        let changes = self.newsroom.changes(self.id, Some(since));
        let Ok(changes) = timeout(READ_DEADLINE, changes).await else {
            return CaughtUp::Over(Event::error(
                "The database takes too long to answer. Try again.",
            ));
        };
        match changes {
            Ok(frame) => CaughtUp::To(frame.to, (!frame.empty).then(|| frame.event())),
            Err(Error::Reset(reset)) => CaughtUp::Over(Event::reset(&reset)),
            Err(error) => CaughtUp::Over(Event::error(Problem::from(error).sentence())),
        }
    }

    /// That the feed began again.
    pub fn reset(&self) -> Event {
        let known = self.newsroom.hub().head(self.id);
        // An entry that is not in the new epoch has no head there.
        let (epoch, head) = known.map_or_else(|| (self.epoch.clone(), 0), |at| (at.epoch, at.head));
        Event::reset(&Reset::new(epoch, head))
    }
}

impl Reader {
    /// A stream of the feed `id` after `since`, or from now on.
    ///
    /// # Errors
    /// If there is no such public entry, or the database can't be reached where it has to be asked.
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
        let reader = Self {
            subscription: subscription.ok_or(Error::NotFound("entry"))?,
            feed: Feed {
                newsroom: Arc::clone(newsroom),
                id,
                epoch: head.epoch.clone(),
            },
            over: false,
        };
        Ok(Opening::Stream(Event::heartbeat(&head), reader))
    }

    /// Both, for whoever drives many.
    pub fn into_parts(self) -> (Feed, Subscription) {
        (self.feed, self.subscription)
    }

    /// Waits for the next event; `None` after the last.
    pub async fn next(&mut self) -> Option<Event> {
        while !self.over {
            let last = match self.subscription.next().await {
                StreamEvent::Batch(frame) => return Some(frame.event()),
                StreamEvent::Heartbeat(event) => return Some(event),
                StreamEvent::Behind(rev) => match self.feed.catch_up(rev).await {
                    CaughtUp::To(rev, event) => {
                        self.subscription.caught_up(rev);
                        if event.is_some() {
                            return event;
                        }
                        continue;
                    }
                    CaughtUp::Over(event) => event,
                },
                StreamEvent::Reset => self.feed.reset(),
                StreamEvent::Ended => Event::bye(true),
                StreamEvent::Closing => Event::bye(false),
            };
            self.over = true;
            return Some(last);
        }
        None
    }
}
