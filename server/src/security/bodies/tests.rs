use std::{convert::Infallible, io};

use futures::{StreamExt, stream};

use super::*;

const CALLER: Sender = Sender::Caller(BodyLimit(CALLER_LIMIT));

fn letters(count: usize) -> impl futures::Stream<Item = io::Result<Bytes>> {
    stream::repeat_with(|| Ok(Bytes::from_static(&[b'a'; 1024]))).take(count / 1024)
}

async fn status_of(bodies: &Bodies, body: Body, sender: Sender) -> u16 {
    let limit = Duration::from_millis(50);
    match bodies.receive_within(limit, body, sender).await {
        Ok(_) => 200,
        Err(interrupted) => interrupted.problem.status().as_u16(),
    }
}

#[tokio::test]
async fn body_is_received_up_to_the_senders_limit() {
    let bodies = Bodies::default();
    for (sender, limit) in [(Sender::Anonymous, ANONYMOUS_LIMIT), (CALLER, CALLER_LIMIT)] {
        let received = bodies.receive(Body::from_stream(letters(limit)), sender);
        assert_eq!(received.await.unwrap().bytes.len(), limit);
        let announced = bodies.receive(Body::from(vec![0; limit + 1]), sender);
        assert_eq!(announced.await.unwrap_err().problem.status(), 413);
        let unannounced = Body::from_stream(letters(limit + 1024));
        let unannounced = bodies.receive(unannounced, sender);
        assert_eq!(unannounced.await.unwrap_err().problem.status(), 413);
    }
}

#[tokio::test]
async fn route_can_have_another_limit() {
    let limit = 2 * CALLER_LIMIT;
    let mut request = Request::new(Body::from_stream(letters(limit)));
    request.extensions_mut().insert(BodyLimit(limit));
    let sender = Sender::caller(request.extensions());
    let bodies = Bodies::default();
    let received = bodies.receive(request.into_body(), sender).await.unwrap();
    assert_eq!(received.bytes.len(), limit);
    let longer = bodies.receive(Body::from(vec![0; limit + 1]), sender).await;
    assert!(longer.unwrap_err().problem.sentence().contains("1280 KiB"));
}

#[tokio::test]
async fn incomplete_body_is_rejected() {
    let bodies = Bodies::default();
    let broken = stream::iter([Err(io::Error::other("reset"))]);
    let broken = Body::from_stream(letters(1024).chain(broken));
    assert_eq!(status_of(&bodies, broken, CALLER).await, 400);
    // A little data, again and again, does not extend the limit.
    let drip = stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Some((Ok::<_, Infallible>(Bytes::from_static(b"a")), ()))
    });
    let drip = Body::from_stream(drip);
    assert_eq!(status_of(&bodies, drip, CALLER).await, 408);
}

#[tokio::test]
async fn body_is_rejected_while_there_is_no_memory_for_it() {
    let bodies = Bodies::with_totals(2048, 2048);
    let body = || Body::from_stream(letters(2048));
    let first = bodies.receive(body(), Sender::Anonymous).await.unwrap();
    let refused = bodies.receive(body(), Sender::Anonymous).await;
    assert_eq!(refused.unwrap_err().problem.status(), 503);
    // Authenticated callers have separate memory.
    assert_eq!(status_of(&bodies, body(), CALLER).await, 200);
    drop(first);
    assert_eq!(status_of(&bodies, body(), Sender::Anonymous).await, 200);
}

#[tokio::test]
async fn unread_body_is_discarded_up_to_a_limit() {
    let sent = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let endless = stream::repeat_with(move || {
        counted.fetch_add(1024, std::sync::atomic::Ordering::Relaxed);
        Ok::<_, Infallible>(Bytes::from_static(&[b'a'; 1024]))
    });
    let mut request = Request::new(Body::from_stream(endless));
    let unread = UnreadBody::share(&mut request).unwrap();
    let bodies = Bodies::default();
    let refused = bodies.receive(request.into_body(), Sender::Anonymous);
    assert_eq!(refused.await.unwrap_err().problem.status(), 413);
    unread.discard().await;
    let sent = sent.load(std::sync::atomic::Ordering::Relaxed);
    assert!(
        sent > MAX_DISCARDED && sent < MAX_DISCARDED + 64 * 1024,
        "{sent}"
    );
}
