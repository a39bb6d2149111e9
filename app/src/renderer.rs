//! The renderer of the HTML that pages and the feed share.

use domain::ZoneName;
use newsroom::{Entry, LiveUpdate, Message, Render, SafeHtml};

use crate::{
    entry::{render_article, render_card, render_highlights, render_since},
    front::render_entry_summary,
    rooms::render_message,
};

/// Renders the parts of pages that the feed also carries.
#[derive(Clone, Copy, Debug)]
pub struct Renderer;

impl Render for Renderer {
    fn card(&self, entry: &Entry, update: &LiveUpdate) -> String {
        render_card(entry, update)
    }

    fn highlights(&self, entry: &Entry, highlights: &[LiveUpdate]) -> String {
        render_highlights(entry, highlights)
    }

    fn summary(&self, entry: &Entry, latest: Option<&LiveUpdate>) -> String {
        render_entry_summary(entry, latest)
    }

    fn article(&self, entry: &Entry, html: &SafeHtml) -> String {
        render_article(entry, html)
    }

    fn since(&self, entry: &Entry) -> String {
        render_since(entry)
    }

    fn message(&self, message: &Message, zone: &ZoneName) -> String {
        render_message(message, zone)
    }
}
