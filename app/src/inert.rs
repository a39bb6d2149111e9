//! Parts of pages as HTML, without the markers by which Leptos finds the nodes that it hydrates.
//! HTML validators reject the markers, and only islands are hydrated.

use leptos::{prelude::*, tachys::html::InertElement};

/// Returns an optional part of a page; nothing if there is none.
pub fn optional(view: Option<impl IntoView>) -> InertElement {
    InertElement::new(view.map(RenderHtml::to_html).unwrap_or_default())
}

/// Returns several parts of a page, one after the other.
pub fn all(views: impl IntoIterator<Item = impl IntoView>) -> InertElement {
    InertElement::new(
        views
            .into_iter()
            .map(RenderHtml::to_html)
            .collect::<String>(),
    )
}
