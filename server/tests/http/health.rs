//! The health checks of supervisors and load balancers.

use insta::assert_snapshot;

use super::support::{TestApp, head_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_server_is_alive_and_ready() {
    let (_app, anonymous, _) = TestApp::start().await;
    for (path, word) in [("/healthz", "ok"), ("/readyz", "ready")] {
        let response = anonymous.get(path).await;
        assert_eq!(
            format!(
                "{}\n{}",
                head_of(&response, &["cache-control"]),
                response.text()
            ),
            format!("200 OK\ncache-control: private, no-store\n{word}")
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_that_shuts_down_is_alive_but_not_ready() {
    let (app, anonymous, _) = TestApp::start().await;
    app.newsroom.hub().close();
    anonymous.get("/healthz").await.assert_status_ok();
    let response = anonymous.get("/readyz").await;
    assert_snapshot!(format!("{}\n{}", head_of(&response, &["cache-control"]), response.text()), @r"
    503 Service Unavailable
    cache-control: private, no-store
    The server is shutting down.
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_without_its_database_is_not_ready_and_reveals_no_details() {
    let (app, anonymous, _) = TestApp::start().await;
    app.newsroom.close().await;
    anonymous.get("/healthz").await.assert_status_ok();
    let response = anonymous.get("/readyz").await;
    assert_snapshot!(format!("{}\n{}", head_of(&response, &["cache-control"]), response.text()), @r"
    503 Service Unavailable
    cache-control: private, no-store
    The database can't be read.
    ");
}
