//! The limits of open streams.

use axum::http::{
    StatusCode, Version,
    header::{CACHE_CONTROL, RETRY_AFTER},
};

use super::path;
use crate::http::support::{Stream, TestApp, with_timeout};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stream_over_the_limit_is_refused_with_retry_after() {
    for flag in ["--max-streams", "--max-streams-per-address"] {
        let app = TestApp::with_flags(&[flag, "2"]).await;
        let path = path(app.live_entry().await);
        let request =
            async || Stream::request(app.address().await, Version::HTTP_11, &path, None).await;
        let mut first = app.stream(&path).await;
        let second = app.stream(&path).await;
        for _ in 0..2 {
            let refused = request().await;
            assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(refused.headers()[RETRY_AFTER], "30");
            assert_eq!(refused.headers()[CACHE_CONTROL], "private, no-store");
        }
        // Open streams are not affected, and a closed stream makes room for a new one.
        app.post("final", "Still here").await;
        assert_eq!(first.next_event().await.unwrap().name, "batch");
        drop(second);
        with_timeout(async { while request().await.status() != StatusCode::OK {} }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polling_is_not_limited_by_the_stream_limit() {
    let app = TestApp::with_flags(&["--max-streams", "0"]).await;
    let entry = app.live_entry().await;
    let browser = app.browser();
    for what in ["head", "changes"] {
        let response = browser.get(&format!("/feed/{entry}/{what}")).await;
        response.assert_status_ok();
    }
}
