//! Caches public pages. A page is rendered once for each revision of its feed, however many clients
//! request it at once.
//!
//! A public page depends only on its URL and on the head of its feed, so these two and the content
//! coding are its key. There is no invalidation: a page of an older revision is never requested
//! again, and is evicted.
//!
//! Each page has one canonical URL; other spellings redirect to it. Only pages that exist are
//! cached. They are rendered in a few slots, for which a request waits at most two seconds. While
//! pages can't be rendered because the database can't be reached, the last copies are served for a
//! minute.
//!
//! A request for a cached page is served by
//! [`PageCacheService`](super::service::PageCacheService), without the router. Other requests for
//! public pages pass through [`serve_cached`], which renders and stores the page.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{CACHE_CONTROL, IF_NONE_MATCH, LOCATION},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::{EntryId, Epoch, Rev, UpdateId};
use futures::FutureExt;
use moka::future::Cache;
use newsroom::{Newsroom, feed::FeedHead};
use tokio::time::timeout;

use super::{
    cached_page::CachedPage,
    freshness::{Freshness, Outage},
    key::{CacheKeys, PublicPage, Target},
    render::render,
};
use crate::{
    cache::{document::Encoder, negotiation::ContentCoding},
    problem::{NO_STORE, Problem},
    rendering::{Rendering, overloaded},
};

/// The memory for cached pages, in bytes.
const MAX_BYTES: u64 = 128 * 1024 * 1024;
/// The approximate memory of a page besides its body, in bytes: its key, its headers, and its slot
/// in the cache. The smallest pages have a body of two bytes, and clients can request as many of
/// them as there are updates.
const OVERHEAD: usize = 1024;

/// The memory for the last copies of pages, in bytes, which are served during an outage.
const MAX_COPY_BYTES: u64 = 32 * 1024 * 1024;
/// The memory for the lists of update ids, in bytes.
const MAX_ID_BYTES: u64 = 16 * 1024 * 1024;
/// How long a request waits for a page to be rendered.
const RENDER_TIMEOUT: Duration = Duration::from_secs(2);

/// After how many seconds the client may retry when the database can't be reached.
const RETRY_AFTER: u16 = 5;

/// The cached public pages; cheap to clone.
#[derive(Clone)]
pub struct PageCache(Arc<Caches>);

/// The cached pages of all public routes; cheap to clone.
#[derive(Clone)]
pub struct CachedPages {
    /// The pages.
    pub cache: PageCache,
    /// Their keys.
    pub keys: Arc<CacheKeys>,
    /// The engine.
    pub newsroom: Arc<Newsroom>,
    /// The slots in which pages are rendered.
    pub rendering: Rendering,
}

struct Caches {
    pages: Cache<Key, Arc<CachedPage>>,
    /// The last copy of each page, by its canonical URL.
    copies: Cache<(String, ContentCoding), Arc<CachedPage>>,
    /// The ids of an entry's updates, sorted, by the head of its feed.
    update_ids: Cache<(EntryId, Epoch, Rev), Arc<[UpdateId]>>,
    encoder: Encoder,
    outage: Outage,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// The canonical URL.
    uri: String,
    epoch: Epoch,
    head: Rev,
    coding: ContentCoding,
}

/// Why a page can't be cached.
#[derive(Debug)]
enum Failure {
    /// An error page was rendered.
    Page(Arc<CachedPage>),
    /// Nothing was rendered.
    Problem(Problem),
}

impl Default for PageCache {
    fn default() -> Self {
        fn bytes(uri: &str, page: &CachedPage) -> u32 {
            u32::try_from(OVERHEAD + uri.len() + page.body.len()).unwrap_or(u32::MAX)
        }

        Self(Arc::new(Caches {
            pages: Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(|key: &Key, page: &Arc<CachedPage>| bytes(&key.uri, page))
                .build(),
            copies: Cache::builder()
                .max_capacity(MAX_COPY_BYTES)
                .weigher(|(uri, _): &(String, _), page: &Arc<CachedPage>| bytes(uri, page))
                .build(),
            update_ids: Cache::builder()
                .max_capacity(MAX_ID_BYTES)
                .weigher(|_, ids: &Arc<[UpdateId]>| {
                    let bytes = OVERHEAD + size_of_val(&**ids);
                    u32::try_from(bytes).unwrap_or(u32::MAX)
                })
                .build(),
            encoder: Encoder::default(),
            outage: Outage::default(),
        }))
    }
}

impl CachedPages {
    /// Returns the response to a GET of `uri` with these `headers`, if the page is in the cache and
    /// the lookup doesn't have to wait.
    pub fn get_now(&self, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
        let hub = self.newsroom.hub();
        let caches = &self.cache.0;
        let Target::Page(page) = self.keys.find(hub, uri) else {
            return None;
        };
        let PublicPage {
            mut uri,
            feed,
            caching,
            since,
        } = page;
        if Freshness::of(hub.time_since_read()) != Freshness::Current {
            return None;
        }
        if let Some((entry, since)) = since {
            let known = (entry, feed.epoch, feed.head);
            let ids = caches.update_ids.get(&known).now_or_never()??;
            match last_at(&ids, since) {
                UpdateId(0) => {}
                since => uri = format!("{uri}?since={since}"),
            }
        }
        let key = Key {
            uri,
            epoch: feed.epoch,
            head: feed.head,
            coding: ContentCoding::accepted(headers),
        };
        // In the rare case that the lookup has to wait, the router serves the page.
        let page = caches.pages.get(&key).now_or_never()??;
        Some(page.respond(headers.get(IF_NONE_MATCH), caching))
    }
}

/// Returns the last of the sorted `ids` that is at most `since`; 0 if there is none.
fn last_at(ids: &[UpdateId], since: UpdateId) -> UpdateId {
    let below = ids.partition_point(|id| *id <= since);
    let last = below.checked_sub(1).and_then(|last| ids.get(last));
    last.copied().unwrap_or(UpdateId(0))
}

/// Serves public pages from the cache. A page that is not cached is rendered by `next`.
pub async fn serve_cached(
    State(pages): State<CachedPages>,
    request: Request,
    next: Next,
) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return uncached(next.run(request).await);
    }
    let CachedPages {
        cache,
        keys,
        newsroom,
        rendering,
    } = pages;
    let page = match keys.find(newsroom.hub(), request.uri()) {
        Target::Page(page) => page,
        Target::Redirect(url) => return redirect(&url),
        // Not a cacheable page.
        Target::NotFound => {
            let rendered = rendering.public().run(next.run(request)).await;
            return uncached(rendered.unwrap_or_else(IntoResponse::into_response));
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
    let coding = ContentCoding::accepted(request.headers());
    let key = Key {
        uri,
        epoch: feed.epoch,
        head: feed.head,
        coding,
    };
    // The head of the feed may itself be out of date.
    let caching = match Freshness::of(newsroom.hub().time_since_read()) {
        Freshness::Current => caching,
        Freshness::Stale => NO_STORE,
        Freshness::Expired => return database_unreachable().into_response(),
    };
    if let Some(page) = cache.0.pages.get(&key).await {
        return page.respond(request.headers().get(IF_NONE_MATCH), caching);
    }
    let if_none_match = request.headers().get(IF_NONE_MATCH).cloned();
    // Boxed, so that the future of a cache hit stays small.
    Box::pin(cache.0.render_or_copy(
        key,
        request,
        next,
        &rendering,
        if_none_match.as_ref(),
        caching,
    ))
    .await
}

/// Returns the problem of an outage that lasts longer than cached pages are served.
fn database_unreachable() -> Problem {
    let sentence = "The database can't be reached at the moment. Try again in a few seconds.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, sentence).retry_after(RETRY_AFTER)
}

/// Forbids caches to store the response, unless it has a `Cache-Control` of its own.
fn uncached(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
    response
}

/// Redirects to the canonical URL. Not cached, because there are many other spellings.
fn redirect(url: &str) -> Response {
    let headers = [(CACHE_CONTROL, NO_STORE)];
    (StatusCode::PERMANENT_REDIRECT, headers, [(LOCATION, url)]).into_response()
}

impl Caches {
    /// Renders the page and responds with it. Responds with its last copy if rendering fails
    /// because of an outage.
    async fn render_or_copy(
        &self,
        key: Key,
        request: Request,
        next: Next,
        rendering: &Rendering,
        if_none_match: Option<&HeaderValue>,
        caching: HeaderValue,
    ) -> Response {
        let render = self.render(request, &key, next, rendering);
        let rendered = timeout(RENDER_TIMEOUT, self.pages.try_get_with_by_ref(&key, render)).await;
        let failure = match rendered {
            Ok(Ok(page)) => return page.respond(if_none_match, caching),
            Ok(Err(failure)) => failure,
            Err(_) => Arc::new(Failure::Problem(overloaded())),
        };
        if failure.status() == StatusCode::SERVICE_UNAVAILABLE
            && self.outage.allows_copies(Instant::now())
            && let Some(copy) = self.copies.get(&(key.uri, key.coding)).await
        {
            return copy.respond(if_none_match, NO_STORE);
        }
        match &*failure {
            Failure::Page(page) => page.respond(None, NO_STORE),
            Failure::Problem(problem) => problem.clone().into_response(),
        }
    }

    /// Renders the page of `key`. Removes the cookies and other headers of the client whose request
    /// came first, because the page is for everyone.
    async fn render(
        &self,
        request: Request,
        key: &Key,
        next: Next,
        rendering: &Rendering,
    ) -> Result<Arc<CachedPage>, Failure> {
        let mut request = request.map(|_| Body::empty());
        *request.method_mut() = Method::GET;
        // Parsing can't fail: it consists of parts of a parsed URL.
        *request.uri_mut() = key.uri.parse().unwrap_or_default();
        request.headers_mut().clear();
        let render = render(request, next, self.encoder.clone(), key.coding);
        let page = rendering.public().run(render).await;
        let page = Arc::new(page.map_err(Failure::Problem)?);
        if page.status == StatusCode::OK {
            self.outage.end();
            let key = (key.uri.clone(), key.coding);
            self.copies.insert(key, Arc::clone(&page)).await;
            Ok(page)
        } else {
            Err(Failure::Page(page))
        }
    }

    /// Returns the id of the last update at or before `since`, or 0. All values of `since` between
    /// two updates share a cached page, so there are at most as many pages as updates.
    async fn canonical(
        &self,
        newsroom: &Newsroom,
        entry: EntryId,
        feed: &FeedHead,
        since: UpdateId,
    ) -> Result<UpdateId, Problem> {
        let key = (entry, feed.epoch, feed.head);
        let read = async { newsroom.update_ids(entry).await.map(Arc::from) };
        let ids = timeout(RENDER_TIMEOUT, self.update_ids.try_get_with(key, read)).await;
        let ids: Arc<[UpdateId]> = match ids {
            Ok(Ok(ids)) => ids,
            Ok(Err(error)) => return Err((*error).clone().into()),
            Err(_) => return Err(overloaded()),
        };
        Ok(last_at(&ids, since))
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

impl fmt::Debug for PageCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageCache")
            .field("pages", &self.0.pages.entry_count())
            .finish()
    }
}

impl fmt::Debug for CachedPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cache.fmt(f)
    }
}
