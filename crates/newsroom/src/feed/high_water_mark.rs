//! Stores the highest revisions that this server published in a small file, to detect a database
//! that was replaced by an older copy while the server was down.

use std::{fmt, fs, io, path::PathBuf};

use domain::{Cursor, Epoch, Rev};

use super::hub::Revs;
use crate::storage::Counter;

/// The position of the database: its epoch, and the last revision of each counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The epoch.
    pub epoch: Epoch,
    /// The revisions.
    pub revs: Revs,
}

impl fmt::Display for Position {
    /// Formats the cursor of the entries' feeds, and below it `NAME REV` for each other counter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rev = self.revs.get(&Counter::ENTRIES).copied().unwrap_or(0);
        Cursor::new(self.epoch, rev).fmt(f)?;
        let mut others: Vec<_> = self.revs.iter().collect();
        others.retain(|(counter, _)| **counter != Counter::ENTRIES);
        others.sort_by_key(|(counter, _)| counter.name());
        for (counter, rev) in others {
            write!(f, "\n{counter} {rev}")?;
        }
        Ok(())
    }
}

/// The high-water mark and its file.
#[derive(Clone, Debug)]
pub struct HighWaterMark {
    path: PathBuf,
    /// The stored [`Position`], as text.
    written: String,
}

impl HighWaterMark {
    /// Reads the mark at `path`, if the file exists.
    pub fn open(path: PathBuf) -> Self {
        let written = fs::read_to_string(&path).unwrap_or_default();
        Self {
            path,
            written: written.trim_end().to_owned(),
        }
    }

    /// Returns whether a database at `now` has lost published changes.
    pub fn is_ahead_of(&self, now: &Position) -> bool {
        let mut lines = self.written.lines();
        let cursor = lines.next().and_then(|line| line.parse::<Cursor>().ok());
        let Some(cursor) = cursor.filter(|cursor| cursor.epoch == now.epoch) else {
            return false;
        };
        let others = lines.filter_map(|line| {
            let (name, rev) = line.split_once(' ')?;
            Some((name, rev.parse::<Rev>().ok()?))
        });
        others
            .chain([(Counter::ENTRIES.name(), cursor.rev)])
            .any(|(name, mark)| {
                let counter = now.revs.iter().find(|(counter, _)| counter.name() == name);
                counter.is_some_and(|(_, rev)| mark > *rev)
            })
    }

    /// Records that all changes up to `now` are published. Not synced to the disk: after a power
    /// failure the mark may be too low, never too high.
    ///
    /// # Errors
    /// Returns an error if the file can't be written.
    pub fn write(&mut self, now: &Position) -> io::Result<()> {
        let text = now.to_string();
        if self.written == text {
            return Ok(());
        }
        let temporary = self.path.with_extension("new");
        fs::write(&temporary, format!("{text}\n"))?;
        fs::rename(&temporary, &self.path)?;
        self.written = text;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(epoch: &str, entries: Rev, rooms: Rev) -> Position {
        Position {
            epoch: Epoch::parse(epoch).unwrap(),
            revs: [
                (Counter::ENTRIES, entries),
                (Counter::named("rooms"), rooms),
            ]
            .into(),
        }
    }

    #[test]
    fn mark_is_ahead_of_a_database_with_a_lower_counter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("published");
        let mut mark = HighWaterMark::open(path.clone());
        assert!(!mark.is_ahead_of(&position("k3", 0, 0)), "there is no mark");
        mark.write(&position("k3", 7, 5)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "k3.7\nrooms 5\n");
        for mark in [mark, HighWaterMark::open(path)] {
            assert!(!mark.is_ahead_of(&position("k3", 7, 5)));
            assert!(!mark.is_ahead_of(&position("k3", 9, 6)));
            assert!(mark.is_ahead_of(&position("k3", 6, 6)));
            assert!(mark.is_ahead_of(&position("k3", 8, 4)));
            assert!(!mark.is_ahead_of(&position("k4", 1, 1)), "another epoch");
        }
    }

    #[test]
    fn mark_of_an_earlier_release_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("published");
        fs::write(&path, "k3.7\n").unwrap();
        let mark = HighWaterMark::open(path.clone());
        assert!(mark.is_ahead_of(&position("k3", 6, 0)));
        fs::write(&path, "not a mark\n").unwrap();
        assert!(!HighWaterMark::open(path).is_ahead_of(&position("k3", 6, 0)));
    }
}
