//! nginx as a small CDN: one answer for everybody, for as long as Ringside says, and nothing else kept.

use std::{
    io::Read,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{
    reader::Answer,
    site::{Site, publish, soon},
};

/// Longer than any test here takes, on a busy machine too.
const DEADLINE: Duration = Duration::from_mins(1);

/// Whether nginx requested this response from Ringside.
fn reached_ringside(answer: &Answer) -> bool {
    !["HIT", "UPDATING", "STALE"].contains(&answer.header("x-cache-status"))
}

#[test]
fn one_answer_serves_everybody() {
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
        let first = site.reader_at(2).get(path);
        assert_eq!(first.cached(), "200 MISS", "{path}");
        // Other headers and cookies make no difference.
        let curious = site.reader_at(3).with("cookie", "analytics=1");
        let second = curious.with("accept-language", "fr").get(path);
        assert_eq!(second.cached(), "200 HIT", "{path}");
        assert_eq!(second.body, first.body, "{path}");
    }
}

#[test]
fn who_has_the_page_is_told_so_by_nginx() {
    let site = Site::start();
    let page = site.reader().get("/entries/final");
    let returning = site.reader().with("if-none-match", page.header("etag"));
    assert_eq!(returning.get("/entries/final").cached(), "304 HIT");
    // And so is nginx by Ringside, once its copy has expired.
    let page = soon(
        || returning.get("/entries/final"),
        |answer| !answer.cached().ends_with("HIT"),
    );
    assert_eq!(page.cached(), "304 REVALIDATED");
}

#[test]
fn everybody_gets_what_they_can_decode() {
    let site = Site::start();
    let plain = site.reader().get("/entries/final").text();
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
            .reader()
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
        // On a machine that was busy for two seconds it has expired.
        let cached = page.cached();
        assert!(
            cached == format!("200 {status}") || cached == "200 REVALIDATED",
            "{accepts:?} {cached}"
        );
    }
}

#[test]
fn what_is_personal_is_never_kept() {
    let site = Site::start();
    let owner = site.owner();
    for path in ["/desk", "/desk/entries/final", "/entries/final/compose"] {
        let page = owner.get(path);
        assert_eq!(page.cached(), "200 ", "{path}");
        assert_eq!(page.header("cache-control"), "private, no-store", "{path}");
        let other = site.reader().get(path);
        assert_eq!(other.cached(), "303 ", "{path}");
    }
    for path in ["/login", "/healthz", "/readyz"] {
        assert_eq!(site.reader().get(path).cached(), "200 ", "{path}");
    }
    // Public pages are kept, whoever was the first to ask.
    assert_eq!(owner.get("/entries/final").cached(), "200 BYPASS");
    assert_eq!(site.reader().get("/entries/final").cached(), "200 HIT");
    let kept = site.nginx.kept();
    assert_eq!(kept.len(), 1);
    let kept = String::from_utf8_lossy(&kept[0]);
    let personal = "action=\"/logout\"";
    assert!(owner.get("/desk").text().contains(personal));
    assert!(!kept.contains(personal) && !kept.contains("Set-Cookie"));
}

/// Lets `pollers` poll the head on connections of their own for a time in which it expires several times.
/// Returns how often it was fetched from Ringside, and the whole seconds that it took.
fn poll_head(site: &Site, pollers: usize) -> (u64, u64) {
    /// Three expiries: nginx counts whole seconds, so a head with `s-maxage=1` expires after two.
    const DURATION: Duration = Duration::from_secs(7);
    /// Between two polls on one connection.
    const PACE: Duration = Duration::from_millis(50);

    let fetched = AtomicU64::new(0);
    let began = Instant::now();
    thread::scope(|threads| {
        for _ in 0..pollers {
            threads.spawn(|| {
                let mut poll = site.reader().poller("/feed/1/head");
                while began.elapsed() < DURATION {
                    let answer = poll();
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    if reached_ringside(&answer) {
                        fetched.fetch_add(1, Ordering::Relaxed);
                    }
                    thread::sleep(PACE);
                }
            });
        }
    });
    (fetched.into_inner(), began.elapsed().as_secs())
}

/// A head is fresh for a second at least, so it can be fetched once a second, and once at the start.
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

/// `changes` holds the updates' text: nobody gets an expired response, which may hold a deleted one.
#[test]
fn changes_are_never_sent_after_they_expired() {
    let site = Site::start();
    publish(&site.owner(), "A mistake");
    let path = "/feed/1/changes";
    assert!(site.reader().get(path).text().contains("A mistake"));
    assert_eq!(site.owner().post("/desk/updates/1/delete", &[]).status, 303);
    let gone = |answer: &Answer| !answer.text().contains("A mistake");
    soon(|| site.reader().get(path), gone);
    thread::scope(|readers| {
        for _ in 0..8 {
            readers.spawn(|| {
                for _ in 0..20 {
                    let answer = site.reader().get(path);
                    assert!(gone(&answer), "{}", answer.cached());
                    assert_ne!(answer.header("x-cache-status"), "UPDATING");
                }
            });
        }
    });
}

#[test]
fn health_and_metrics_are_shown_to_this_machine_alone() {
    let site = Site::start();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(site.reader_at(1).get(path).status, 200, "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics", "/%72eadyz", "//readyz"] {
        let stranger = site.reader_at(2).with("x-forwarded-for", "127.0.0.1");
        assert_eq!(stranger.get(path).status, 403, "{path}");
    }
}

/// The cookie that a logged-in browser sends can be sent by anybody.
#[test]
fn login_hint_bypasses_the_cache_only_so_often() {
    /// Requests that may bypass the cache at once, and further ones a second.
    const BURST: u64 = 20;
    const RATE: u64 = 2;

    let site = Site::start();
    publish(&site.owner(), "Kick-off");
    for (number, path) in [(2, "/entries/final"), (3, "/entries/final/updates/1")] {
        let page = site.reader().get(path).body;
        let mut request = site
            .reader_at(number)
            .with("cookie", "ringside_hint=1")
            .poller(path);
        let began = Instant::now();
        let (mut bypassed, mut cached) = (0, 0);
        while cached < 20 {
            assert!(
                began.elapsed() < DEADLINE,
                "every request bypasses the cache"
            );
            let answer = request();
            assert_eq!((answer.status, &answer.body), (200, &page), "{path}");
            match answer.header("x-cache-status") {
                "BYPASS" => bypassed += 1,
                _ => cached += 1,
            }
        }
        let most = 1 + BURST + RATE * (began.elapsed().as_secs() + 1);
        assert!(bypassed <= most, "{path}: {bypassed} of at most {most}");
    }
    // Other addresses still bypass it.
    let author = site.owner().get("/entries/final");
    assert_eq!(author.cached(), "200 BYPASS");
}

#[test]
fn what_went_wrong_is_never_kept() {
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
            let refused = site.reader().get(path);
            assert_eq!(refused.cached(), format!("{status} MISS"), "{path}");
        }
    }
    assert_eq!(site.nginx.kept().len(), 0);
}

#[test]
fn who_posts_without_javascript_sees_the_post() {
    let site = Site::start();
    let author = site.owner();
    assert_eq!(site.reader().get("/entries/final").cached(), "200 MISS");
    publish(&author, "A goal");
    let page = author.get("/entries/final");
    assert_eq!(page.cached(), "200 BYPASS");
    assert!(page.text().contains("A goal"));
    // From now on everybody else does, too.
    let page = site.reader().get("/entries/final");
    assert!(page.text().contains("A goal"));
}

/// With `proxy_cache_background_update` the old page stayed for as long as somebody asked, and with
/// `updating` for nine in ten of those who asked at the same time.
#[test]
fn what_is_taken_down_goes_for_everybody() {
    let site = Site::start();
    let author = site.owner();
    publish(&author, "A mistake");
    let path = "/entries/final/updates/1";
    assert!(site.reader().get(path).text().contains("A mistake"));
    assert_eq!(author.post("/desk/updates/1/delete", &[]).status, 303);
    soon(|| site.reader().get(path), |answer| answer.status == 410);
    thread::scope(|readers| {
        for _ in 0..8 {
            readers.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(site.reader().get(path).cached(), "410 EXPIRED");
                }
            });
        }
    });
}

#[test]
fn what_has_moved_leads_on_for_everybody() {
    let site = Site::start();
    let author = site.owner();
    publish(&author, "Kick-off");
    assert_eq!(site.reader().get("/entries/final").status, 200);
    let renamed = [
        ("title", "Final"),
        ("slug", "cup-final"),
        ("time_zone", "UTC"),
    ];
    let edited = author.post("/desk/entries/final/edit", &renamed);
    assert_eq!(edited.status, 303, "{}", edited.text());
    // Once it has moved, nobody is given the page that was kept under the old address.
    soon(
        || site.reader().get("/entries/final"),
        |answer| answer.status == 302,
    );
    thread::scope(|readers| {
        for _ in 0..8 {
            readers.spawn(|| {
                for _ in 0..20 {
                    let answer = site.reader().get("/entries/final");
                    assert_eq!(
                        (answer.status, answer.header("location")),
                        (302, "/entries/cup-final")
                    );
                }
            });
        }
    });
}
