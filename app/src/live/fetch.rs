//! Requests for the feed, with a deadline.

use domain::{FETCH_DEADLINE_MS, Fetched, Reset, wire::Decode};
use leptos::prelude::window;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, Response};

use super::wire::decode;

/// Fetches the JSON at `url`.
pub async fn get<T: Decode>(url: &str) -> Fetched<T> {
    let Some((status, text)) = get_text(url).await else {
        return Fetched::Failed;
    };
    let result = match status {
        200 => decode(&text).map(Fetched::Received),
        410 => decode::<Reset>(&text).map(|reset| Fetched::Reset(reset.epoch)),
        _ => None,
    };
    result.unwrap_or(Fetched::Failed)
}

/// Fetches `url`. Returns the status and the body.
pub async fn get_text(url: &str) -> Option<(u16, String)> {
    let options = RequestInit::new();
    options.set_signal(Some(&AbortSignal::timeout_with_u32(FETCH_DEADLINE_MS)));
    let response = JsFuture::from(window().fetch_with_str_and_init(url, &options));
    let response: Response = response.await.ok()?.dyn_into().ok()?;
    let text = JsFuture::from(response.text().ok()?).await.ok()?;
    Some((response.status(), text.as_string()?))
}
