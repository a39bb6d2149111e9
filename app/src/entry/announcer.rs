//! Tells those who can't see it that something arrived: politely, and many as one.

use std::cell::Cell;

use gloo_timers::callback::Timeout;
use leptos::prelude::*;

/// How long arrivals are gathered before they are announced.
const GATHER_MS: u32 = 1_500;

/// Gathers arrivals, and puts a sentence about them into a live region.
pub struct Announcer {
    sentence: WriteSignal<String>,
    waiting: std::rc::Rc<Cell<usize>>,
}

impl Announcer {
    /// An announcer that speaks through `sentence`.
    pub fn new(sentence: WriteSignal<String>) -> Self {
        Self {
            sentence,
            waiting: std::rc::Rc::default(),
        }
    }

    /// `count` updates arrived.
    pub fn arrived(&self, count: usize) {
        if count == 0 {
            return;
        }
        let waiting = self.waiting.replace(self.waiting.get() + count);
        if waiting == 0 {
            let (waiting, sentence) = (self.waiting.clone(), self.sentence);
            Timeout::new(GATHER_MS, move || {
                sentence.set(new_updates(waiting.take()));
            })
            .forget();
        }
    }
}

/// As in `3 new updates`.
pub fn new_updates(count: usize) -> String {
    match count {
        1 => "1 new update".to_owned(),
        count => format!("{count} new updates"),
    }
}
