//! Announcements of new updates to screen readers. Updates within a short time are announced as
//! one.

use std::{cell::Cell, rc::Rc};

use gloo_timers::callback::Timeout;

use super::bar::FeedBar;

/// The time during which new updates are counted before they are announced, in milliseconds.
const DELAY_MS: u32 = 1_500;

/// Counts new updates, and announces them in a live region.
pub struct Announcer {
    bar: Rc<FeedBar>,
    count: Rc<Cell<usize>>,
}

impl Announcer {
    /// Returns an announcer that writes into the live region of `bar`.
    pub fn new(bar: Rc<FeedBar>) -> Self {
        Self {
            bar,
            count: Rc::default(),
        }
    }

    /// Announces `new` updates, together with others of the next moments.
    pub fn announce_later(&self, new: usize) {
        if new == 0 {
            return;
        }
        let before = self.count.replace(self.count.get() + new);
        if before == 0 {
            let (count, bar) = (Rc::clone(&self.count), Rc::clone(&self.bar));
            Timeout::new(DELAY_MS, move || bar.announce(count.take())).forget();
        }
    }
}
