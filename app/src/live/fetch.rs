//! Requests for the feed, with a deadline.

use domain::{FETCH_DEADLINE_MS, Fetched, Reset, wire::Decode};
use leptos::prelude::window;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit};

use super::wire::decode;

/// The status and the body of a response; `None` if none arrived in time.
pub type Response = Option<(u16, String)>;

/// Fetches `url`.
pub async fn get(url: &str) -> Response {
    let response = send(url, &RequestInit::new(), FETCH_DEADLINE_MS).await?;
    Some((response.status(), body(&response).await?))
}

/// Sends a request. Returns `None` if no response arrives before the deadline, in milliseconds.
pub async fn send(url: &str, options: &RequestInit, deadline_ms: u32) -> Option<web_sys::Response> {
    options.set_signal(Some(&AbortSignal::timeout_with_u32(deadline_ms)));
    let response = JsFuture::from(window().fetch_with_str_and_init(url, options));
    response.await.ok()?.dyn_into().ok()
}

/// Returns the body of a response; `None` if it does not arrive.
pub async fn body(response: &web_sys::Response) -> Option<String> {
    let text = JsFuture::from(response.text().ok()?).await.ok()?;
    text.as_string()
}

/// Returns the value in the response of a feed.
pub fn value<T: Decode>(response: Response) -> Fetched<T> {
    let value = response.and_then(|(status, text)| match status {
        200 => decode(&text).map(Fetched::Received),
        410 => decode::<Reset>(&text).map(|reset| Fetched::Reset(reset.epoch)),
        _ => None,
    });
    value.unwrap_or(Fetched::Failed)
}
