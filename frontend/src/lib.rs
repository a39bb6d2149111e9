//! The browser's entry point. Hydrating the islands is all that happens here.

// Without a use of it the islands would be left out of the wasm.
use app as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page once the wasm is there; the page's script then wakes each island.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
