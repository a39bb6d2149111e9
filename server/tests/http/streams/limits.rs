//! How many streams may be open.

use axum::http::{
    StatusCode, Version,
    header::{CACHE_CONTROL, RETRY_AFTER},
};

use super::path;
use crate::http::support::{Stream, TestApp, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_too_many_is_told_when_to_come_back() {
    for flag in ["--max-streams", "--max-streams-per-address"] {
        let app = TestApp::with(&[flag, "2"]).await;
        let path = path(app.live_entry().await);
        let ask = async || Stream::ask(app.served().await, Version::HTTP_11, &path, None).await;
        let mut first = app.stream(&path).await;
        let second = app.stream(&path).await;
        for _ in 0..2 {
            let refused = ask().await;
            assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(refused.headers()[RETRY_AFTER], "30");
            assert_eq!(refused.headers()[CACHE_CONTROL], "private, no-store");
        }
        // Nobody else is affected, and who goes makes room.
        app.post("final", "Still here").await;
        assert_eq!(first.news().await.unwrap().name, "batch");
        drop(second);
        soon(async { while ask().await.status() != StatusCode::OK {} }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_polls_has_no_need_of_a_place() {
    let app = TestApp::with(&["--max-streams", "0"]).await;
    let entry = app.live_entry().await;
    let browser = app.browser();
    for what in ["head", "changes"] {
        let answer = browser.get(&format!("/feed/{entry}/{what}")).await;
        answer.assert_status_ok();
    }
}
