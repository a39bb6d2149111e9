//! The highest revision this server has published, in a small file of its own: so that an old
//! database file, copied back while the server was down, doesn't go unnoticed.

use std::{fs, io, path::PathBuf};

use domain::Cursor;

/// The file, and what it says.
#[derive(Clone, Debug)]
pub struct HighWaterMark {
    path: PathBuf,
    written: Option<Cursor>,
}

impl HighWaterMark {
    /// The mark kept at `path`, if it is there and can be read.
    pub fn open(path: PathBuf) -> Self {
        let written = fs::read_to_string(&path)
            .ok()
            .and_then(|text| text.trim().parse().ok());
        Self { path, written }
    }

    /// Whether a database that stands at `now` lost what was published.
    pub fn is_ahead_of(&self, now: &Cursor) -> bool {
        self.written
            .as_ref()
            .is_some_and(|mark| mark.epoch == now.epoch && mark.rev > now.rev)
    }

    /// Notes that everything up to `now` is published. Not forced to the disk: after a power cut the
    /// mark may be behind, never ahead.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn write(&mut self, now: Cursor) -> io::Result<()> {
        if self.written.as_ref() == Some(&now) {
            return Ok(());
        }
        let fresh = self.path.with_extension("new");
        fs::write(&fresh, format!("{now}\n"))?;
        fs::rename(&fresh, &self.path)?;
        self.written = Some(now);
        Ok(())
    }
}
