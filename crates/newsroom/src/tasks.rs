//! Background tasks. Each is restarted after a panic, and ends with the newsroom.

use std::time::Duration;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The pause before a task that panicked is restarted.
const RESTART_PAUSE: Duration = Duration::from_secs(1);
/// How long [`Tasks::finish`] waits for cancelled tasks.
const FINISH_TIMEOUT: Duration = Duration::from_secs(5);

/// The newsroom's background tasks.
#[derive(Clone, Debug, Default)]
pub struct Tasks(TaskTracker);

impl Tasks {
    /// Runs the task created by `start` until it ends or `stop` is cancelled. After a panic, logs
    /// it and calls `start` again.
    pub fn supervise<F>(
        &self,
        name: &'static str,
        stop: CancellationToken,
        start: impl Fn() -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.spawn(async move {
            loop {
                let task = tokio::spawn(stop.clone().run_until_cancelled_owned(start()));
                match task.await {
                    Ok(_) => return,
                    Err(error) => {
                        tracing::error!(task = name, %error, "a background task failed; restarting it");
                    }
                }
                if stop.run_until_cancelled(tokio::time::sleep(RESTART_PAUSE)).await.is_none() {
                    return;
                }
            }
        });
    }

    /// Waits until all tasks have ended, at most five seconds.
    pub async fn finish(&self) {
        self.0.close();
        if tokio::time::timeout(FINISH_TIMEOUT, self.0.wait())
            .await
            .is_err()
        {
            tracing::warn!("background tasks did not end within five seconds");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn panicking_task_is_restarted() {
        let tasks = Tasks::default();
        let starts = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&starts);
        tasks.supervise("test", CancellationToken::new(), move || {
            let start = counted.fetch_add(1, Ordering::SeqCst);
            async move { assert!(start == 1, "start {start} fails") }
        });
        tasks.finish().await;
        assert_eq!(starts.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn tasks_end_when_they_are_cancelled() {
        let (tasks, stop) = (Tasks::default(), CancellationToken::new());
        tasks.supervise("test", stop.clone(), std::future::pending);
        stop.cancel();
        tasks.finish().await;
        assert!(tasks.0.is_empty());
    }
}
