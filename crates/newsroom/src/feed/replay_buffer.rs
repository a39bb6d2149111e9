//! The replay buffer: the latest frames of one feed.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use domain::{EntryState, Rev};
use tokio::sync::watch;

use super::{
    Event, Frame,
    recent_counts::{ChangedCounts, RecentCounts},
};

/// The maximum number of frames in a buffer. Enough for all readers to reconnect after a restart of
/// their proxy without a query each; readers that are further behind cause a query.
const MAX_FRAMES: usize = 512;
/// The maximum size of the frames in a buffer, in bytes.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// The frames and counts of one feed, and the sender of change notifications to its connections.
#[derive(Debug)]
pub struct ReplayBuffer {
    state: Mutex<State>,
    counts: Mutex<RecentCounts>,
    changed: watch::Sender<()>,
    /// Shared with each subscription, to count them: `changed` may have further receivers.
    subscribed: Arc<()>,
}

#[derive(Debug)]
struct State {
    frames: VecDeque<Frame>,
    bytes: usize,
    head: Rev,
    entry: EntryState,
    heartbeat: (u64, Option<Event>),
    closed: Option<CloseReason>,
}

/// Why a feed was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The epoch changed.
    Reset,
    /// The server is shutting down.
    Closing,
}

/// The next event for a connection.
#[derive(Debug)]
pub enum Next {
    /// A frame to send.
    Frame(Frame),
    /// The buffer doesn't reach back to the cursor: the changes must be read from the database.
    Behind,
    /// A heartbeat and its number.
    Heartbeat(u64, Event),
    /// The entry has ended.
    Ended,
    /// The feed was closed.
    Closed(CloseReason),
}

impl ReplayBuffer {
    /// Creates an empty buffer of a feed at revision `head`, without `counts` so far.
    pub fn new(head: Rev, entry: EntryState, counts: RecentCounts) -> Self {
        Self {
            state: Mutex::new(State {
                frames: VecDeque::new(),
                bytes: 0,
                head,
                entry,
                heartbeat: (0, None),
                closed: None,
            }),
            counts: Mutex::new(counts),
            changed: watch::Sender::new(()),
            subscribed: Arc::default(),
        }
    }

    /// Returns a receiver of change notifications.
    pub fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Returns what a subscription keeps as long as it counts.
    pub fn count_subscription(&self) -> Arc<()> {
        Arc::clone(&self.subscribed)
    }

    /// Returns the number of subscriptions.
    pub fn subscriptions(&self) -> usize {
        Arc::strong_count(&self.subscribed) - 1
    }

    /// Returns whether there are no subscriptions.
    pub fn is_idle(&self) -> bool {
        self.changed.receiver_count() == 0
    }

    /// Returns the revision up to which the buffer is complete.
    pub fn head(&self) -> Rev {
        self.state().head
    }

    /// Returns the number of the last heartbeat.
    pub fn heartbeat_number(&self) -> u64 {
        self.state().heartbeat.0
    }

    /// Adds a frame, and notifies all connections. Removes earlier frames of the same updates, so
    /// that an edited or deleted text is not sent again; connections that needed those frames read
    /// the database.
    pub fn push(&self, frame: Frame, entry: EntryState) {
        let mut state = self.state();
        state.entry = entry;
        state.head = state.head.max(frame.to);
        if !frame.empty {
            state.frames.retain(|old| !old.is_outdated_by(&frame));
            state.bytes = state.frames.iter().map(Frame::size).sum();
            state.bytes += frame.size();
            state.frames.push_back(frame);
        }
        while state.frames.len() > MAX_FRAMES || state.bytes > MAX_BYTES {
            let Some(oldest) = state.frames.pop_front() else {
                break;
            };
            state.bytes -= oldest.size();
        }
        drop(state);
        self.changed.send_replace(());
    }

    /// Sends the heartbeat `event` to all connections.
    pub fn send_heartbeat(&self, event: Event) {
        let mut state = self.state();
        state.heartbeat = (state.heartbeat.0 + 1, Some(event));
        drop(state);
        self.changed.send_replace(());
    }

    /// Forgets all counts, and continues after the position `at`.
    pub fn begin_counts(&self, at: Rev) {
        self.counts().begin(at);
        self.changed.send_replace(());
    }

    /// Sends the counts that changed up to the position `to` to all connections.
    pub fn send_counts(&self, counts: &ChangedCounts, to: Rev) {
        self.counts().add(counts, to, Instant::now());
        self.changed.send_replace(());
    }

    /// Returns the next counts for a connection that has received those up to `received`, and the
    /// position after them; `None` if there are none.
    pub fn next_counts(&self, received: Option<Rev>) -> Option<(Rev, Event)> {
        self.counts().next(received)
    }

    /// Closes the feed. Only the first reason counts.
    pub fn close(&self, reason: CloseReason) {
        self.state().closed.get_or_insert(reason);
        self.changed.send_replace(());
    }

    /// Returns the next event for a connection that has received all changes up to `cursor` and the
    /// heartbeat with the number `heartbeat`; `None` if there is none.
    pub fn next(&self, cursor: Rev, heartbeat: u64) -> Option<Next> {
        let state = self.state();
        if state.closed == Some(CloseReason::Reset) {
            return Some(Next::Closed(CloseReason::Reset));
        }
        if state.head > cursor {
            let at = state.frames.partition_point(|frame| frame.to <= cursor);
            let next = state.frames.get(at).filter(|frame| frame.from <= cursor);
            if let Some(frame) = next {
                return Some(Next::Frame(frame.clone()));
            }
        }
        // A server that shuts down still sends the frames in memory, but reads no more from the
        // database.
        if let Some(reason) = state.closed {
            return Some(Next::Closed(reason));
        }
        if state.head > cursor {
            return Some(Next::Behind);
        }
        if state.entry == EntryState::Ended {
            return Some(Next::Ended);
        }
        let (number, event) = &state.heartbeat;
        let event = event.as_ref().filter(|_| *number > heartbeat)?;
        Some(Next::Heartbeat(*number, event.clone()))
    }

    fn counts(&self) -> MutexGuard<'_, RecentCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock, and the frames would still be consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use domain::{Batch, Change, Deleted, Epoch, UpdateId};

    use super::*;

    fn buffer(head: Rev) -> ReplayBuffer {
        let counts = RecentCounts::new(Epoch::parse("e").unwrap(), 0);
        ReplayBuffer::new(head, EntryState::Live, counts)
    }

    /// Returns a frame that changes the update with the number `to`.
    fn frame(from: Rev, to: Rev) -> Frame {
        frame_of(UpdateId(to), from, to)
    }

    fn frame_of(id: UpdateId, from: Rev, to: Rev) -> Frame {
        frame_with_quotes(&[], id, from, to)
    }

    fn frame_with_quotes(quoted: &[UpdateId], id: UpdateId, from: Rev, to: Rev) -> Frame {
        let batch = Batch {
            epoch: Epoch::parse("e").unwrap(),
            from,
            to,
            head: to,
            more: false,
            changes: vec![Change::Deleted(Deleted { id, rev: to })],
            entry: None,
            entries: Vec::new(),
            room: None,
        };
        Frame::new(&batch, quoted)
    }

    #[test]
    fn connection_receives_only_frames_after_its_cursor() {
        let buffer = buffer(5);
        assert!(buffer.next(5, 0).is_none());
        assert!(matches!(buffer.next(4, 0), Some(Next::Behind)));

        buffer.push(frame(5, 8), EntryState::Live);
        buffer.push(frame(8, 9), EntryState::Live);
        assert!(matches!(buffer.next(4, 0), Some(Next::Behind)));
        for (cursor, to) in [(5, 8), (6, 8), (8, 9)] {
            assert!(
                matches!(buffer.next(cursor, 0), Some(Next::Frame(frame)) if frame.to == to),
                "at {cursor}"
            );
        }
        assert!(buffer.next(9, 0).is_none());
    }

    #[test]
    fn no_heartbeat_is_skipped() {
        let buffer = buffer(5);
        let mut beat = buffer.heartbeat_number();
        for expected in 1..=3 {
            buffer.send_heartbeat(Event::bye(false));
            let Some(Next::Heartbeat(number, _)) = buffer.next(5, beat) else {
                panic!("heartbeat {expected} is not there");
            };
            assert_eq!(number, expected);
            beat = number;
            assert!(buffer.next(5, beat).is_none());
        }
        // Sent after `next` returned, and before the connection stores the number.
        buffer.send_heartbeat(Event::bye(false));
        let Some(Next::Heartbeat(number, _)) = buffer.next(5, beat) else {
            panic!("heartbeat 4 is not there");
        };
        buffer.send_heartbeat(Event::bye(false));
        assert!(matches!(
            buffer.next(5, number),
            Some(Next::Heartbeat(5, _))
        ));
    }

    #[test]
    fn ended_follows_the_last_change() {
        let buffer = buffer(5);
        buffer.push(frame(5, 6), EntryState::Ended);
        assert!(matches!(buffer.next(5, 0), Some(Next::Frame(_))));
        assert!(matches!(buffer.next(6, 0), Some(Next::Ended)));
    }

    #[test]
    fn closing_server_still_sends_buffered_frames() {
        let buffer = buffer(5);
        buffer.push(frame(5, 6), EntryState::Live);
        buffer.close(CloseReason::Closing);
        assert!(matches!(buffer.next(5, 0), Some(Next::Frame(_))));
        for cursor in [4, 6] {
            assert!(matches!(
                buffer.next(cursor, 0),
                Some(Next::Closed(CloseReason::Closing))
            ));
        }
    }

    #[test]
    fn frame_of_an_update_that_changed_again_is_removed() {
        let buffer = buffer(0);
        for rev in 0..3 {
            buffer.push(frame(rev, rev + 1), EntryState::Live);
        }
        buffer.push(frame_of(UpdateId(2), 3, 4), EntryState::Live);
        for (cursor, to) in [(0, 1), (2, 3), (3, 4)] {
            assert!(
                matches!(buffer.next(cursor, 0), Some(Next::Frame(frame)) if frame.to == to),
                "at {cursor}"
            );
        }
        assert!(matches!(buffer.next(1, 0), Some(Next::Behind)));
        let state = buffer.state();
        let bytes: usize = state.frames.iter().map(Frame::size).sum();
        assert_eq!((state.frames.len(), state.bytes), (3, bytes));
    }

    #[test]
    fn frame_that_quotes_a_deleted_update_is_removed() {
        let buffer = buffer(0);
        let quoted = UpdateId(1);
        buffer.push(
            frame_with_quotes(&[quoted], UpdateId(2), 0, 1),
            EntryState::Live,
        );
        assert!(matches!(buffer.next(0, 0), Some(Next::Frame(_))));
        buffer.push(frame_of(quoted, 1, 2), EntryState::Live);
        assert!(matches!(buffer.next(0, 0), Some(Next::Behind)));
    }

    #[test]
    fn buffer_size_is_bounded() {
        let buffer = buffer(0);
        for rev in 0..10_000 {
            buffer.push(frame(rev, rev + 1), EntryState::Live);
        }
        assert_eq!(buffer.state().frames.len(), MAX_FRAMES);
        assert!(matches!(buffer.next(3, 0), Some(Next::Behind)));
        assert!(matches!(buffer.next(9_999, 0), Some(Next::Frame(_))));
    }
}
