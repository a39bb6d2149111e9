//! Finished public pages: rendered once for each state of a feed, however many ask at once.
//!
//! A public page depends on its address and on where its feed stands, and on nothing else; so that
//! is what it is kept under. What is kept under an older state is never asked for again, and goes.
//!
//! A page has one address: another spelling of it is redirected. Nothing but pages that exist is
//! kept. Pages are rendered in a few slots, for which a request waits two seconds at most. While
//! they can't be rendered because the database doesn't answer, the last copies are served for a
//! minute.

use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            LOCATION, VARY,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{EntryId, Epoch, Order, Rev, Slug, UpdateId};
use futures::FutureExt;
use http_body_util::BodyExt;
use moka::future::Cache;
use newsroom::{
    Newsroom,
    live::{FeedHead, FeedId, Hub},
};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use crate::{
    document::{Document, EncodedDocument, Encoder},
    problem::{NO_STORE, Problem},
    rendering::{Rendering, overloaded},
};

/// How much memory finished pages may take.
const MAX_BYTES: u64 = 128 * 1024 * 1024;
/// What a page takes beside its body, roughly: its key, its headers, and its place in the cache.
/// The smallest pages are two bytes long, and anybody can ask for as many as there are numbers.
const OVERHEAD: usize = 1024;

/// How much memory the last copies of pages may take beyond that, for while the database is away.
const MAX_COPY_BYTES: u64 = 32 * 1024 * 1024;
/// How much memory the numbers of entries' updates may take.
const MAX_NUMBER_BYTES: u64 = 16 * 1024 * 1024;
/// How long a request waits for a page that isn't finished: as long as a person waits gladly.
const DEADLINE: Duration = Duration::from_secs(2);
/// For how long the last copies are served once the database is away: for longer than a restart
/// takes, and not so long that a reader takes an old page for the news.
const COPIES_SERVED: Duration = Duration::from_mins(1);

/// After how long without a look at the database the feeds count as old: ten times its interval.
const LOOK_OVERDUE: Duration = Duration::from_secs(10);
/// After how many seconds a page may be requested again that the database keeps back.
const RETRY_AFTER: u16 = 5;

/// How many headers an answer has in the end: room for them is made once.
const HEADERS: usize = 16;

/// A browser asks each time whether its copy is still good; a proxy may answer all that ask within
/// two seconds with one.
const PAGE: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=2");
/// Simple pollers may be ten seconds behind.
const BLOCK: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=10");

/// The finished public pages; cheap to clone.
#[derive(Clone)]
pub struct PageCache(Arc<Caches>);

struct Caches {
    pages: Cache<Key, Arc<Finished>>,
    /// Each page as it was rendered last, by its address.
    copies: Cache<(String, Encoding), Arc<Finished>>,
    /// The numbers of an entry's updates, in order, by the state of its feed.
    numbers: Cache<(EntryId, Epoch, Rev), Arc<[UpdateId]>>,
    /// Makes what is sent of what was rendered.
    encoder: Encoder,
    outage: Outage,
}

/// Since when pages can't be rendered, if they can't.
#[derive(Debug, Default)]
struct Outage(Mutex<Option<Instant>>);

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

/// Why there is no finished page.
#[derive(Debug)]
enum Failure {
    /// What was rendered instead is for those who asked, and not kept.
    Page(Arc<Finished>),
    /// Nothing was rendered.
    Problem(Problem),
}

/// A content coding that responses are sent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Brotli (RFC 7932).
    Brotli,
    /// Gzip (RFC 1952).
    Gzip,
    /// None.
    Identity,
}

impl Default for PageCache {
    fn default() -> Self {
        fn bytes(uri: &str, page: &Finished) -> u32 {
            u32::try_from(OVERHEAD + uri.len() + page.body.len()).unwrap_or(u32::MAX)
        }

        Self(Arc::new(Caches {
            pages: Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(|key: &Key, page: &Arc<Finished>| bytes(&key.uri, page))
                .build(),
            copies: Cache::builder()
                .max_capacity(MAX_COPY_BYTES)
                .weigher(|(uri, _): &(String, _), page: &Arc<Finished>| bytes(uri, page))
                .build(),
            numbers: Cache::builder()
                .max_capacity(MAX_NUMBER_BYTES)
                .weigher(|_, numbers: &Arc<[UpdateId]>| {
                    let bytes = OVERHEAD + size_of_val(&**numbers);
                    u32::try_from(bytes).unwrap_or(u32::MAX)
                })
                .build(),
            encoder: Encoder::default(),
            outage: Outage::default(),
        }))
    }
}

impl PageCache {
    /// Returns the response to a GET of `uri` with these `headers`, if that page is finished and
    /// nothing has to be waited for.
    pub fn finished(&self, hub: &Hub, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
        let Target::Page(page) = find(hub, uri) else {
            return None;
        };
        let PublicPage {
            mut uri,
            feed,
            caching,
            since,
        } = page;
        if Freshness::of(hub.unread_for()) != Freshness::Current {
            return None;
        }
        if let Some((entry, since)) = since {
            let known = (entry, feed.epoch.clone(), feed.head);
            let numbers = self.0.numbers.get(&known).now_or_never()??;
            match last_at(&numbers, since) {
                UpdateId(0) => {}
                since => uri = format!("{uri}?since={since}"),
            }
        }
        let key = Key {
            uri,
            epoch: feed.epoch,
            head: feed.head,
            encoding: Encoding::accepted(headers),
        };
        // The cache seldom waits: while it does, the page is found through the router.
        let page = self.0.pages.get(&key).now_or_never()??;
        Some(page.answer(headers.get(IF_NONE_MATCH), caching))
    }
}

/// Returns the last of the `numbers`, which are in order, that is at most `since`; 0 if there is
/// none.
fn last_at(numbers: &[UpdateId], since: UpdateId) -> UpdateId {
    let below = numbers.partition_point(|number| *number <= since);
    let last = below.checked_sub(1).and_then(|last| numbers.get(last));
    last.copied().unwrap_or(UpdateId(0))
}

/// Answers with the finished page, made by what this leads to if nobody asked for it before.
pub async fn serve_finished(
    State(cache): State<PageCache>,
    State(newsroom): State<Arc<Newsroom>>,
    State(rendering): State<Rendering>,
    request: Request,
    next: Next,
) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return unkept(next.run(request).await);
    }
    let page = match find(newsroom.hub(), request.uri()) {
        Target::Page(page) => page,
        Target::Spelling(address) => return redirect(&address),
        // Nothing public is there: rendered for this caller alone, and not kept.
        Target::Unknown => {
            let rendered = rendering.public().run(next.run(request)).await;
            return unkept(rendered.unwrap_or_else(IntoResponse::into_response));
        }
    };
    let PublicPage {
        mut uri,
        feed,
        caching,
        since,
    } = page;
    if let Some((entry, since)) = since {
        match cache.0.canonical(&newsroom, entry, &feed, since).await {
            Ok(UpdateId(0)) => {}
            Ok(since) => uri = format!("{uri}?since={since}"),
            Err(problem) => return problem.into_response(),
        }
    }
    let encoding = Encoding::accepted(request.headers());
    let key = Key {
        uri,
        epoch: feed.epoch,
        head: feed.head,
        encoding,
    };
    // What is known of the feed may be old itself.
    let caching = match Freshness::of(newsroom.hub().unread_for()) {
        Freshness::Current => caching,
        Freshness::Old => NO_STORE,
        Freshness::Unknown => return away().into_response(),
    };
    if let Some(page) = cache.0.pages.get(&key).await {
        return page.answer(request.headers().get(IF_NONE_MATCH), caching);
    }
    // Boxed: what only the first request of a page needs, the others needn't carry along.
    let shown = request.headers().get(IF_NONE_MATCH).cloned();
    Box::pin(
        cache
            .0
            .finish_or_copy(key, request, next, &rendering, shown.as_ref(), caching),
    )
    .await
}

/// How far what is known of the feeds can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freshness {
    /// As far as ever.
    Current,
    /// Another process may have changed it: a page is served, and no cache may keep it.
    Old,
    /// For too long nobody knows what has changed.
    Unknown,
}

impl Freshness {
    /// Of what was read this long ago.
    fn of(age: Duration) -> Self {
        if age <= LOOK_OVERDUE {
            Self::Current
        } else if age <= COPIES_SERVED {
            Self::Old
        } else {
            Self::Unknown
        }
    }
}

/// The database has been away for longer than pages are served without it.
fn away() -> Problem {
    let sentence = "The database can't be reached at the moment. Try again in a few seconds.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, sentence).retry_after(RETRY_AFTER)
}

/// The response, which caches may keep only if it says so itself.
fn unkept(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
    response
}

/// Sends the client to the one spelling of an address. Nobody keeps that: there are many others.
fn redirect(address: &str) -> Response {
    let headers = [(CACHE_CONTROL, NO_STORE)];
    (
        StatusCode::PERMANENT_REDIRECT,
        headers,
        [(LOCATION, address)],
    )
        .into_response()
}

impl Caches {
    /// The finished page, rendered now; or while that can't be done, its last copy.
    async fn finish_or_copy(
        &self,
        key: Key,
        request: Request,
        next: Next,
        rendering: &Rendering,
        shown: Option<&HeaderValue>,
        caching: HeaderValue,
    ) -> Response {
        let finish = self.finish(request, &key, next, rendering);
        let finished = timeout(DEADLINE, self.pages.try_get_with_by_ref(&key, finish)).await;
        let failed = match finished {
            Ok(Ok(page)) => return page.answer(shown, caching),
            Ok(Err(failed)) => failed,
            Err(_) => Arc::new(Failure::Problem(overloaded())),
        };
        if failed.status() == StatusCode::SERVICE_UNAVAILABLE
            && self.outage.allows_copies(Instant::now())
            && let Some(copy) = self.copies.get(&(key.uri, key.encoding)).await
        {
            return copy.answer(shown, NO_STORE);
        }
        match &*failed {
            Failure::Page(page) => page.answer(None, NO_STORE),
            Failure::Problem(problem) => problem.clone().into_response(),
        }
    }

    /// Renders the page that `key` names, as it is for everybody: without cookies, or anything else
    /// that whoever happens to be the first to ask has sent.
    async fn finish(
        &self,
        request: Request,
        key: &Key,
        next: Next,
        rendering: &Rendering,
    ) -> Result<Arc<Finished>, Failure> {
        let mut request = request.map(|_| Body::empty());
        *request.method_mut() = Method::GET;
        // It is made of the path and query of an address that was read before.
        *request.uri_mut() = key.uri.parse().unwrap_or_default();
        request.headers_mut().clear();
        let render = render(request, next, self.encoder.clone(), key.encoding);
        let page = rendering.public().run(render).await;
        let page = Arc::new(page.map_err(Failure::Problem)?);
        if page.status == StatusCode::OK {
            self.outage.end();
            let address = (key.uri.clone(), key.encoding);
            self.copies.insert(address, Arc::clone(&page)).await;
            Ok(page)
        } else {
            Err(Failure::Page(page))
        }
    }

    /// The number that `since` means: that of the last update at or before it, or 0. So there are
    /// no more answers than updates, whatever is asked for.
    async fn canonical(
        &self,
        newsroom: &Newsroom,
        entry: EntryId,
        feed: &FeedHead,
        since: UpdateId,
    ) -> Result<UpdateId, Problem> {
        let key = (entry, feed.epoch.clone(), feed.head);
        let read = async { newsroom.update_numbers(entry).await.map(Arc::from) };
        let numbers = timeout(DEADLINE, self.numbers.try_get_with(key, read)).await;
        let numbers: Arc<[UpdateId]> = match numbers {
            Ok(Ok(numbers)) => numbers,
            Ok(Err(error)) => return Err((*error).clone().into()),
            Err(_) => return Err(overloaded()),
        };
        Ok(last_at(&numbers, since))
    }
}

impl Outage {
    /// Whether pages can be rendered no longer than a minute ago: called whenever one can't be.
    fn allows_copies(&self, now: Instant) -> bool {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.duration_since(*since.get_or_insert(now)) <= COPIES_SERVED
    }

    /// A page was rendered.
    fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::Page(page) => page.status,
            Self::Problem(problem) => problem.status(),
        }
    }
}

/// Renders the page that the request names, in `encoding`.
async fn render(request: Request, next: Next, encoder: Encoder, encoding: Encoding) -> Finished {
    let uri = request.uri().clone();
    let begun = Instant::now();
    let (mut parts, body) = next.run(request).await.into_parts();
    let document = match parts.extensions.remove::<Document>() {
        Some(document) => Ok(document),
        None => body.collect().await.map(|body| body.to_bytes().into()),
    };
    let rendered = begun.elapsed();
    let sent = document
        .map_err(io::Error::other)
        .and_then(|document| encoder.encode(&document, encoding));
    let sent = sent.unwrap_or_else(|error| {
        tracing::error!(%error, %uri, "a page could not be rendered");
        parts.status = StatusCode::INTERNAL_SERVER_ERROR;
        parts.headers.clear();
        EncodedDocument::uncompressed("The page could not be rendered. Try again.")
    });
    tracing::debug!(
        %uri,
        render_ms = rendered.as_secs_f64() * 1e3,
        compression_ms = begun.elapsed().saturating_sub(rendered).as_secs_f64() * 1e3,
        "rendered a page"
    );
    let mut headers = HeaderMap::with_capacity(HEADERS);
    if let Some(value) = parts.headers.get(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, value.clone());
    }
    if sent.encoding != Encoding::Identity {
        headers.insert(CONTENT_ENCODING, sent.encoding.header());
    }
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    let digest = BASE64_URL_SAFE_NO_PAD.encode(&sent.digest[..15]);
    // Base64 between quotes is always a header's value.
    if let Ok(etag) = HeaderValue::try_from(format!("\"{digest}\"")) {
        headers.insert(ETAG, etag);
    }
    Finished {
        status: parts.status,
        headers,
        body: sent.bytes,
    }
}

impl Finished {
    /// The page, or that it is still the one that was `shown`. Of an answer to HEAD the router
    /// takes the body away, and leaves its length.
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
    /// The smallest that the client accepts.
    pub fn accepted(headers: &HeaderMap) -> Self {
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

    /// What `Content-Encoding` calls it.
    pub const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        })
    }
}

/// What an address is of.
enum Target {
    /// A public page.
    Page(PublicPage),
    /// A public page in another spelling; this is its own address.
    Spelling(String),
    /// No public page.
    Unknown,
}

/// A public page, before it is rendered.
struct PublicPage {
    /// Its address, without what makes no difference.
    uri: String,
    /// Where its feed stands.
    feed: FeedHead,
    /// How long others may keep it.
    caching: HeaderValue,
    /// The update after which it begins, and its entry; it may be any number.
    since: Option<(EntryId, UpdateId)>,
}

impl PublicPage {
    fn new(uri: impl Into<String>, feed: FeedHead, caching: HeaderValue) -> Self {
        Self {
            uri: uri.into(),
            feed,
            caching,
            since: None,
        }
    }
}

/// The public page at `uri`.
fn find(hub: &Hub, uri: &Uri) -> Target {
    let query = uri.query();
    let leading_to = |path: &str| match query {
        Some(query) => Target::Spelling(format!("{path}?{query}")),
        None => Target::Spelling(path.to_owned()),
    };
    let path = uri.path();
    if !path.contains('%') {
        return match find_plain(hub, path, query) {
            Some(Target::Spelling(path)) => leading_to(&path),
            target => target.unwrap_or(Target::Unknown),
        };
    }
    // No public page's path needs a percent sign.
    let Ok(decoded) = percent_decode_str(path).decode_utf8() else {
        return Target::Unknown;
    };
    if decoded.contains('%') {
        return Target::Unknown;
    }
    match find_plain(hub, &decoded, None) {
        Some(Target::Page(_)) => leading_to(&decoded),
        Some(Target::Spelling(path)) => leading_to(&path),
        _ => Target::Unknown,
    }
}

/// The same for a path without percent signs.
fn find_plain(hub: &Hub, path: &str, query: Option<&str>) -> Option<Target> {
    let parts: Vec<_> = path.split('/').skip(1).collect();
    let page = match *parts.as_slice() {
        ["" | "live"] => PublicPage::new(path, hub.head(FeedId::All)?, PAGE),
        ["entries", slug] => {
            let feed = feed_of(hub, slug)?;
            let order = first(query, "order").and_then(|order| order.parse::<Order>().ok());
            match order {
                Some(order) => PublicPage::new(format!("{path}?order={order}"), feed, PAGE),
                None => PublicPage::new(path, feed, PAGE),
            }
        }
        ["entries", slug, "updates", id] => {
            let feed = feed_of(hub, slug)?;
            let number = number(id)?;
            if !is_plain(id) {
                let path = format!("/entries/{slug}/updates/{number}");
                return Some(Target::Spelling(path));
            }
            PublicPage::new(path, feed, PAGE)
        }
        ["updates", id, ""] => {
            let number = number(id)?;
            if !is_plain(id) {
                return Some(Target::Spelling(format!("/updates/{number}/")));
            }
            let feed = hub.head(FeedId::Entry(EntryId(number)))?;
            PublicPage::new(path, feed, BLOCK)
        }
        ["updates", file] => {
            let id = file.strip_suffix(".json")?;
            let number = number(id)?;
            if !is_plain(id) {
                return Some(Target::Spelling(format!("/updates/{number}.json")));
            }
            let entry = EntryId(number);
            let feed = hub.head(FeedId::Entry(entry))?;
            let mut page = PublicPage::new(path, feed, BLOCK);
            if let Some(since) = first(query, "since") {
                // A wrong one is refused by what this leads to.
                let since = since.parse::<i64>().ok().filter(|since| *since >= 0)?;
                page.since = Some((entry, UpdateId(since)));
            }
            page
        }
        _ => return None,
    };
    Some(Target::Page(page))
}

/// Where the feed of the public entry named `slug` stands, if there is one and that is its
/// spelling.
fn feed_of(hub: &Hub, slug: &str) -> Option<FeedHead> {
    let known = Slug::parse(slug).ok().filter(|it| it.as_str() == slug)?;
    let (_, feed) = hub.find(&known)?;
    Some(feed)
}

/// The number that stands in an address, however it is written.
fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number| *number >= 0)
}

/// Whether a number is written as we write it.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'))
}

/// The first value of `name` in an address's query.
fn first(query: Option<&str>, name: &str) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

impl fmt::Debug for PageCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageCache")
            .field("pages", &self.0.pages.entry_count())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_served_for_a_minute_after_the_last_page_was_rendered() {
        let (outage, begun) = (Outage::default(), Instant::now());
        assert!(outage.allows_copies(begun));
        assert!(outage.allows_copies(begun + COPIES_SERVED));
        let later = begun + COPIES_SERVED + Duration::from_millis(1);
        assert!(!outage.allows_copies(later));
        outage.end();
        assert!(outage.allows_copies(later));
    }

    #[test]
    fn finished_pages_are_served_for_a_minute_after_the_database_was_read() {
        for (seconds, expected) in [
            (0, Freshness::Current),
            (10, Freshness::Current),
            (11, Freshness::Old),
            (60, Freshness::Old),
            (61, Freshness::Unknown),
        ] {
            let freshness = Freshness::of(Duration::from_secs(seconds));
            assert_eq!(freshness, expected, "{seconds}");
        }
    }

    #[test]
    fn a_number_has_one_spelling() {
        for (text, expected) in [
            ("0", Some((0, true))),
            ("70", Some((70, true))),
            ("070", Some((70, false))),
            ("+7", Some((7, false))),
            ("-0", Some((0, false))),
            ("-7", None),
            ("", None),
            ("9223372036854775808", None),
        ] {
            let read = number(text).map(|number| (number, is_plain(text)));
            assert_eq!(read, expected, "{text}");
        }
    }
}
