//! The files of previous builds, for pages that were open during an upgrade.
//!
//! Each server keeps a copy of its build in the data folder: one folder for each build, and an
//! index of them with the SHA-256 of each file in base64. Builds are dropped a week after they were
//! replaced, and earlier if there are many or large ones. Several servers keep their copies
//! separately.

use std::{
    collections::BTreeMap,
    fs, io, iter,
    path::{Component, Path, PathBuf},
};

use axum::body::Bytes;
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The name of the folder in the data folder.
pub const FOLDER: &str = "builds";

/// The name of the index in the folder.
const INDEX: &str = "index.json";
/// How many previous builds are kept: more upgrades than anyone makes while a page stays open.
const MAX_BUILDS: usize = 3;
/// The size of all previous builds, in bytes. A build has less than one million.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// How long a build is kept after it was replaced, in microseconds: a week, as in nginx.conf.
const MAX_AGE: i64 = 7 * 24 * 60 * 60 * 1_000_000;

/// A build in the folder.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct KeptBuild {
    id: String,
    /// When another build replaced it, in microseconds since 1970; none for the current build.
    replaced_at: Option<Timestamp>,
    files: BTreeMap<String, KeptFile>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
struct KeptFile {
    bytes: u64,
    sha256: String,
}

/// Keeps the files of the build `id` in `folder`, for the next release. Returns the files of the
/// builds before it, and drops those that are too old. A failure is logged, and does not prevent
/// the start.
pub fn exchange(
    folder: &Path,
    id: &str,
    files: &[(String, Bytes)],
    now: Timestamp,
) -> Vec<(String, Bytes)> {
    let mut builds = read_index(folder);
    for build in &mut builds {
        build.replaced_at.get_or_insert(now);
    }
    let own = KeptBuild {
        id: id.to_owned(),
        replaced_at: None,
        files: files
            .iter()
            .map(|(name, bytes)| (name.clone(), KeptFile::of(bytes)))
            .collect(),
    };
    builds.retain(|build| build.id != id);
    let mut room = MAX_BYTES;
    builds.retain(|build| {
        let is_recent = build
            .replaced_at
            .is_some_and(|at| now.0.saturating_sub(at.0) <= MAX_AGE);
        let left = room.checked_sub(build.bytes());
        room = left.filter(|_| is_recent).unwrap_or(room);
        is_recent && left.is_some()
    });
    builds.truncate(MAX_BUILDS);
    let previous = builds.iter().flat_map(|build| build.read(folder)).collect();
    if let Err(error) = keep(folder, own, files, builds) {
        tracing::warn!(
            %error,
            folder = %folder.display(),
            "the build's files can't be kept, so pages that are open during the next upgrade may \
             have to be reloaded"
        );
    }
    previous
}

/// Writes the current build, and the index of it and the previous ones.
fn keep(
    folder: &Path,
    own: KeptBuild,
    files: &[(String, Bytes)],
    previous: Vec<KeptBuild>,
) -> io::Result<()> {
    own.write(folder, files)?;
    let builds: Vec<_> = iter::once(own).chain(previous).collect();
    let index = serde_json::to_vec_pretty(&builds)?;
    replace(&folder.join(INDEX), &index)?;
    remove_others(folder, &builds)
}

impl KeptFile {
    fn of(bytes: &Bytes) -> Self {
        Self {
            bytes: bytes.len() as u64,
            sha256: BASE64_STANDARD.encode(Sha256::digest(bytes)),
        }
    }
}

impl KeptBuild {
    fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.bytes).sum()
    }

    /// Returns the files that are as they were written.
    fn read(&self, folder: &Path) -> Vec<(String, Bytes)> {
        let folder = folder.join(&self.id);
        let files = self.files.iter().filter_map(|(name, expected)| {
            let bytes = Bytes::from(fs::read(folder.join(name)).ok()?);
            (KeptFile::of(&bytes) == *expected).then(|| (name.clone(), bytes))
        });
        let files: Vec<_> = files.collect();
        if files.len() < self.files.len() {
            tracing::warn!(folder = %folder.display(), "files of a previous build are missing or damaged");
        }
        files
    }

    fn write(&self, folder: &Path, files: &[(String, Bytes)]) -> io::Result<()> {
        let folder = folder.join(&self.id);
        fs::create_dir_all(&folder)?;
        for (name, bytes) in files {
            let path = folder.join(name);
            let is_written = fs::read(&path).is_ok_and(|written| written == *bytes);
            if !is_written {
                replace(&path, bytes)?;
            }
        }
        Ok(())
    }
}

/// Returns the builds of the index, the newest first.
fn read_index(folder: &Path) -> Vec<KeptBuild> {
    let index = fs::read(folder.join(INDEX))
        .and_then(|index| Ok(serde_json::from_slice::<Vec<KeptBuild>>(&index)?));
    let builds = index.unwrap_or_else(|error| {
        if error.kind() != io::ErrorKind::NotFound {
            tracing::warn!(%error, "the index of the previous builds can't be read");
        }
        Vec::new()
    });
    let is_safe = |build: &KeptBuild| {
        let names = build.files.keys();
        names.chain([&build.id]).all(|name| is_plain(name))
    };
    builds.into_iter().filter(is_safe).collect()
}

/// Returns whether `name` is the name of a file, and not a path to another folder.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name)
}

/// Writes a file, so that it is never seen half-written.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    fs::write(&new, content)?;
    fs::rename(new, path)
}

/// Removes the folders of builds that are not in the index.
fn remove_others(folder: &Path, builds: &[KeptBuild]) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_kept = builds.iter().any(|build| *build.id == *entry.file_name());
        if entry.file_type()?.is_dir() && !is_kept {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> Timestamp {
        Timestamp(1_700_000_000_000_000 + days * 24 * 60 * 60 * 1_000_000)
    }

    /// Returns the files of a build: one that is named after it, and one that all builds have.
    fn files(id: &str) -> Vec<(String, Bytes)> {
        vec![
            (format!("chunk.{id}.wasm"), Bytes::from(id.repeat(3))),
            ("shared.js".to_owned(), Bytes::from_static(b"shared")),
        ]
    }

    /// Starts a server with the build `id`. Returns the names of the previous builds' files.
    fn start(folder: &Path, id: &str, day: i64) -> Vec<String> {
        let previous = exchange(folder, id, &files(id), at(day));
        let mut names: Vec<_> = previous
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| name != "shared.js")
            .collect();
        names.sort();
        names
    }

    fn chunks(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| format!("chunk.{id}.wasm")).collect()
    }

    fn folders(folder: &Path) -> usize {
        let entries = fs::read_dir(folder).unwrap().flatten();
        entries.filter(|it| it.path().is_dir()).count()
    }

    #[test]
    fn previous_builds_are_kept_up_to_a_count() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(start(folder.path(), "a", 0), chunks(&[]));
        assert_eq!(start(folder.path(), "a", 0), chunks(&[]));
        assert_eq!(start(folder.path(), "b", 0), chunks(&["a"]));
        assert_eq!(start(folder.path(), "c", 0), chunks(&["a", "b"]));
        assert_eq!(start(folder.path(), "d", 0), chunks(&["a", "b", "c"]));
        assert_eq!(start(folder.path(), "e", 0), chunks(&["b", "c", "d"]));
        assert_eq!(folders(folder.path()), 4);
        // Back to a previous release.
        assert_eq!(start(folder.path(), "d", 0), chunks(&["b", "c", "e"]));
    }

    #[test]
    fn build_is_kept_for_a_week_after_it_was_replaced() {
        let folder = tempfile::tempdir().unwrap();
        start(folder.path(), "a", 0);
        // It ran for a long time, and its pages may be open.
        assert_eq!(start(folder.path(), "b", 90), chunks(&["a"]));
        assert_eq!(start(folder.path(), "b", 97), chunks(&["a"]));
        assert_eq!(start(folder.path(), "b", 98), chunks(&[]));
        assert_eq!(folders(folder.path()), 1);
    }

    #[test]
    fn large_builds_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let large = |id: &str| {
            let bytes = vec![0; usize::try_from(MAX_BYTES).unwrap() / 2 + 1];
            vec![(format!("chunk.{id}.wasm"), Bytes::from(bytes))]
        };
        for (id, kept) in [("a", 0), ("b", 1), ("c", 1)] {
            let previous = exchange(folder.path(), id, &large(id), at(0));
            assert_eq!(previous.len(), kept);
        }
        assert_eq!(folders(folder.path()), 2);
    }

    #[test]
    fn damaged_files_are_not_served() {
        let folder = tempfile::tempdir().unwrap();
        start(folder.path(), "a", 0);
        fs::write(folder.path().join("a/chunk.a.wasm"), "other").unwrap();
        let previous = exchange(folder.path(), "b", &files("b"), at(0));
        assert_eq!(previous.len(), 1);
        fs::write(folder.path().join(INDEX), "[{").unwrap();
        assert_eq!(start(folder.path(), "c", 0), chunks(&[]));
    }

    #[test]
    fn paths_to_other_folders_are_ignored() {
        for (name, is_safe) in [
            ("chunk.a.wasm", true),
            ("-GfSEfx-", true),
            ("", false),
            (".", false),
            ("..", false),
            ("../ringside.db", false),
            ("a/b", false),
            ("a/", false),
            ("/etc/passwd", false),
        ] {
            assert_eq!(is_plain(name), is_safe, "{name:?}");
        }
    }
}
