//! Asking the server for the feed, with a deadline.

use js_sys::{JSON, Reflect};
use leptos::prelude::window;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, Response};

/// A question that takes longer was lost on the way.
const DEADLINE_MS: u32 = 10_000;

/// What came back.
pub enum Answer<T> {
    /// What was asked for.
    Good(T),
    /// The cursor can't be continued from (410): the epoch to fetch everything of.
    Reset(String),
    /// Nothing of use.
    Failed,
}

/// Asks for the JSON at `url`.
pub async fn get<T: DeserializeOwned>(url: &str) -> Answer<T> {
    let Some((status, text)) = get_text(url).await else {
        return Answer::Failed;
    };
    match status {
        200 => serde_json::from_str(&text).map_or(Answer::Failed, Answer::Good),
        410 => epoch_of(&text).map_or(Answer::Failed, Answer::Reset),
        _ => Answer::Failed,
    }
}

/// The epoch that an answer or an event of reset names.
pub fn epoch_of(reset: &str) -> Option<String> {
    let reset = JSON::parse(reset).ok()?;
    Reflect::get(&reset, &JsValue::from_str("epoch"))
        .ok()?
        .as_string()
}

async fn get_text(url: &str) -> Option<(u16, String)> {
    let options = RequestInit::new();
    options.set_signal(Some(&AbortSignal::timeout_with_u32(DEADLINE_MS)));
    let response = JsFuture::from(window().fetch_with_str_and_init(url, &options));
    let response: Response = response.await.ok()?.dyn_into().ok()?;
    let text = JsFuture::from(response.text().ok()?).await.ok()?;
    Some((response.status(), text.as_string()?))
}
