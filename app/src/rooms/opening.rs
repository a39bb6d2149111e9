//! Opens rooms. Their code is loaded when the first one is opened.

use web_sys::Element;

/// Opens the room that `link` leads to, beside the updates. Without a link, makes the page of a
/// room live.
pub fn open(link: Option<Element>) {
    #[cfg(not(test))]
    wasm_bindgen_futures::spawn_local(async move {
        // If it can't be loaded, the next click tries again.
        let _ = super::panel::open_room(link).await;
    });
    // Tests in a browser have no loader of chunks.
    #[cfg(test)]
    drop(super::panel::open_room(link));
}
