//! Receives request bodies, within limits of their length, their duration and the memory for all of
//! them.
//!
//! The handler reads the body, once the request has been routed and its caller is known. What the
//! handler leaves unread is read and discarded afterwards, up to a limit: a browser whose
//! connection is closed while it is still sending displays a connection error instead of the
//! response.
//!
//! axum's and tower-http's layers are not used. Their limit can't depend on the caller, who is
//! known only later, and a body that is announced as too long is polled all the same, which invites
//! a client that waits for "100 Continue" to send it. Their timeout begins again with each frame,
//! so that a client that sends a byte a minute is never cut off.

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
    http::{Extensions, StatusCode, header::EXPECT},
};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};

use crate::problem::Problem;

/// The body limit of anonymous callers, in bytes. A login form has some hundred.
const ANONYMOUS_LIMIT: usize = 16 * 1024;
/// The usual body limit of authenticated callers, in bytes. The longest update, 50,000 characters,
/// has 600,000 bytes in a form: a character has at most four bytes in UTF-8, each sent as `%XX`.
const CALLER_LIMIT: usize = 640 * 1024;
/// The body limit of the routes that accept an article, of 100,000 characters.
pub const ARTICLE_LIMIT: BodyLimit = BodyLimit(1280 * 1024);
/// The memory for all anonymous callers' bodies and for those of refused forms, in bytes. It is
/// separate, so that anonymous callers can't keep authors from posting.
const ANONYMOUS_TOTAL: usize = 16 * 1024 * 1024;
/// The memory for all authenticated callers' bodies, in bytes.
const CALLER_TOTAL: usize = 48 * 1024 * 1024;
/// How long a body may take to arrive: long enough for the longest body over a bad connection, and
/// too short to keep thousands of connections busy.
const BODY_TIMEOUT: Duration = Duration::from_mins(1);
/// How many bytes of an unread body are discarded: more than anyone pastes by mistake.
const MAX_DISCARDED: u64 = 16 * 1024 * 1024;
/// After how many seconds the client may retry when there was no memory for its body.
const RETRY_AFTER: u16 = 5;

/// The memory for request bodies; cheap to clone.
#[derive(Clone, Debug)]
pub struct Bodies(Arc<Memory>);

/// The free memory, as one permit per byte.
#[derive(Debug)]
struct Memory {
    anonymous: Arc<Semaphore>,
    callers: Arc<Semaphore>,
}

/// The sender of a body, which determines its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Without a session or a token.
    Anonymous,
    /// The sender of a form that was refused before its caller was known.
    Refused,
    /// Without an account, on a route that everyone may use, with this limit.
    Guest(GuestLimit),
    /// An account, authenticated by a session or a token, on a route with this limit.
    Caller(BodyLimit),
}

/// The body limit of authenticated callers on a route, in bytes. A route has another one if it is
/// registered with `.layer(Extension(BodyLimit(BYTES)))`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimit(pub usize);

/// The body limit of everyone without an account on a route, in bytes: an extension of its
/// requests, as [`BodyLimit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestLimit(pub usize);

impl Default for BodyLimit {
    fn default() -> Self {
        Self(CALLER_LIMIT)
    }
}

/// A complete body, or its beginning, and its share of the memory.
#[derive(Debug, Default)]
pub struct ReceivedBody {
    /// The body.
    pub bytes: Bytes,
    /// Its share of the memory, to be kept as long as the bytes.
    pub held: Held,
}

/// Why a body was not received completely, and its beginning.
#[derive(Debug)]
pub struct Interrupted {
    /// The problem.
    pub problem: Problem,
    /// What was received, up to the sender's limit.
    pub beginning: ReceivedBody,
}

impl From<Interrupted> for Problem {
    fn from(interrupted: Interrupted) -> Self {
        interrupted.problem
    }
}

/// A share of the memory for bodies, released when it is dropped.
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

    /// Receives all of `body`.
    ///
    /// # Errors
    /// 413 if it is longer than the sender's limit, 408 if it takes longer than a minute, 400 if it
    /// ends early, 503 if there is no memory for it.
    pub async fn receive(&self, body: Body, sender: Sender) -> Result<ReceivedBody, Interrupted> {
        self.receive_within(BODY_TIMEOUT, body, sender).await
    }

    async fn receive_within(
        &self,
        limit: Duration,
        body: Body,
        sender: Sender,
    ) -> Result<ReceivedBody, Interrupted> {
        // Checked before the body is polled, so that a client that waits for "100 Continue" doesn't
        // send it.
        if body.size_hint().lower() > sender.limit() as u64 {
            return Err(Interrupted {
                problem: sender.too_long(),
                beginning: ReceivedBody::default(),
            });
        }
        let (result, received) = self.collect_within(limit, body, sender).await;
        match result {
            Ok(()) => Ok(received),
            Err(problem) => Err(Interrupted {
                problem,
                beginning: received,
            }),
        }
    }

    /// Receives the body of a form that was refused before its handler read it, as far as possible.
    /// Its sender is not known, so the memory is that of anonymous callers.
    pub async fn receive_refused(&self, body: Body) -> (ReceivedBody, IsWhole) {
        let (result, received) = self
            .collect_within(BODY_TIMEOUT, body, Sender::Refused)
            .await;
        (received, result.is_ok())
    }

    async fn collect_within(
        &self,
        limit: Duration,
        body: Body,
        sender: Sender,
    ) -> (Result<(), Problem>, ReceivedBody) {
        let (mut bytes, mut held) = (Vec::new(), None);
        let collected = self.collect(body, sender, &mut bytes, &mut held);
        let result = timeout(limit, collected).await.unwrap_or_else(|_| {
            let sentence = "The request took too long to arrive. Send it again.";
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, sentence))
        });
        let bytes = bytes.into();
        (result, ReceivedBody { bytes, held })
    }

    async fn collect(
        &self,
        mut body: Body,
        sender: Sender,
        bytes: &mut Vec<u8>,
        held: &mut Held,
    ) -> Result<(), Problem> {
        let memory = match sender {
            Sender::Anonymous | Sender::Guest(_) | Sender::Refused => &self.0.anonymous,
            Sender::Caller(_) => &self.0.callers,
        };
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                let sentence = "The request was incomplete. Send it again.";
                return Err(Problem::new(StatusCode::BAD_REQUEST, sentence));
            };
            let Ok(mut data) = frame.into_data() else {
                continue;
            };
            let free = sender.limit() - bytes.len();
            let is_too_long = data.len() > free;
            data.truncate(free);
            // Counts the bytes that arrived, not the announced length, which costs a client
            // nothing.
            let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
            let Ok(permit) = Arc::clone(memory).try_acquire_many_owned(length) else {
                return Err(overloaded());
            };
            match held {
                Some(held) => held.merge(permit),
                None => *held = Some(permit),
            }
            bytes.extend_from_slice(&data);
            if is_too_long {
                return Err(sender.too_long());
            }
        }
        Ok(())
    }
}

/// Whether a body was received completely.
type IsWhole = bool;

impl Sender {
    /// Returns the sender of `request`, which must have passed
    /// [`identify`](crate::security::identity::identify).
    pub fn of(request: &Request) -> Self {
        match request.extensions().get::<PageRequest>() {
            Some(PageRequest {
                caller: Some(_), ..
            }) => Self::caller(request.extensions()),
            _ => match request.extensions().get() {
                Some(limit) => Self::Guest(*limit),
                None => Self::Anonymous,
            },
        }
    }

    /// Returns the authenticated sender of a request with these extensions.
    pub fn caller(extensions: &Extensions) -> Self {
        Self::Caller(extensions.get().copied().unwrap_or_default())
    }

    const fn limit(self) -> usize {
        match self {
            Self::Anonymous => ANONYMOUS_LIMIT,
            Self::Refused => CALLER_LIMIT,
            Self::Guest(GuestLimit(bytes)) | Self::Caller(BodyLimit(bytes)) => bytes,
        }
    }

    /// Returns the problem of a body beyond the limit.
    fn too_long(self) -> Problem {
        let sentence = match self {
            Self::Anonymous => {
                "This is larger than the 16 KiB that can be sent without logging in. Send less, or log in first.".to_owned()
            }
            Self::Guest(_) | Self::Refused | Self::Caller(_) => {
                let kib = self.limit() / 1024;
                format!("This is larger than the {kib} KiB that can be sent at once. Send less.")
            }
        };
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, sentence)
    }
}

fn overloaded() -> Problem {
    let sentence = "The server is receiving too much data at the moment; nothing was changed. Send it again in a few seconds.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, sentence).retry_after(RETRY_AFTER)
}

/// A request's body, of which the rest is discarded once the handler has returned.
#[derive(Debug)]
pub struct UnreadBody {
    shared: Arc<Mutex<SharedBody>>,
    started_at: Instant,
    expects_continue: bool,
}

/// A body that the handler reads, and the error layer after it.
#[derive(Debug)]
struct SharedBody {
    body: Body,
    was_polled: bool,
    has_ended: bool,
}

impl UnreadBody {
    /// Shares the request's body with its handler. Returns `None` if it is empty.
    pub fn share(request: &mut Request) -> Option<Self> {
        if request.body().is_end_stream() {
            return None;
        }
        let expects_continue = request.headers().contains_key(EXPECT);
        let shared = Arc::new(Mutex::new(SharedBody {
            body: mem::take(request.body_mut()),
            was_polled: false,
            has_ended: false,
        }));
        *request.body_mut() = Body::new(HandlerBody(Arc::clone(&shared)));
        Some(Self {
            shared,
            started_at: Instant::now(),
            expects_continue,
        })
    }

    /// Returns the body if nothing of it was read and the client is sending it. What is not read of
    /// it is left to be discarded.
    pub fn untouched(&self) -> Option<Body> {
        let shared = lock(&self.shared);
        let is_sent = !shared.has_ended && !shared.was_polled && !self.expects_continue;
        is_sent.then(|| Body::new(HandlerBody(Arc::clone(&self.shared))))
    }

    /// Reads and discards what the handler left unread, up to a limit.
    pub async fn discard(self) {
        let SharedBody {
            body,
            was_polled,
            has_ended,
        } = {
            let mut shared = lock(&self.shared);
            let rest = SharedBody {
                body: mem::take(&mut shared.body),
                ..*shared
            };
            shared.has_ended = true;
            rest
        };
        // A client that waits for "100 Continue" has sent nothing if the body was not polled.
        if !has_ended && (was_polled || !self.expects_continue) {
            // The response is sent in any case.
            let _ = timeout_at(self.started_at + BODY_TIMEOUT, discard(body)).await;
        }
    }
}

async fn discard(mut body: Body) {
    let mut discarded = 0;
    while let Some(Ok(frame)) = body.frame().await {
        discarded += frame.data_ref().map_or(0, |data| data.len() as u64);
        if discarded > MAX_DISCARDED {
            break;
        }
    }
}

fn lock(shared: &Mutex<SharedBody>) -> std::sync::MutexGuard<'_, SharedBody> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The body that the handler reads.
struct HandlerBody(Arc<Mutex<SharedBody>>);

impl HttpBody for HandlerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut shared = lock(&self.0);
        if shared.has_ended {
            return Poll::Ready(None);
        }
        shared.was_polled = true;
        let frame = Pin::new(&mut shared.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            shared.has_ended = true;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        let shared = lock(&self.0);
        shared.has_ended || shared.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        lock(&self.0).body.size_hint()
    }
}

#[cfg(test)]
mod tests;
