//! The latest frames of one feed.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{EntryState, Rev};
use tokio::sync::watch;

use super::{Event, Frame};

/// How many frames a feed keeps, and how many bytes: enough for everybody to come back after a
/// restart of their proxy without a query each; whoever fell further behind reads the database.
const MAX_FRAMES: usize = 512;
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// One feed's frames, and the changed that wakes its connections.
#[derive(Debug)]
pub struct ReplayBuffer {
    state: Mutex<State>,
    changed: watch::Sender<()>,
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

/// Why a feed says nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The database has begun another life.
    Reset,
    /// This server is going.
    Closing,
}

/// What a connection is to be told next.
#[derive(Debug)]
pub enum Next {
    /// This.
    Frame(Frame),
    /// What the database has: the buffer doesn't reach back so far.
    Behind,
    /// That the stream is alive, by the heartbeat with this number.
    Heartbeat(u64, Event),
    /// That the entry is over.
    Ended,
    /// Why nothing more will come.
    Closed(CloseReason),
}

impl ReplayBuffer {
    /// An empty buffer of a feed that stands at `head`.
    pub fn new(head: Rev, entry: EntryState) -> Self {
        Self {
            state: Mutex::new(State {
                frames: VecDeque::new(),
                bytes: 0,
                head,
                entry,
                heartbeat: (0, None),
                closed: None,
            }),
            changed: watch::Sender::new(()),
        }
    }

    /// A listener to the changed.
    pub fn listen(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Whether nobody listens.
    pub fn is_idle(&self) -> bool {
        self.changed.receiver_count() == 0
    }

    /// The revision up to which every change was pushed, or was there before.
    pub fn head(&self) -> Rev {
        self.state().head
    }

    /// The number of the last heartbeat.
    pub fn beat(&self) -> u64 {
        self.state().heartbeat.0
    }

    /// Adds a frame, and wakes every connection. Earlier frames of the same updates go: what was
    /// edited or deleted must not be told any more. Whom they would have told reads the database.
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

    /// Has every connection send `event`.
    pub fn send_heartbeat(&self, event: Event) {
        let mut state = self.state();
        state.heartbeat = (state.heartbeat.0 + 1, Some(event));
        drop(state);
        self.changed.send_replace(());
    }

    /// Says that nothing more will come.
    pub fn close(&self, reason: CloseReason) {
        self.state().closed.get_or_insert(reason);
        self.changed.send_replace(());
    }

    /// What a connection that knows everything up to `cursor`, and has sent the heartbeat `beat`, is
    /// to be told next; `None` if it knows all there is.
    pub fn next(&self, cursor: Rev, beat: u64) -> Option<Next> {
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
        // What is here is still told by a server that goes; the rest is for the next one.
        if let Some(over) = state.closed {
            return Some(Next::Closed(over));
        }
        if state.head > cursor {
            return Some(Next::Behind);
        }
        if state.entry == EntryState::Ended {
            return Some(Next::Ended);
        }
        let (number, event) = &state.heartbeat;
        let event = event.as_ref().filter(|_| *number > beat)?;
        Some(Next::Heartbeat(*number, event.clone()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; were it so, the frames would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use domain::{Batch, Change, Deleted, Epoch, UpdateId};

    use super::*;

    /// A frame that tells of the update with the number of its revision.
    fn frame(from: Rev, to: Rev) -> Frame {
        frame_of(UpdateId(to), from, to)
    }

    fn frame_of(id: UpdateId, from: Rev, to: Rev) -> Frame {
        frame_that_quotes(&[], id, from, to)
    }

    fn frame_that_quotes(quoted: &[UpdateId], id: UpdateId, from: Rev, to: Rev) -> Frame {
        let batch = Batch {
            epoch: Epoch::parse("e").unwrap(),
            from,
            to,
            head: to,
            more: false,
            changes: vec![Change::Deleted(Deleted { id, rev: to })],
            entry: None,
            entries: Vec::new(),
        };
        Frame::new(&batch, quoted)
    }

    #[test]
    fn a_connection_is_told_what_it_does_not_know() {
        let buffer = ReplayBuffer::new(5, EntryState::Live);
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
    fn heartbeat_carries_its_number_so_that_none_in_between_is_skipped() {
        let buffer = ReplayBuffer::new(5, EntryState::Live);
        let mut beat = buffer.beat();
        for expected in 1..=3 {
            buffer.send_heartbeat(Event::bye(false));
            let Some(Next::Heartbeat(number, _)) = buffer.next(5, beat) else {
                panic!("heartbeat {expected} is not there");
            };
            assert_eq!(number, expected);
            beat = number;
            assert!(buffer.next(5, beat).is_none());
        }
        // One that is sent after `next` returned, and before the connection notes its number.
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
    fn an_ended_entry_says_so_after_its_last_change() {
        let buffer = ReplayBuffer::new(5, EntryState::Live);
        buffer.push(frame(5, 6), EntryState::Ended);
        assert!(matches!(buffer.next(5, 0), Some(Next::Frame(_))));
        assert!(matches!(buffer.next(6, 0), Some(Next::Ended)));
    }

    #[test]
    fn a_server_that_goes_tells_what_it_has() {
        let buffer = ReplayBuffer::new(5, EntryState::Live);
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
    fn what_changed_again_is_not_told_as_it_was() {
        let buffer = ReplayBuffer::new(0, EntryState::Live);
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
    fn what_is_taken_down_is_not_quoted_any_more() {
        let buffer = ReplayBuffer::new(0, EntryState::Live);
        let quoted = UpdateId(1);
        buffer.push(
            frame_that_quotes(&[quoted], UpdateId(2), 0, 1),
            EntryState::Live,
        );
        assert!(matches!(buffer.next(0, 0), Some(Next::Frame(_))));
        buffer.push(frame_of(quoted, 1, 2), EntryState::Live);
        assert!(matches!(buffer.next(0, 0), Some(Next::Behind)));
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let buffer = ReplayBuffer::new(0, EntryState::Live);
        for rev in 0..10_000 {
            buffer.push(frame(rev, rev + 1), EntryState::Live);
        }
        assert_eq!(buffer.state().frames.len(), MAX_FRAMES);
        assert!(matches!(buffer.next(3, 0), Some(Next::Behind)));
        assert!(matches!(buffer.next(9_999, 0), Some(Next::Frame(_))));
    }
}
