//! Asking the server for the feed, with a deadline.

use domain::{Epoch, FETCH_DEADLINE_MS};
use leptos::prelude::window;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, Response};

use super::wire::{FromWire, ResetTo};

/// What came back.
pub enum Answer<T> {
    /// What was asked for.
    Good(T),
    /// The cursor can't be continued from (410): the epoch to fetch everything of.
    Reset(Epoch),
    /// Nothing of use.
    Failed,
}

/// Asks for the JSON at `url`.
pub async fn get<T: FromWire>(url: &str) -> Answer<T> {
    let Some((status, text)) = get_text(url).await else {
        return Answer::Failed;
    };
    let answer = match status {
        200 => T::from_json(&text).map(Answer::Good),
        410 => ResetTo::from_json(&text).map(|reset| Answer::Reset(reset.0)),
        _ => None,
    };
    answer.unwrap_or(Answer::Failed)
}

/// Asks for what stands at `url`: a status, and a text.
pub async fn get_text(url: &str) -> Option<(u16, String)> {
    let options = RequestInit::new();
    options.set_signal(Some(&AbortSignal::timeout_with_u32(FETCH_DEADLINE_MS)));
    let response = JsFuture::from(window().fetch_with_str_and_init(url, &options));
    let response: Response = response.await.ok()?.dyn_into().ok()?;
    let text = JsFuture::from(response.text().ok()?).await.ok()?;
    Some((response.status(), text.as_string()?))
}
