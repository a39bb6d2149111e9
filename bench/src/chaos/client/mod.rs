//! A client that behaves like a live page (`app/src/entry/live_client.rs`), without the page. The
//! page's own two state machines make all decisions: [`domain::Connection`] and
//! [`domain::FeedFollower`]. This module only executes their commands, over real connections.

mod event_stream;
mod fetch;
mod page;
mod stream;
mod websocket;

pub use page::{Cards, Page, PageUpdates};

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{Batch, Command, Connection, Epoch, Head, Input, Transport};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep},
};

use fetch::{Feed, FetchResult};
use page::Next;
use stream::{Stream, StreamEvent};

use crate::harness::{Error, Result};

/// How often the connection gets a tick, in milliseconds.
const TICK_MS: u64 = 1_000;
/// The maximum delay of the requests after a reset, which spreads those of all clients, in
/// milliseconds.
const MAX_RESET_DELAY_MS: u64 = 1_000;

/// Fetches everything, retrying as often as necessary. Returns what a new client shows.
///
/// # Errors
///
/// As for [`Client::run`].
pub async fn fetch_everything(config: &ClientConfig) -> Result<PageUpdates> {
    let everything = config.load(&mut StdRng::seed_from_u64(0)).await?;
    let mut page = Page::default();
    page.reload(everything, &config.cards);
    Ok(page.updates().clone())
}

/// How a client receives changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// Server-sent events only.
    Sse,
    /// Server-sent events, and polling while there is no stream: the default of a page.
    Auto,
    /// Polling.
    Poll,
    /// WebSocket only.
    WebSocket,
}

/// The settings of a client.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The address of the proxy in front of the server.
    pub address: SocketAddr,
    /// The number of the entry.
    pub entry: i64,
    /// How much faster the client's clock runs: at 2, the page's timeout of 40 s is 20 s.
    pub time_scale: u32,
    /// The cards shared by all clients.
    pub cards: Arc<Cards>,
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
        let everything = config.load(&mut rng).await?;
        self.page().reload(everything, &config.cards);
        let transport = match kind {
            ClientKind::Sse => Transport::Sse,
            ClientKind::Auto => Transport::Auto,
            ClientKind::Poll => Transport::Poll,
            ClientKind::WebSocket => Transport::WebSocket,
        };
        let started = Instant::now();
        let task = ClientTask {
            client: self,
            connection: Connection::new(transport, true, false, 0),
            kind,
            feed: Feed::new(&config),
            config,
            started,
            rng,
            stream: None,
            requests: JoinSet::new(),
            fetching: false,
        };
        task.run().await
    }
}

impl ClientConfig {
    /// Fetches everything, retrying as often as necessary.
    async fn load(&self, rng: &mut StdRng) -> Result<Vec<Batch>> {
        let feed = Feed::new(self);
        loop {
            if let Some(everything) = feed.everything(None).await? {
                return Ok(everything);
            }
            self.pause(rng.random_range(0..TICK_MS)).await;
        }
    }

    /// Waits for a number of milliseconds of the client's clock.
    async fn pause(&self, ms: u64) {
        sleep(self.to_real_time(ms)).await;
    }

    /// Converts milliseconds of the client's clock to real time.
    fn to_real_time(&self, ms: u64) -> Duration {
        Duration::from_millis(ms) / self.time_scale
    }
}

/// A running client.
struct ClientTask {
    client: Client,
    connection: Connection,
    kind: ClientKind,
    config: ClientConfig,
    feed: Feed,
    started: Instant,
    rng: StdRng,
    stream: Option<Stream>,
    /// Requests in progress: at most one for the head and one for changes.
    requests: JoinSet<Result<Completed>>,
    /// Whether a request for changes is in progress.
    fetching: bool,
}

/// A completed request.
enum Completed {
    Head(Option<Head>),
    Changes(FetchResult<Batch>),
    Everything(Option<Vec<Batch>>),
}

impl ClientTask {
    async fn run(mut self) -> Result<()> {
        let mut tick = interval(self.config.to_real_time(TICK_MS));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => self.dispatch(Input::Tick),
                event = next_event(&mut self.stream) => self.on_event(event?),
                Some(completed) = self.requests.join_next() => {
                    let completed = completed.map_err(|error| Error::Unexpected(error.to_string()))?;
                    self.on_completed(completed?);
                }
            }
        }
    }

    /// Passes an input to the connection and executes its commands.
    fn dispatch(&mut self, input: Input) {
        let elapsed = self.started.elapsed() * self.config.time_scale;
        let now = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        for command in self.connection.on(input, now, self.rng.random()) {
            match command {
                Command::OpenStream => self.open_stream(),
                Command::CloseStream => self.stream = None,
                Command::FetchHead => {
                    let feed = self.feed.clone();
                    self.requests
                        .spawn(async move { Ok(Completed::Head(feed.head().await?)) });
                }
                Command::CatchUp => self.catch_up(),
            }
        }
    }

    fn open_stream(&mut self) {
        let mut page = self.client.page();
        page.count_stream();
        let Some(cursor) = page.cursor() else { return };
        self.stream = Some(match self.kind {
            ClientKind::WebSocket => Stream::websocket(&self.config, cursor),
            _ => Stream::server_sent_events(&self.config, cursor),
        });
    }

    /// Handles an event of the stream.
    fn on_event(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Batch(batch) => {
                self.apply(batch);
                self.dispatch(Input::BatchReceived);
            }
            StreamEvent::Heartbeat(head) => {
                let is_behind = self.client.page().is_behind(&head);
                self.dispatch(Input::Heartbeat {
                    interval_ms: head.interval_ms,
                    // The client's transport is fixed by the test, not by the server.
                    transport: Transport::Auto,
                    is_behind,
                });
            }
            StreamEvent::Reset(reset) => {
                self.stream = None;
                self.reset(reset.epoch);
                self.dispatch(Input::StreamFailed);
            }
            StreamEvent::Bye { ended: true } => self.dispatch(Input::Bye),
            StreamEvent::Bye { ended: false } | StreamEvent::Failed => {
                self.stream = None;
                self.dispatch(Input::StreamFailed);
            }
        }
    }

    /// Handles a completed request.
    fn on_completed(&mut self, completed: Completed) {
        match completed {
            Completed::Head(Some(head)) => {
                let is_behind = self.client.page().is_behind(&head);
                self.dispatch(Input::HeadReceived {
                    state: head.state,
                    interval_ms: head.interval_ms,
                    transport: Transport::Auto,
                    is_behind,
                });
            }
            Completed::Changes(FetchResult::Received(batch)) => {
                self.fetching = false;
                self.apply(batch);
                if !self.fetching {
                    self.dispatch(Input::CaughtUp);
                }
            }
            Completed::Changes(FetchResult::Reset(reset)) => {
                self.fetching = false;
                self.reset(reset.epoch);
            }
            Completed::Everything(Some(everything)) => {
                self.fetching = false;
                self.client.page().reload(everything, &self.config.cards);
                self.dispatch(Input::CaughtUp);
            }
            Completed::Changes(FetchResult::Failed) | Completed::Everything(None) => {
                self.fetching = false;
                self.dispatch(Input::FetchFailed);
            }
            Completed::Head(None) => self.dispatch(Input::FetchFailed),
        }
    }

    /// Applies a batch and fetches what is missing.
    fn apply(&mut self, batch: Batch) {
        let next = self.client.page().apply(batch, &self.config.cards);
        match next {
            Next::Done => {}
            Next::Fetch => self.catch_up(),
            Next::Reset(epoch) => self.reset(epoch),
        }
    }

    fn catch_up(&mut self) {
        let Some(cursor) = self.client.page().cursor() else {
            return;
        };
        if !std::mem::replace(&mut self.fetching, true) {
            let feed = self.feed.clone();
            self.requests
                .spawn(async move { Ok(Completed::Changes(feed.changes(Some(&cursor)).await?)) });
        }
    }

    fn reset(&mut self, epoch: Epoch) {
        if !std::mem::replace(&mut self.fetching, true) {
            let (feed, config) = (self.feed.clone(), self.config.clone());
            let pause = self.rng.random_range(0..MAX_RESET_DELAY_MS);
            self.requests.spawn(async move {
                config.pause(pause).await;
                Ok(Completed::Everything(feed.everything(Some(epoch)).await?))
            });
        }
    }
}

/// Waits for the next event of the stream, forever if there is none.
async fn next_event(stream: &mut Option<Stream>) -> Result<StreamEvent> {
    match stream {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}
