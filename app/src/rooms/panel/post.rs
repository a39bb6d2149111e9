//! Sends one message.

use domain::{AttemptResult, wire::Value};
use web_sys::{RequestInit, Response, UrlSearchParams};

use super::stored::Unsent;
use crate::live::{JsonValue, fetch};

/// The deadline of an attempt, in milliseconds.
const DEADLINE_MS: u32 = 15_000;

/// The response to a message.
pub enum Posted {
    /// It was sent, under this id. If the limit is nearly reached, how many more can be sent now.
    Sent(i64, Option<u32>),
    /// It waits for a moderator.
    Held,
    /// It was refused, with the server's sentence. `is_name` if the name was.
    Refused {
        /// The sentence.
        sentence: String,
        /// Whether the name was refused.
        is_name: bool,
        /// The seconds after which it can be sent, if a limit refused it.
        retry_after: Option<u32>,
    },
    /// A limit refused it, and it is sent again after these seconds.
    Limited(u32),
    /// The server can't process it now, or did not respond. Only what it sends in JSON counts as a
    /// response.
    Failed,
}

impl Posted {
    /// Returns what the response means for further attempts.
    pub const fn result(&self) -> AttemptResult {
        match self {
            Self::Sent(..) | Self::Held => AttemptResult::Done,
            Self::Refused { .. } => AttemptResult::Refused,
            Self::Failed | Self::Limited(_) => AttemptResult::NoResponse,
        }
    }
}

/// Sends a message to `url`.
pub async fn post(url: &str, message: &Unsent) -> Posted {
    try_post(url, message).await.unwrap_or(Posted::Failed)
}

async fn try_post(url: &str, message: &Unsent) -> Option<Posted> {
    let body = UrlSearchParams::new().ok()?;
    body.append("from", &message.from);
    body.append("text", &message.text);
    body.append("op_id", &message.op_id);
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_body(&body);
    let response = fetch::send(url, &options, DEADLINE_MS).await?;
    let json = JsonValue::parse(&fetch::body(&response).await?)?;
    let string = |name| json.get(name).and_then(|it| it.string());
    match response.status() {
        201 => Some(Posted::Sent(
            json.get("id")?.integer()?,
            few_left(&response),
        )),
        202 if string("state")? == "held" => Some(Posted::Held),
        status @ 400..500 => Some(Posted::Refused {
            sentence: string("detail")?,
            is_name: status == 409 || string("field").as_deref() == Some("from"),
            retry_after: (status == 429).then(|| seconds(&response)).flatten(),
        }),
        _ => None,
    }
}

/// Returns after how many seconds a message can be sent.
fn seconds(response: &Response) -> Option<u32> {
    response.headers().get("retry-after").ok()??.parse().ok()
}

/// Returns how many messages a person can still send now, if these are few.
fn few_left(response: &Response) -> Option<u32> {
    const FEW: u32 = 2;
    let limits = response.headers().get("ratelimit").ok()??;
    // The limit of the person is the first.
    let left = limits.split(';').find_map(|it| it.strip_prefix("r="))?;
    let left = left.parse().ok()?;
    (left <= FEW).then_some(left)
}
