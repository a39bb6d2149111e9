//! Times of updates: in the entry's zone, as the server writes them, or in the reader's own.

use js_sys::{Date, Intl, Object, Reflect};
use wasm_bindgen::JsValue;
use web_sys::Element;

/// Where a time keeps what the server wrote, while something else is shown.
const WRITTEN: &str = "data-written";

/// The name of the reader's own zone, as in `Europe/Paris`.
pub fn own_zone() -> Option<String> {
    let format = Intl::DateTimeFormat::new(&js_sys::Array::new(), &Object::new());
    Reflect::get(&format.resolved_options(), &"timeZone".into())
        .ok()?
        .as_string()
}

/// Shows every time within `root` in the reader's own zone, or as the server wrote it.
pub fn show(root: &Element, own: bool) {
    let Ok(times) = root.query_selector_all("time[datetime]") else {
        return;
    };
    for at in 0..times.length() {
        if let Some(time) = times.item(at).map(wasm_bindgen::JsCast::unchecked_into) {
            show_one(&time, own);
        }
    }
}

fn show_one(time: &Element, own: bool) {
    let written = time.get_attribute(WRITTEN);
    match (own, written) {
        (true, None) => {
            let moment = time.get_attribute("datetime").unwrap_or_default();
            let shown = clock(&Date::new(&JsValue::from_str(&moment)));
            let written = time.text_content().unwrap_or_default();
            // A plain name is always taken.
            let _ = time.set_attribute(WRITTEN, &written);
            time.set_text_content(Some(&shown));
        }
        (false, Some(written)) => {
            time.set_text_content(Some(&written));
            let _ = time.remove_attribute(WRITTEN);
        }
        _ => {}
    }
}

/// As in `14:05`.
fn clock(moment: &Date) -> String {
    format!("{:02}:{:02}", moment.get_hours(), moment.get_minutes())
}

/// The time now, as in `14:05`.
pub fn clock_now() -> String {
    clock(&Date::new_0())
}
