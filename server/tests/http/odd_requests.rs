//! Unusual and malformed requests: none of them causes a server error.

mod addresses;

use axum_test::TestServer;

use super::support::{RawResponse, TestApp, op_id, send_raw};

const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO",
];

fn assert_no_server_error(response: &RawResponse, request: &str) {
    let request: String = request.chars().take(300).collect();
    let status = response
        .status
        .unwrap_or_else(|| panic!("no response to {request}"));
    assert!(
        (200..500).contains(&status),
        "{} to {request}",
        response.text
    );
    for leak in [
        "panicked",
        "src/",
        ".rs:",
        "sqlx",
        "SELECT",
        "RUST_BACKTRACE",
    ] {
        assert!(
            !response.text.contains(leak),
            "{leak} in {} to {request}",
            response.text
        );
    }
}

async fn session(app: &TestApp) -> String {
    let session = app
        .newsroom
        .log_in("author", TestApp::PASSWORD)
        .await
        .unwrap();
    format!("ringside_session={}", session.token.reveal())
}

/// Sends the requests, 16 at a time, and asserts that none causes a server error.
async fn send_all(browser: &TestServer, requests: Vec<(String, Vec<u8>)>) {
    for chunk in requests.chunks(16) {
        let checks = chunk.iter().map(|(description, request)| async move {
            assert_no_server_error(&send_raw(browser, request).await, description);
        });
        futures::future::join_all(checks).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_method_causes_a_server_error() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let id = app.post("final", "Kick-off").await.id;
    let cookie = session(&app).await;
    let token = app.token("author").await;
    let mut requests = Vec::new();
    for path in [
        "/".to_owned(),
        "/entries/final".to_owned(),
        format!("/entries/final/updates/{id}"),
        "/entries/final/compose".to_owned(),
        "/login".to_owned(),
        "/logout".to_owned(),
        "/setup".to_owned(),
        "/desk".to_owned(),
        "/desk/entries".to_owned(),
        "/desk/entries/final/end".to_owned(),
        format!("/desk/updates/{id}"),
        format!("/desk/updates/{id}/restore"),
        format!("/updates/{entry}/"),
        format!("/updates/{entry}.json"),
        format!("/feed/{entry}/head"),
        format!("/feed/{entry}/changes"),
        "/feed/all/stream".to_owned(),
        "/fn/whoami".to_owned(),
        "/fn/post_update".to_owned(),
        "/api/v1/entries".to_owned(),
        "/api/v1/entries/final".to_owned(),
        "/api/v1/entries/final/updates".to_owned(),
        format!("/api/v1/entries/final/updates/{id}"),
        "/api/v1/openapi.json".to_owned(),
        "/healthz".to_owned(),
        "/readyz".to_owned(),
        "/pkg/a.js".to_owned(),
        "/nowhere".to_owned(),
    ] {
        for method in METHODS {
            for (kind, body) in [
                ("application/x-www-form-urlencoded", ""),
                (
                    "application/x-www-form-urlencoded",
                    "source=%ff&op_id=%00&title=%0a&username=%zz&password=%&token=%ff&=&&",
                ),
                ("application/json", "{\"slug\":{}}"),
                ("multipart/form-data", "--x"),
                ("", "\u{0}\u{1}"),
            ] {
                let request = format!(
                    "{method} {path} HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\nauthorization: Bearer {token}\r\ncontent-type: {kind}\r\n\
                     content-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                requests.push((
                    format!("{method} {path} {kind} {body:?}"),
                    request.into_bytes(),
                ));
            }
        }
    }
    send_all(&anonymous, requests).await;
    anonymous.get("/").await.assert_status_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_header_causes_a_server_error() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let values: [&[u8]; 12] = [
        b"",
        b" ",
        b",",
        b";;;",
        b"\xff\xfe",
        b"caf\xc3\xa9",
        b"*",
        b"\"",
        b"W/",
        b"-1",
        b"99999999999999999999",
        b"x, y;q=z, *;q=-1",
    ];
    let mut requests = Vec::new();
    for path in [
        "/entries/final".to_owned(),
        "/desk".to_owned(),
        format!("/feed/{entry}/changes"),
        "/feed/all/stream".to_owned(),
        "/api/v1/entries".to_owned(),
        "/pkg/a.js".to_owned(),
    ] {
        for name in [
            "accept",
            "accept-encoding",
            "accept-language",
            "cookie",
            "if-none-match",
            "if-modified-since",
            "range",
            "last-event-id",
            "origin",
            "sec-fetch-site",
            "referer",
            "x-request-id",
            "x-forwarded-for",
            "forwarded",
            "upgrade",
            "te",
            "expect",
            "content-type",
            "authorization",
            "idempotency-key",
        ] {
            for value in values {
                let mut request =
                    format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{name}: ")
                        .into_bytes();
                request.extend_from_slice(value);
                request.extend_from_slice(b"\r\n\r\n");
                requests.push((
                    format!("{path} with {name}: {}", String::from_utf8_lossy(value)),
                    request,
                ));
            }
        }
    }
    send_all(&anonymous, requests).await;
    anonymous.get("/entries/final").await.assert_status_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_malformed_request_causes_a_server_error() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    for noise in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /entries/final HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: \xff\r\nconnection: close\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        let response = send_raw(&anonymous, noise).await;
        let status = response.status.unwrap_or(400);
        assert!(
            (200..500).contains(&status),
            "{} to {}",
            response.text,
            String::from_utf8_lossy(noise)
        );
    }
    // The server still responds, and none of the requests created an update.
    let fields = [("op_id", &*op_id()), ("source", "A goal")];
    author
        .post("/entries/final/compose")
        .form(&fields)
        .await
        .assert_status_see_other();
    let html = anonymous.get("/entries/final").await.text();
    assert_eq!(html.matches("<article").count(), 1);
}
