//! Stylesheets, browser code and the site's icon.

use std::fs;

use axum::http::Method;
use insta::assert_snapshot;

use super::support::{TestApp, head_of};

const HEADERS: [&str; 3] = ["content-type", "content-encoding", "cache-control"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_a_build_are_immutable() {
    let (app, anonymous, _) = TestApp::start().await;
    fs::create_dir_all(app.site().join("pkg")).unwrap();
    fs::write(app.site().join("pkg/ringside.a1b2.css"), "body{}").unwrap();
    fs::write(
        app.site().join("pkg/ringside.a1b2.css.br"),
        "pretend brotli",
    )
    .unwrap();
    let file = anonymous.get("/pkg/ringside.a1b2.css").await;
    assert_snapshot!(head_of(&file, &HEADERS), @r"
    200 OK
    content-type: text/css
    cache-control: public, max-age=31536000, immutable
    ");
    assert_eq!(file.text(), "body{}");
    let small = anonymous
        .get("/pkg/ringside.a1b2.css")
        .add_header("accept-encoding", "br")
        .await;
    assert_snapshot!(head_of(&small, &HEADERS), @r"
    200 OK
    content-type: text/css
    content-encoding: br
    cache-control: public, max-age=31536000, immutable
    ");
    for missing in [
        "/pkg/ringside.0000.css",
        "/pkg/",
        "/pkg",
        "/pkg/..%2fsecret",
    ] {
        let missing = anonymous.get(missing).await;
        assert!(missing.status_code() != 200);
        assert!(
            missing
                .maybe_header("cache-control")
                .is_none_or(|value| value == "private, no-store")
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_outside_the_site_are_not_served() {
    let (app, anonymous, _) = TestApp::start().await;
    fs::create_dir_all(app.site()).unwrap();
    fs::write(app.site().join("favicon.svg"), "<svg/>").unwrap();
    let icon = anonymous.get("/favicon.svg").await;
    assert_snapshot!(head_of(&icon, &HEADERS), @r"
    200 OK
    content-type: image/svg+xml
    ");
    // The database is next to the site.
    for path in [
        "/ringside.db",
        "/..%2fringside.db",
        "/%2e%2e/ringside.db",
        "/.%2e%2fringside.db",
        "/favicon.svg/../../ringside.db",
        "/favicon.svg%00",
        "/favicon.svg/x",
        "/pkg/..%2f..%2fringside.db",
    ] {
        anonymous.get(path).await.assert_status_not_found();
    }
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        anonymous
            .method(method, "/favicon.svg")
            .await
            .assert_status_not_found();
    }
}
