//! URLs with an unexpected value in every position.

use domain::EntryId;

use super::{send_all, session};
use crate::http::support::TestApp;

/// Values to insert in every position of a URL.
const PARTS: [&str; 22] = [
    "final",
    "1",
    "0",
    "-1",
    "9223372036854775808",
    "all",
    "%",
    "%zz",
    "%ff",
    "%00",
    "%0a%0d",
    "%2f",
    "%2e%2e",
    "..",
    ".",
    "%20",
    "%D9%A1",
    "caf\u{e9}",
    "a;b=c",
    "{slug}",
    "*",
    "'\"<>",
];

fn paths(entry: EntryId) -> Vec<String> {
    let mut paths: Vec<String> = [
        "/",
        "//",
        "///",
        "/?",
        "/?%ff",
        "/.",
        "/..",
        "/%2e%2e/%2e%2e/etc/passwd",
        "*",
        "http://",
        "/\\",
        "//evil.example/",
        "/entries?",
        "/entries/?order=latest",
        "/login?next=%ff",
        "/login?next=//evil.example",
        "/setup?token=%00",
        "/setup",
        "/logout",
        "/fn",
        "/fn/",
        "/fn/whoami/",
        "/fn/nothing",
        "/pkg",
        "/favicon.ico",
        "/robots.txt",
        "/.env",
        "/.git/config",
        "/ws",
        "/metrics",
        "/feed//head",
    ]
    .map(str::to_owned)
    .into();
    for part in PARTS {
        for place in [
            "/{}",
            "/{}/",
            "/entries/{}",
            "/entries/{}/compose",
            "/entries/final/updates/{}",
            "/entries/{}/updates/1",
            "/updates/{}/",
            "/updates/{}.json",
            "/feed/{}/head",
            "/feed/{}/changes",
            "/feed/{}/stream",
            "/fn/{}",
            "/pkg/{}",
            "/desk/{}",
            "/desk/entries/{}",
            "/desk/entries/{}/end",
            "/desk/updates/{}",
            "/desk/updates/{}/delete",
            "/entries/final?order={}",
            "/entries/final?{}",
            "/updates/ENTRY.json?since={}",
            "/feed/ENTRY/changes?since={}",
            "/feed/ENTRY/stream?since={}",
            "/login?next={}",
            "/setup?token={}",
            "/entries/final/compose?posted={}",
            "/desk/entries/final?deleted={}",
        ] {
            paths.push(
                place
                    .replace("ENTRY", &entry.to_string())
                    .replace("{}", part),
            );
        }
    }
    for long in [300, 5_000, 60_000] {
        paths.push(format!("/{}", "a".repeat(long)));
        paths.push(format!("/{}", "a/".repeat(long / 2)));
        paths.push(format!("/entries/{}", "a".repeat(long)));
        paths.push(format!("/entries/final?{}", "a=b&".repeat(long / 4)));
        paths.push(format!("/updates/{}.json", "9".repeat(long)));
    }
    paths
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_url_causes_a_server_error() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    app.post("final", "Kick-off").await;
    let cookie = session(&app).await;
    let requests = paths(entry).into_iter().enumerate().map(|(index, path)| {
        // Every URL is requested; half of them by an author.
        let cookie = if index % 2 == 0 { &cookie } else { "a=b" };
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\naccept: text/html\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n");
        (format!("GET {path}"), request.into_bytes())
    });
    send_all(&anonymous, requests.collect()).await;
    anonymous.get("/entries/final").await.assert_status_ok();
}
