//! Files in memory, as a backend of `ServeDir`: they are sent with the same headers, in the same
//! encodings and ranges as files of a folder.

use std::{
    collections::HashMap,
    env, fs,
    future::{Ready, ready},
    io::{self, Cursor, ErrorKind},
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::SystemTime,
};

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower_http::services::fs::{Backend, File, Metadata};

/// Files by their path; cheap to clone.
#[derive(Clone, Debug)]
pub struct MemoryFiles {
    files: Arc<HashMap<PathBuf, Bytes>>,
    modified_at: SystemTime,
}

impl MemoryFiles {
    /// Creates it with these files. The last of several with the same path remains.
    pub fn new(files: impl IntoIterator<Item = (PathBuf, Bytes)>) -> Self {
        // The files are as old as the binary, so that their entity tags change with a new one.
        let binary = env::current_exe().and_then(fs::metadata);
        Self {
            files: Arc::new(files.into_iter().collect()),
            modified_at: binary
                .and_then(|binary| binary.modified())
                .unwrap_or(SystemTime::UNIX_EPOCH),
        }
    }

    fn get(&self, path: &Path) -> io::Result<MemoryFile> {
        // `ServeDir` adds the current folder to relative paths.
        let path = path.strip_prefix(".").unwrap_or(path);
        let bytes = self.files.get(path).ok_or(ErrorKind::NotFound)?;
        Ok(MemoryFile {
            metadata: FileMetadata {
                length: bytes.len() as u64,
                modified_at: self.modified_at,
            },
            content: Cursor::new(bytes.clone()),
        })
    }
}

impl Backend for MemoryFiles {
    type File = MemoryFile;
    type Metadata = FileMetadata;
    type OpenFuture = Ready<io::Result<MemoryFile>>;
    type MetadataFuture = Ready<io::Result<FileMetadata>>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        ready(self.get(&path))
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        ready(self.get(&path).map(|file| file.metadata))
    }
}

/// A file that is being read.
#[derive(Debug)]
pub struct MemoryFile {
    content: Cursor<Bytes>,
    metadata: FileMetadata,
}

/// The length and the age of a file.
#[derive(Clone, Copy, Debug)]
pub struct FileMetadata {
    length: u64,
    modified_at: SystemTime,
}

impl File for MemoryFile {
    type Metadata = FileMetadata;
    type MetadataFuture<'a> = Ready<io::Result<FileMetadata>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        ready(Ok(self.metadata))
    }
}

impl Metadata for FileMetadata {
    fn is_dir(&self) -> bool {
        false
    }

    fn modified(&self) -> io::Result<SystemTime> {
        Ok(self.modified_at)
    }

    fn len(&self) -> u64 {
        self.length
    }
}

impl AsyncRead for MemoryFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.content).poll_read(context, buffer)
    }
}

impl AsyncSeek for MemoryFile {
    fn start_seek(mut self: Pin<&mut Self>, position: io::SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.content).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.content).poll_complete(context)
    }
}
