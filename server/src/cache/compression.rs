//! Compresses the batches of a feed, once for all clients that request the same batch.

use std::io::{self, Write};

use axum::{body::Bytes, http::StatusCode};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use newsroom::feed::Coding;

use crate::{problem::Problem, rendering::Slots};

/// The quality of Brotli, from 0 to 11. Higher qualities take many times as long, for a batch that
/// is a tenth smaller.
const QUALITY: i32 = 4;

/// Compresses `bytes` with `coding` on a blocking thread, once a slot is free.
///
/// # Errors
/// If no slot becomes free in time.
pub async fn compress(slots: &Slots, coding: Coding, bytes: Bytes) -> Result<Bytes, Problem> {
    let compressed = slots.run(async move { compressed(coding, &bytes) }).await?;
    compressed.map_err(|error| {
        tracing::error!(%error, "a batch could not be compressed");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The server failed.")
    })
}

fn compressed(coding: Coding, bytes: &[u8]) -> io::Result<Bytes> {
    let mut compressed = Vec::with_capacity(bytes.len() / 4);
    match coding {
        Coding::Brotli => {
            let parameters = BrotliEncoderParams {
                quality: QUALITY,
                size_hint: bytes.len(),
                ..BrotliEncoderParams::default()
            };
            brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)?;
        }
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(&mut compressed, Compression::default());
            encoder.write_all(bytes)?;
            encoder.finish()?;
        }
    }
    Ok(compressed.into())
}
