//! Random ids.

use std::fmt::Write as _;

use js_sys::Uint8Array;
use leptos::prelude::window;

/// Returns 128 random bits in hexadecimal. `crypto.randomUUID` is missing on plain http.
pub fn random_id() -> String {
    let bytes = Uint8Array::new_with_length(16);
    if let Ok(crypto) = window().crypto() {
        // Can't fail: sixteen bytes are far below the limit of 65,536.
        let _ = crypto.get_random_values_with_array_buffer_view(&bytes);
    }
    let mut id = String::with_capacity(32);
    for byte in bytes.to_vec() {
        // Can't fail: it is a string.
        let _ = write!(id, "{byte:02x}");
    }
    id
}
