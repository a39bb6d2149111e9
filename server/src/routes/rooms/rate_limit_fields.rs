//! The header fields that show what is left of the limits of messages
//! (draft-ietf-httpapi-ratelimit-headers).

use axum::http::{HeaderName, HeaderValue};
use newsroom::Allowance;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Returns the fields `RateLimit-Policy` and `RateLimit`; none without a limit.
pub fn rate_limit_fields(allowances: &[Allowance]) -> axum::http::HeaderMap {
    let policy = list(allowances, |it| {
        format!("\"{}\";q={};w={}", it.name, it.quota, it.window)
    });
    let limit = list(allowances, |it| {
        format!("\"{}\";r={};t={}", it.name, it.remaining, it.reset)
    });
    [(POLICY, policy), (LIMIT, limit)]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn list(allowances: &[Allowance], item: impl Fn(&Allowance) -> String) -> Option<HeaderValue> {
    let items: Vec<_> = allowances.iter().map(item).collect();
    let value = (!items.is_empty()).then(|| items.join(", "))?;
    HeaderValue::try_from(value).ok()
}
