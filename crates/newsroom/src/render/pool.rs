//! Renders Markdown on a bounded number of threads, outside of the async tasks.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, time::timeout};

use crate::{Error, Result};

/// The number of texts rendered concurrently. Each takes a CPU core.
const MAX_CONCURRENT: usize = 2;
/// The maximum number of queued texts. A text usually takes a fraction of a millisecond, so the
/// queue is short-lived, and the largest possible queue takes 50 MB.
const MAX_QUEUED: usize = 256;
/// The maximum time in the queue. A composer aborts a post after 15 seconds, and after rendering it
/// still has to be written.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// A limit on concurrent and on queued texts.
#[derive(Debug)]
pub struct RenderPool {
    /// A permit for each text that is rendered or queued.
    queue_permits: Arc<Semaphore>,
    /// A permit for each text that is rendered.
    run_permits: Arc<Semaphore>,
    /// The maximum time in the queue.
    wait: Duration,
}

impl Default for RenderPool {
    fn default() -> Self {
        Self {
            queue_permits: Arc::new(Semaphore::new(MAX_CONCURRENT + MAX_QUEUED)),
            run_permits: Arc::new(Semaphore::new(MAX_CONCURRENT)),
            wait: MAX_WAIT,
        }
    }
}

impl RenderPool {
    /// Runs `work` on a blocking thread when a permit is free. The permit is held until the work
    /// ends, even if the caller is dropped.
    ///
    /// # Errors
    /// Returns [`Error::Busy`] if the queue is full, or no permit is free in time;
    /// [`Error::Internal`] if the work panics, or the server is shutting down.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let queue_permit = Arc::clone(&self.queue_permits)
            .try_acquire_owned()
            .map_err(|_| Error::Busy)?;
        let run_permit = timeout(self.wait, Arc::clone(&self.run_permits).acquire_owned())
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or(Error::Busy)?;
        let work = move || {
            let _permits = (queue_permit, run_permit);
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "rendering a text failed");
            Error::Internal("The text could not be rendered. Nothing was changed. Try again.")
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Returns work that ends when the sender of `end` is dropped.
    fn held(end: &Arc<std::sync::Mutex<mpsc::Receiver<()>>>) -> impl FnOnce() + Send + 'static {
        let end = Arc::clone(end);
        move || {
            // An error: the sender was dropped.
            let _ = end.lock().unwrap().recv();
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn text_is_rejected_at_once_if_the_queue_is_full() {
        let pool = Arc::new(RenderPool::default());
        let (release, end) = mpsc::channel::<()>();
        let end = Arc::new(std::sync::Mutex::new(end));
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..MAX_CONCURRENT + MAX_QUEUED {
            let (pool, work) = (Arc::clone(&pool), held(&end));
            waiting.spawn(async move { pool.run(work).await });
        }
        while pool.queue_permits.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(pool.run(|| ()).await, Err(Error::Busy)));
        drop(release);
        // All have finished, unless a slow machine made some wait for five seconds.
        while let Some(done) = waiting.join_next().await {
            assert!(matches!(done.unwrap(), Ok(()) | Err(Error::Busy)));
        }
        assert!(pool.run(|| ()).await.is_ok());
    }

    #[tokio::test]
    async fn text_is_rejected_if_no_permit_is_free_in_time() {
        let pool = RenderPool {
            wait: Duration::from_millis(10),
            ..RenderPool::default()
        };
        let run_permits = pool.run_permits.acquire_many(2).await.unwrap();
        assert!(matches!(pool.run(|| ()).await, Err(Error::Busy)));
        drop(run_permits);
        assert_eq!(
            pool.queue_permits.available_permits(),
            MAX_CONCURRENT + MAX_QUEUED
        );
    }

    #[tokio::test]
    async fn panicking_work_releases_its_permit() {
        let pool = RenderPool::default();
        for _ in 0..=MAX_CONCURRENT {
            let done = pool.run(|| assert!(std::hint::black_box(false))).await;
            assert!(matches!(done, Err(Error::Internal(_))));
        }
        assert!(pool.run(|| ()).await.is_ok());
    }
}
