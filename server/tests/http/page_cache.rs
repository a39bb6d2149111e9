//! The page cache: a public page is rendered once for each state of its feed.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode},
};
use domain::{EntryState, Order};
use futures::future::join_all;
use newsroom::NewEntry;
use tower::ServiceExt;
use tracing::{Event, Metadata, Subscriber, instrument::WithSubscriber, span};

use super::support::{TestApp, head_of, tag_texts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unchanged_page_is_not_sent_again() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    app.post("final", "Kick-off").await;
    let etag = anonymous.get("/entries/final").await.header("etag");
    let etag = etag.to_str().unwrap();
    for known in [
        etag.to_owned(),
        format!("W/{etag}"),
        format!("\"other\", {etag}"),
        "*".to_owned(),
    ] {
        let page = anonymous
            .get("/entries/final")
            .add_header("if-none-match", &*known)
            .await;
        page.assert_status(StatusCode::NOT_MODIFIED);
        assert!(page.as_bytes().is_empty(), "{known}");
        assert_eq!(page.header("etag"), etag, "{known}");
        assert_eq!(
            page.header("cache-control"),
            "public, max-age=0, s-maxage=2"
        );
    }
    for other in ["\"other\"", "", "W/\"\"", &etag[1..]] {
        let page = anonymous
            .get("/entries/final")
            .add_header("if-none-match", other)
            .await;
        page.assert_status_ok();
    }

    app.post("final", "A goal").await;
    let page = anonymous
        .get("/entries/final")
        .add_header("if-none-match", etag)
        .await;
    page.assert_status_ok().assert_text_contains("A goal");
    assert_ne!(page.header("etag"), etag);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_request_returns_the_headers_of_the_page() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    for path in ["/", "/entries/final", "/nowhere"] {
        // HEAD comes first: it must put the complete page into the cache.
        let head = anonymous.method(Method::HEAD, path).await;
        let page = anonymous.get(path).await;
        assert!(!page.as_bytes().is_empty(), "{path}");
        assert!(head.as_bytes().is_empty(), "{path}");
        let names = [
            "content-length",
            "content-type",
            "cache-control",
            "etag",
            "vary",
        ];
        assert_eq!(head_of(&head, &names), head_of(&page, &names), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_is_compressed_as_the_browser_accepts() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    app.post("final", &"A long update. ".repeat(200)).await;
    let plain = anonymous.get("/entries/final").await;
    assert!(plain.maybe_header("content-encoding").is_none());
    for (accepted, coding) in [
        ("gzip, deflate, br, zstd", "br"),
        ("br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0.5, br;q=0.1", "br"),
        ("deflate", ""),
        ("gzip;q=0, br;q=0", ""),
        ("identity", ""),
        ("*", ""),
    ] {
        let page = anonymous
            .get("/entries/final")
            .add_header("accept-encoding", accepted)
            .await;
        page.assert_status_ok();
        let encoding = page.maybe_header("content-encoding");
        let encoding = encoding
            .as_ref()
            .map_or("", |value| value.to_str().unwrap());
        assert_eq!(encoding, coding, "{accepted}");
        assert_eq!(page.header("vary"), "accept-encoding", "{accepted}");
        assert_eq!(
            decode(coding, page.as_bytes()),
            plain.as_bytes().as_ref(),
            "{accepted}"
        );
        if !coding.is_empty() {
            assert!(page.as_bytes().len() * 2 < plain.as_bytes().len());
            assert_ne!(page.header("etag"), plain.header("etag"), "{accepted}");
        }
    }
}

/// Long lists are compressed in chunks, which are concatenated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_page_is_the_same_in_every_encoding_after_every_change() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let mut posted = Vec::new();
    for number in 0..230 {
        posted.push(app.post("final", &format!("Update ({number})")).await.id);
    }
    let addresses = [
        "/entries/final?order=oldest".to_owned(),
        "/entries/final?order=latest".to_owned(),
        format!("/updates/{entry}/"),
    ];
    let newsroom = &app.newsroom;
    for change in 0..4 {
        let author = app.editor().await;
        match change {
            1 => drop(app.post("final", "Update (230)").await),
            2 => drop(
                newsroom
                    .delete_update(author, posted[3], None, None)
                    .await
                    .unwrap(),
            ),
            3 => drop(
                newsroom
                    .restore_update(author, posted[3], None)
                    .await
                    .unwrap(),
            ),
            _ => {}
        }
        let mut expected: Vec<_> = (0..230 + u32::from(change > 0)).collect();
        expected.retain(|number| (change, *number) != (2, 3));
        for address in &addresses {
            let plain = anonymous.get(address).await;
            let html = plain.text();
            let mut numbers: Vec<u32> = html
                .split("Update (")
                .skip(1)
                .filter_map(|rest| rest.split_once(')')?.0.parse().ok())
                .collect();
            if address.ends_with("latest") {
                numbers.reverse();
            }
            assert_eq!(numbers, expected, "{address} after change {change}");
            for coding in ["br", "gzip"] {
                let page = anonymous
                    .get(address)
                    .add_header("accept-encoding", coding)
                    .await;
                assert_eq!(page.header("content-encoding"), coding);
                assert!(
                    decode(coding, page.as_bytes()) == **plain.as_bytes(),
                    "{address} in {coding} after change {change}"
                );
                assert_ne!(page.header("etag"), plain.header("etag"));
            }
        }
    }
}

/// While a document is rendered, a placeholder takes the place of the list. An author's text must
/// not be mistaken for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_equal_to_the_list_placeholder_are_shown_literally() {
    let (app, anonymous, _) = TestApp::start().await;
    let placeholder = "<!--list-->";
    let new = NewEntry::parse(
        placeholder,
        "marked",
        placeholder,
        "UTC",
        EntryState::Live,
        Order::Oldest,
    )
    .unwrap();
    app.newsroom.create_entry(None, &new).await.unwrap();
    let posted = app.post("marked", &format!("`{placeholder}`")).await;
    let html = anonymous.get("/entries/marked").await.text();
    assert!(!html.contains(placeholder), "{html}");
    // The title, the summary and the text contain it, each at least once.
    assert!(html.matches("&lt;!--list--").count() >= 3, "{html}");
    let card = format!("id=\"update-{}\"", posted.id);
    assert_eq!(html.matches(&card).count(), 1, "{html}");
}

/// Regression test: after one POST to a page, every reader got 405 until the next update.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_methods_on_a_page_do_not_replace_it_in_the_cache() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    for path in [
        "/".to_owned(),
        "/entries/final".to_owned(),
        format!("/updates/{entry}/"),
        format!("/updates/{entry}.json"),
    ] {
        for method in [Method::POST, Method::DELETE, Method::OPTIONS] {
            let refused = anonymous.method(method, &path).await;
            assert_eq!(
                head_of(&refused, &["allow", "cache-control", "etag"]),
                "405 Method Not Allowed\nallow: GET,HEAD\ncache-control: private, no-store",
                "{path}"
            );
        }
        anonymous.get(&path).await.assert_status_ok();
    }
}

/// Regression test: any thread can render a page, and its tags went into the head of another page
/// that the thread had begun.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_rendered_concurrently_keep_their_own_metadata() {
    let (app, _, _) = TestApp::start().await;
    let mut expected = Vec::new();
    for number in 0..20 {
        let slug = format!("entry-{number}");
        app.entry(&slug, EntryState::Live).await;
        let update = app.post(&slug, &format!("update-{number}")).await;
        expected.push((format!("/entries/{slug}"), slug.clone()));
        expected.push((format!("/entries/{slug}?order=latest"), slug.clone()));
        expected.push((
            format!("/entries/{slug}/updates/{}", update.id),
            format!("update-{number}"),
        ));
    }
    let pages = expected.into_iter().map(|(path, title)| {
        let router = app.router();
        tokio::spawn(async move {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let page = router.oneshot(request).await.unwrap();
            let html = to_bytes(page.into_body(), usize::MAX).await.unwrap();
            (title, String::from_utf8(html.to_vec()).unwrap())
        })
    });
    for page in join_all(pages).await {
        let (title, html) = page.unwrap();
        let titles = tag_texts(&html, "title");
        assert!(
            titles[0].starts_with(&format!("{title} · ")),
            "{title} has {titles:?}"
        );
        let tag = format!("<meta property=\"og:title\" content=\"{title}\">");
        assert_eq!(html.matches("og:title").count(), 1, "{html}");
        assert!(html.contains(&tag), "{html}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_is_rendered_once_for_concurrent_requests() {
    let (app, _, _) = TestApp::start().await;
    app.live_entry().await;
    let renderings = Renderings::default();
    // The first request may be finished before the second one arrives, but not in every round.
    for round in 1..=10 {
        app.post("final", "Another page from now on").await;
        let requests = (0..50).map(|_| {
            let request = Request::get("/entries/final").body(Body::empty()).unwrap();
            app.router().oneshot(request)
        });
        for page in join_all(requests).with_subscriber(renderings.clone()).await {
            assert_eq!(page.unwrap().status(), StatusCode::OK);
        }
        assert_eq!(renderings.0.load(Ordering::Relaxed), round);
    }
}

/// Requests a page from the router. Returns its status, `Location` and `Cache-Control`.
async fn fetch(app: &TestApp, path: &str) -> (u16, String, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = app.router().oneshot(request).await.unwrap();
    let header = |name| {
        let value = response.headers().get(name);
        value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    };
    let (location, caching) = (header("location"), header("cache-control"));
    (response.status().as_u16(), location, caching)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_has_one_canonical_url() {
    let (app, _, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let update = app.post("final", "Kick-off").await.id;
    let renderings = Renderings::default();
    for (spelling, address) in [
        ("/entries/fin%61l".to_owned(), "/entries/final".to_owned()),
        ("/%65ntries/final?order=latest".to_owned(), String::new()),
        (
            "/entries/%66inal?order=latest".to_owned(),
            "/entries/final?order=latest".to_owned(),
        ),
        (
            format!("/entries/final/updates/0{update}"),
            format!("/entries/final/updates/{update}"),
        ),
        (
            format!("/entries/fina%6c/updates/+{update}"),
            format!("/entries/final/updates/{update}"),
        ),
        (format!("/updates/00{entry}/"), format!("/updates/{entry}/")),
        (format!("/updates/+{entry}/"), format!("/updates/{entry}/")),
        (
            format!("/updates/%3{entry}/?x"),
            format!("/updates/{entry}/?x"),
        ),
        (
            format!("/updates/0{entry}.json?since=1"),
            format!("/updates/{entry}.json?since=1"),
        ),
        (
            format!("/updates/{entry}%2Ejson"),
            format!("/updates/{entry}.json"),
        ),
    ] {
        let response = fetch(&app, &spelling)
            .with_subscriber(renderings.clone())
            .await;
        let caching = "private, no-store".to_owned();
        if address.is_empty() {
            assert_eq!((response.0, response.2), (404, caching), "{spelling}");
        } else {
            assert_eq!(response, (308, address.clone(), caching), "{spelling}");
            assert_eq!(fetch(&app, &address).await.0, 200, "{address}");
        }
    }
    assert_eq!(renderings.0.load(Ordering::Relaxed), 0);
    for path in [
        "/feed/0{}/head".replace("{}", &entry.to_string()),
        "/feed/+{}/changes".replace("{}", &entry.to_string()),
    ] {
        assert_eq!(fetch(&app, &path).await.0, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_json_is_rendered_once_per_distinct_result() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let mut last = app.post("final", "One").await.id;
    for text in ["Two", "Three"] {
        app.entry(&format!("other-{last}"), EntryState::Live).await;
        // There are ids of other entries' updates in between.
        app.post(&format!("other-{last}"), "Elsewhere").await;
        last = app.post("final", text).await.id;
    }
    let renderings = Renderings::default();
    let mut numbers = Vec::new();
    for since in (0..50).chain([i64::MAX]) {
        let path = format!("/updates/{entry}.json?since={since}");
        let response = fetch(&app, &path).with_subscriber(renderings.clone()).await;
        assert_eq!(response.0, 200);
        let response = anonymous.get(&path).await.json::<serde_json::Value>();
        let after = response["updates"].as_array().unwrap();
        assert!(after.iter().all(|it| it["id"].as_i64().unwrap() > since));
        numbers.push(after.len());
    }
    assert_eq!((numbers[0], numbers[49]), (3, 0));
    assert_eq!(renderings.0.load(Ordering::Relaxed), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_found_pages_are_not_cached() {
    let (app, _, _) = TestApp::start().await;
    app.live_entry().await;
    let renderings = Renderings::default();
    for requests in 1..=3 {
        let path = "/entries/final/updates/1000";
        let response = fetch(&app, path).with_subscriber(renderings.clone()).await;
        assert_eq!((response.0, &*response.2), (404, "private, no-store"));
        assert_eq!(renderings.0.load(Ordering::Relaxed), requests);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn last_copy_is_served_as_uncacheable_while_the_database_is_down() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    app.post("final", "Kick-off").await;
    let before = anonymous.get("/entries/final").await;
    before.assert_status_ok();
    app.post("final", "A goal after the last copy").await;
    app.newsroom.close().await;
    let stale = anonymous.get("/entries/final").await;
    assert_eq!(
        head_of(&stale, &["cache-control", "etag"]),
        head_of(&before, &["cache-control", "etag"])
            .replace("public, max-age=0, s-maxage=2", "private, no-store")
    );
    assert_eq!(stale.as_bytes(), before.as_bytes());
    // There is no copy of a page that was never requested.
    let started = std::time::Instant::now();
    let unavailable = anonymous.get("/entries/final?order=latest").await;
    unavailable.assert_status_service_unavailable();
    unavailable.assert_header("cache-control", "private, no-store");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// The router renders the first response, and the cache returns the second one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cached_page_is_sent_with_its_original_headers() {
    let (app, _, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    app.post("final", "Kick-off").await;
    for path in [
        "/".to_owned(),
        "/entries/final?order=latest".to_owned(),
        "/entries/final/updates/1".to_owned(),
        format!("/updates/{entry}.json?since=0"),
    ] {
        let get = || {
            let request = Request::get(&path).header("x-request-id", "my-own");
            app.router().oneshot(request.body(Body::empty()).unwrap())
        };
        let (rendered, finished) = (get().await.unwrap(), get().await.unwrap());
        assert_eq!(rendered.status(), StatusCode::OK, "{path}");
        assert_eq!(finished.status(), StatusCode::OK, "{path}");
        let mut headers = rendered.headers().clone();
        // The router adds this header, or the HTTP server does if it is missing.
        headers.remove("content-length");
        let mut expected = finished.headers().clone();
        expected.remove("content-length");
        assert_eq!(headers, expected, "{path}");
        assert!(headers.contains_key("content-security-policy"), "{path}");
        assert!(!headers.contains_key("x-request-id"), "{path}");
        let body = to_bytes(rendered.into_body(), usize::MAX).await.unwrap();
        let again = to_bytes(finished.into_body(), usize::MAX).await.unwrap();
        assert_eq!(body, again, "{path}");
    }
}

/// Counts the log events of a page being rendered.
#[derive(Clone, Default)]
struct Renderings(Arc<AtomicUsize>);

impl Subscriber for Renderings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "server::page_cache::render"
    }

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

fn decode(coding: &str, bytes: &[u8]) -> Vec<u8> {
    use std::io::Read;

    let mut decoded = Vec::new();
    match coding {
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut decoded),
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut decoded),
        _ => (&mut &*bytes).read_to_end(&mut decoded),
    }
    .unwrap();
    decoded
}
