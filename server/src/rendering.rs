//! Limits how many pages are rendered at once, and renders them on blocking threads. A page needs
//! from one to a hundred milliseconds of processor time, during which an async worker could serve
//! nothing else.

use std::{future::Future, sync::Arc, thread, time::Duration};

use axum::http::StatusCode;
use tokio::{
    runtime::Handle,
    sync::Semaphore,
    task::{JoinError, spawn_blocking},
    time::timeout,
};
use tracing::{Instrument, instrument::WithSubscriber};

use crate::problem::{Problem, panicked};

/// How many requests may wait for a slot: at some milliseconds per page, as many as can be served
/// within the queue's timeout.
const MAX_WAITING: usize = 256;
/// How long a request waits for a slot.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the rendering of a page may take. It takes longer only if the database doesn't respond.
const RENDER_TIMEOUT: Duration = Duration::from_secs(10);
/// After how many seconds the client may retry when there was no slot.
const RETRY_AFTER: u16 = 2;

/// The slots for rendering; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Rendering(Arc<Kinds>);

#[derive(Debug, Default)]
struct Kinds {
    public: Slots,
    personal: Slots,
    refused_forms: Slots,
}

impl Rendering {
    /// Returns the slots for public pages and other requests of anonymous callers.
    pub fn public(&self) -> &Slots {
        &self.0.public
    }

    /// Returns the slots for callers that are logged in, so that many readers can't block authors.
    pub fn personal(&self) -> &Slots {
        &self.0.personal
    }

    /// Returns the slots for forms that were refused, so that their texts are returned even if the
    /// other slots are taken.
    pub fn refused_forms(&self) -> &Slots {
        &self.0.refused_forms
    }
}

/// Limits how many pages of a kind are rendered at once, and how many requests wait.
#[derive(Debug)]
pub struct Slots {
    /// A permit for each request whose page is being rendered.
    rendering: Arc<Semaphore>,
    /// A permit for each request whose page is being rendered, or that waits.
    queue: Arc<Semaphore>,
    queue_timeout: Duration,
    render_timeout: Duration,
}

impl Default for Slots {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
        Self::new(cores, MAX_WAITING, QUEUE_TIMEOUT, RENDER_TIMEOUT)
    }
}

impl Slots {
    fn new(
        concurrent: usize,
        waiting: usize,
        queue_timeout: Duration,
        render_timeout: Duration,
    ) -> Self {
        Self {
            rendering: Arc::new(Semaphore::new(concurrent)),
            queue: Arc::new(Semaphore::new(concurrent + waiting)),
            queue_timeout,
            render_timeout,
        }
    }

    /// Runs `render` on a blocking thread, once a slot is free, and returns its result.
    ///
    /// # Errors
    /// 503 if too many requests wait, if no slot is free within two seconds, or if `render` takes
    /// longer than ten seconds; 500 if it panics.
    pub async fn run<T: Send + 'static>(
        &self,
        render: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(queued) = Arc::clone(&self.queue).try_acquire_owned() else {
            return Err(overloaded());
        };
        let slot = Arc::clone(&self.rendering).acquire_owned();
        let slot = timeout(self.queue_timeout, slot).await;
        let Ok(Ok(slot)) = slot else {
            return Err(overloaded());
        };
        let runtime = Handle::current();
        let render = timeout(self.render_timeout, render)
            .with_current_subscriber()
            .in_current_span();
        // The thread can't be stopped, so it holds the slot until it ends, even if the client no
        // longer waits.
        let rendered = spawn_blocking(move || {
            let _held = (queued, slot);
            runtime.block_on(render)
        });
        match rendered.await {
            Ok(Ok(page)) => Ok(page),
            Err(failed) if JoinError::is_panic(&failed) => Err(panicked().text_only()),
            // Rendering took too long, or the server is shutting down.
            Ok(Err(_)) | Err(_) => Err(overloaded()),
        }
    }
}

/// Returns the problem of a request for which there was no slot. It is never rendered as a page.
pub fn overloaded() -> Problem {
    let sentence = "The server is too busy at the moment. Try again in a few seconds.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, sentence)
        .retry_after(RETRY_AFTER)
        .text_only()
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures::FutureExt;

    use super::*;

    fn slots(waiting: usize) -> Slots {
        let (queue_timeout, render_timeout) =
            (Duration::from_millis(50), Duration::from_millis(500));
        Slots::new(1, waiting, queue_timeout, render_timeout)
    }

    #[tokio::test]
    async fn full_queue_rejects_requests_until_a_slot_is_free() {
        let slots = slots(1);
        let mut rendered = Box::pin(slots.run(pending::<()>()));
        assert!(rendered.as_mut().now_or_never().is_none());
        let mut waiting = Box::pin(slots.run(ready(())));
        assert!(waiting.as_mut().now_or_never().is_none());
        let refused = slots.run(ready(())).now_or_never().unwrap();
        assert_eq!(refused.unwrap_err().status(), 503);
        // The only slot is held for longer than a request waits.
        assert_eq!(waiting.await.unwrap_err().status(), 503);
        assert_eq!(rendered.await.unwrap_err().status(), 503);
        slots.run(ready(())).await.unwrap();
    }

    #[tokio::test]
    async fn panic_fails_only_its_own_page() {
        let slots = slots(0);
        let panicked = slots.run(async { panic!("from the test") }).await;
        let panicked: Result<(), _> = panicked;
        assert_eq!(panicked.unwrap_err().status(), 500);
        slots.run(ready(())).await.unwrap();
    }
}
