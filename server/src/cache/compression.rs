//! Compresses content in parts that can be joined, and the batches of a feed, which have one part.

use std::{
    io::{self, Write},
    mem,
    sync::Arc,
};

use axum::{body::Bytes, http::StatusCode};
use brotli::{
    concat::{BroCatli, BroCatliResult},
    enc::BrotliEncoderParams,
};
use flate2::{Compression, Crc, write::DeflateEncoder};
use newsroom::feed::Coding;
use sha2::{Digest, Sha256};

use super::negotiation::ContentCoding;
use crate::{problem::Problem, rendering::Slots};

/// The quality of Brotli for batches, from 0 to 11. Higher qualities take many times as long, for a
/// batch that is a tenth smaller.
const BATCH_QUALITY: i32 = 4;
/// Brotli's window, as a power of two. It is the same for all parts, so that they can be joined.
const WINDOW: i32 = 22;
/// How many bytes joined Brotli streams may have in addition to their own. An empty stream has one.
const JOINED_OVERHEAD: usize = 8;
/// A gzip header: deflate, no flags, no time, an unknown system (RFC 1952, section 2.3).
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// An empty deflate block that is the last one (RFC 1951, section 3.2.3).
const LAST_BLOCK: [u8; 2] = [3, 0];

/// Compresses a batch once for all clients that request it, on a blocking thread, once a slot is
/// free.
///
/// # Errors
/// If no slot becomes free in time.
pub async fn compress_batch(slots: &Slots, coding: Coding, batch: Bytes) -> Result<Bytes, Problem> {
    let coding = match coding {
        Coding::Brotli => ContentCoding::Brotli,
        Coding::Gzip => ContentCoding::Gzip,
    };
    let compress = async move {
        let part = EncodedPart::new(&batch, coding, BATCH_QUALITY, true)?;
        join(coding, &[Arc::new(part)])
    };
    slots.run(compress).await?.map_err(|error| {
        tracing::error!(%error, "a batch could not be compressed");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The server failed.")
    })
}

/// A part in a content coding, ready to be joined with others.
#[derive(Debug)]
pub struct EncodedPart {
    /// The encoded bytes.
    pub bytes: Bytes,
    /// The checksum of the content, for gzip.
    checksum: Crc,
    /// The digest of the content.
    pub digest: [u8; 32],
}

impl EncodedPart {
    /// Compresses `content` with `coding`; with Brotli at `quality`, from 0 to 11. Only the first
    /// part may use Brotli's dictionary.
    ///
    /// # Errors
    /// If the compressor fails, which is not expected.
    pub fn new(
        content: &Bytes,
        coding: ContentCoding,
        quality: i32,
        is_first: bool,
    ) -> io::Result<Self> {
        let mut checksum = Crc::new();
        let bytes = match coding {
            ContentCoding::Brotli => brotli(content, quality, is_first)?.into(),
            ContentCoding::Gzip => {
                checksum.update(content);
                deflate(content)?.into()
            }
            ContentCoding::Identity => content.clone(),
        };
        Ok(Self {
            bytes,
            checksum,
            digest: Sha256::digest(content).into(),
        })
    }
}

/// Joins parts that were all encoded with `coding`.
///
/// # Errors
/// If the compressor fails, which is not expected.
pub fn join(coding: ContentCoding, parts: &[Arc<EncodedPart>]) -> io::Result<Bytes> {
    let bytes = match coding {
        ContentCoding::Brotli => join_brotli(parts)?,
        ContentCoding::Gzip => join_gzip(parts),
        ContentCoding::Identity => concat(parts.iter().map(|part| &*part.bytes)),
    };
    Ok(bytes.into())
}

/// Compresses `content` into a stream to which others can be appended, and which can be appended to
/// others unless it `is_first`.
fn brotli(content: &[u8], quality: i32, is_first: bool) -> io::Result<Vec<u8>> {
    let parameters = BrotliEncoderParams {
        quality,
        lgwin: WINDOW,
        size_hint: content.len(),
        appendable: true,
        catable: !is_first,
        use_dictionary: is_first,
        ..BrotliEncoderParams::default()
    };
    let mut compressed = Vec::with_capacity(content.len() / 4);
    brotli::BrotliCompress(&mut &*content, &mut compressed, &parameters)?;
    Ok(compressed)
}

fn join_brotli(parts: &[Arc<EncodedPart>]) -> io::Result<Vec<u8>> {
    let check = |result| match result {
        BroCatliResult::Success | BroCatliResult::NeedsMoreInput => Ok(()),
        failed => Err(io::Error::other(format!("joining failed: {failed:?}"))),
    };
    let bytes: usize = parts.iter().map(|part| part.bytes.len()).sum();
    let mut joined = vec![0; bytes + JOINED_OVERHEAD];
    let mut length = 0;
    let mut streams = BroCatli::new();
    for part in parts {
        streams.new_brotli_file();
        check(streams.stream(&part.bytes, &mut 0, &mut joined, &mut length))?;
    }
    check(streams.finish(&mut joined, &mut length))?;
    joined.truncate(length);
    Ok(joined)
}

/// Compresses `content` into blocks that end at a byte boundary, none of them marked as the last.
fn deflate(content: &[u8]) -> io::Result<Vec<u8>> {
    let buffer = Vec::with_capacity(content.len() / 2);
    let mut encoder = DeflateEncoder::new(buffer, Compression::default());
    encoder.write_all(content)?;
    encoder.flush()?;
    Ok(mem::take(encoder.get_mut()))
}

fn join_gzip(parts: &[Arc<EncodedPart>]) -> Vec<u8> {
    let mut checksum = Crc::new();
    for part in parts {
        checksum.combine(&part.checksum);
    }
    let blocks = parts.iter().map(|part| &*part.bytes);
    let trailer = [
        checksum.sum().to_le_bytes(),
        checksum.amount().to_le_bytes(),
    ]
    .concat();
    let pieces = [&GZIP_HEADER[..]].into_iter().chain(blocks);
    concat(pieces.chain([&LAST_BLOCK[..], &trailer]))
}

fn concat<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    pieces.collect::<Vec<_>>().concat()
}
