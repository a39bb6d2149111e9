//! Stores the highest revision that this server published in a small file, to detect a database
//! that was replaced by an older copy while the server was down.

use std::{fs, io, path::PathBuf};

use domain::Cursor;

/// The high-water mark and its file.
#[derive(Clone, Debug)]
pub struct HighWaterMark {
    path: PathBuf,
    written: Option<Cursor>,
}

impl HighWaterMark {
    /// Reads the mark at `path`, if the file exists and is valid.
    pub fn open(path: PathBuf) -> Self {
        let written = fs::read_to_string(&path)
            .ok()
            .and_then(|text| text.trim().parse().ok());
        Self { path, written }
    }

    /// Returns whether a database at `now` has lost published changes.
    pub fn is_ahead_of(&self, now: &Cursor) -> bool {
        self.written
            .as_ref()
            .is_some_and(|mark| mark.epoch == now.epoch && mark.rev > now.rev)
    }

    /// Records that all changes up to `now` are published. Not synced to the disk: after a power
    /// failure the mark may be too low, never too high.
    ///
    /// # Errors
    /// Returns an error if the file can't be written.
    pub fn write(&mut self, now: Cursor) -> io::Result<()> {
        if self.written.as_ref() == Some(&now) {
            return Ok(());
        }
        let temporary = self.path.with_extension("new");
        fs::write(&temporary, format!("{now}\n"))?;
        fs::rename(&temporary, &self.path)?;
        self.written = Some(now);
        Ok(())
    }
}
