//! Loads the composer's code, for authors only.

use leptos::{prelude::document, web_sys::HtmlElement};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use super::{form::mount_composer, load_error::LoadError};

/// Loads the composer if somebody is logged in, according to a cookie that is set at login and
/// contains no secret. The server decides who may post. The entry's slug and number are in the
/// list's `data-` attributes.
pub fn load_composer(host: &str) {
    let is_author = document()
        .document_element()
        .is_some_and(|root| root.class_list().contains("author"));
    let host = document()
        .get_element_by_id(host)
        .and_then(|host| host.dyn_into::<HtmlElement>().ok());
    let list = document().get_element_by_id("live-updates");
    let data = |name| list.as_ref()?.get_attribute(name);
    let (slug, entry) = (data("data-slug"), data("data-entry-id"));
    if let (true, Some(host), Some(slug), Some(entry)) = (is_author, host, slug, entry) {
        spawn_local(async move {
            if mount_composer(host, slug, entry).await.is_err() {
                LoadError::Unreachable.show();
            }
        });
    }
}
