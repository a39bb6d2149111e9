//! The entry point of the wasm: hydrates the islands.

// Without this use, the linker would leave the islands out.
use app as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Padding in the data segment. The splitter moves the composer's data into the composer's chunk,
/// and aligns the remaining parts again. If they then need more space than the segment has, it
/// leaves all data in every reader's wasm (10 KB with brotli). Nothing refers to the padding, so it
/// is removed from the result and costs nothing.
#[used]
static ROOM_TO_SPLIT: [u8; 4096] = [b'-'; 4096];

/// Prepares hydration. The page's script calls this once, and then hydrates each island.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
