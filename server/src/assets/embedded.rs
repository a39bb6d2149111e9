//! The files that `make build` puts into the binary.

use std::path::PathBuf;

use axum::body::Bytes;

/// The site in the binary.
#[derive(Debug)]
pub struct EmbeddedSite {
    /// The hashes in the names of the build's files, one line for each.
    pub hashes: &'static str,
    /// All files, by their path in the site.
    pub files: Vec<(PathBuf, Bytes)>,
}

/// Returns the site in the binary.
#[cfg(feature = "embed")]
pub fn site() -> Option<EmbeddedSite> {
    use include_dir::{Dir, include_dir};

    static SITE: Dir<'_> = include_dir!("$RINGSIDE_EMBED_SITE");

    fn add(folder: &Dir<'static>, files: &mut Vec<(PathBuf, Bytes)>) {
        for file in folder.files() {
            let bytes = Bytes::from_static(file.contents());
            files.push((file.path().to_owned(), bytes));
        }
        for folder in folder.dirs() {
            add(folder, files);
        }
    }

    let mut files = Vec::new();
    add(&SITE, &mut files);
    Some(EmbeddedSite {
        hashes: include_str!(env!("RINGSIDE_EMBED_HASHES")),
        files,
    })
}

/// Returns nothing: this binary contains no site.
#[cfg(not(feature = "embed"))]
pub const fn site() -> Option<EmbeddedSite> {
    None
}
