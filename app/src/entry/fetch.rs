//! Requests for the feed, with a deadline.

use domain::{Epoch, FETCH_DEADLINE_MS};
use leptos::prelude::window;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, Response};

use super::wire::{FromWire, ResetTo};

/// The result of a request.
pub enum FetchResult<T> {
    /// The value that was requested.
    Ok(T),
    /// 410: the cursor can't be continued. All changes of this epoch must be fetched.
    Reset(Epoch),
    /// No response, another status, or a body that can't be parsed.
    Failed,
}

/// Fetches the JSON at `url`.
pub async fn get<T: FromWire>(url: &str) -> FetchResult<T> {
    let Some((status, text)) = get_text(url).await else {
        return FetchResult::Failed;
    };
    let result = match status {
        200 => T::from_json(&text).map(FetchResult::Ok),
        410 => ResetTo::from_json(&text).map(|reset| FetchResult::Reset(reset.0)),
        _ => None,
    };
    result.unwrap_or(FetchResult::Failed)
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
