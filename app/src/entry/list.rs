//! The list of an entry's cards, in parts that are rendered once and cached.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use axum::body::Bytes;
use domain::Order;
use leptos::prelude::expect_context;
use newsroom::{Cards, Entry, ListForm, ListPart, LiveUpdate};

use super::chunk::{FULL, FULL_CLASS, OPEN_CLASS};

/// The number of updates in a part: few enough that rendering it again after a revision costs
/// little, and enough for good compression. A multiple of a chunk.
const PART: usize = 2 * FULL;

/// The placeholder for the list in a rendered document. No text of an author can contain it: the
/// sanitizer removes comments, other texts are escaped, and none comes after the list.
const PLACEHOLDER: &str = "<!--list-->";

/// The parts of the list in the document that is being rendered. They are not copied into its HTML.
#[derive(Clone, Debug, Default)]
pub struct DocumentList(Arc<Mutex<Vec<Arc<ListPart>>>>);

impl DocumentList {
    /// Adds `parts` to the document that is being rendered, and returns their placeholder.
    pub fn insert(parts: Vec<Arc<ListPart>>) -> String {
        let list: Self = expect_context();
        *list.0.lock().unwrap_or_else(PoisonError::into_inner) = parts;
        PLACEHOLDER.to_owned()
    }

    /// Splits the rendered document `html` at its list. Returns the bytes before the list, the
    /// parts of the list, and the bytes after it; `None` if there is no list.
    pub fn split(&self, html: &Bytes) -> Option<(Bytes, Vec<Arc<ListPart>>, Bytes)> {
        let parts = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let at = html
            .windows(PLACEHOLDER.len())
            .rposition(|bytes| bytes == PLACEHOLDER.as_bytes())?;
        Some((
            html.slice(..at),
            parts,
            html.slice(at + PLACEHOLDER.len()..),
        ))
    }
}

/// Returns the list of an entry's `updates`, given oldest first, in the order of `form`.
pub fn list_parts(
    cards: &Cards,
    entry: &Entry,
    updates: &[Arc<LiveUpdate>],
    form: ListForm,
) -> Vec<Arc<ListPart>> {
    let part = |updates: &[Arc<LiveUpdate>]| {
        let make = || html(cards, entry, updates, form);
        cards.parts().get(entry, form, updates, make)
    };
    let mut parts: Vec<_> = updates.chunks(PART).map(part).collect();
    if order(form) == Order::Latest {
        parts.reverse();
    }
    parts
}

const fn order(form: ListForm) -> Order {
    match form {
        ListForm::Page(order) | ListForm::Block(order) => order,
    }
}

/// Returns the HTML of one part, whose `updates` are given oldest first.
fn html(cards: &Cards, entry: &Entry, updates: &[Arc<LiveUpdate>], form: ListForm) -> String {
    let cards: Vec<_> = updates
        .iter()
        .map(|update| cards.card(entry, update))
        .collect();
    list_html(&cards, form)
}

/// Returns the HTML of a list of `cards`, given oldest first. Only its newest chunk may be open.
pub fn list_html<Card: AsRef<str>>(cards: &[Card], form: ListForm) -> String {
    let in_order = |pieces: &mut Vec<String>| {
        if order(form) == Order::Latest {
            pieces.reverse();
        }
        pieces.concat()
    };
    let chunk = |cards: &[Card]| {
        let mut cards: Vec<_> = cards.iter().map(|card| card.as_ref().to_owned()).collect();
        let (count, html) = (cards.len(), in_order(&mut cards));
        match form {
            ListForm::Block(_) => html,
            ListForm::Page(_) if count < FULL => {
                format!(r#"<div class="{OPEN_CLASS}">{html}</div>"#)
            }
            ListForm::Page(_) => format!(r#"<div class="{FULL_CLASS}">{html}</div>"#),
        }
    };
    in_order(&mut cards.chunks(FULL).map(chunk).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the numbers in `html`, in their order.
    fn numbers(html: &str) -> Vec<usize> {
        html.split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect()
    }

    #[test]
    fn newest_chunk_is_the_open_one_in_either_order() {
        let cards: Vec<_> = (0..=FULL).map(|n| format!("<i>{n}</i>")).collect();
        let full = r#"<div class="chunk is-full">"#;
        let open = r#"<div class="chunk">"#;

        let oldest = list_html(&cards, ListForm::Page(Order::Oldest));
        assert_eq!(numbers(&oldest), (0..=FULL).collect::<Vec<_>>());
        assert_eq!(oldest.matches(full).count(), 1);
        assert!(oldest.ends_with(&format!("{open}<i>{FULL}</i></div>")));

        let latest = list_html(&cards, ListForm::Page(Order::Latest));
        assert_eq!(numbers(&latest), (0..=FULL).rev().collect::<Vec<_>>());
        assert!(latest.starts_with(&format!("{open}<i>{FULL}</i></div>{full}")));
    }

    #[test]
    fn block_contains_only_cards() {
        let cards = ["<i>1</i>", "<i>2</i>"];
        let block = list_html(&cards, ListForm::Block(Order::Latest));
        assert_eq!(block, "<i>2</i><i>1</i>");
    }
}
