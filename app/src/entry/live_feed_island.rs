//! The island that keeps a page up to date: an entry's page, the front page, `/live`, the page of a
//! room, and the queue of its moderators.

use leptos::prelude::*;

/// Starts the client of the page. What it changes is not inside the island: it finds the list, and
/// the bar above it, by their ids (docs/adr/0018).
///
/// The client reads its parameters from the list's `data-` attributes: props would be JSON, and
/// would need a parser.
///
/// Hydration walks through no node: the view is an empty array, because an extension may have
/// inserted elements.
#[island]
pub fn LiveFeed() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    crate::live::start();
    [(); 0]
}
