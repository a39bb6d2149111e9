//! The files of the site: the build's stylesheet and browser code, and the site's icon.
//!
//! The release binary contains them (the feature `embed`). A folder can replace them, and without
//! the feature a folder is all there is.
//!
//! A page that was opened before an upgrade may still load parts of the previous build, whose files
//! have other names. So the server keeps a copy of its build in the data folder, and the next
//! release serves it as well (`previous_builds`).

mod embedded;
mod memory;
mod previous_builds;

pub use memory::MemoryFiles;

use std::{
    fs,
    path::{Path, PathBuf},
};

use app::Assets;
use axum::body::Bytes;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::Timestamp;
use sha2::{Digest, Sha256};

use self::embedded::EmbeddedSite;
use crate::{command_error::CommandError, config::Settings};

/// The folder of the build's files in the site.
pub const BUILD_FOLDER: &str = "pkg";

/// The build id of a server without a build.
pub const NO_BUILD: &str = "dev";

/// A build of the browser code.
#[derive(Debug)]
pub struct Build {
    /// Its id, by which open pages notice a new build.
    pub id: String,
    /// The names of its files, for pages.
    pub assets: Assets,
    source: Source,
}

/// Where the files of a build are.
#[derive(Debug)]
enum Source {
    Binary(EmbeddedSite),
    Folder(PathBuf),
}

/// The files of the site; cheap to clone.
#[derive(Clone, Debug)]
pub enum Site {
    /// In memory.
    Memory(MemoryFiles),
    /// In a folder.
    Folder(PathBuf),
}

impl Build {
    /// Returns the build in the binary; the one in the settings' folder if they name one, or if the
    /// binary contains none. Without any build, as in tests of this crate, pages have no files.
    ///
    /// # Errors
    /// If the names of its files can't be read.
    pub fn load(settings: &Settings) -> Result<Self, CommandError> {
        if settings.site.is_none()
            && let Some(site) = embedded::site()
        {
            return Ok(Self::new(site.hashes, Source::Binary(site)));
        }
        let folder = Source::Folder(settings.site());
        let hashes = std::env::current_exe()
            .ok()
            .and_then(|binary| Some(binary.parent()?.join("hash.txt")))
            .filter(|file| fs::exists(file).unwrap_or(false));
        match hashes {
            Some(file) => {
                let hashes = fs::read_to_string(&file).map_err(|error| {
                    CommandError::Failed(format!("{} can't be read: {error}.", file.display()))
                })?;
                Ok(Self::new(&hashes, folder))
            }
            None => Ok(Self {
                id: NO_BUILD.to_owned(),
                assets: Assets::default(),
                source: folder,
            }),
        }
    }

    /// Returns the build whose files have these hashes in their names.
    fn new(hashes: &str, source: Source) -> Self {
        Self {
            id: build_id(hashes),
            assets: Assets::parse(hashes),
            source,
        }
    }

    /// Returns whether there is a build.
    pub fn exists(&self) -> bool {
        self.id != NO_BUILD
    }

    /// Returns the files to serve. Keeps those of the binary in the folder `data` for the next
    /// release, and adds those of previous builds.
    pub fn into_site(self, data: &Path, now: Timestamp) -> Site {
        match self.source {
            Source::Folder(folder) => Site::Folder(folder),
            Source::Binary(site) => Site::in_memory(data, &self.id, site.files, now),
        }
    }
}

impl Site {
    /// Returns the site with `files`, whose build has the id `id`, and with the files of the builds
    /// that the data folder `data` has from previous releases. Keeps its own for the next release.
    pub fn in_memory(data: &Path, id: &str, files: Vec<(PathBuf, Bytes)>, now: Timestamp) -> Self {
        let build = files.iter().filter_map(|(path, bytes)| {
            let name = path.strip_prefix(BUILD_FOLDER).ok()?.to_str()?;
            Some((name.to_owned(), bytes.clone()))
        });
        let build: Vec<_> = build.collect();
        let folder = data.join(previous_builds::FOLDER);
        let previous = previous_builds::exchange(&folder, id, &build, now)
            .into_iter()
            .map(|(name, bytes)| (Path::new(BUILD_FOLDER).join(name), bytes));
        // The site's own files replace previous ones of the same name.
        Self::Memory(MemoryFiles::new(previous.chain(files)))
    }
}

/// Returns the id of the build with these `hashes`.
fn build_id(hashes: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(hashes)[..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_with_different_files_have_different_ids() {
        let id = build_id("css: a\njs: b\n");
        assert_eq!(id.len(), 8);
        assert_eq!(id, build_id("css: a\njs: b\n"));
        assert_ne!(id, build_id("css: a\njs: c\n"));
    }
}
