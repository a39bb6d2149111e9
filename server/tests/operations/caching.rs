//! nginx as a small CDN: it serves one cached response to all clients, for as long as Ringside's
//! headers allow, and caches nothing else.

use std::{
    io::Read,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{
    client::Response,
    site::{Site, poll_until, publish},
};

/// Longer than any test in this file takes, even on a busy machine.
const DEADLINE: Duration = Duration::from_mins(1);

/// Whether nginx requested this response from Ringside.
fn reached_ringside(response: &Response) -> bool {
    !["HIT", "UPDATING", "STALE"].contains(&response.header("x-cache-status"))
}

#[test]
fn one_response_serves_all_clients() {
    let site = Site::start();
    publish(&site.owner(), "Kick-off");
    for path in [
        "/",
        "/live",
        "/entries/final",
        "/entries/final?order=latest",
        "/entries/final/updates/1",
        "/updates/1/",
        "/updates/1.json?since=0",
        "/feed/1/head",
        "/feed/all/head",
        "/feed/1/changes",
    ] {
        let first = site.client_at(2).get(path);
        assert_eq!(first.cache_result(), "200 MISS", "{path}");
        // Other headers and cookies make no difference.
        let other = site.client_at(3).with("cookie", "analytics=1");
        let second = other.with("accept-language", "fr").get(path);
        assert_eq!(second.cache_result(), "200 HIT", "{path}");
        assert_eq!(second.body, first.body, "{path}");
    }
}

#[test]
fn nginx_revalidates_pages_with_clients_and_with_ringside() {
    let site = Site::start();
    let page = site.client().get("/entries/final");
    let returning = site.client().with("if-none-match", page.header("etag"));
    assert_eq!(returning.get("/entries/final").cache_result(), "304 HIT");
    // When nginx's copy has expired, nginx revalidates it with Ringside.
    let page = poll_until(
        || returning.get("/entries/final"),
        |response| !response.cache_result().ends_with("HIT"),
    );
    assert_eq!(page.cache_result(), "304 REVALIDATED");
}

#[test]
fn clients_get_an_encoding_that_they_accept() {
    let site = Site::start();
    let plain = site.client().get("/entries/final").text();
    for (accepts, encoding, status) in [
        ("gzip, deflate, br", "br", "MISS"),
        ("br;q=0.9, gzip;q=0.8", "br", "HIT"),
        ("GZIP, BR", "br", "HIT"),
        ("gzip, deflate", "gzip", "MISS"),
        ("gzip;q=1.0, br;q=0", "gzip", "HIT"),
        ("br ;q=0, gzip ;q=0.5", "gzip", "HIT"),
        ("deflate, zstd", "", "HIT"),
        ("br;q=0.000, gzip; q=0", "", "HIT"),
        ("brotli, x-gzip, *;q=0", "", "HIT"),
        ("", "", "HIT"),
    ] {
        let page = site
            .client()
            .with("accept-encoding", accepts)
            .get("/entries/final");
        assert_eq!(page.header("content-encoding"), encoding, "{accepts:?}");
        let mut text = String::new();
        let mut body = &*page.body;
        match encoding {
            "br" => brotli::Decompressor::new(body, 4096).read_to_string(&mut text),
            "gzip" => flate2::read::GzDecoder::new(body).read_to_string(&mut text),
            _ => body.read_to_string(&mut text),
        }
        .unwrap();
        assert!(text == plain, "{accepts:?}");
        // The copy expires after two seconds, which can pass on a busy machine.
        let cached = page.cache_result();
        assert!(
            cached == format!("200 {status}") || cached == "200 REVALIDATED",
            "{accepts:?} {cached}"
        );
    }
}

#[test]
fn personal_pages_are_never_cached() {
    let site = Site::start();
    let owner = site.owner();
    for path in ["/desk", "/desk/entries/final", "/entries/final/compose"] {
        let page = owner.get(path);
        assert_eq!(page.cache_result(), "200 ", "{path}");
        assert_eq!(page.header("cache-control"), "private, no-store", "{path}");
        let other = site.client().get(path);
        assert_eq!(other.cache_result(), "303 ", "{path}");
    }
    for path in ["/login", "/healthz", "/readyz"] {
        assert_eq!(site.client().get(path).cache_result(), "200 ", "{path}");
    }
    // Public pages are cached, also if the first request came from the owner.
    assert_eq!(owner.get("/entries/final").cache_result(), "200 BYPASS");
    assert_eq!(
        site.client().get("/entries/final").cache_result(),
        "200 HIT"
    );
    let cached = site.nginx.cached_files();
    assert_eq!(cached.len(), 1);
    let cached = String::from_utf8_lossy(&cached[0]);
    let personal = "action=\"/logout\"";
    assert!(owner.get("/desk").text().contains(personal));
    assert!(!cached.contains(personal) && !cached.contains("Set-Cookie"));
}

/// Lets `pollers` clients poll the head, each on its own connection, while it expires several
/// times. Returns how often nginx fetched the head from Ringside, and the duration in whole
/// seconds.
fn poll_head(site: &Site, pollers: usize) -> (u64, u64) {
    /// Three expiries: nginx counts whole seconds, so a head with `s-maxage=1` expires after two.
    const DURATION: Duration = Duration::from_secs(7);
    /// The time between two polls on one connection.
    const PACE: Duration = Duration::from_millis(50);

    let fetched = AtomicU64::new(0);
    let started = Instant::now();
    thread::scope(|threads| {
        for _ in 0..pollers {
            threads.spawn(|| {
                let mut poll = site.client().poller("/feed/1/head");
                while started.elapsed() < DURATION {
                    let response = poll();
                    assert_eq!(response.status, 200, "{}", response.text());
                    if reached_ringside(&response) {
                        fetched.fetch_add(1, Ordering::Relaxed);
                    }
                    thread::sleep(PACE);
                }
            });
        }
    });
    (fetched.into_inner(), started.elapsed().as_secs())
}

/// A head is fresh for at least a second, so nginx can fetch it once a second, and once at the
/// start.
#[test]
fn head_is_fetched_once_per_expiry_however_many_readers_poll() {
    let site = Site::start();
    publish(&site.owner(), "Kick-off");
    for pollers in [10, 300] {
        let (fetched, seconds) = poll_head(&site, pollers);
        assert!(
            (2..=seconds + 2).contains(&fetched),
            "{pollers} pollers: the head was fetched {fetched} times in {seconds} s"
        );
    }
}

/// `changes` contains the text of updates. An expired response is never served, because it may
/// contain deleted text.
#[test]
fn changes_are_never_sent_after_they_expired() {
    let site = Site::start();
    publish(&site.owner(), "A mistake");
    let path = "/feed/1/changes";
    assert!(site.client().get(path).text().contains("A mistake"));
    assert_eq!(site.owner().post("/desk/updates/1/delete", &[]).status, 303);
    let is_deleted = |response: &Response| !response.text().contains("A mistake");
    poll_until(|| site.client().get(path), is_deleted);
    thread::scope(|clients| {
        for _ in 0..8 {
            clients.spawn(|| {
                for _ in 0..20 {
                    let response = site.client().get(path);
                    assert!(is_deleted(&response), "{}", response.cache_result());
                    assert_ne!(response.header("x-cache-status"), "UPDATING");
                }
            });
        }
    });
}

#[test]
fn health_and_metrics_are_served_to_this_machine_only() {
    let site = Site::start();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(site.client_at(1).get(path).status, 200, "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics", "/%72eadyz", "//readyz"] {
        let stranger = site.client_at(2).with("x-forwarded-for", "127.0.0.1");
        assert_eq!(stranger.get(path).status, 403, "{path}");
    }
}

/// Any client can send the cookie that the browser of an author sends.
#[test]
fn login_hint_bypasses_the_cache_at_a_limited_rate() {
    /// Requests that can bypass the cache at once, and further ones per second.
    const BURST: u64 = 20;
    const RATE: u64 = 2;

    let site = Site::start();
    publish(&site.owner(), "Kick-off");
    for (number, path) in [(2, "/entries/final"), (3, "/entries/final/updates/1")] {
        let page = site.client().get(path).body;
        let mut request = site
            .client_at(number)
            .with("cookie", "ringside_hint=1")
            .poller(path);
        let started = Instant::now();
        let (mut bypassed, mut cached) = (0, 0);
        while cached < 20 {
            assert!(
                started.elapsed() < DEADLINE,
                "every request bypasses the cache"
            );
            let response = request();
            assert_eq!((response.status, &response.body), (200, &page), "{path}");
            match response.header("x-cache-status") {
                "BYPASS" => bypassed += 1,
                _ => cached += 1,
            }
        }
        let most = 1 + BURST + RATE * (started.elapsed().as_secs() + 1);
        assert!(bypassed <= most, "{path}: {bypassed} of at most {most}");
    }
    // Other addresses can still bypass it.
    let author = site.owner().get("/entries/final");
    assert_eq!(author.cache_result(), "200 BYPASS");
    // The browsers of readers with an account never do.
    let reader = site.client_at(4).with("cookie", "ringside_hint=reader");
    let page = reader.get("/entries/final");
    assert_ne!(page.cache_result(), "200 BYPASS");
}

#[test]
fn errors_are_never_served_from_the_cache() {
    let site = Site::start();
    for (path, status) in [
        ("/feed/1/changes?since=another.5", 410),
        ("/feed/1/changes?since=nonsense", 400),
        ("/feed/2/head", 404),
        ("/entries/none", 404),
        ("/entries/final/updates/99", 404),
        ("/updates/1.json?since=x", 400),
        ("/updates/2/", 404),
        ("/pkg/none.js", 404),
    ] {
        for _ in 0..2 {
            let refused = site.client().get(path);
            assert_eq!(refused.cache_result(), format!("{status} MISS"), "{path}");
        }
    }
    assert_eq!(site.nginx.cached_files().len(), 0);
}

#[test]
fn author_without_javascript_sees_their_post_at_once() {
    let site = Site::start();
    let author = site.owner();
    assert_eq!(
        site.client().get("/entries/final").cache_result(),
        "200 MISS"
    );
    publish(&author, "A goal");
    let page = author.get("/entries/final");
    assert_eq!(page.cache_result(), "200 BYPASS");
    assert!(page.text().contains("A goal"));
    // From now on, all other clients see it, too.
    let page = site.client().get("/entries/final");
    assert!(page.text().contains("A goal"));
}

/// Regression test: with `proxy_cache_background_update`, the old page stayed for as long as there
/// were requests, and with `updating`, for nine in ten of concurrent requests.
#[test]
fn deleted_update_disappears_for_all_clients() {
    let site = Site::start();
    let author = site.owner();
    publish(&author, "A mistake");
    let path = "/entries/final/updates/1";
    assert!(site.client().get(path).text().contains("A mistake"));
    assert_eq!(author.post("/desk/updates/1/delete", &[]).status, 303);
    poll_until(
        || site.client().get(path),
        |response| response.status == 410,
    );
    thread::scope(|clients| {
        for _ in 0..8 {
            clients.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(site.client().get(path).cache_result(), "410 EXPIRED");
                }
            });
        }
    });
}

#[test]
fn renamed_entry_redirects_all_clients() {
    let site = Site::start();
    let author = site.owner();
    publish(&author, "Kick-off");
    assert_eq!(site.client().get("/entries/final").status, 200);
    let renamed = [
        ("title", "Final"),
        ("slug", "cup-final"),
        ("time_zone", "UTC"),
    ];
    let edited = author.post("/desk/entries/final/edit", &renamed);
    assert_eq!(edited.status, 303, "{}", edited.text());
    // After the first redirect, no client gets the cached page of the former slug.
    poll_until(
        || site.client().get("/entries/final"),
        |response| response.status == 302,
    );
    thread::scope(|clients| {
        for _ in 0..8 {
            clients.spawn(|| {
                for _ in 0..20 {
                    let response = site.client().get("/entries/final");
                    assert_eq!(
                        (response.status, response.header("location")),
                        (302, "/entries/cup-final")
                    );
                }
            });
        }
    });
}
