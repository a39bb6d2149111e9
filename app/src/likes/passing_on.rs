//! Passes events on to the like buttons, whose code is loaded at the first of them.

use super::event::LikeEvent;

/// Passes an event on. Loads the code of the like buttons if it isn't loaded.
pub fn pass_on(event: LikeEvent) {
    #[cfg(not(test))]
    wasm_bindgen_futures::spawn_local(async move {
        // If it can't be loaded, the next event tries again.
        let _ = super::buttons::on_like_event(event).await;
    });
    #[cfg(test)]
    drop(event);
}
