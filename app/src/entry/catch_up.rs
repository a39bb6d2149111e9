//! What a live page fetches: where the feed stands, what it missed, and everything after a reset.

use std::rc::Rc;

use domain::{Applied, Batch, Cursor, Epoch, Head, Input};
use gloo_timers::callback::Timeout;
use js_sys::Math;
use wasm_bindgen_futures::spawn_local;

use super::{
    feed_list::Shows,
    fetch::{self, Answer},
    live_page::LivePage,
};

/// After a reset every open page wants everything: their questions are spread over this time.
pub const SPREAD_MS: f64 = 1_000.0;

/// What a batch leaves to do.
enum Next {
    /// Nothing.
    Done,
    /// To fetch the changes since the cursor.
    Fetch,
    /// To fetch everything of this epoch.
    Reset(Epoch),
}

impl LivePage {
    /// Asks where the feed stands.
    pub(super) fn ask_head(self: &Rc<Self>) {
        let page = Rc::clone(self);
        spawn_local(async move {
            match fetch::get::<Head>(&page.url("head")).await {
                Answer::Good(head) => page.tell(Input::HeadReceived {
                    state: head.state,
                    interval_ms: head.interval_ms,
                    transport: head.transport,
                    is_behind: page.moved(&head),
                }),
                Answer::Reset(_) | Answer::Failed => page.tell(Input::FetchFailed),
            }
        });
    }

    /// Whether the server has something that the page hasn't.
    pub(super) fn moved(&self, head: &Head) -> bool {
        let reader = self.reader.borrow();
        let cursor = reader.cursor();
        head.epoch != cursor.epoch || head.head > cursor.rev
    }

    /// Fetches the changes since the cursor, until there are no more.
    pub(super) fn catch_up(self: &Rc<Self>) {
        if self.fetching.replace(true) {
            return;
        }
        let page = Rc::clone(self);
        spawn_local(async move {
            let outcome = loop {
                let next = match fetch::get::<Batch>(&page.url_from_here("changes")).await {
                    Answer::Good(batch) => page.apply(batch),
                    Answer::Reset(epoch) => Next::Reset(epoch),
                    Answer::Failed => break Input::FetchFailed,
                };
                match next {
                    Next::Done => break Input::CaughtUp,
                    Next::Fetch => {}
                    Next::Reset(epoch) => {
                        page.fetching.set(false);
                        page.reset(epoch);
                        return;
                    }
                }
            };
            page.fetching.set(false);
            page.tell(outcome);
        });
    }

    /// Takes a batch from a stream; what it leaves open is fetched.
    pub(super) fn take(self: &Rc<Self>, batch: Batch) {
        match self.apply(batch) {
            Next::Done => {}
            Next::Fetch => self.catch_up(),
            Next::Reset(epoch) => self.reset(epoch),
        }
    }

    /// Fetches everything, and swaps in what is different: what stays the same keeps its node, and
    /// the reader their place. A moment of chance first, so that a thousand pages don't ask as one.
    pub(super) fn reset(self: &Rc<Self>, epoch: Epoch) {
        if self.shows != Shows::Entry {
            self.renew();
            return;
        }
        if self.fetching.replace(true) {
            return;
        }
        let page = Rc::clone(self);
        let ask = move || spawn_local(async move { page.start_again(epoch).await });
        Timeout::new(jitter(SPREAD_MS), ask).forget();
    }

    async fn start_again(self: Rc<Self>, epoch: Epoch) {
        let everything = self.fetch_everything(epoch).await;
        self.fetching.set(false);
        let Some(batches) = everything else {
            self.tell(Input::FetchFailed);
            return;
        };
        self.list.doubt();
        for batch in batches {
            self.reader.borrow_mut().restart(batch.cursor());
            let entry = batch.entry.map(|entry| *entry);
            self.show(batch.changes, entry.as_slice());
        }
        self.list.remove_stale();
        self.bar.show_waiting(self.list.waiting());
        self.note_cursor();
        self.tell(Input::CaughtUp);
    }

    async fn fetch_everything(&self, epoch: Epoch) -> Option<Vec<Batch>> {
        let mut cursor = Cursor::new(epoch, 0);
        let mut batches = Vec::new();
        loop {
            let url = [&self.url("changes"), "?since=", &cursor.to_string()].concat();
            let Answer::Good(batch) = fetch::get::<Batch>(&url).await else {
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

    /// Applies what is news of a batch.
    fn apply(self: &Rc<Self>, batch: Batch) -> Next {
        let epoch = batch.epoch.clone();
        let taken = self.reader.borrow_mut().apply(batch);
        match taken {
            Applied::Changes {
                changes,
                entries,
                more,
            } => {
                self.show(changes, &entries);
                self.note_cursor();
                if more { Next::Fetch } else { Next::Done }
            }
            Applied::Gap => Next::Fetch,
            Applied::Reset => Next::Reset(epoch),
        }
    }
}

/// A number of milliseconds below `longest`, by chance.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number between 0 and `longest`"
)]
pub fn jitter(longest: f64) -> u32 {
    (Math::random() * longest) as u32
}
