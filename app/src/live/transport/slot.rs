//! Slots for streams. The pages of one browser share a few slots, because over HTTP/1.1 a browser
//! opens only six connections to a server. A page has a stream only while it holds a slot.

use domain::{Claim, StreamSlots};
use js_sys::{Math, Reflect};
use leptos::prelude::window;

use crate::{browser_clock::now, local_storage};

/// A slot. Dropping it releases it for another page.
pub struct StreamSlot {
    /// The page's random id; `None` where streams share one connection and need no slot.
    page: Option<u64>,
}

impl StreamSlot {
    /// Takes a slot, if one is free. Always succeeds over HTTP/2 and HTTP/3, and in a browser
    /// without local storage, where pages can't coordinate.
    pub fn claim() -> Option<Self> {
        let slot = Self {
            page: (!streams_share_a_connection()).then(page_id),
        };
        if slot.renew() {
            return Some(slot);
        }
        // Without a claim there is nothing to release.
        std::mem::forget(slot);
        None
    }

    /// Renews the claim. Returns whether the slot is still held. It is lost if too many pages
    /// claimed one at once, or if the browser froze this page.
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

/// Returns a random id for this page.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and below 2^53"
)]
fn page_id() -> u64 {
    (Math::random() * 9e15) as u64
}

/// Returns whether the page was loaded over a protocol that multiplexes streams on one connection.
fn streams_share_a_connection() -> bool {
    let protocol = window()
        .performance()
        .map(|clock| clock.get_entries_by_type("navigation").get(0))
        .and_then(|navigation| Reflect::get(&navigation, &"nextHopProtocol".into()).ok())
        .and_then(|protocol| protocol.as_string());
    matches!(protocol.as_deref(), Some("h2" | "h3"))
}
