//! Tells those who can't see it that something arrived: politely, and many as one.

use std::{cell::Cell, rc::Rc};

use gloo_timers::callback::Timeout;

use super::feed_bar::FeedBar;

/// How long arrivals are gathered before they are announced.
const GATHER_MS: u32 = 1_500;

/// Gathers arrivals, and puts a sentence about them into a live region.
pub struct Announcer {
    bar: Rc<FeedBar>,
    waiting: Rc<Cell<usize>>,
}

impl Announcer {
    /// An announcer that speaks through `bar`.
    pub fn new(bar: Rc<FeedBar>) -> Self {
        Self {
            bar,
            waiting: Rc::default(),
        }
    }

    /// `count` updates arrived.
    pub fn arrived(&self, count: usize) {
        if count == 0 {
            return;
        }
        let waiting = self.waiting.replace(self.waiting.get() + count);
        if waiting == 0 {
            let (waiting, bar) = (Rc::clone(&self.waiting), Rc::clone(&self.bar));
            Timeout::new(GATHER_MS, move || bar.announce(waiting.take())).forget();
        }
    }
}
