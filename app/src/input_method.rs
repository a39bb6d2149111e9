//! Keys that an input method handles. Japanese, Chinese and Korean are typed with input methods,
//! where Enter accepts a suggestion.

use web_sys::KeyboardEvent;

/// The `keyCode` of a key that an input method handled (UI Events, 9.3.1). Safari has no other
/// mark on the key that ended a composition: it reports the end before the key.
const HANDLED_KEY_CODE: u32 = 229;

/// Returns whether an input method handles a key, so that the page must ignore it.
pub fn handles(event: &KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == HANDLED_KEY_CODE
}
