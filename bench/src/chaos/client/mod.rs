//! A reader: what a live page does (`app/src/entry/live_page.rs`), without the page. The decisions are
//! those of the page's own two state machines, [`domain::Connection`] and [`domain::FeedFollower`]; only
//! what they command is carried out here, over real connections.

mod event_stream;
mod fetch;
mod page;
mod stream;
mod websocket;

pub use page::{Cards, Page, Shown};

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

use fetch::Feed;
use page::Next;
use stream::{Said, Stream};

use crate::harness::{Error, Result};

/// How often the connection looks at the clock, in milliseconds.
const TICK_MS: u64 = 1_000;
/// After a reset the questions of all readers are spread over this time, in milliseconds.
const RESET_SPREAD_MS: u64 = 1_000;

/// What a reader sees who has just come, however often that must be tried.
///
/// # Errors
/// As for [`Reader::read`].
pub async fn fetch_everything(place: &Place) -> Result<Shown> {
    let everything = place.load(&mut StdRng::seed_from_u64(0)).await?;
    let mut page = Page::default();
    page.start_again(everything, &place.cards);
    Ok(page.shown().clone())
}

/// How a reader hears of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By server-sent events and nothing else.
    Sse,
    /// By server-sent events, and by polling while there are none: what a page does by itself.
    Auto,
    /// By polling.
    Poll,
    /// By WebSocket and nothing else.
    WebSocket,
}

/// Where readers read, and how.
#[derive(Clone, Debug)]
pub struct Place {
    /// Who stands between them and the server.
    pub network: SocketAddr,
    /// The number of the entry.
    pub entry: i64,
    /// How much faster their clock runs: at 2, the page's 40 s of silence are 20.
    pub time_scale: u32,
    /// What cards are made of.
    pub cards: Arc<Cards>,
}

/// A reader, as others see it.
#[derive(Clone, Debug, Default)]
pub struct Reader(Arc<Mutex<Page>>);

impl Reader {
    /// The page, as it stands.
    pub fn page(&self) -> MutexGuard<'_, Page> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads the page once `after` has passed, and reads on for ever.
    ///
    /// # Errors
    /// If the server says something that isn't in the protocol. Anything else heals.
    pub async fn read(self, kind: Kind, place: Place, after: Duration, seed: u64) -> Result<()> {
        sleep(after).await;
        let mut rng = StdRng::seed_from_u64(seed);
        let everything = place.load(&mut rng).await?;
        self.page().start_again(everything, &place.cards);
        let transport = match kind {
            Kind::Sse => Transport::Sse,
            Kind::Auto => Transport::Auto,
            Kind::Poll => Transport::Poll,
            Kind::WebSocket => Transport::WebSocket,
        };
        let started = Instant::now();
        let reading = Reading {
            reader: self,
            connection: Connection::new(transport, true, false, 0),
            kind,
            feed: Feed::new(&place),
            place,
            started,
            rng,
            stream: None,
            questions: JoinSet::new(),
            fetching: false,
        };
        reading.go_on().await
    }
}

impl Place {
    /// Fetches everything, however often that must be tried.
    async fn load(&self, rng: &mut StdRng) -> Result<Vec<Batch>> {
        let feed = Feed::new(self);
        loop {
            if let Some(everything) = feed.everything(None).await? {
                return Ok(everything);
            }
            self.pause(rng.random_range(0..TICK_MS)).await;
        }
    }

    /// Waits so many milliseconds of the reader's clock.
    async fn pause(&self, ms: u64) {
        sleep(self.real(ms)).await;
    }

    /// How long so many milliseconds of the reader's clock are.
    fn real(&self, ms: u64) -> Duration {
        Duration::from_millis(ms) / self.time_scale
    }
}

/// A reader at work.
struct Reading {
    reader: Reader,
    connection: Connection,
    kind: Kind,
    place: Place,
    feed: Feed,
    started: Instant,
    rng: StdRng,
    stream: Option<Stream>,
    /// What is being asked: `head`, and the changes; one question of each at a time.
    questions: JoinSet<Result<Answered>>,
    /// Whether changes are being fetched.
    fetching: bool,
}

/// What a question led to.
enum Answered {
    Head(Option<Head>),
    Changes(fetch::Answer<Batch>),
    Everything(Option<Vec<Batch>>),
}

impl Reading {
    async fn go_on(mut self) -> Result<()> {
        let mut tick = interval(self.place.real(TICK_MS));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => self.tell(Input::Tick),
                said = next(&mut self.stream) => self.hear(said?),
                Some(answered) = self.questions.join_next() => {
                    let answered = answered.map_err(|error| Error::Unexpected(error.to_string()))?;
                    self.learn(answered?);
                }
            }
        }
    }

    /// Tells the connection what happened, and does what it wants.
    fn tell(&mut self, input: Input) {
        let elapsed = self.started.elapsed() * self.place.time_scale;
        let now = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        for command in self.connection.on(input, now, self.rng.random()) {
            match command {
                Command::OpenStream => self.open_stream(),
                Command::CloseStream => self.stream = None,
                Command::FetchHead => {
                    let feed = self.feed.clone();
                    self.questions
                        .spawn(async move { Ok(Answered::Head(feed.head().await?)) });
                }
                Command::CatchUp => self.catch_up(),
            }
        }
    }

    fn open_stream(&mut self) {
        let mut page = self.reader.page();
        page.count_stream();
        let Some(cursor) = page.cursor() else { return };
        self.stream = Some(match self.kind {
            Kind::WebSocket => Stream::by_websocket(&self.place, cursor),
            _ => Stream::by_events(&self.place, cursor),
        });
    }

    /// Hears what the stream says.
    fn hear(&mut self, said: Said) {
        match said {
            Said::Batch(batch) => {
                self.take(batch);
                self.tell(Input::BatchReceived);
            }
            Said::Heartbeat(head) => {
                let is_behind = self.reader.page().is_behind(&head);
                self.tell(Input::Heartbeat {
                    interval_ms: head.interval_ms,
                    // Who is to take which transport is decided here, and not by the server.
                    transport: Transport::Auto,
                    is_behind,
                });
            }
            Said::Reset(reset) => {
                self.stream = None;
                self.reset(reset.epoch);
                self.tell(Input::StreamFailed);
            }
            Said::Bye { ended: true } => self.tell(Input::Bye),
            Said::Bye { ended: false } | Said::Failed => {
                self.stream = None;
                self.tell(Input::StreamFailed);
            }
        }
    }

    /// Takes in the answer to a question.
    fn learn(&mut self, answered: Answered) {
        match answered {
            Answered::Head(Some(head)) => {
                let is_behind = self.reader.page().is_behind(&head);
                self.tell(Input::HeadReceived {
                    state: head.state,
                    interval_ms: head.interval_ms,
                    transport: Transport::Auto,
                    is_behind,
                });
            }
            Answered::Changes(fetch::Answer::Good(batch)) => {
                self.fetching = false;
                self.take(batch);
                if !self.fetching {
                    self.tell(Input::CaughtUp);
                }
            }
            Answered::Changes(fetch::Answer::Reset(reset)) => {
                self.fetching = false;
                self.reset(reset.epoch);
            }
            Answered::Everything(Some(everything)) => {
                self.fetching = false;
                self.reader
                    .page()
                    .start_again(everything, &self.place.cards);
                self.tell(Input::CaughtUp);
            }
            Answered::Changes(fetch::Answer::Failed) | Answered::Everything(None) => {
                self.fetching = false;
                self.tell(Input::FetchFailed);
            }
            Answered::Head(None) => self.tell(Input::FetchFailed),
        }
    }

    /// Applies a batch, and fetches what it leaves open.
    fn take(&mut self, batch: Batch) {
        let next = self.reader.page().take(batch, &self.place.cards);
        match next {
            Next::Done => {}
            Next::Fetch => self.catch_up(),
            Next::Reset(epoch) => self.reset(epoch),
        }
    }

    fn catch_up(&mut self) {
        let Some(cursor) = self.reader.page().cursor() else {
            return;
        };
        if !std::mem::replace(&mut self.fetching, true) {
            let feed = self.feed.clone();
            self.questions
                .spawn(async move { Ok(Answered::Changes(feed.changes(Some(&cursor)).await?)) });
        }
    }

    fn reset(&mut self, epoch: Epoch) {
        if !std::mem::replace(&mut self.fetching, true) {
            let (feed, place) = (self.feed.clone(), self.place.clone());
            let pause = self.rng.random_range(0..RESET_SPREAD_MS);
            self.questions.spawn(async move {
                place.pause(pause).await;
                Ok(Answered::Everything(feed.everything(Some(epoch)).await?))
            });
        }
    }
}

/// What the stream says next, if there is one.
async fn next(stream: &mut Option<Stream>) -> Result<Said> {
    match stream {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}
