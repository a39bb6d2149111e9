//! Renders and compresses one page.

use std::{io, time::Instant};

use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY},
    },
    middleware::Next,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http_body_util::BodyExt;

use super::cached_page::CachedPage;
use crate::cache::{
    document::{Document, EncodedDocument, Encoder},
    negotiation::ContentCoding,
};

/// The number of headers of a response, for allocating the map once.
const HEADERS: usize = 16;

/// Renders the page at the request's URL, and compresses it with `coding`.
pub async fn render(
    request: Request,
    next: Next,
    encoder: Encoder,
    coding: ContentCoding,
) -> CachedPage {
    let uri = request.uri().clone();
    let started_at = Instant::now();
    let (mut parts, body) = next.run(request).await.into_parts();
    let document = match parts.extensions.remove::<Document>() {
        Some(document) => Ok(document),
        None => body.collect().await.map(|body| body.to_bytes().into()),
    };
    let rendered = started_at.elapsed();
    let compressed = document
        .map_err(io::Error::other)
        .and_then(|document| encoder.encode(&document, coding));
    let compressed = compressed.unwrap_or_else(|error| {
        tracing::error!(%error, %uri, "a page could not be rendered");
        parts.status = StatusCode::INTERNAL_SERVER_ERROR;
        parts.headers.clear();
        EncodedDocument::uncompressed("The page could not be rendered. Try again.")
    });
    tracing::debug!(
        // The benchmarks read these lines.
        target: "server::page_cache::render",
        %uri,
        render_ms = rendered.as_secs_f64() * 1e3,
        compression_ms = started_at.elapsed().saturating_sub(rendered).as_secs_f64() * 1e3,
        "rendered a page"
    );
    let mut headers = HeaderMap::with_capacity(HEADERS);
    if let Some(value) = parts.headers.get(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, value.clone());
    }
    if compressed.coding != ContentCoding::Identity {
        headers.insert(CONTENT_ENCODING, compressed.coding.header());
    }
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    let digest = BASE64_URL_SAFE_NO_PAD.encode(&compressed.digest[..15]);
    // Base64 in quotes is always a valid header value.
    if let Ok(etag) = HeaderValue::try_from(format!("\"{digest}\"")) {
        headers.insert(ETAG, etag);
    }
    CachedPage {
        status: parts.status,
        headers,
        body: compressed.bytes,
    }
}
