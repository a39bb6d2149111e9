//! The panel of a room in the browser: its messages as they are sent, and a form that sends. A
//! chunk of its own, which is loaded when a room is opened.
//!
//! - `frame`: the panel beside an entry's updates. On a phone, it covers them.
//! - `view`: what the client of the room's feed shows.
//! - `list`: the messages, and what the reader has read of them.
//! - `sending`: the form, and the messages that wait to be sent; `post` sends one.
//! - `stored`: what the browser remembers.
//! - `quote`: a message as a quotation in the composer.

#![expect(
    clippy::unnecessary_wraps,
    reason = "loading a split function can fail, so the function returns a `Result`"
)]

mod frame;
mod list;
mod post;
mod quote;
mod sending;
mod stored;
mod view;

use web_sys::Element;

use crate::{live::dom::by_id, moderation::live_queue, not_loaded::NotLoaded};

/// Opens the room that `link` leads to, beside the updates. Without a link, makes the page of a
/// room, or the queue of its moderators, live.
#[cfg_attr(
    not(test),
    leptos::wasm_split::wasm_split(rooms, wasm_split_path = ::leptos::wasm_split, fallible)
)]
pub fn open_room(link: Option<Element>) -> Result<(), NotLoaded> {
    if let Some(link) = link {
        frame::open(&link);
    } else {
        live_queue::start();
        if let Some(room) = by_id(view::ROOM) {
            view::start(&room, |_| {});
        }
    }
    Ok(())
}
