//! Documents in parts. The parts of a long list are compressed once and then joined with the rest
//! of the document, so that after a change only the changed part is compressed again.

use std::{
    collections::VecDeque,
    convert::Infallible,
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use app::DocumentList;
use axum::{
    body::{Body, Bytes, HttpBody},
    response::{IntoResponse, Response},
};
use http_body::{Frame, SizeHint};
use moka::sync::Cache;
use newsroom::ListPart;
use sha2::{Digest, Sha256};

use super::{
    compression::{EncodedPart, join},
    negotiation::ContentCoding,
};

/// The memory for the compressed parts of lists, in bytes.
const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// The memory of a compressed part besides its bytes, in bytes.
const OVERHEAD: usize = 256;
/// The quality of Brotli, from 0 to 11. It takes a quarter longer than that of batches, but a part
/// is compressed only once, and compresses worse than a whole document.
const QUALITY: i32 = 5;
/// The shortest document that is compressed, in bytes. A shorter one may become longer.
const MIN_COMPRESSED: usize = 64;
/// An HTML document, which may contain a list.
#[derive(Clone, Debug)]
pub struct Document(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    /// HTML that only this document contains.
    Own(Bytes),
    /// A part of a list that other documents may also contain.
    Shared(Arc<ListPart>),
}

impl Document {
    /// Returns the document that was rendered as `html`, with `list` inserted.
    pub fn new(html: Bytes, list: &DocumentList) -> Self {
        match list.split(&html) {
            Some((before, parts, after)) => {
                let mut document = Self::of_list(parts);
                document.0.insert(0, Part::Own(before));
                document.0.push(Part::Own(after));
                document
            }
            None => html.into(),
        }
    }

    /// Returns a document that consists of a list.
    pub fn of_list(parts: Vec<Arc<ListPart>>) -> Self {
        Self(parts.into_iter().map(Part::Shared).collect())
    }

    /// Returns the length of its HTML, in bytes.
    fn len(&self) -> usize {
        self.0.iter().map(|part| part.html().len()).sum()
    }
}

impl From<Bytes> for Document {
    /// Returns the document with these bytes.
    fn from(bytes: Bytes) -> Self {
        Self(vec![Part::Own(bytes)])
    }
}

impl Part {
    fn html(&self) -> &Bytes {
        match self {
            Self::Own(html) => html,
            Self::Shared(part) => part.html(),
        }
    }
}

impl IntoResponse for Document {
    /// Sends the parts one after the other. The page cache takes the document from the extensions.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::new(Unencoded {
            left: self.len() as u64,
            parts: self.0.clone().into(),
        }));
        response.extensions_mut().insert(self);
        response
    }
}

/// The body of an uncompressed document, whose length is known in advance.
struct Unencoded {
    parts: VecDeque<Part>,
    /// How many bytes the remaining parts have.
    left: u64,
}

impl HttpBody for Unencoded {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.parts.pop_front();
        Poll::Ready(next.map(|part| {
            let html = part.html().clone();
            self.left -= html.len() as u64;
            Ok(Frame::data(html))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Compresses documents, and caches the compressed parts of lists; cheap to clone.
#[derive(Clone)]
pub struct Encoder(Cache<(u64, ContentCoding), Arc<EncodedPart>>);

/// A document in a content coding.
#[derive(Debug)]
pub struct EncodedDocument {
    /// The encoded bytes.
    pub bytes: Bytes,
    /// The content coding.
    pub coding: ContentCoding,
    /// A digest of the document and the coding, for its `ETag`.
    pub digest: [u8; 32],
}

impl EncodedDocument {
    /// Returns `text` without compression.
    pub fn uncompressed(text: &'static str) -> Self {
        Self {
            bytes: Bytes::from_static(text.as_bytes()),
            coding: ContentCoding::Identity,
            digest: Sha256::digest(text).into(),
        }
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(|_, part: &Arc<EncodedPart>| {
                    u32::try_from(OVERHEAD + part.bytes.len()).unwrap_or(u32::MAX)
                })
                .build(),
        )
    }
}

impl Encoder {
    /// Returns `document` in `coding`, or uncompressed if it is very short.
    ///
    /// # Errors
    /// If the compressor fails, which is not expected.
    pub fn encode(
        &self,
        document: &Document,
        coding: ContentCoding,
    ) -> io::Result<EncodedDocument> {
        let coding = match document.len() {
            ..MIN_COMPRESSED => ContentCoding::Identity,
            _ => coding,
        };
        let mut parts = Vec::with_capacity(document.0.len());
        for (index, part) in document.0.iter().enumerate() {
            parts.push(match part {
                // Only the first part may use Brotli's dictionary.
                Part::Own(html) => Arc::new(EncodedPart::new(html, coding, QUALITY, index == 0)?),
                Part::Shared(part) => self.shared(part, coding)?,
            });
        }
        let mut digest = Sha256::new_with_prefix(coding.header().as_bytes());
        for part in &parts {
            digest.update(part.digest);
        }
        Ok(EncodedDocument {
            bytes: join(coding, &parts)?,
            coding,
            digest: digest.finalize().into(),
        })
    }

    fn shared(&self, part: &ListPart, coding: ContentCoding) -> io::Result<Arc<EncodedPart>> {
        let key = (part.number(), coding);
        if let Some(cached) = self.0.get(&key) {
            return Ok(cached);
        }
        let encoded = Arc::new(EncodedPart::new(part.html(), coding, QUALITY, false)?);
        self.0.insert(key, Arc::clone(&encoded));
        Ok(encoded)
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("parts", &self.0.entry_count())
            .finish()
    }
}

#[cfg(test)]
mod tests;
