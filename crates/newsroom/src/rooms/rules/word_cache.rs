//! The word filter in memory.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{Result, model::word_filter::WordFilter, storage::Snapshot};

/// The word filter as it was last read, with its version. A message reads the version in its own
/// transaction, so that a change applies to all servers at once.
#[derive(Clone, Debug, Default)]
pub struct WordCache(Arc<Mutex<(i64, Arc<WordFilter>)>>);

impl WordCache {
    /// Returns the filter of the version `version`, which `snapshot` reads if it is another one.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn current(&self, snapshot: &mut Snapshot, version: i64) -> Result<Arc<WordFilter>> {
        let known = self.get();
        if known.0 == version {
            return Ok(known.1);
        }
        let words = snapshot.filtered_words().await?;
        let folded = words.iter().map(|(_, folded)| folded.as_str());
        let filter = Arc::new(WordFilter::new(folded));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (version, Arc::clone(&filter));
        Ok(filter)
    }

    fn get(&self) -> (i64, Arc<WordFilter>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
