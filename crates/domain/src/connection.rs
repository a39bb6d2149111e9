//! How a page stays in touch with the server: when to stream, when to poll, when to try again.

use crate::{EntryState, text::word_enum};

word_enum!(
    /// The transport batches take to a page.
    Transport as "transport" {
        /// A stream if one can be had, else polling.
        Auto = "auto",
        /// A stream of server-sent events, and no polling.
        Sse = "sse",
        /// Polling alone.
        Poll = "poll",
        /// A WebSocket, and no polling.
        WebSocket = "websocket",
    }
);

/// What happened, as the page tells its [`Connection`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A second or so has passed.
    Tick,
    /// The stream delivered a batch.
    Heard,
    /// The stream delivered a heartbeat.
    Heartbeat {
        /// How long to wait between polls, in milliseconds.
        interval_ms: u32,
        /// The transport the server would have pages take.
        transport: Transport,
        /// Whether the server has something that the page hasn't.
        moved: bool,
    },
    /// The stream broke, or never opened.
    StreamFailed,
    /// The page has no stream (any more): other pages of this browser hold as many as it may have.
    NoStreamFree,
    /// The server said that the entry is over.
    Bye,
    /// `head` was answered.
    HeadAnswered {
        /// Where the entry is in its life.
        state: EntryState,
        /// How long to wait before asking again, in milliseconds.
        interval_ms: u32,
        /// The transport the server would have pages take.
        transport: Transport,
        /// Whether the page must fetch changes.
        moved: bool,
    },
    /// `head` or `changes` was not answered, or not in time.
    FetchFailed,
    /// Changes were fetched, and applied.
    CaughtUp,
    /// The tab came into view, or went out of it.
    Visible(bool),
    /// The network came back, or the page came out of the back/forward cache.
    Woke,
    /// The browser knows that there is no network.
    Offline,
}

/// What the page is to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Open a stream from the cursor; a fetch may be under way beside it.
    OpenStream,
    /// Close the stream.
    CloseStream,
    /// Ask `head`.
    AskHead,
    /// Fetch the changes since the cursor.
    CatchUp,
}

word_enum!(
    /// What the reader is told about the connection.
    ConnectionStatus as "connection status" {
        /// The first contact isn't made yet.
        Connecting = "connecting",
        /// Updates arrive as they are posted.
        Live = "live",
        /// Updates arrive every few seconds.
        Polling = "polling",
        /// The server can't be reached; it is being tried again.
        Reconnecting = "reconnecting",
        /// The browser has no network.
        Offline = "offline",
        /// The entry is over.
        Ended = "ended",
    }
);

/// Heartbeats come every 15 s: two may be late, and a third is not waited for.
const SILENCE_MS: u64 = 40_000;
/// A stream says something as it opens; a proxy that holds this back will hold batches back too.
const FIRST_WORD_MS: u64 = 8_000;
/// A stream that fell silent after its first words is suspected of being held back by a proxy. The next
/// one proves itself by a further word within this time: heartbeats come every 15 s.
const SUSPECT_SILENCE_MS: u64 = 20_000;
/// What arrives within this time after a stream opened is its first words: the heartbeat, and what the
/// page had missed.
const FIRST_WORDS_MS: u64 = 5_000;
/// How many streams in a row may fall silent after their first words before a page polls beside the
/// next one until that has proved itself.
const SILENT_STREAMS: u32 = 2;
/// How long to wait for another page of the browser to give up its stream.
const NO_STREAM_FREE_MS: u64 = 2_000;
/// A browser tells of one waking by several events; the stream that the first one opened is fresh.
const ONE_WAKING_MS: u64 = 1_000;
/// Pages that lost one stream don't ask as one: their first questions are spread over a second.
const SPREAD_MS: u64 = 1_000;
/// The first retry comes within a second, later ones within half a minute.
const RETRY_MIN_MS: u64 = 1_000;
const RETRY_MAX_MS: u64 = 30_000;
/// How often a page asks that nobody looks at, and one whose entry is over.
const SLOW_POLL_MS: u64 = 60_000;
/// How often a page asks until the server has named an interval.
const POLL_MS: u32 = 5_000;
/// How long a request for `head` or `changes` may take, in milliseconds. One that takes longer was lost,
/// and is aborted: [`Input::FetchFailed`] follows.
pub const FETCH_DEADLINE_MS: u32 = 10_000;
/// When a request for `head` counts as lost that was never reported as failed, in milliseconds: two
/// ticks after it should have been.
const UNREPORTED_MS: u64 = FETCH_DEADLINE_MS as u64 + 2_000;
/// How often a page asks that the browser thinks has no network: it may be wrong about a server on
/// the same machine, or behind a tunnel.
const OFFLINE_POLL_MS: u64 = 30_000;

/// Decides, from what the page hears and when, what it does next. Pure: the time in milliseconds
/// and a random number in `[0, 1)` are passed in.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four facts, each true or false whatever the others are"
)]
pub struct Connection {
    /// The transport that the page's address asks for.
    own: Transport,
    /// The transport that the server names.
    named: Transport,
    visible: bool,
    offline: bool,
    ended: bool,
    stream: Stream,
    /// How often in a row the stream broke.
    failures: u32,
    /// How many streams in a row fell silent after their first words.
    silent_streams: u32,
    /// How often in a row a question wasn't answered.
    misses: u32,
    interval_ms: u32,
    next_poll: u64,
    asked_at: Option<u64>,
    poll_works: bool,
    contact: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    /// Not there; may be tried from this time on.
    Closed { retry_at: u64 },
    /// Asked for at this time, not a word yet.
    Opening { since: u64 },
    /// Opened, and last heard, at these times.
    Open { opened: u64, heard: u64 },
}

impl Connection {
    /// A page that has just become live, at `now`.
    pub const fn new(own: Transport, visible: bool, ended: bool, now: u64) -> Self {
        Self {
            own,
            named: Transport::Auto,
            visible,
            offline: false,
            ended,
            stream: Stream::Closed { retry_at: now },
            failures: 0,
            silent_streams: 0,
            misses: 0,
            interval_ms: POLL_MS,
            // A page may come out of a cache: one that polls asks at once.
            next_poll: match own {
                Transport::Poll => now,
                Transport::Auto | Transport::Sse | Transport::WebSocket => now + POLL_MS as u64,
            },
            asked_at: None,
            poll_works: false,
            contact: None,
        }
    }

    /// Takes in what happened at `now`; `jitter` spreads the retries of many pages.
    pub fn on(&mut self, input: Input, now: u64, jitter: f64) -> Vec<Command> {
        let mut commands = Vec::new();
        match input {
            Input::Tick => {}
            Input::Heard => self.heard(now),
            Input::Heartbeat {
                interval_ms,
                transport,
                moved,
            } => {
                // What the first heartbeat is ahead of the page, the stream is about to bring.
                let greeting = matches!(self.stream, Stream::Opening { .. });
                self.heard(now);
                self.obey(interval_ms, transport);
                if moved && !greeting {
                    commands.push(Command::CatchUp);
                }
            }
            Input::StreamFailed => self.lose_stream(now, jitter),
            Input::NoStreamFree => self.wait_for_stream(now, jitter),
            Input::Bye => {
                self.ended = true;
                self.close_stream(now, &mut commands);
                self.next_poll = now + self.poll_pause(jitter);
                commands.push(Command::CatchUp);
            }
            Input::HeadAnswered {
                state,
                interval_ms,
                transport,
                moved,
            } => {
                self.ended = state == EntryState::Ended;
                self.obey(interval_ms, transport);
                self.next_poll = now + self.poll_pause(jitter);
                if moved {
                    // Whether polling works is known once the changes are here, too.
                    self.met(now);
                    commands.push(Command::CatchUp);
                } else {
                    self.answered(now);
                }
            }
            Input::FetchFailed => self.miss(now, jitter),
            Input::CaughtUp => self.answered(now),
            Input::Visible(visible) => {
                if visible && !self.visible {
                    self.touch(now, &mut commands);
                }
                self.visible = visible;
            }
            Input::Woke => {
                self.offline = false;
                if !matches!(self.stream, Stream::Opening { since } if now < since + ONE_WAKING_MS)
                {
                    self.close_stream(now, &mut commands);
                }
                self.touch(now, &mut commands);
            }
            Input::Offline => {
                self.offline = true;
                self.close_stream(now, &mut commands);
                self.next_poll = now + self.poll_pause(jitter);
            }
        }
        self.keep(now, jitter, &mut commands);
        commands
    }

    /// What the reader is told. Updates that a stream may hold back are announced by polls.
    pub const fn status(&self) -> ConnectionStatus {
        match self.stream {
            _ if self.offline => ConnectionStatus::Offline,
            _ if self.ended => ConnectionStatus::Ended,
            Stream::Open { .. } if !self.is_suspect() => ConnectionStatus::Live,
            _ if self.poll_works => ConnectionStatus::Polling,
            _ if self.is_first_try() => ConnectionStatus::Connecting,
            _ => ConnectionStatus::Reconnecting,
        }
    }

    /// When the server was last heard, in the milliseconds of `now`.
    pub const fn contact(&self) -> Option<u64> {
        self.contact
    }

    /// Whether a stream is to be a WebSocket, and not one of server-sent events.
    pub fn wants_websocket(&self) -> bool {
        self.transport() == Transport::WebSocket
    }

    /// Whether the server was never heard, and a transport is left that hasn't failed.
    const fn is_first_try(&self) -> bool {
        let may_poll = matches!(self.own, Transport::Auto | Transport::Poll);
        self.contact.is_none() && self.misses == 0 && (may_poll || self.failures == 0)
    }

    /// What must be so at any time: the stream watched, opened or closed, and the polls asked.
    fn keep(&mut self, now: u64, jitter: f64, commands: &mut Vec<Command>) {
        let silent = match self.stream {
            Stream::Open { heard, .. } if self.silent_streams > 0 => {
                now >= heard + SUSPECT_SILENCE_MS
            }
            Stream::Open { heard, .. } => now >= heard + SILENCE_MS,
            Stream::Opening { since } => now >= since + FIRST_WORD_MS,
            Stream::Closed { .. } => false,
        };
        if silent {
            commands.push(Command::CloseStream);
            self.lose_stream(now, jitter);
        }
        let transport = self.transport();
        let wants_stream =
            self.visible && !self.ended && !self.offline && transport != Transport::Poll;
        match self.stream {
            Stream::Closed { retry_at } if wants_stream && now >= retry_at => {
                self.stream = Stream::Opening { since: now };
                commands.push(Command::OpenStream);
            }
            Stream::Opening { .. } | Stream::Open { .. } if !wants_stream => {
                self.close_stream(now, commands);
                self.next_poll = now + self.poll_pause(jitter);
            }
            _ => {}
        }
        if self.asked_at.is_some_and(|at| now >= at + UNREPORTED_MS) {
            self.miss(now, jitter);
        }
        let streaming = matches!(self.stream, Stream::Open { .. }) && !self.is_suspect();
        // Who asked for a stream and nothing else still asks while there is nothing to stream. What the server
        // names is only preferred: a page that can't have it must hear when it is named no more.
        let only_streams =
            wants_stream && matches!(self.own, Transport::Sse | Transport::WebSocket);
        let polls = !streaming && !only_streams;
        if polls && self.asked_at.is_none() && now >= self.next_poll {
            self.asked_at = Some(now);
            self.next_poll = now + self.poll_pause(jitter);
            commands.push(Command::AskHead);
        }
    }

    /// The stream is gone: poll from now on, and try it again later.
    fn lose_stream(&mut self, now: u64, jitter: f64) {
        match self.stream {
            Stream::Closed { .. } => return,
            // Nothing but its first words: a proxy may hold back the rest.
            Stream::Open { opened, heard }
                if heard < opened + FIRST_WORDS_MS && now >= heard + SUSPECT_SILENCE_MS =>
            {
                self.silent_streams += 1;
            }
            Stream::Open { .. } | Stream::Opening { .. } => {}
        }
        // Polls that have begun keep to their own pace, however often the stream is tried beside them.
        if self.failures == 0 {
            self.next_poll = now + jittered(SPREAD_MS, jitter);
        }
        let longest = longest_retry(self.failures);
        self.failures += 1;
        self.stream = Stream::Closed {
            retry_at: now + jittered(longest, jitter).max(RETRY_MIN_MS / 4),
        };
    }

    /// Another page's stream may end: until then poll, as if the stream had broken.
    fn wait_for_stream(&mut self, now: u64, jitter: f64) {
        if self.failures == 0 {
            self.next_poll = self.next_poll.min(now + jittered(SPREAD_MS, jitter));
        }
        // Not one of its failures: the pause doesn't grow.
        self.failures = self.failures.max(1);
        self.stream = Stream::Closed {
            retry_at: now + NO_STREAM_FREE_MS,
        };
    }

    /// Whether polls go on beside the open stream, since those before it were held back.
    const fn is_suspect(&self) -> bool {
        self.silent_streams >= SILENT_STREAMS && matches!(self.own, Transport::Auto)
    }

    fn heard(&mut self, now: u64) {
        let opened = match self.stream {
            Stream::Open { opened, .. } => opened,
            Stream::Opening { .. } | Stream::Closed { .. } => now,
        };
        if now >= opened + FIRST_WORDS_MS {
            self.silent_streams = 0;
        }
        if self.silent_streams == 0 {
            self.failures = 0;
        }
        self.stream = Stream::Open { opened, heard: now };
        self.misses = 0;
        self.offline = false;
        self.contact = Some(now);
    }

    /// Takes in how the server would have the page stay in touch.
    fn obey(&mut self, interval_ms: u32, transport: Transport) {
        self.interval_ms = interval_ms.clamp(500, 600_000);
        self.named = transport;
    }

    /// The transport to take: the server's word goes before the address's.
    const fn transport(&self) -> Transport {
        match self.named {
            Transport::Auto => self.own,
            named => named,
        }
    }

    /// A question was not answered: the next one waits as long as any, and a retry's time on top.
    fn miss(&mut self, now: u64, jitter: f64) {
        self.asked_at = None;
        self.poll_works = false;
        self.next_poll =
            now + self.poll_pause(jitter) + jittered(longest_retry(self.misses), jitter);
        self.misses += 1;
    }

    fn close_stream(&mut self, now: u64, commands: &mut Vec<Command>) {
        if !matches!(self.stream, Stream::Closed { .. }) {
            commands.push(Command::CloseStream);
        }
        self.stream = Stream::Closed { retry_at: now };
    }

    /// Fetches what was missed, and tries the stream again without waiting.
    fn touch(&mut self, now: u64, commands: &mut Vec<Command>) {
        if let Stream::Closed { retry_at } = &mut self.stream {
            *retry_at = now;
        }
        self.asked_at = None;
        self.next_poll = now + u64::from(self.interval_ms);
        if self.contact.is_some() {
            commands.push(Command::CatchUp);
        }
    }

    /// The page has all that the server has.
    const fn answered(&mut self, now: u64) {
        self.met(now);
        self.misses = 0;
        self.poll_works = true;
    }

    /// The server answered.
    const fn met(&mut self, now: u64) {
        self.asked_at = None;
        self.offline = false;
        self.contact = Some(now);
    }

    /// How long to wait before the next question: a tenth of it is left to chance, so that a
    /// thousand pages that lost one stream don't ask as one.
    fn poll_pause(&self, jitter: f64) -> u64 {
        let pause = if self.offline {
            OFFLINE_POLL_MS
        } else if self.visible && !self.ended {
            u64::from(self.interval_ms)
        } else {
            SLOW_POLL_MS
        };
        pause - jittered(pause / 10, jitter)
    }
}

/// The most that is waited after so many failures before this one.
fn longest_retry(failures: u32) -> u64 {
    RETRY_MAX_MS.min(RETRY_MIN_MS << failures.min(5))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a pause of at most ten minutes, times a number below one"
)]
fn jittered(longest: u64, jitter: f64) -> u64 {
    (longest as f64 * jitter.clamp(0.0, 1.0)) as u64
}

#[cfg(test)]
mod tests;
