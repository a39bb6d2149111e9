//! How long a request may be, and how long it may take to arrive.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::{StatusCode, header::EXPECT},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::problem::Problem;

/// The longest request, in bytes: room for a text far too long, so that its author hears so in a
/// sentence and gets it back.
const LONGEST: usize = 4 * 1024 * 1024;
/// How much of a longer one is heard out, in bytes: more than anybody pastes by mistake.
const HEARD_OUT: u64 = 64 * 1024 * 1024;
/// How long a request may take to arrive once its head has: enough for the longest on a bad line, and
/// too little for somebody who wants to keep a thousand connections busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// Hears a request out before anything is done with it. What is too long is refused (413), and so is
/// what doesn't arrive (408, or 400 if it broke off).
pub async fn limit_length(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    if request.body().size_hint().lower() > LONGEST as u64 {
        // Who asks first, before sending, needn't send.
        if !request.headers().contains_key(EXPECT) {
            // It is refused however it ends.
            let _ = timeout(PATIENCE, forget(request.into_body())).await;
        }
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let (parts, body) = request.into_parts();
    match hear(body, PATIENCE).await {
        Ok(heard) => {
            let request = Request::from_parts(parts, Body::from(heard));
            next.run(request).await
        }
        Err(refused) => refused,
    }
}

/// All of `body`, or why it is refused.
async fn hear(body: Body, patience: Duration) -> Result<Bytes, Response> {
    match timeout(patience, Limited::new(body, LONGEST).collect()).await {
        Ok(Ok(heard)) => Ok(heard.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(StatusCode::PAYLOAD_TOO_LARGE.into_response())
        }
        Ok(Err(_)) => {
            let sentence = "The request broke off before its end. Send it again.";
            Err(Problem::new(StatusCode::BAD_REQUEST, sentence).into_response())
        }
        Err(_) => {
            let sentence = "The request took too long to arrive. Send it again.";
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, sentence).into_response())
        }
    }
}

/// Hears what is too long, and forgets it: a browser that is cut off while it sends shows that the
/// connection was reset, and no answer.
async fn forget(mut body: Body) {
    let mut heard = 0;
    while let Some(Ok(frame)) = body.frame().await {
        heard += frame.data_ref().map_or(0, |data| data.len() as u64);
        if heard > HEARD_OUT {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use futures::{StreamExt, stream};

    use super::*;

    async fn status_of(body: Body, patience: Duration) -> u16 {
        match hear(body, patience).await {
            Ok(_) => 200,
            Err(refused) => refused.status().as_u16(),
        }
    }

    fn letters(count: usize) -> impl futures::Stream<Item = io::Result<Bytes>> {
        stream::repeat_with(|| Ok(Bytes::from_static(&[b'a'; 1024]))).take(count / 1024)
    }

    #[tokio::test]
    async fn what_arrives_is_heard() {
        let heard = hear(Body::from_stream(letters(LONGEST)), PATIENCE).await;
        assert_eq!(heard.unwrap().len(), LONGEST);
    }

    #[tokio::test]
    async fn what_does_not_is_refused() {
        let too_long = Body::from_stream(letters(LONGEST + 1024));
        assert_eq!(status_of(too_long, PATIENCE).await, 413);
        let broken = stream::iter([Err(io::Error::other("reset"))]);
        let broken = Body::from_stream(letters(1024).chain(broken));
        assert_eq!(status_of(broken, PATIENCE).await, 400);
        // However often it sends a little.
        let drip = stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok::<_, io::Error>(Bytes::from_static(b"a")), ()))
        });
        let patience = Duration::from_millis(50);
        assert_eq!(status_of(Body::from_stream(drip), patience).await, 408);
    }
}
