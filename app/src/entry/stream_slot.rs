//! The slot that a page's stream takes of the few that the pages of one browser share.

use domain::{Claim, StreamSlots};
use js_sys::{Math, Reflect};
use leptos::prelude::window;

use crate::{browser_clock::now, local_storage};

/// A slot; dropped, it is free for another page.
pub struct StreamSlot {
    /// The page's name among the browser's pages; `None` where streams share one connection.
    page: Option<u64>,
}

impl StreamSlot {
    /// Takes a slot, if one is free. Where a browser keeps nothing, its pages can't share, and each has
    /// one; over HTTP/2 and HTTP/3 they need not.
    pub fn claim() -> Option<Self> {
        let slot = Self {
            page: (!streams_share_a_connection()).then(page_name),
        };
        if slot.renew() {
            return Some(slot);
        }
        // Nothing is held that could be freed.
        std::mem::forget(slot);
        None
    }

    /// Holds on to the slot. Returns whether it is still held: the pages took one too many, or this one
    /// was frozen.
    pub fn renew(&self) -> bool {
        let Some(page) = self.page else {
            return true;
        };
        let mut slots = stored();
        let claim = slots.claim(page, now());
        if claim == Claim::Changed {
            store(&slots);
        }
        claim != Claim::Refused
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        if let Some(page) = self.page {
            let mut slots = stored();
            slots.release(page);
            store(&slots);
        }
    }
}

fn stored() -> StreamSlots {
    let text = local_storage::get(local_storage::STREAMS).unwrap_or_default();
    StreamSlots::parse(&text, now())
}

fn store(slots: &StreamSlots) {
    local_storage::set(local_storage::STREAMS, &slots.to_text());
}

/// A number that no other page of the browser has.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and below 2^53"
)]
fn page_name() -> u64 {
    (Math::random() * 9e15) as u64
}

/// Whether the page came over a protocol that carries any number of streams on one connection.
fn streams_share_a_connection() -> bool {
    let protocol = window()
        .performance()
        .map(|clock| clock.get_entries_by_type("navigation").get(0))
        .and_then(|navigation| Reflect::get(&navigation, &"nextHopProtocol".into()).ok())
        .and_then(|protocol| protocol.as_string());
    matches!(protocol.as_deref(), Some("h2" | "h3"))
}
