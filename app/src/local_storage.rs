//! The browser's local storage: readers' choices, drafts, and claims of streams. The browser may
//! have no storage; then every page starts as the server rendered it.

use leptos::prelude::window;

/// The key of the order that the reader chose. The page's inline scripts read it, too, before the
/// first paint.
pub const ORDER: &str = "ringside-order";
/// The key of the time zone that the reader chose: `own` or `entry`.
pub const ZONE: &str = "ringside-zone";

/// The key of the updates that were liked in this browser.
#[cfg_attr(
    test,
    expect(
        dead_code,
        reason = "the like buttons, which alone use it, have no tests here"
    )
)]
pub const LIKES: &str = "ringside-likes";

/// The key of the last messages that were read in each room.
pub const READ: &str = "ringside-read";
/// The key of the name under which the reader writes in rooms.
pub const NICK: &str = "ringside-nick";

/// The key of the slots for streams, and the pages that hold them.
pub const STREAMS: &str = "ringside-streams";

/// Returns the value of `key`.
pub fn get(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(key).ok()?
}

/// Sets the value of `key`. Returns whether it was stored.
pub fn set(key: &str, value: &str) -> bool {
    match window().local_storage() {
        Ok(Some(storage)) => storage.set_item(key, value).is_ok(),
        _ => false,
    }
}

/// Returns the keys that begin with `prefix`.
#[cfg_attr(
    test,
    expect(
        dead_code,
        reason = "the composer, which alone uses it, has no tests here"
    )
)]
pub fn keys(prefix: &str) -> Vec<String> {
    let Ok(Some(storage)) = window().local_storage() else {
        return Vec::new();
    };
    let keys = (0..storage.length().unwrap_or_default()).filter_map(|at| storage.key(at).ok()?);
    keys.filter(|key| key.starts_with(prefix)).collect()
}

/// Removes `key`.
#[cfg_attr(
    test,
    expect(
        dead_code,
        reason = "the composer, which alone uses it, has no tests here"
    )
)]
pub fn remove(key: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        // If nothing can be removed, nothing was stored.
        let _ = storage.remove_item(key);
    }
}
