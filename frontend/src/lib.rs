//! The browser's entry point. Hydrating the islands is all that happens here.

// Without a use of it the islands would be left out of the wasm.
use app as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Room in the data segment, in bytes that nothing refers to. The splitter moves the composer's strings and tables into
/// the composer's chunk, and aligns the parts anew: if they then take more room than the segment had, it leaves
/// them all in every reader's wasm (10 KB of brotli). What nothing refers to is left out, so this costs nothing.
#[used]
static ROOM_TO_SPLIT: [u8; 4096] = [b'-'; 4096];

/// Called by the page once the wasm is there; the page's script then hydrates each island.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
