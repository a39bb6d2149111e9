//! The client of a feed: what it opens, fetches and shows, and in which order.

use std::mem;

use super::{
    connection::{self, Connection, Input},
    follower::{Applied, FeedFollower},
};
use crate::{
    Batch, Bye, Change, ConnectionStatus, Cursor, EntryChange, Epoch, Head, Reset, RoomChange,
    Transport,
};

/// The time over which all clients spread their requests after a reset, in milliseconds.
const SPREAD_MS: f64 = 1_000.0;
/// The delay before a page is fetched again after a failure, in milliseconds.
const PAGE_RETRY_MS: u32 = 10_000;
/// The delay before a page is fetched again after a cache returned one that is too old, in
/// milliseconds: as long as caches keep it.
const CACHE_RETRY_MS: u32 = 2_000;

/// The part of a feed that a page shows. It decides how the page recovers from a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageScope {
    /// Every update. After a reset the client fetches all changes.
    Everything,
    /// The latest updates of many entries. After a reset the client fetches the page itself, which
    /// shows far less than everything that ever changed.
    Latest,
    /// What the server makes of the feed, such as a summary of each entry. Is fetched like the
    /// latest updates, and contains all changes up to its cursor.
    Summary,
}

/// An event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// Changes of the feed; `None` if they can't be decoded.
    Batch(Option<Batch>),
    /// A sign of life, with the feed's head; `None` if it can't be decoded.
    Heartbeat(Option<Head>),
    /// The feed starts again in another epoch; `None` if the event can't be decoded.
    Reset(Option<Reset>),
    /// The server closes the stream, with the reason; `None` if it can't be decoded.
    Bye(Option<Bye>),
    /// The stream broke, or could not be opened.
    Failed,
}

/// The result of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched<T> {
    /// The requested value.
    Received(T),
    /// 410: the cursor can't be continued. All changes of this epoch must be fetched.
    Reset(Epoch),
    /// No response, another status, or a body that can't be decoded.
    Failed,
}

/// What happens to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// About a second has passed.
    Tick,
    /// The stream delivered an event.
    Stream(StreamEvent),
    /// The client has no stream, or must close it: other pages of this browser hold all stream
    /// slots.
    NoStreamFree,
    /// The response to [`Action::FetchHead`]; `None` without a usable one.
    Head(Option<Head>),
    /// The response to [`Action::FetchChanges`].
    Changes(Fetched<Batch>),
    /// The response to [`Action::FetchPage`]: the cursor of the page, or `None` without a usable
    /// one.
    Page(Option<Cursor>),
    /// The page shows a change that an older page would undo, and that the feed would not send
    /// again: a page that is fetched from now on must be at least as new.
    NewerPageRequired,
    /// The page must be fetched again, because it shows something that the feed doesn't carry.
    PageOutdated,
    /// The tab became visible (`true`) or hidden (`false`).
    Visible(bool),
    /// The network is back, or the page was restored from the back/forward cache.
    Resumed,
    /// The browser reports that it has no network.
    Offline,
}

/// What a client has to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a stream over this transport after the cursor. It has at most one at a time.
    OpenStream(Transport),
    /// Close the stream, if it is still open.
    CloseStream,
    /// Request `head`, and report [`ClientEvent::Head`] within
    /// [`FETCH_DEADLINE_MS`](crate::FETCH_DEADLINE_MS).
    FetchHead,
    /// Request the changes since a cursor after a delay in milliseconds, and report
    /// [`ClientEvent::Changes`] within [`FETCH_DEADLINE_MS`](crate::FETCH_DEADLINE_MS). Only one
    /// such request is in flight at a time.
    FetchChanges(Cursor, u32),
    /// Request the page itself after a delay in milliseconds, and report [`ClientEvent::Page`].
    /// Only one such request is in flight at a time.
    FetchPage(u32),
    /// Show these changes.
    Show {
        /// The changed updates, or messages.
        changes: Vec<Change>,
        /// The entries whose own data changed.
        entries: Vec<EntryChange>,
        /// The room, if its own data changed.
        room: Option<RoomChange>,
    },
    /// Show what these batches contain, and nothing else. What is the same already stays.
    Replace(Vec<Batch>),
    /// Show the fetched page: merged into what is shown if `merge`, because it leaves out updates
    /// that are too old for it; otherwise in place of it.
    ShowPage {
        /// Whether the page is of the same epoch.
        merge: bool,
    },
}

/// The request for changes that is in flight.
#[derive(Clone, Debug)]
enum Fetching {
    Nothing,
    /// The changes since the cursor.
    Changes,
    /// All changes of another epoch, of which these have arrived.
    Everything(Vec<Batch>),
}

/// The client of a feed. It has a [`Connection`], and the [`FeedFollower`] of a page.
///
/// Does no I/O: the page reports each [`ClientEvent`], and carries out the [`Action`]s that
/// [`Client::on`] returns, in their order. Callers pass the time in milliseconds, and a random
/// number in `[0, 1)`.
#[derive(Clone, Debug)]
pub struct Client {
    scope: PageScope,
    connection: Connection,
    follower: FeedFollower,
    fetching: Fetching,
    /// Whether changes were missed while a request for changes was in flight, whose response may
    /// lack them.
    has_missed_more: bool,
    is_fetching_page: bool,
    /// The oldest cursor that a fetched page may have.
    required: Cursor,
}

impl Client {
    /// Creates the client of a page that shows all changes up to `cursor` in its scope, and became
    /// live at `now`.
    pub fn new(
        scope: PageScope,
        cursor: Cursor,
        page_transport: Transport,
        visible: bool,
        ended: bool,
        now: u64,
    ) -> Self {
        Self {
            scope,
            connection: Connection::new(page_transport, visible, ended, now),
            required: cursor,
            follower: FeedFollower::new(cursor),
            fetching: Fetching::Nothing,
            has_missed_more: false,
            is_fetching_page: false,
        }
    }

    /// Returns the cursor up to which the page has applied the feed.
    pub const fn cursor(&self) -> &Cursor {
        self.follower.cursor()
    }

    /// Returns the status to show.
    pub const fn status(&self) -> ConnectionStatus {
        self.connection.status()
    }

    /// Returns when the server last responded or sent an event, on the clock of `now`.
    pub const fn last_contact(&self) -> Option<u64> {
        self.connection.last_contact()
    }

    /// Handles `event`, which happened at `now`, and returns what to do.
    ///
    /// `jitter` in `[0, 1)` spreads the requests of many clients.
    pub fn on(&mut self, event: ClientEvent, now: u64, jitter: f64) -> Vec<Action> {
        let mut turn = Turn {
            client: self,
            now,
            jitter,
            actions: Vec::new(),
        };
        turn.handle(event);
        turn.actions
    }

    fn is_behind(&self, head: &Head) -> bool {
        let cursor = self.cursor();
        head.epoch != cursor.epoch || head.head > cursor.rev
    }
}

/// The handling of one event.
struct Turn<'a> {
    client: &'a mut Client,
    now: u64,
    jitter: f64,
    actions: Vec<Action>,
}

impl Turn<'_> {
    fn handle(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Tick => self.connection(Input::Tick),
            ClientEvent::Stream(event) => self.on_stream_event(event),
            ClientEvent::NoStreamFree => {
                self.actions.push(Action::CloseStream);
                self.connection(Input::NoStreamFree);
            }
            ClientEvent::Head(Some(head)) => {
                let is_behind = self.client.is_behind(&head);
                self.connection(Input::HeadReceived {
                    state: head.state,
                    interval_ms: head.interval_ms,
                    transport: head.transport,
                    is_behind,
                });
            }
            ClientEvent::Head(None) => self.connection(Input::FetchFailed),
            ClientEvent::Changes(fetched) => self.on_changes(fetched),
            ClientEvent::Page(cursor) => self.on_page(cursor),
            ClientEvent::NewerPageRequired => self.require_cursor(),
            ClientEvent::PageOutdated => self.refresh(),
            ClientEvent::Visible(visible) => self.connection(Input::Visible(visible)),
            ClientEvent::Resumed => self.connection(Input::Resumed),
            ClientEvent::Offline => self.connection(Input::Offline),
        }
    }

    fn on_stream_event(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Batch(batch) => {
                match batch {
                    Some(batch) => self.receive(batch),
                    // The changes are fetched instead; the cursor stays until then.
                    None => self.catch_up(),
                }
                self.connection(Input::BatchReceived);
            }
            StreamEvent::Heartbeat(Some(head)) => {
                let is_behind = self.client.is_behind(&head);
                self.connection(Input::Heartbeat {
                    interval_ms: head.interval_ms,
                    transport: head.transport,
                    is_behind,
                });
            }
            StreamEvent::Heartbeat(None) => {}
            StreamEvent::Reset(reset) => {
                self.actions.push(Action::CloseStream);
                if let Some(reset) = reset {
                    self.reset(reset.epoch);
                }
                self.connection(Input::StreamFailed);
            }
            StreamEvent::Bye(Some(Bye { ended: true })) => self.connection(Input::Bye),
            // The server is shutting down: the client reconnects.
            StreamEvent::Bye(_) | StreamEvent::Failed => {
                self.actions.push(Action::CloseStream);
                self.connection(Input::StreamFailed);
            }
        }
    }

    /// Passes an input to the connection, and carries out its commands.
    fn connection(&mut self, input: Input) {
        for command in self.client.connection.on(input, self.now, self.jitter) {
            match command {
                connection::Command::OpenStream => {
                    let transport = self.client.connection.stream_transport();
                    self.actions.push(Action::OpenStream(transport));
                }
                connection::Command::CloseStream => self.actions.push(Action::CloseStream),
                connection::Command::FetchHead => self.actions.push(Action::FetchHead),
                connection::Command::CatchUp => self.catch_up(),
            }
        }
    }

    /// Fetches the changes since the cursor: now, or after the changes that are being fetched.
    fn catch_up(&mut self) {
        if matches!(self.client.fetching, Fetching::Nothing) {
            self.client.fetching = Fetching::Changes;
            self.fetch_changes(0);
        } else {
            self.client.has_missed_more = true;
        }
    }

    /// Fetches the changes that were missed during the last request, if there are any.
    fn finish_catching_up(&mut self) {
        if mem::take(&mut self.client.has_missed_more) {
            self.catch_up();
        } else {
            self.connection(Input::CaughtUp);
        }
    }

    /// Gives up until the next poll, which finds out what is missing.
    fn fail_to_catch_up(&mut self) {
        self.client.has_missed_more = false;
        self.connection(Input::FetchFailed);
    }

    /// Requests the changes since the cursor, or of another epoch after those that have arrived.
    fn fetch_changes(&mut self, delay_ms: u32) {
        let arrived = match &self.client.fetching {
            Fetching::Everything(batches) => batches.last().map(Batch::cursor),
            Fetching::Nothing | Fetching::Changes => None,
        };
        let since = arrived.unwrap_or_else(|| *self.client.cursor());
        self.actions.push(Action::FetchChanges(since, delay_ms));
    }

    /// Handles the response to a request for changes.
    fn on_changes(&mut self, fetched: Fetched<Batch>) {
        let fetching = mem::replace(&mut self.client.fetching, Fetching::Nothing);
        match (fetching, fetched) {
            // No request is in flight.
            (Fetching::Nothing, _) => {}
            (Fetching::Changes, Fetched::Received(batch)) => self.on_missed_changes(batch),
            (Fetching::Changes, Fetched::Reset(epoch)) => self.reset(epoch),
            (Fetching::Everything(batches), Fetched::Received(batch)) => {
                self.on_everything(batches, batch);
            }
            (Fetching::Changes, Fetched::Failed)
            | (Fetching::Everything(_), Fetched::Reset(_) | Fetched::Failed) => {
                self.fail_to_catch_up();
            }
        }
    }

    /// Applies fetched changes, and fetches more if there are any.
    fn on_missed_changes(&mut self, batch: Batch) {
        let before = *self.client.cursor();
        match self.apply(batch) {
            Next::Done => self.finish_catching_up(),
            Next::Reset(epoch) => self.reset(epoch),
            Next::Fetch if *self.client.cursor() == before => {
                // The response did not continue at the cursor: the next one hardly would, either.
                self.fail_to_catch_up();
            }
            Next::Fetch => self.catch_up(),
        }
    }

    /// Collects the changes of another epoch, and shows them once all have arrived.
    fn on_everything(&mut self, mut batches: Vec<Batch>, batch: Batch) {
        let is_next = batches
            .last()
            .is_none_or(|last| last.epoch == batch.epoch && batch.to > last.to);
        if !is_next {
            self.fail_to_catch_up();
            return;
        }
        let more = batch.more;
        batches.push(batch);
        if more {
            self.client.fetching = Fetching::Everything(batches);
            self.fetch_changes(0);
            return;
        }
        if let Some(last) = batches.last() {
            self.client.follower.restart(last.cursor());
        }
        self.actions.push(Action::Replace(batches));
        self.finish_catching_up();
    }

    /// Applies a batch of a stream, and fetches what is missing after it.
    fn receive(&mut self, batch: Batch) {
        match self.apply(batch) {
            Next::Done => {}
            Next::Fetch => self.catch_up(),
            Next::Reset(epoch) => self.reset(epoch),
        }
    }

    /// Shows the changes of a batch that the page doesn't have yet.
    fn apply(&mut self, batch: Batch) -> Next {
        let epoch = batch.epoch;
        match self.client.follower.apply(batch) {
            Applied::Changes {
                changes,
                entries,
                room,
                more,
            } => {
                self.actions.push(Action::Show {
                    changes,
                    entries,
                    room,
                });
                if more { Next::Fetch } else { Next::Done }
            }
            Applied::Gap => Next::Fetch,
            Applied::Reset => Next::Reset(epoch),
        }
    }

    /// Starts again in `epoch`, after a random delay, so that many clients don't send their
    /// requests at once.
    fn reset(&mut self, epoch: Epoch) {
        match (self.client.scope, &self.client.fetching) {
            (PageScope::Everything, Fetching::Nothing) => {
                self.client.fetching = Fetching::Everything(Vec::new());
                let start = Cursor::new(epoch, 0);
                let delay = self.spread();
                self.actions.push(Action::FetchChanges(start, delay));
            }
            (PageScope::Everything, _) => self.client.has_missed_more = true,
            (PageScope::Latest | PageScope::Summary, _) => self.refresh(),
        }
    }

    /// Fetches the page again. An older one than what is shown now would undo changes.
    fn refresh(&mut self) {
        self.require_cursor();
        self.fetch_page(0);
    }

    fn require_cursor(&mut self) {
        self.client.required = *self.client.cursor();
    }

    fn fetch_page(&mut self, delay_ms: u32) {
        if !mem::replace(&mut self.client.is_fetching_page, true) {
            let delay_ms = delay_ms + self.spread();
            self.actions.push(Action::FetchPage(delay_ms));
        }
    }

    /// Handles the response to a request for the page, which was rendered at `cursor`.
    fn on_page(&mut self, cursor: Option<Cursor>) {
        self.client.is_fetching_page = false;
        let Some(cursor) = cursor else {
            self.fetch_page(PAGE_RETRY_MS);
            return;
        };
        let required = &self.client.required;
        if cursor.epoch == required.epoch && cursor.rev < required.rev {
            self.fetch_page(CACHE_RETRY_MS);
            return;
        }
        let merge =
            cursor.epoch == self.client.cursor().epoch && self.client.scope != PageScope::Summary;
        self.actions.push(Action::ShowPage { merge });
        if !merge {
            self.client.follower.restart(cursor);
        }
        // The changes of updates that a merged page leaves out are still to be fetched; and a page
        // from a cache may be older than the server's head.
        self.catch_up();
    }

    /// Returns a random delay below [`SPREAD_MS`], in milliseconds.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number between 0 and a thousand"
    )]
    fn spread(&self) -> u32 {
        (self.jitter.clamp(0.0, 1.0) * SPREAD_MS) as u32
    }
}

/// What to fetch after a batch.
enum Next {
    /// Nothing: the page is up to date.
    Done,
    /// The changes since the cursor.
    Fetch,
    /// All changes of this epoch.
    Reset(Epoch),
}

#[cfg(test)]
mod tests;
