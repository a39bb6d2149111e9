//! Decides how a live page stays connected: when to stream, when to poll, and when to retry.
//!
//! [`Connection`] is a state machine. The page reports each event as an [`Input`] and carries out
//! the [`Command`]s that [`Connection::on`] returns. [`Connection::status`] is the status to show
//! to the reader.

use crate::EntryState;

mod events;

pub use events::{Command, ConnectionStatus, Input, Transport};

/// How long an open stream may be silent, in milliseconds. Heartbeats are sent every 15 s: this
/// allows two late ones.
const SILENCE_TIMEOUT_MS: u64 = 40_000;
/// How long an opening stream may stay silent, in milliseconds. The server sends a heartbeat as
/// soon as a stream opens; a proxy that delays this event will delay batches too.
const OPEN_TIMEOUT_MS: u64 = 8_000;
/// How long a stream may be silent if the one before delivered only its initial events, in
/// milliseconds. A proxy may be buffering. A second heartbeat, due after 15 s, clears the
/// suspicion.
const SUSPECT_TIMEOUT_MS: u64 = 20_000;
/// How long after the opening of a stream its events count as initial, in milliseconds: the first
/// heartbeat, and the batches that the page had missed.
const INITIAL_EVENTS_MS: u64 = 5_000;
/// After this many streams in a row that delivered only their initial events, the page polls beside
/// the next stream until that one delivers a later event.
const MAX_SILENT_STREAMS: u32 = 2;
/// How long to wait for another page of the browser to release its stream slot, in milliseconds.
const SLOT_WAIT_MS: u64 = 2_000;
/// How long after opening a stream a second wake-up event is ignored, in milliseconds. Browsers
/// fire several events for one wake-up, and the stream opened by the first is fresh.
const WAKE_DEBOUNCE_MS: u64 = 1_000;
/// The period over which the first polls of pages that lost the same stream are spread, in
/// milliseconds.
const FIRST_POLL_SPREAD_MS: u64 = 1_000;
/// The longest pause before the first retry, in milliseconds. It doubles with each failure.
const RETRY_MIN_MS: u64 = 1_000;
/// The longest pause before any retry, in milliseconds.
const RETRY_MAX_MS: u64 = 30_000;
/// The polling interval of a hidden page and of one whose entry has ended, in milliseconds.
const BACKGROUND_POLL_MS: u64 = 60_000;
/// The polling interval until the server sends one, in milliseconds.
const POLL_MS: u32 = 5_000;
/// The deadline of a request for `head` or `changes`, in milliseconds. The page aborts the request
/// and reports a failed fetch.
pub const FETCH_DEADLINE_MS: u32 = 10_000;
/// When a request for `head` counts as failed although the page reported nothing, in milliseconds:
/// two ticks after its deadline.
const LOST_REQUEST_MS: u64 = FETCH_DEADLINE_MS as u64 + 2_000;
/// The polling interval while the browser reports no network, in milliseconds. Polling goes on
/// because the browser may be wrong about a server on the same machine or behind a tunnel.
const OFFLINE_POLL_MS: u64 = 30_000;

/// Decides what a page does next, from its events and their times.
///
/// Does no I/O: callers pass the time in milliseconds, and a random number in `[0, 1)`.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four facts, each true or false whatever the others are"
)]
pub struct Connection {
    /// The transport requested by the page's URL.
    page_transport: Transport,
    /// The transport that the server prefers.
    server_transport: Transport,
    visible: bool,
    offline: bool,
    ended: bool,
    stream: Stream,
    /// How many streams in a row failed.
    failures: u32,
    /// How many streams in a row delivered only their initial events.
    silent_streams: u32,
    /// How many requests in a row failed.
    failed_requests: u32,
    interval_ms: u32,
    next_poll: u64,
    head_requested_at: Option<u64>,
    is_polling_ok: bool,
    last_contact: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    /// No stream; the next attempt is due at `retry_at`.
    Closed { retry_at: u64 },
    /// Requested at `since`; no event has arrived yet.
    Opening { since: u64 },
    /// The first event arrived at `opened_at`, the latest at `received_at`.
    Open { opened_at: u64, received_at: u64 },
}

impl Connection {
    /// Creates the connection of a page that became live at `now`.
    pub const fn new(page_transport: Transport, visible: bool, ended: bool, now: u64) -> Self {
        Self {
            page_transport,
            server_transport: Transport::Auto,
            visible,
            offline: false,
            ended,
            stream: Stream::Closed { retry_at: now },
            failures: 0,
            silent_streams: 0,
            failed_requests: 0,
            interval_ms: POLL_MS,
            // The page may come from a cache: one that only polls sends its first request at once.
            next_poll: match page_transport {
                Transport::Poll => now,
                _ => now + POLL_MS as u64,
            },
            head_requested_at: None,
            is_polling_ok: false,
            last_contact: None,
        }
    }

    /// Handles `input`, which happened at `now`, and returns the commands to carry out.
    ///
    /// `jitter` in `[0, 1)` spreads the retries of many pages.
    pub fn on(&mut self, input: Input, now: u64, jitter: f64) -> Vec<Command> {
        let mut commands = Vec::new();
        match input {
            Input::Tick => {}
            Input::BatchReceived => self.record_event(now),
            Input::Heartbeat {
                interval_ms,
                transport,
                is_behind,
            } => {
                // The stream is about to deliver the batches that the first heartbeat is ahead by.
                let is_first = matches!(self.stream, Stream::Opening { .. });
                self.record_event(now);
                self.apply_server_settings(interval_ms, transport);
                if is_behind && !is_first {
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
            Input::HeadReceived {
                state,
                interval_ms,
                transport,
                is_behind,
            } => {
                self.ended = state == EntryState::Ended;
                self.apply_server_settings(interval_ms, transport);
                self.next_poll = now + self.poll_pause(jitter);
                if is_behind {
                    // Polling counts as working only once the changes are fetched, too.
                    self.record_contact(now);
                    commands.push(Command::CatchUp);
                } else {
                    self.record_up_to_date(now);
                }
            }
            Input::FetchFailed => self.record_failure(now, jitter),
            Input::CaughtUp => self.record_up_to_date(now),
            Input::Visible(visible) => {
                if visible && !self.visible {
                    self.resume(now, &mut commands);
                }
                self.visible = visible;
            }
            Input::Resumed => {
                self.offline = false;
                if !matches!(self.stream, Stream::Opening { since } if now < since + WAKE_DEBOUNCE_MS)
                {
                    self.close_stream(now, &mut commands);
                }
                self.resume(now, &mut commands);
            }
            Input::Offline => {
                self.offline = true;
                self.close_stream(now, &mut commands);
                self.next_poll = now + self.poll_pause(jitter);
            }
        }
        self.maintain(now, jitter, &mut commands);
        commands
    }

    /// Returns the status to show. A stream that a proxy may be buffering does not count as live.
    pub const fn status(&self) -> ConnectionStatus {
        match self.stream {
            _ if self.offline => ConnectionStatus::Offline,
            _ if self.ended => ConnectionStatus::Ended,
            Stream::Open { .. } if !self.is_suspect() => ConnectionStatus::Live,
            _ if self.is_polling_ok => ConnectionStatus::Polling,
            _ if self.is_first_try() => ConnectionStatus::Connecting,
            _ => ConnectionStatus::Reconnecting,
        }
    }

    /// Returns when the server last responded or sent an event, on the clock of `now`.
    pub const fn last_contact(&self) -> Option<u64> {
        self.last_contact
    }

    /// Returns the transport of the stream to open.
    pub const fn stream_transport(&self) -> Transport {
        match self.transport() {
            Transport::Auto => Transport::Sse,
            transport => transport,
        }
    }

    /// Returns whether the server was never reached, and a transport is left that hasn't failed.
    const fn is_first_try(&self) -> bool {
        let may_poll = matches!(self.page_transport, Transport::Auto | Transport::Poll);
        self.last_contact.is_none() && self.failed_requests == 0 && (may_poll || self.failures == 0)
    }

    /// Closes a silent stream, opens one that is due, and requests `head` if a poll is due.
    fn maintain(&mut self, now: u64, jitter: f64, commands: &mut Vec<Command>) {
        let is_silent = match self.stream {
            Stream::Open { received_at, .. } if self.silent_streams > 0 => {
                now >= received_at + SUSPECT_TIMEOUT_MS
            }
            Stream::Open { received_at, .. } => now >= received_at + SILENCE_TIMEOUT_MS,
            Stream::Opening { since } => now >= since + OPEN_TIMEOUT_MS,
            Stream::Closed { .. } => false,
        };
        if is_silent {
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
        if self
            .head_requested_at
            .is_some_and(|at| now >= at + LOST_REQUEST_MS)
        {
            self.record_failure(now, jitter);
        }
        let streaming = matches!(self.stream, Stream::Open { .. }) && !self.is_suspect();
        // A page that was explicitly opened with a stream as its transport polls only while it
        // wants no stream. A transport that the server prefers is not binding: a page that can't
        // use it must learn by polling when the server withdraws it.
        let only_streams = wants_stream && self.page_transport.is_stream();
        let polls = !streaming && !only_streams;
        if polls && self.head_requested_at.is_none() && now >= self.next_poll {
            self.head_requested_at = Some(now);
            self.next_poll = now + self.poll_pause(jitter);
            commands.push(Command::FetchHead);
        }
    }

    /// Records that the stream is lost: polls from now on, and schedules a retry.
    fn lose_stream(&mut self, now: u64, jitter: f64) {
        match self.stream {
            Stream::Closed { .. } => return,
            // Only initial events arrived: a proxy may be buffering the rest.
            Stream::Open {
                opened_at,
                received_at,
            } if received_at < opened_at + INITIAL_EVENTS_MS
                && now >= received_at + SUSPECT_TIMEOUT_MS =>
            {
                self.silent_streams += 1;
            }
            Stream::Open { .. } | Stream::Opening { .. } => {}
        }
        // Polling that has already begun keeps its own interval, however often the stream is
        // retried.
        if self.failures == 0 {
            self.next_poll = now + jittered(FIRST_POLL_SPREAD_MS, jitter);
        }
        let max_pause = max_retry_pause(self.failures);
        self.failures += 1;
        self.stream = Stream::Closed {
            retry_at: now + jittered(max_pause, jitter).max(RETRY_MIN_MS / 4),
        };
    }

    /// Records that no stream slot is free: polls as after a lost stream, until one may be free.
    fn wait_for_stream(&mut self, now: u64, jitter: f64) {
        if self.failures == 0 {
            self.next_poll = self
                .next_poll
                .min(now + jittered(FIRST_POLL_SPREAD_MS, jitter));
        }
        // Not a failure of the stream: the pause doesn't grow.
        self.failures = self.failures.max(1);
        self.stream = Stream::Closed {
            retry_at: now + SLOT_WAIT_MS,
        };
    }

    /// Returns whether to poll beside the open stream, since the ones before it were buffered.
    const fn is_suspect(&self) -> bool {
        self.silent_streams >= MAX_SILENT_STREAMS && matches!(self.page_transport, Transport::Auto)
    }

    /// Records that the stream delivered an event.
    fn record_event(&mut self, now: u64) {
        let opened_at = match self.stream {
            Stream::Open { opened_at, .. } => opened_at,
            Stream::Opening { .. } | Stream::Closed { .. } => now,
        };
        if now >= opened_at + INITIAL_EVENTS_MS {
            self.silent_streams = 0;
        }
        if self.silent_streams == 0 {
            self.failures = 0;
        }
        self.stream = Stream::Open {
            opened_at,
            received_at: now,
        };
        self.failed_requests = 0;
        self.offline = false;
        self.last_contact = Some(now);
    }

    /// Stores the interval and the transport that the server sent.
    fn apply_server_settings(&mut self, interval_ms: u32, transport: Transport) {
        self.interval_ms = interval_ms.clamp(500, 600_000);
        self.server_transport = transport;
    }

    /// Returns the transport to use: the server's preference overrides the page's.
    const fn transport(&self) -> Transport {
        match self.server_transport {
            Transport::Auto => self.page_transport,
            preferred => preferred,
        }
    }

    /// Records a failed request: the next one waits for the polling interval plus a retry pause.
    fn record_failure(&mut self, now: u64, jitter: f64) {
        self.head_requested_at = None;
        self.is_polling_ok = false;
        self.next_poll =
            now + self.poll_pause(jitter) + jittered(max_retry_pause(self.failed_requests), jitter);
        self.failed_requests += 1;
    }

    fn close_stream(&mut self, now: u64, commands: &mut Vec<Command>) {
        if !matches!(self.stream, Stream::Closed { .. }) {
            commands.push(Command::CloseStream);
        }
        self.stream = Stream::Closed { retry_at: now };
    }

    /// Fetches missed changes, and retries the stream without a pause.
    fn resume(&mut self, now: u64, commands: &mut Vec<Command>) {
        if let Stream::Closed { retry_at } = &mut self.stream {
            *retry_at = now;
        }
        self.head_requested_at = None;
        self.next_poll = now + u64::from(self.interval_ms);
        if self.last_contact.is_some() {
            commands.push(Command::CatchUp);
        }
    }

    /// Records that the page has all changes.
    const fn record_up_to_date(&mut self, now: u64) {
        self.record_contact(now);
        self.failed_requests = 0;
        self.is_polling_ok = true;
    }

    /// Records that the server responded.
    const fn record_contact(&mut self, now: u64) {
        self.head_requested_at = None;
        self.offline = false;
        self.last_contact = Some(now);
    }

    /// Returns the pause before the next poll. A tenth of it is random, so that pages that lost the
    /// same stream don't all poll at the same time.
    fn poll_pause(&self, jitter: f64) -> u64 {
        let pause = if self.offline {
            OFFLINE_POLL_MS
        } else if self.visible && !self.ended {
            u64::from(self.interval_ms)
        } else {
            BACKGROUND_POLL_MS
        };
        pause - jittered(pause / 10, jitter)
    }
}

/// Returns the longest pause before the next retry, after `failures` failures.
fn max_retry_pause(failures: u32) -> u64 {
    RETRY_MAX_MS.min(RETRY_MIN_MS << failures.min(5))
}

/// Returns `max` milliseconds times `jitter`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a pause of at most ten minutes, times a number below one"
)]
fn jittered(max: u64, jitter: f64) -> u64 {
    (max as f64 * jitter.clamp(0.0, 1.0)) as u64
}

#[cfg(test)]
mod tests;
