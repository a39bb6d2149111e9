//! Finished public pages: rendered once for each state of a feed, however many ask at once.
//!
//! A public page depends on its address and on where its feed stands, and on nothing else; so that is
//! what it is kept under. What is kept under an older state is never asked for again, and goes.

use std::{fmt, sync::Arc, time::Instant};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            VARY,
        },
    },
    middleware::Next,
    response::Response,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{EntryId, Epoch, Order, Rev, Slug};
use http_body_util::BodyExt;
use moka::future::Cache;
use newsroom::{
    Newsroom,
    live::{FeedHead, FeedId, Hub},
};
use sha2::{Digest, Sha256};

use crate::problem::NO_STORE;

/// How much memory finished pages may take.
const MAX_BYTES: u64 = 128 * 1024 * 1024;
/// What a page takes beside its body, roughly: its key, its headers, and its place in the cache. The
/// smallest pages are two bytes long, and anybody can ask for as many as there are numbers.
const OVERHEAD: usize = 1024;

/// How many headers an answer has in the end: room for them is made once.
const HEADERS: usize = 16;

/// A browser asks each time whether its copy is still good; a proxy may answer all that ask within
/// two seconds with one.
const PAGE: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=2");
/// Simple pollers may be ten seconds behind.
const BLOCK: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=10");

/// The finished public pages; cheap to clone.
#[derive(Clone)]
pub struct PageCache(Arc<Cache<Key, Arc<Finished>>>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// The address, without what makes no difference to the page.
    uri: String,
    epoch: Epoch,
    head: Rev,
    encoding: Encoding,
}

#[derive(Debug)]
struct Finished {
    status: StatusCode,
    /// All but how long others may keep it.
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Default for PageCache {
    fn default() -> Self {
        let pages = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|key: &Key, page: &Arc<Finished>| {
                let bytes = OVERHEAD + key.uri.len() + page.body.len();
                u32::try_from(bytes).unwrap_or(u32::MAX)
            })
            .build();
        Self(Arc::new(pages))
    }
}

/// Answers with the finished page, made by what this leads to if nobody asked for it before.
pub async fn serve_finished(
    State(cache): State<PageCache>,
    State(newsroom): State<Arc<Newsroom>>,
    request: Request,
    next: Next,
) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let page = public_page(newsroom.hub(), request.uri()).filter(|_| reads);
    let Some((uri, feed, caching)) = page else {
        // Nothing public stands there, or nobody asks to see it: let it be said, and not kept.
        let mut response = next.run(request).await;
        let headers = response.headers_mut();
        headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
        return response;
    };
    let encoding = Encoding::accepted(request.headers());
    let key = Key {
        uri,
        epoch: feed.epoch,
        head: feed.head,
        encoding,
    };
    let shown = request.headers().get(IF_NONE_MATCH).cloned();
    if let Some(page) = cache.0.get(&key).await {
        return page.answer(shown.as_ref(), caching);
    }
    // Boxed: what only the first request of a page needs, the others needn't carry along.
    let finish = Box::pin(finish(request, &key.uri, encoding, next));
    match cache.0.try_get_with_by_ref(&key, finish).await {
        Ok(page) => page.answer(shown.as_ref(), caching),
        Err(failed) => failed.answer(None, NO_STORE),
    }
}

/// Makes the page at `uri`, as it is for everybody: without cookies, or anything else that whoever
/// happens to be the first to ask has sent.
async fn finish(
    request: Request,
    uri: &str,
    encoding: Encoding,
    next: Next,
) -> Result<Arc<Finished>, Arc<Finished>> {
    let mut request = request.map(|_| Body::empty());
    *request.method_mut() = Method::GET;
    // It is made of the path and query of an address that was read before.
    *request.uri_mut() = uri.parse().unwrap_or_default();
    let headers = request.headers_mut();
    headers.clear();
    headers.insert(ACCEPT_ENCODING, encoding.header());
    let begun = Instant::now();
    let (mut parts, body) = next.run(request).await.into_parts();
    let rendered = begun.elapsed();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            tracing::error!(%error, uri, "a page could not be rendered");
            parts.status = StatusCode::INTERNAL_SERVER_ERROR;
            parts.headers.clear();
            Bytes::from_static(b"The page could not be rendered. Try again.")
        }
    };
    // A body is compressed as it is read.
    let compressed = begun.elapsed().saturating_sub(rendered);
    tracing::debug!(
        uri,
        render_ms = rendered.as_secs_f64() * 1e3,
        compression_ms = compressed.as_secs_f64() * 1e3,
        "rendered a page"
    );
    let mut headers = HeaderMap::with_capacity(HEADERS);
    for name in [CONTENT_TYPE, CONTENT_ENCODING] {
        if let Some(value) = parts.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    let digest = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..15]);
    // Base64 between quotes is always a header's value.
    if let Ok(etag) = HeaderValue::try_from(format!("\"{digest}\"")) {
        headers.insert(ETAG, etag);
    }
    let finished = Arc::new(Finished {
        status: parts.status,
        headers,
        body,
    });
    if parts.status.is_server_error() {
        Err(finished)
    } else {
        Ok(finished)
    }
}

impl Finished {
    /// The page, or that it is still the one that was `shown`. Of an answer to HEAD the router takes
    /// the body away, and leaves its length.
    fn answer(&self, shown: Option<&HeaderValue>, caching: HeaderValue) -> Response {
        let known = self.status == StatusCode::OK && shown.is_some_and(|tags| self.is_among(tags));
        let status = if known {
            StatusCode::NOT_MODIFIED
        } else {
            self.status
        };
        let body = if known {
            Body::empty()
        } else {
            Body::from(self.body.clone())
        };
        let caching = match self.status {
            StatusCode::OK => caching,
            _ => NO_STORE,
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = self.headers.clone();
        response.headers_mut().insert(CACHE_CONTROL, caching);
        response
    }

    /// Whether the page is one of those that `If-None-Match` names (RFC 9110, section 13.1.2).
    fn is_among(&self, tags: &HeaderValue) -> bool {
        let own = self.headers.get(ETAG).and_then(|tag| tag.to_str().ok());
        tags.to_str().is_ok_and(|tags| {
            tags.split(',')
                .map(|tag| tag.trim().trim_start_matches("W/"))
                .any(|tag| tag == "*" || Some(tag) == own)
        })
    }
}

impl Encoding {
    /// The smallest that the browser takes.
    fn accepted(headers: &HeaderMap) -> Self {
        let accepted = headers
            .get(ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let takes = |name: &str| {
            accepted.split(',').any(|offer| {
                let (coding, quality) = offer.split_once(';').unwrap_or((offer, ""));
                coding.trim() == name
                    && !matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
            })
        };
        if takes("br") {
            Self::Brotli
        } else if takes("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        })
    }
}

/// The public page at `uri`: the address without what makes no difference, where its feed stands, and
/// how long others may keep it.
fn public_page(hub: &Hub, uri: &Uri) -> Option<(String, FeedHead, HeaderValue)> {
    let path = uri.path();
    let parts: Vec<_> = path.split('/').skip(1).collect();
    match *parts.as_slice() {
        ["" | "live"] => Some((path.to_owned(), hub.head(FeedId::All)?, PAGE)),
        ["entries", slug] => {
            let (_, feed) = hub.find(&Slug::parse(slug).ok()?)?;
            let order = query(uri, "order").and_then(|order| order.parse::<Order>().ok());
            let uri = match order {
                Some(order) => format!("{path}?order={order}"),
                None => path.to_owned(),
            };
            Some((uri, feed, PAGE))
        }
        ["entries", slug, "updates", _] => {
            let (_, feed) = hub.find(&Slug::parse(slug).ok()?)?;
            Some((path.to_owned(), feed, PAGE))
        }
        ["updates", id, ""] => {
            let feed = hub.head(FeedId::Entry(id.parse().ok()?))?;
            Some((path.to_owned(), feed, BLOCK))
        }
        ["updates", file] => {
            let id: EntryId = file.strip_suffix(".json")?.parse().ok()?;
            let feed = hub.head(FeedId::Entry(id))?;
            let uri = match query(uri, "since") {
                // A wrong one is refused by what this leads to.
                Some(since) => match since.parse::<i64>() {
                    Ok(since @ 0..) => format!("{path}?since={since}"),
                    _ => return None,
                },
                None => path.to_owned(),
            };
            Some((uri, feed, BLOCK))
        }
        _ => None,
    }
}

/// The first value of `name` in the address's query.
fn query(uri: &Uri, name: &str) -> Option<String> {
    form_urlencoded::parse(uri.query()?.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

impl fmt::Debug for PageCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageCache")
            .field("pages", &self.0.entry_count())
            .finish()
    }
}
