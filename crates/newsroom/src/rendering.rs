//! The bounded pool that turns Markdown into HTML, beside the tasks that serve requests.

use std::{sync::Arc, time::Duration};

use domain::Source;
use tokio::{sync::Semaphore, time::timeout};

use crate::{Error, Newsroom, Rendered, Result, to_safe_html};

/// Texts that are rendered at once: each takes a core.
const AT_ONCE: usize = 2;
/// Texts that wait for their turn, at most. A text takes a fraction of a millisecond mostly, so all
/// of them have their turn soon; and the longest hold 50 MB together.
const WAITING: usize = 256;
/// How long a text waits for its turn at most: a composer gives up a post after 15 seconds, and
/// the post is still to be written.
const WAIT: Duration = Duration::from_secs(5);

/// Turns for rendering: few at once, and few that wait.
#[derive(Debug)]
pub struct RenderPool {
    /// One for each text that is rendered or waits.
    places: Arc<Semaphore>,
    /// One for each text that is rendered.
    turns: Arc<Semaphore>,
    /// How long a text waits for its turn at most.
    wait: Duration,
}

impl Default for RenderPool {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            wait: WAIT,
        }
    }
}

impl RenderPool {
    /// Runs `work` on a thread of its own once it is its turn. The turn lasts as long as the work
    /// does, even if the caller has gone.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many wait, or if its turn does not come in time;
    /// [`Error::Internal`] if the work panics, or the server is shutting down.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| Error::Busy)?;
        let turn = timeout(self.wait, Arc::clone(&self.turns).acquire_owned())
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or(Error::Busy)?;
        let work = move || {
            let _held = (place, turn);
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "rendering a text failed");
            Error::Internal("The text could not be rendered; nothing was changed. Try again.")
        })
    }
}

impl Newsroom {
    /// Returns what readers get of `source`, and what they don't. Check that the caller may post or edit before: the
    /// work takes up to tens of milliseconds of a core.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the text nests too deeply or becomes too much HTML, [`Error::Busy`] if
    /// too many texts wait to be rendered.
    pub async fn render_markdown(&self, source: &Source) -> Result<Rendered> {
        let source = source.clone();
        Ok(self.rendering.run(move || to_safe_html(&source)).await??)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Work that ends when the other end of `end` is dropped.
    fn held(end: &Arc<std::sync::Mutex<mpsc::Receiver<()>>>) -> impl FnOnce() + Send + 'static {
        let end = Arc::clone(end);
        move || {
            // It ends when nobody can send any more.
            let _ = end.lock().unwrap().recv();
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_text_that_finds_the_queue_full_is_refused_at_once() {
        let pool = Arc::new(RenderPool::default());
        let (release, end) = mpsc::channel::<()>();
        let end = Arc::new(std::sync::Mutex::new(end));
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..AT_ONCE + WAITING {
            let (pool, work) = (Arc::clone(&pool), held(&end));
            waiting.spawn(async move { pool.run(work).await });
        }
        while pool.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(pool.run(|| ()).await, Err(Error::Busy)));
        drop(release);
        // Those that waited are done, unless the machine kept them for five seconds.
        while let Some(done) = waiting.join_next().await {
            assert!(matches!(done.unwrap(), Ok(()) | Err(Error::Busy)));
        }
        assert!(pool.run(|| ()).await.is_ok());
    }

    #[tokio::test]
    async fn a_text_whose_turn_does_not_come_is_refused() {
        let pool = RenderPool {
            wait: Duration::from_millis(10),
            ..RenderPool::default()
        };
        let turns = pool.turns.acquire_many(2).await.unwrap();
        assert!(matches!(pool.run(|| ()).await, Err(Error::Busy)));
        drop(turns);
        assert_eq!(pool.places.available_permits(), AT_ONCE + WAITING);
    }

    #[tokio::test]
    async fn work_that_panics_gives_its_turn_back() {
        let pool = RenderPool::default();
        for _ in 0..=AT_ONCE {
            let done = pool.run(|| assert!(std::hint::black_box(false))).await;
            assert!(matches!(done, Err(Error::Internal(_))));
        }
        assert!(pool.run(|| ()).await.is_ok());
    }
}
