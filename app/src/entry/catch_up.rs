//! What a live page fetches from its feed: the head, the changes since the cursor, and all changes
//! after a reset.

use std::rc::Rc;

use domain::{Applied, Batch, Cursor, Epoch, Head, Input};
use gloo_timers::callback::Timeout;
use js_sys::Math;
use wasm_bindgen_futures::spawn_local;

use super::{
    feed_list::PageKind,
    fetch::{self, FetchResult},
    live_client::LiveClient,
};

/// The time over which all open pages spread their requests after a reset, in milliseconds.
pub const MAX_JITTER_MS: f64 = 1_000.0;

/// What to do after a batch.
enum Next {
    /// Nothing: the page is up to date.
    Done,
    /// Fetch the changes since the cursor.
    Fetch,
    /// Fetch all changes of this epoch.
    Reset(Epoch),
}

impl LiveClient {
    /// Fetches the feed's head.
    pub(super) fn fetch_head(self: &Rc<Self>) {
        let client = Rc::clone(self);
        spawn_local(async move {
            match fetch::get::<Head>(&client.url("head")).await {
                FetchResult::Ok(head) => client.dispatch(Input::HeadReceived {
                    state: head.state,
                    interval_ms: head.interval_ms,
                    transport: head.transport,
                    is_behind: client.is_behind(&head),
                }),
                FetchResult::Reset(_) | FetchResult::Failed => client.dispatch(Input::FetchFailed),
            }
        });
    }

    /// Returns whether the server has changes that the page does not have.
    pub(super) fn is_behind(&self, head: &Head) -> bool {
        let follower = self.follower.borrow();
        let cursor = follower.cursor();
        head.epoch != cursor.epoch || head.head > cursor.rev
    }

    /// Fetches the changes since the cursor, until there are no more.
    pub(super) fn catch_up(self: &Rc<Self>) {
        if self.fetching.replace(true) {
            return;
        }
        let client = Rc::clone(self);
        spawn_local(async move {
            let outcome = loop {
                let url = client.url_since_cursor("changes");
                let next = match fetch::get::<Batch>(&url).await {
                    FetchResult::Ok(batch) => client.apply(batch),
                    FetchResult::Reset(epoch) => Next::Reset(epoch),
                    FetchResult::Failed => break Input::FetchFailed,
                };
                match next {
                    Next::Done => break Input::CaughtUp,
                    Next::Fetch => {}
                    Next::Reset(epoch) => {
                        client.fetching.set(false);
                        client.reset(epoch);
                        return;
                    }
                }
            };
            client.fetching.set(false);
            client.dispatch(outcome);
        });
    }

    /// Applies a batch of a stream, and fetches what is missing after it.
    pub(super) fn receive(self: &Rc<Self>, batch: Batch) {
        match self.apply(batch) {
            Next::Done => {}
            Next::Fetch => self.catch_up(),
            Next::Reset(epoch) => self.reset(epoch),
        }
    }

    /// Fetches all changes of `epoch`, and replaces what is different: an unchanged update keeps
    /// its node, and the reader their position. Starts after a random delay, so that many clients
    /// do not send their requests at once.
    pub(super) fn reset(self: &Rc<Self>, epoch: Epoch) {
        if self.kind != PageKind::Entry {
            self.refresh();
            return;
        }
        if self.fetching.replace(true) {
            return;
        }
        let client = Rc::clone(self);
        let fetch = move || spawn_local(async move { client.reload(epoch).await });
        Timeout::new(jitter(MAX_JITTER_MS), fetch).forget();
    }

    async fn reload(self: Rc<Self>, epoch: Epoch) {
        let batches = self.fetch_all(epoch).await;
        self.fetching.set(false);
        let Some(batches) = batches else {
            self.dispatch(Input::FetchFailed);
            return;
        };
        self.list.mark_stale();
        for batch in batches {
            self.follower.borrow_mut().restart(batch.cursor());
            let entry = batch.entry.map(|entry| *entry);
            self.show_changes(batch.changes, entry.as_slice());
        }
        self.list.remove_stale();
        self.bar.show_pending(self.list.pending());
        self.write_cursor();
        self.dispatch(Input::CaughtUp);
    }

    async fn fetch_all(&self, epoch: Epoch) -> Option<Vec<Batch>> {
        let mut cursor = Cursor::new(epoch, 0);
        let mut batches = Vec::new();
        loop {
            let url = [&self.url("changes"), "?since=", &cursor.to_string()].concat();
            let FetchResult::Ok(batch) = fetch::get::<Batch>(&url).await else {
                return None;
            };
            cursor = batch.cursor();
            let more = batch.more;
            batches.push(batch);
            if !more {
                return Some(batches);
            }
        }
    }

    /// Applies the changes of a batch that the page does not have yet.
    fn apply(self: &Rc<Self>, batch: Batch) -> Next {
        let epoch = batch.epoch.clone();
        let applied = self.follower.borrow_mut().apply(batch);
        match applied {
            Applied::Changes {
                changes,
                entries,
                more,
            } => {
                self.show_changes(changes, &entries);
                self.write_cursor();
                if more { Next::Fetch } else { Next::Done }
            }
            Applied::Gap => Next::Fetch,
            Applied::Reset => Next::Reset(epoch),
        }
    }
}

/// Returns a random number of milliseconds below `max`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number between 0 and `max`"
)]
pub fn jitter(max: f64) -> u32 {
    (Math::random() * max) as u32
}
