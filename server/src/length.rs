//! How long a request may be.

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{StatusCode, header::EXPECT},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Limited};

/// The longest request, in bytes: room for a text far too long, so that its author hears so in a
/// sentence and gets it back.
const LONGEST: usize = 4 * 1024 * 1024;
/// How much of a longer one is heard out, in bytes: more than anybody pastes by mistake.
const HEARD_OUT: u64 = 64 * 1024 * 1024;

/// Refuses what is too long (413). It is heard out first, and forgotten: a browser that is cut off
/// while it sends shows that the connection was reset, and no answer.
pub async fn limit_length(request: Request, next: Next) -> Response {
    if request.body().size_hint().lower() <= LONGEST as u64 {
        return next
            .run(request.map(|body| Body::new(Limited::new(body, LONGEST))))
            .await;
    }
    // Who asks first, before sending, needn't send.
    if !request.headers().contains_key(EXPECT) {
        let mut body = request.into_body();
        let mut heard = 0;
        while let Some(Ok(frame)) = body.frame().await {
            heard += frame.data_ref().map_or(0, |data| data.len() as u64);
            if heard > HEARD_OUT {
                break;
            }
        }
    }
    StatusCode::PAYLOAD_TOO_LARGE.into_response()
}
