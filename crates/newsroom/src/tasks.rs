//! Background tasks, each of which has an owner: it is started again after a panic, and ends with the
//! newsroom.

use std::time::Duration;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long to wait before a task that panicked is started again.
const PAUSE: Duration = Duration::from_secs(1);
/// How long [`Tasks::finish`] waits for tasks that were told to stop.
const FINISH: Duration = Duration::from_secs(5);

/// The newsroom's background tasks.
#[derive(Clone, Debug, Default)]
pub struct Tasks(TaskTracker);

impl Tasks {
    /// Runs the task that `start` makes until it ends or `stop` is cancelled. After a panic, which is
    /// logged, another is made.
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
                        tracing::error!(task = name, %error, "a background task failed; starting it again");
                    }
                }
                if stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
                    return;
                }
            }
        });
    }

    /// Waits until every task has ended, for five seconds at most.
    pub async fn finish(&self) {
        self.0.close();
        if tokio::time::timeout(FINISH, self.0.wait()).await.is_err() {
            tracing::warn!("background tasks are still running at the end");
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
    async fn a_task_that_panics_is_started_again() {
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
    async fn tasks_end_when_they_are_told_to_stop() {
        let (tasks, stop) = (Tasks::default(), CancellationToken::new());
        tasks.supervise("test", stop.clone(), std::future::pending);
        stop.cancel();
        tasks.finish().await;
        assert!(tasks.0.is_empty());
    }
}
