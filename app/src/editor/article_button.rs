//! The button by which an author changes the article in the entry's page.

use leptos::{mount::mount_to, prelude::*, web_sys::HtmlElement};
use wasm_bindgen::JsCast;

use super::edit_dialog::{EditDialogState, Editing};

/// Adds the button above the article, for as long as the composer exists.
pub fn add_article_button(dialog: EditDialogState) {
    let Some(host) = create_host() else {
        return;
    };
    let mounted = mount_to(host.clone(), move || {
        view! {
            <button class="link" type="button" on:click=move |_| dialog.open(Editing::Article)>
                "Edit article"
            </button>
        }
    });
    let mounted = StoredValue::new_local(Some(mounted));
    on_cleanup(move || {
        mounted.try_update_value(Option::take);
        host.remove();
    });
}

fn create_host() -> Option<HtmlElement> {
    let header = document().query_selector(".entry-header").ok()??;
    let host = document().create_element("p").ok()?;
    for (name, value) in [
        ("class", "article-button"),
        ("lang", "en"),
        ("translate", "no"),
    ] {
        // Can't fail: the names are valid.
        let _ = host.set_attribute(name, value);
    }
    // Can't fail: both are elements of this document.
    let _ = header.after_with_node_1(&host);
    host.dyn_into().ok()
}
