//! A reader's connection, driven as a server drives it.

use std::sync::Arc;

use domain::{Batch, Cursor, Epoch, Rev};
use newsroom::{
    Error, Newsroom,
    live::{FeedId, Frame, StreamEvent, Subscription},
};

use super::soon;

/// More than any test causes. A stream that tells the same over and over would never let a test end.
const MOST_EVENTS: u32 = 2_000;

/// A subscription and the newsroom to catch up from.
pub struct Stream {
    newsroom: Arc<Newsroom>,
    feed: FeedId,
    epoch: Epoch,
    subscription: Subscription,
    events: u32,
}

/// What a reader's connection brings.
#[derive(Debug)]
pub enum Event {
    /// A batch.
    Batch(Batch),
    /// That the stream is alive.
    Heartbeat,
    /// That the feed starts again.
    Reset,
    /// That the entry is over.
    Ended,
    /// That the server is going.
    Closing,
}

impl Stream {
    /// A connection that knows everything up to `since`, or everything up to now.
    pub fn open(newsroom: &Arc<Newsroom>, feed: FeedId, since: Option<Rev>) -> Self {
        Self {
            newsroom: Arc::clone(newsroom),
            feed,
            epoch: newsroom.hub().head(feed).unwrap().epoch,
            subscription: newsroom.hub().subscribe(feed, since).unwrap(),
            events: 0,
        }
    }

    /// Waits for what comes next.
    pub async fn next(&mut self) -> Event {
        self.events += 1;
        assert!(self.events < MOST_EVENTS, "the stream goes in circles");
        match self.subscription.next().await {
            StreamEvent::Batch(frame) => Event::Batch(batch(&frame)),
            StreamEvent::Behind(rev) => {
                let since = Cursor::new(self.epoch.clone(), rev);
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
            StreamEvent::Reset => Event::Reset,
            StreamEvent::Ended => Event::Ended,
            StreamEvent::Closing => Event::Closing,
        }
    }

    /// The next thing that isn't a heartbeat, which is to come soon.
    pub async fn next_soon(&mut self) -> Event {
        loop {
            match soon(self.next()).await {
                Event::Heartbeat => {}
                event => return event,
            }
        }
    }

    /// The next batch, which is to come soon.
    pub async fn next_batch(&mut self) -> Batch {
        match self.next_soon().await {
            Event::Batch(batch) => batch,
            other => panic!("not a batch: {other:?}"),
        }
    }
}

/// What a frame says.
pub fn batch(frame: &Frame) -> Batch {
    serde_json::from_slice(&frame.json()).unwrap()
}
