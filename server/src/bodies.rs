//! Request bodies: how many bytes a caller may send, how long they may take to arrive, and how many
//! are held in memory at once.
//!
//! A body is read by the handler that needs it, once the request was routed and its caller is
//! known. What no handler read is read and discarded afterwards, within bounds: a browser that is
//! cut off while it sends shows that the connection was reset, and not the response.

use std::{
    mem,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use app::PageRequest;
use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::{StatusCode, header::EXPECT},
};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};

use crate::problem::Problem;

/// The longest body of a caller that is not logged in, in bytes: a login takes some hundred.
const ANONYMOUS_LIMIT: usize = 16 * 1024;
/// The longest body of a caller that is logged in or has a token, in bytes. The longest update,
/// 50,000 characters, takes 600,000 in a form: a character has at most four bytes in UTF-8, each
/// sent as `%XX`.
const CALLER_LIMIT: usize = 640 * 1024;
/// How many bytes of all anonymous callers' bodies are held at once. A share of its own, so that
/// anonymous callers can't keep authors from posting.
const ANONYMOUS_TOTAL: usize = 16 * 1024 * 1024;
/// How many bytes of all other callers' bodies are held at once.
const CALLER_TOTAL: usize = 48 * 1024 * 1024;
/// How long a body may take to arrive: enough for the longest over a bad line, and too little to
/// keep a thousand connections busy.
const DEADLINE: Duration = Duration::from_mins(1);
/// How many bytes are discarded of a body that no handler read: more than anybody pastes by
/// mistake.
const DISCARDED: u64 = 16 * 1024 * 1024;
/// After how many seconds a request may be repeated that found no memory for its body.
const RETRY_AFTER: u16 = 5;

/// The bodies that are held in memory; cheap to clone.
#[derive(Clone, Debug)]
pub struct Bodies(Arc<Memory>);

/// The memory that is free, one permit for each byte.
#[derive(Debug)]
struct Memory {
    anonymous: Arc<Semaphore>,
    callers: Arc<Semaphore>,
}

/// Who sends a body, which decides how long it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Nobody is logged in.
    Anonymous,
    /// An account, by its session or its token.
    Caller,
}

/// A body that arrived whole, counted among those that are held for as long as this lives.
#[derive(Debug)]
pub struct ReceivedBody {
    /// The body.
    pub bytes: Bytes,
    /// Its share of the memory.
    pub held: Held,
}

/// A share of the memory for bodies, until it is dropped.
pub type Held = Option<OwnedSemaphorePermit>;

impl Default for Bodies {
    fn default() -> Self {
        Self::with_totals(ANONYMOUS_TOTAL, CALLER_TOTAL)
    }
}

impl Bodies {
    fn with_totals(anonymous: usize, callers: usize) -> Self {
        Self(Arc::new(Memory {
            anonymous: Arc::new(Semaphore::new(anonymous)),
            callers: Arc::new(Semaphore::new(callers)),
        }))
    }

    /// Returns the whole of `body`.
    ///
    /// # Errors
    /// 413 if it is longer than `sender` may send, 408 if it takes longer than a minute, 400 if it
    /// ends early, 503 if too many bytes of other bodies are held.
    pub async fn receive(&self, body: Body, sender: Sender) -> Result<ReceivedBody, Problem> {
        self.receive_within(DEADLINE, body, sender).await
    }

    async fn receive_within(
        &self,
        deadline: Duration,
        body: Body,
        sender: Sender,
    ) -> Result<ReceivedBody, Problem> {
        // Not even begun, so that a client that waits for "100 Continue" needn't send it.
        if body.size_hint().lower() > sender.limit() as u64 {
            return Err(sender.too_long());
        }
        let received = timeout(deadline, self.collect(body, sender)).await;
        received.unwrap_or_else(|_| {
            let sentence = "The request took too long to arrive. Send it again.";
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, sentence))
        })
    }

    async fn collect(&self, mut body: Body, sender: Sender) -> Result<ReceivedBody, Problem> {
        let memory = match sender {
            Sender::Anonymous => &self.0.anonymous,
            Sender::Caller => &self.0.callers,
        };
        let mut bytes = Vec::new();
        let mut held: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                let sentence = "The request broke off before its end. Send it again.";
                return Err(Problem::new(StatusCode::BAD_REQUEST, sentence));
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if bytes.len() + data.len() > sender.limit() {
                return Err(sender.too_long());
            }
            // By what arrived and not by what was announced: announcing costs nothing.
            let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
            let Ok(permit) = Arc::clone(memory).try_acquire_many_owned(length) else {
                return Err(overloaded());
            };
            match &mut held {
                Some(held) => held.merge(permit),
                None => held = Some(permit),
            }
            bytes.extend_from_slice(&data);
        }
        Ok(ReceivedBody {
            bytes: bytes.into(),
            held,
        })
    }
}

impl Sender {
    /// Who sends `request`, behind [`identify`](crate::identity::identify).
    pub fn of(request: &Request) -> Self {
        match request.extensions().get::<PageRequest>() {
            Some(PageRequest {
                caller: Some(_), ..
            }) => Self::Caller,
            _ => Self::Anonymous,
        }
    }

    const fn limit(self) -> usize {
        match self {
            Self::Anonymous => ANONYMOUS_LIMIT,
            Self::Caller => CALLER_LIMIT,
        }
    }

    /// 413, in a sentence.
    fn too_long(self) -> Problem {
        let sentence = match self {
            Self::Anonymous => {
                "This is larger than the 16 KiB that can be sent without logging in. Send less, or log in first."
            }
            Self::Caller => "This is larger than the 640 KiB that can be sent at once. Send less.",
        };
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, sentence)
    }
}

fn overloaded() -> Problem {
    let sentence = "The server receives too much at the moment; nothing was changed. Send it again in a few seconds.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, sentence).retry_after(RETRY_AFTER)
}

/// The body of a request, while and after it is handled.
#[derive(Debug)]
pub struct Unread {
    lent: Arc<Mutex<Lent>>,
    begun: Instant,
    waits_for_continue: bool,
}

#[derive(Debug)]
struct Lent {
    body: Body,
    polled: bool,
    ended: bool,
}

impl Unread {
    /// Lends the request's body to its handler; `None` if it has none.
    pub fn lend(request: &mut Request) -> Option<Self> {
        if request.body().is_end_stream() {
            return None;
        }
        let waits_for_continue = request.headers().contains_key(EXPECT);
        let lent = Arc::new(Mutex::new(Lent {
            body: mem::take(request.body_mut()),
            polled: false,
            ended: false,
        }));
        *request.body_mut() = Body::new(Borrowed(Arc::clone(&lent)));
        Some(Self {
            lent,
            begun: Instant::now(),
            waits_for_continue,
        })
    }

    /// Reads what the handler left of the body, within bounds, and discards it.
    pub async fn discard(self) {
        let Lent {
            body,
            polled,
            ended,
        } = {
            let mut lent = lock(&self.lent);
            let rest = Lent {
                body: mem::take(&mut lent.body),
                ..*lent
            };
            lent.ended = true;
            rest
        };
        // A client that waits for "100 Continue" sends nothing without it.
        if !ended && (polled || !self.waits_for_continue) {
            // The response follows, however this ends.
            let _ = timeout_at(self.begun + DEADLINE, discard(body)).await;
        }
    }
}

async fn discard(mut body: Body) {
    let mut discarded = 0;
    while let Some(Ok(frame)) = body.frame().await {
        discarded += frame.data_ref().map_or(0, |data| data.len() as u64);
        if discarded > DISCARDED {
            break;
        }
    }
}

fn lock(lent: &Mutex<Lent>) -> std::sync::MutexGuard<'_, Lent> {
    lent.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The body as its handler reads it.
struct Borrowed(Arc<Mutex<Lent>>);

impl HttpBody for Borrowed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut lent = lock(&self.0);
        if lent.ended {
            return Poll::Ready(None);
        }
        lent.polled = true;
        let frame = Pin::new(&mut lent.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            lent.ended = true;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        let lent = lock(&self.0);
        lent.ended || lent.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        lock(&self.0).body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, io};

    use futures::{StreamExt, stream};

    use super::*;

    fn letters(count: usize) -> impl futures::Stream<Item = io::Result<Bytes>> {
        stream::repeat_with(|| Ok(Bytes::from_static(&[b'a'; 1024]))).take(count / 1024)
    }

    async fn status_of(bodies: &Bodies, body: Body, sender: Sender) -> u16 {
        let deadline = Duration::from_millis(50);
        match bodies.receive_within(deadline, body, sender).await {
            Ok(_) => 200,
            Err(refused) => refused.status().as_u16(),
        }
    }

    #[tokio::test]
    async fn a_body_is_received_up_to_its_senders_limit() {
        let bodies = Bodies::default();
        for (sender, limit) in [
            (Sender::Anonymous, ANONYMOUS_LIMIT),
            (Sender::Caller, CALLER_LIMIT),
        ] {
            let received = bodies.receive(Body::from_stream(letters(limit)), sender);
            assert_eq!(received.await.unwrap().bytes.len(), limit);
            let announced = bodies.receive(Body::from(vec![0; limit + 1]), sender);
            assert_eq!(announced.await.unwrap_err().status(), 413);
            let unannounced = Body::from_stream(letters(limit + 1024));
            let unannounced = bodies.receive(unannounced, sender);
            assert_eq!(unannounced.await.unwrap_err().status(), 413);
        }
    }

    #[tokio::test]
    async fn a_body_that_does_not_arrive_whole_is_refused() {
        let bodies = Bodies::default();
        let broken = stream::iter([Err(io::Error::other("reset"))]);
        let broken = Body::from_stream(letters(1024).chain(broken));
        assert_eq!(status_of(&bodies, broken, Sender::Caller).await, 400);
        // However often it sends a little.
        let drip = stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok::<_, Infallible>(Bytes::from_static(b"a")), ()))
        });
        let drip = Body::from_stream(drip);
        assert_eq!(status_of(&bodies, drip, Sender::Caller).await, 408);
    }

    #[tokio::test]
    async fn bytes_beyond_all_memory_are_refused_until_some_is_free() {
        let bodies = Bodies::with_totals(2048, 2048);
        let body = || Body::from_stream(letters(2048));
        let first = bodies.receive(body(), Sender::Anonymous).await.unwrap();
        let refused = bodies.receive(body(), Sender::Anonymous).await;
        assert_eq!(refused.unwrap_err().status(), 503);
        // Callers have memory of their own.
        assert_eq!(status_of(&bodies, body(), Sender::Caller).await, 200);
        drop(first);
        assert_eq!(status_of(&bodies, body(), Sender::Anonymous).await, 200);
    }

    #[tokio::test]
    async fn what_a_handler_left_is_discarded_up_to_a_bound() {
        let sent = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let counted = Arc::clone(&sent);
        let endless = stream::repeat_with(move || {
            counted.fetch_add(1024, std::sync::atomic::Ordering::Relaxed);
            Ok::<_, Infallible>(Bytes::from_static(&[b'a'; 1024]))
        });
        let mut request = Request::new(Body::from_stream(endless));
        let unread = Unread::lend(&mut request).unwrap();
        let bodies = Bodies::default();
        let refused = bodies.receive(request.into_body(), Sender::Anonymous);
        assert_eq!(refused.await.unwrap_err().status(), 413);
        unread.discard().await;
        let sent = sent.load(std::sync::atomic::Ordering::Relaxed);
        assert!(sent > DISCARDED && sent < DISCARDED + 64 * 1024, "{sent}");
    }
}
