//! Renders the parts of pages that the feed also carries, with the renderer of the `app` crate:
//! cards (cached by revision), highlights, and entry summaries.

use std::{fmt, sync::Arc};

use domain::{Epoch, MessageId, Rev, UpdateId, ZoneName};
use moka::sync::Cache;

use crate::{Entry, ListParts, LiveUpdate, Message, Room, SafeHtml};

/// Renders the parts of pages that the feed also carries. Pages and all transports use the same
/// renderer, so that their bytes are equal.
pub trait Render: Send + Sync {
    /// Renders an update's card: one element.
    fn card(&self, entry: &Entry, update: &LiveUpdate) -> String;

    /// Renders the highlights above an entry's list, from its pinned and key updates. Empty if
    /// there are none.
    fn highlights(&self, entry: &Entry, highlights: &[LiveUpdate]) -> String;

    /// Renders an entry's article: one element.
    fn article(&self, entry: &Entry, html: &SafeHtml) -> String;

    /// Renders an entry's row on the front page, with its latest update if there is one: one
    /// element.
    fn summary(&self, entry: &Entry, latest: Option<&LiveUpdate>) -> String;

    /// Renders the period in which an entry is live, with `<time>` elements.
    fn since(&self, entry: &Entry) -> String;

    /// Renders a message, with its time in `zone`: one element.
    fn message(&self, message: &Message, zone: &ZoneName) -> String;
}

/// The size of the card cache, in bytes.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// The size of the cache of messages, in bytes.
const MESSAGE_BYTES: u64 = 16 * 1024 * 1024;

/// The renderer, and a cache of cards by update and revision.
#[derive(Clone)]
pub struct Cards {
    render: Arc<dyn Render>,
    cache: Cache<(Epoch, UpdateId, Rev), Arc<str>>,
    messages: Cache<(Epoch, MessageId, Rev, ZoneName), Arc<str>>,
    parts: ListParts,
}

impl Cards {
    pub(crate) fn new(render: Arc<dyn Render>) -> Self {
        let cache = Cache::builder()
            .max_capacity(CACHE_BYTES)
            .weigher(|_, card: &Arc<str>| u32::try_from(card.len()).unwrap_or(u32::MAX))
            .build();
        let messages = Cache::builder()
            .max_capacity(MESSAGE_BYTES)
            .weigher(|_, message: &Arc<str>| u32::try_from(message.len()).unwrap_or(u32::MAX))
            .build();
        Self {
            render,
            cache,
            messages,
            parts: ListParts::default(),
        }
    }

    /// Returns the card of `update`.
    pub fn card(&self, entry: &Entry, update: &LiveUpdate) -> Arc<str> {
        let key = (entry.epoch, update.id, update.rev);
        self.cache
            .get_with(key, || self.render.card(entry, update).into())
    }

    /// Returns the card of a message in `room`.
    pub fn message(&self, room: &Room, message: &Message) -> Arc<str> {
        let zone = room.time_zone();
        let key = (room.epoch, message.id, message.rev, zone.clone());
        self.messages
            .get_with(key, || self.render.message(message, &zone).into())
    }

    /// Returns the cache of rendered parts of lists.
    pub const fn parts(&self) -> &ListParts {
        &self.parts
    }

    /// Renders the highlights of `entry`: its pinned and key updates.
    pub fn highlights(&self, entry: &Entry, highlights: &[LiveUpdate]) -> String {
        self.render.highlights(entry, highlights)
    }

    /// Renders the period in which `entry` is live, as HTML.
    pub fn since(&self, entry: &Entry) -> String {
        self.render.since(entry)
    }

    /// Renders the article of `entry`; empty if it has none.
    pub fn article(&self, entry: &Entry, html: &SafeHtml) -> String {
        if html.as_str().is_empty() {
            String::new()
        } else {
            self.render.article(entry, html)
        }
    }

    /// Renders the row of `entry` on the front page, with its `latest` update.
    pub fn summary(&self, entry: &Entry, latest: Option<&LiveUpdate>) -> String {
        self.render.summary(entry, latest)
    }
}

impl fmt::Debug for Cards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cards")
            .field("cards", &self.cache.entry_count())
            .finish_non_exhaustive()
    }
}
