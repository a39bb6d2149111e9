//! What a reader's browser remembers of their choices. It may refuse to remember anything: then
//! every page begins as the server sent it.

use leptos::prelude::window;

/// The order that the reader chose; also read before paint, by the page's inline scripts.
pub const ORDER: &str = "ringside-order";
/// `own` if the reader wants times in their own zone.
pub const ZONE: &str = "ringside-zone";

/// Which pages of this browser hold a stream.
pub const STREAMS: &str = "ringside-streams";

/// What is remembered under `key`.
pub fn get(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(key).ok()?
}

/// Remembers `value` under `key`.
pub fn set(key: &str, value: &str) -> bool {
    match window().local_storage() {
        Ok(Some(storage)) => storage.set_item(key, value).is_ok(),
        _ => false,
    }
}

/// Forgets what is remembered under `key`.
pub fn forget(key: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        // Where nothing can be removed, nothing was remembered.
        let _ = storage.remove_item(key);
    }
}
