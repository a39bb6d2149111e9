//! Changes of the database that share transactions: [`Write`].

use domain::Timestamp;

use crate::{
    Result,
    storage::{Counter, Revision},
};

/// A change of the database. The group-commit writer applies several of them in one transaction.
pub trait Write: Send + Sync + 'static {
    /// The result.
    type Output: Send;

    /// Returns the counter of the feeds that it changes.
    fn counter(&self) -> Counter {
        Counter::ENTRIES
    }

    /// Returns which writes it waits for.
    fn priority(&self) -> Priority {
        Priority::of(self.counter())
    }

    /// Applies the change at `now`. May be called again, in another transaction, if the first one
    /// fails. Everything that can be refused is checked before the first statement that writes.
    ///
    /// # Errors
    /// Returns why the change is refused, or an error if the database can't be reached.
    fn apply(
        &self,
        revision: &mut Revision,
        now: Timestamp,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// The queue in which a write waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// By an author or an editor, who waits for the result.
    Author,
    /// By a reader, or by a task in the background.
    Other,
}

impl Priority {
    /// Returns the usual priority of a write with this counter. An author's post waits for one
    /// transaction of another counter at most.
    pub fn of(counter: Counter) -> Self {
        match counter {
            Counter::ENTRIES => Self::Author,
            _ => Self::Other,
        }
    }
}
