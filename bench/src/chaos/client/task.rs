//! A running client.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    Action, Batch, ClientEvent, Cursor, Fetched, Head, PageScope, StreamEvent, Transport,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep},
};

use super::{
    config::{ClientConfig, ClientKind},
    fetch::Feed,
    page::{Page, PageUpdates},
    stream::Stream,
};
use crate::harness::{Error, Result};

/// How often the client gets a tick, in milliseconds.
const TICK_MS: u64 = 1_000;

/// Fetches everything, retrying as often as necessary. Returns what a new client shows.
///
/// # Errors
///
/// As for [`Client::run`].
pub async fn fetch_everything(config: &ClientConfig) -> Result<PageUpdates> {
    let everything = load(config, &mut StdRng::seed_from_u64(0)).await?;
    let mut page = Page::default();
    page.load(everything, &config.cards);
    Ok(page.updates().clone())
}

/// Fetches all messages of the room that `config` names, while a page gets the last ones only.
///
/// # Errors
///
/// As for [`Client::run`], and if a response is missing.
pub async fn fetch_all_messages(config: &ClientConfig) -> Result<PageUpdates> {
    let feed = Feed::new(config);
    let missing = || Error::Unexpected("the feed did not respond".to_owned());
    let head = feed.head().await?.ok_or_else(missing)?;
    // The room itself has the first revision.
    let start = Cursor::new(head.epoch, 1);
    let everything = feed.everything(Some(start)).await?.ok_or_else(missing)?;
    let mut page = Page::default();
    page.load(everything, &config.cards);
    Ok(page.updates().clone())
}

/// Fetches everything, retrying as often as necessary.
async fn load(config: &ClientConfig, rng: &mut StdRng) -> Result<Vec<Batch>> {
    let feed = Feed::new(config);
    loop {
        if let Some(everything) = feed.everything(None).await? {
            return Ok(everything);
        }
        config.pause(rng.random_range(0..TICK_MS)).await;
    }
}

/// A handle to a client's page.
#[derive(Clone, Debug, Default)]
pub struct Client(Arc<Mutex<Page>>);

impl Client {
    /// Returns the current page.
    pub fn page(&self) -> MutexGuard<'_, Page> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads the page once `after` has passed, and follows the feed forever.
    ///
    /// # Errors
    ///
    /// If the server violates the protocol. The client recovers from everything else.
    pub async fn run(
        self,
        kind: ClientKind,
        config: ClientConfig,
        after: Duration,
        seed: u64,
    ) -> Result<()> {
        sleep(after).await;
        let mut rng = StdRng::seed_from_u64(seed);
        let everything = load(&config, &mut rng).await?;
        let cursor = everything.last().map(Batch::cursor);
        let cursor = cursor.ok_or_else(|| Error::Unexpected("no batch was fetched".to_owned()))?;
        {
            let mut page = self.page();
            page.load(everything, &config.cards);
            page.set_cursor(cursor);
        }
        let transport = match kind {
            ClientKind::Sse => Transport::Sse,
            ClientKind::Auto => Transport::Auto,
            ClientKind::Poll => Transport::Poll,
            ClientKind::WebSocket => Transport::WebSocket,
        };
        let scope = PageScope::Everything;
        let task = ClientTask {
            handle: self,
            client: domain::Client::new(scope, cursor, transport, true, false, 0),
            feed: Feed::new(&config),
            config,
            started: Instant::now(),
            rng,
            stream: None,
            requests: JoinSet::new(),
        };
        task.run().await
    }
}

/// A client that is running.
struct ClientTask {
    handle: Client,
    client: domain::Client,
    config: ClientConfig,
    feed: Feed,
    started: Instant,
    rng: StdRng,
    stream: Option<Stream>,
    /// Requests in progress: at most one for the head and one for changes.
    requests: JoinSet<Result<ClientEvent>>,
}

impl ClientTask {
    async fn run(mut self) -> Result<()> {
        let mut tick = interval(self.config.to_real_time(TICK_MS));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let event = tokio::select! {
                _ = tick.tick() => ClientEvent::Tick,
                event = next_event(&mut self.stream) => ClientEvent::Stream(event?),
                Some(completed) = self.requests.join_next() => {
                    completed.map_err(|error| Error::Unexpected(error.to_string()))??
                }
            };
            self.dispatch(event);
        }
    }

    /// Passes an event to the client, and carries out its actions.
    fn dispatch(&mut self, mut event: ClientEvent) {
        if let ClientEvent::Head(Some(head))
        | ClientEvent::Stream(StreamEvent::Heartbeat(Some(head))) = &mut event
        {
            ignore_transport(head);
        }
        let elapsed = self.started.elapsed() * self.config.time_scale;
        let now = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let jitter = self.rng.random();
        for action in self.client.on(event, now, jitter) {
            self.perform(action);
        }
        self.handle.page().set_cursor(*self.client.cursor());
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::OpenStream(transport) => {
                self.handle.page().count_stream();
                let cursor = *self.client.cursor();
                self.stream = Some(if transport == Transport::WebSocket {
                    Stream::websocket(&self.config, cursor)
                } else {
                    Stream::server_sent_events(&self.config, cursor)
                });
            }
            Action::CloseStream => self.stream = None,
            Action::FetchHead => {
                let feed = self.feed.clone();
                self.requests
                    .spawn(async move { Ok(ClientEvent::Head(feed.head().await?)) });
            }
            Action::FetchChanges(since, delay_ms) => {
                let (feed, config) = (self.feed.clone(), self.config.clone());
                self.requests.spawn(async move {
                    config.pause(delay_ms.into()).await;
                    let fetched: Fetched<Batch> = feed.changes(Some(&since)).await?;
                    Ok(ClientEvent::Changes(fetched))
                });
            }
            Action::Show { changes, .. } => self.handle.page().show(changes, &self.config.cards),
            Action::Replace(batches) => self.handle.page().load(batches, &self.config.cards),
            Action::FetchPage(_) | Action::ShowPage { .. } => {
                unreachable!("only pages of many entries are fetched")
            }
        }
    }
}

/// The client's transport is fixed by the test, not by the server.
const fn ignore_transport(head: &mut Head) {
    head.transport = Transport::Auto;
}

/// Waits for the next event of the stream, forever if there is none.
async fn next_event(stream: &mut Option<Stream>) -> Result<StreamEvent> {
    match stream {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}
