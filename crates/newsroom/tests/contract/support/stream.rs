//! A reader's stream, driven as the server drives it.

use std::sync::Arc;

use domain::{Batch, Counts, Cursor, Epoch, FeedId, Rev};
use newsroom::{
    Error, Newsroom,
    feed::{Frame, StreamEvent, Subscription},
};

use super::with_timeout;

/// More events than any test causes. Without a limit, a stream that repeats itself would keep a
/// test running forever.
const MAX_EVENTS: u32 = 2_000;

/// A subscription, and the newsroom from which it catches up.
pub struct Stream {
    newsroom: Arc<Newsroom>,
    feed: FeedId,
    epoch: Epoch,
    subscription: Subscription,
    events: u32,
}

/// An event on a reader's stream.
#[derive(Debug)]
pub enum Event {
    /// A batch of changes.
    Batch(Batch),
    /// A heartbeat.
    Heartbeat,
    /// Counts that changed.
    Counts(Counts),
    /// The epoch changed; the reader must reload the feed.
    Reset,
    /// The entry has ended.
    Ended,
    /// The server is shutting down.
    Closing,
}

impl Stream {
    /// Opens a stream of the changes after `since`, or after now.
    pub fn open(newsroom: &Arc<Newsroom>, feed: FeedId, since: Option<Rev>) -> Self {
        Self {
            newsroom: Arc::clone(newsroom),
            feed,
            epoch: newsroom.hub().head(feed).unwrap().epoch,
            subscription: newsroom.hub().subscribe(feed, since).unwrap(),
            events: 0,
        }
    }

    /// Waits for the next event.
    pub async fn next(&mut self) -> Event {
        self.events += 1;
        assert!(self.events < MAX_EVENTS, "the stream repeats itself");
        match self.subscription.next().await {
            StreamEvent::Batch(frame) => Event::Batch(batch(&frame)),
            StreamEvent::Behind(rev) => {
                let since = Cursor::new(self.epoch, rev);
                match self.newsroom.changes(self.feed, Some(since)).await {
                    Ok(frame) => {
                        self.subscription.caught_up(frame.to);
                        Event::Batch(batch(&frame))
                    }
                    Err(Error::Reset(_)) => Event::Reset,
                    Err(error) => panic!("{error}"),
                }
            }
            StreamEvent::Heartbeat(_) => Event::Heartbeat,
            StreamEvent::Counts(event) => {
                Event::Counts(serde_json::from_slice(&event.json()).unwrap())
            }
            StreamEvent::Reset => Event::Reset,
            StreamEvent::Ended => Event::Ended,
            StreamEvent::Closing => Event::Closing,
        }
    }

    /// Waits for the next event that is not a heartbeat.
    pub async fn next_event(&mut self) -> Event {
        loop {
            match with_timeout(self.next()).await {
                Event::Heartbeat => {}
                event => return event,
            }
        }
    }

    /// Waits for the next event that is not a heartbeat, which must be a batch.
    pub async fn next_batch(&mut self) -> Batch {
        match self.next_event().await {
            Event::Batch(batch) => batch,
            other => panic!("expected a batch: {other:?}"),
        }
    }
}

/// Parses the batch in a frame.
pub fn batch(frame: &Frame) -> Batch {
    serde_json::from_slice(&frame.json()).unwrap()
}
