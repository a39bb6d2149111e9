//! Stores the highest revisions that this server published in a small file, to detect a database
//! that was replaced by an older copy while the server was down.

use std::{fs, io, path::PathBuf};

use domain::{Cursor, Epoch};

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

impl Position {
    /// Returns the cursor of the entries' feeds.
    fn cursor(&self) -> Cursor {
        let rev = self.revs.get(&Counter::ENTRIES).copied();
        Cursor::new(self.epoch, rev.unwrap_or(0))
    }

    /// Returns the other counters as lines `NAME EPOCH.REV`.
    fn others(&self) -> String {
        let others = self.revs.iter();
        let mut others: Vec<_> = others
            .filter(|(counter, _)| **counter != Counter::ENTRIES)
            .map(|(counter, rev)| format!("{counter} {}\n", Cursor::new(self.epoch, *rev)))
            .collect();
        others.sort();
        others.concat()
    }
}

/// The high-water mark and its files: that of the entries, which earlier releases read too, and
/// beside it one of the other counters.
#[derive(Clone, Debug)]
pub struct HighWaterMark {
    entries: MarkFile,
    others: MarkFile,
}

impl HighWaterMark {
    /// Reads the mark at `path`, if the file exists.
    pub fn open(path: PathBuf) -> Self {
        Self {
            others: MarkFile::open(path.with_extension("counters")),
            entries: MarkFile::open(path),
        }
    }

    /// Returns whether a database at `now` has lost published changes.
    pub fn is_ahead_of(&self, now: &Position) -> bool {
        let entries = (Counter::ENTRIES.name(), self.entries.content.as_str());
        let others = self.others.content.lines();
        let others = others.filter_map(|line| line.split_once(' '));
        others.chain([entries]).any(|(name, cursor)| {
            let counter = now.revs.iter().find(|(counter, _)| counter.name() == name);
            let (Some((_, rev)), Ok(mark)) = (counter, cursor.trim().parse::<Cursor>()) else {
                return false;
            };
            mark.epoch == now.epoch && mark.rev > *rev
        })
    }

    /// Records that all changes up to `now` are published. Not synced to the disk: after a power
    /// failure the mark may be too low, never too high.
    ///
    /// # Errors
    /// Returns an error if a file can't be written.
    pub fn write(&mut self, now: &Position) -> io::Result<()> {
        self.entries.write(format!("{}\n", now.cursor()))?;
        self.others.write(now.others())
    }
}

/// A file, and its content.
#[derive(Clone, Debug)]
struct MarkFile {
    path: PathBuf,
    content: String,
}

impl MarkFile {
    /// Reads the file; it is empty if it doesn't exist.
    fn open(path: PathBuf) -> Self {
        let content = fs::read_to_string(&path).unwrap_or_default();
        Self { path, content }
    }

    fn write(&mut self, content: String) -> io::Result<()> {
        if self.content == content {
            return Ok(());
        }
        let mut temporary = self.path.clone().into_os_string();
        temporary.push(".new");
        fs::write(&temporary, &content)?;
        fs::rename(&temporary, &self.path)?;
        self.content = content;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::Rev;

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
        assert_eq!(fs::read_to_string(&path).unwrap(), "k3.7\n");
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
