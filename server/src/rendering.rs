//! Renders few pages at once, on threads of their own: a page takes from a millisecond to a hundred
//! of processor, during which an async worker would serve nothing else.

use std::{future::Future, sync::Arc, thread, time::Duration};

use axum::http::StatusCode;
use tokio::{
    runtime::Handle,
    sync::Semaphore,
    task::{JoinError, spawn_blocking},
    time::timeout,
};
use tracing::{Instrument, instrument::WithSubscriber};

use crate::{error_responses::panicked, problem::Problem};

/// How many requests may wait for a slot: at some milliseconds a page, as many as are served before
/// the first of them has waited too long.
const QUEUE: usize = 256;
/// How long a request waits for a slot.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a page may take once it has a slot. What takes longer waits for a database that doesn't
/// answer.
const LONGEST: Duration = Duration::from_secs(10);
/// After how many seconds a request may be repeated that found no slot.
const RETRY_AFTER: u16 = 2;

/// The slots for rendering; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Rendering(Arc<Kinds>);

#[derive(Debug, Default)]
struct Kinds {
    public: Slots,
    personal: Slots,
}

impl Rendering {
    /// Those for pages that anybody can ask for.
    pub fn public(&self) -> &Slots {
        &self.0.public
    }

    /// Those for callers that are logged in: no crowd before the public pages keeps authors from
    /// theirs.
    pub fn personal(&self) -> &Slots {
        &self.0.personal
    }
}

/// How many pages of a kind are rendered at once, and how many may wait.
#[derive(Debug)]
pub struct Slots {
    free: Arc<Semaphore>,
    /// A permit for each request that is rendered or waits.
    queue: Arc<Semaphore>,
    patience: Duration,
    longest: Duration,
}

impl Default for Slots {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
        Self::new(cores, QUEUE, PATIENCE, LONGEST)
    }
}

impl Slots {
    fn new(at_once: usize, waiting: usize, patience: Duration, longest: Duration) -> Self {
        Self {
            free: Arc::new(Semaphore::new(at_once)),
            queue: Arc::new(Semaphore::new(at_once + waiting)),
            patience,
            longest,
        }
    }

    /// Runs `render` on a thread of its own, once a slot is free, and returns what it returns.
    ///
    /// # Errors
    /// 503 if too many wait already, if no slot is free within two seconds, or if `render` takes
    /// longer than ten; 500 if it panics.
    pub async fn run<T: Send + 'static>(
        &self,
        render: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(place) = Arc::clone(&self.queue).try_acquire_owned() else {
            return Err(overloaded());
        };
        let slot = timeout(self.patience, Arc::clone(&self.free).acquire_owned()).await;
        let Ok(Ok(slot)) = slot else {
            return Err(overloaded());
        };
        let runtime = Handle::current();
        let render = timeout(self.longest, render)
            .with_current_subscriber()
            .in_current_span();
        // The thread can't be stopped: the slot is free again when it has ended, whether the client
        // still waits or not.
        let rendered = spawn_blocking(move || {
            let _held = (place, slot);
            runtime.block_on(render)
        });
        match rendered.await {
            Ok(Ok(page)) => Ok(page),
            Err(failed) if JoinError::is_panic(&failed) => Err(panicked().text_only()),
            // It took too long, or the server is ending.
            Ok(Err(_)) | Err(_) => Err(overloaded()),
        }
    }
}

/// The server can't render a page at the moment, not even one that says so.
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
        let (patience, longest) = (Duration::from_millis(50), Duration::from_millis(500));
        Slots::new(1, waiting, patience, longest)
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_recovers() {
        let slots = slots(1);
        let mut rendered = Box::pin(slots.run(pending::<()>()));
        assert!(rendered.as_mut().now_or_never().is_none());
        let mut waiting = Box::pin(slots.run(ready(())));
        assert!(waiting.as_mut().now_or_never().is_none());
        let refused = slots.run(ready(())).now_or_never().unwrap();
        assert_eq!(refused.unwrap_err().status(), 503);
        // The only slot is held for longer than anybody waits.
        assert_eq!(waiting.await.unwrap_err().status(), 503);
        assert_eq!(rendered.await.unwrap_err().status(), 503);
        slots.run(ready(())).await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_is_a_failure_of_that_page_alone() {
        let slots = slots(0);
        let panicked = slots.run(async { panic!("a test's own") }).await;
        let panicked: Result<(), _> = panicked;
        assert_eq!(panicked.unwrap_err().status(), 500);
        slots.run(ready(())).await.unwrap();
    }
}
