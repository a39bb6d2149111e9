//! The limits of a request: the number of fields, and the lengths of the body and the URL.

use std::fmt::Write as _;

use axum::{body::Body, http::Request};
use axum_test::{TestResponse, TestServer};
use domain::Slug;
use tower::ServiceExt;

use super::support::{TestApp, head_of, op_id, send_raw, tag_texts};

const FORM: &str = "application/x-www-form-urlencoded";

async fn send(browser: &TestServer, path: &str, body: String) -> TestResponse {
    let request = browser.post(path).content_type(FORM);
    request.bytes(body.into()).await
}

/// Returns a form with many fields with short names.
fn many_fields(count: usize) -> String {
    let mut form = String::new();
    for field in 0..count {
        let _ = write!(form, "{field:x}&");
    }
    form
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn form_with_too_many_fields_is_refused_with_a_message() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    for path in [
        "/login",
        "/setup?token=x",
        "/desk/entries",
        "/entries/final/compose",
    ] {
        // A form of the desk is refused before its fields are read.
        let of_guests = |status| match path {
            "/desk/entries" | "/entries/final/compose" => 401,
            _ => status,
        };
        for (browser, count, status) in [
            (&anonymous, 21, of_guests(400)),
            (&anonymous, 3_000, of_guests(400)),
            (&anonymous, 800_000, of_guests(413)),
            (&author, 100_000, 400),
        ] {
            let refused = send(browser, path, many_fields(count)).await;
            assert_eq!(refused.status_code(), status, "{count} to {path}");
            refused.assert_header("cache-control", "private, no-store");
            assert!(refused.as_bytes().len() < 20_000, "{count} to {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_form_is_returned_with_its_own_fields_only() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    let body = "title=Final&summary=A+game&intruder=1&source=A+goal&=2".to_owned();
    let returned = send(&anonymous, "/desk/entries", body).await;
    returned.assert_status_unauthorized();
    let html = returned.text();
    assert!(
        html.contains("A game") && html.contains("\"Final\""),
        "{html}"
    );
    for other in ["intruder", "A goal", "value=\"2\""] {
        assert!(!html.contains(other), "{other} in {html}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn longest_update_in_any_script_is_accepted() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    for letter in ["a", "\u{44f}", "\u{65e5}", "\u{1f3c6}"] {
        let source = letter.repeat(50_000);
        let (op_id, waiting) = (op_id(), author.post("/entries/final/compose"));
        let fields = [("op_id", &*op_id), ("source", &*source)];
        waiting.form(&fields).await.assert_status_see_other();
    }
    let slug = Slug::parse("final").unwrap();
    let page = app.newsroom.entry_page(&slug);
    assert_eq!(page.await.unwrap().updates.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn body_limit_is_lower_without_a_login() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    let text = |bytes: usize| format!("username=x&source={}", "x".repeat(bytes));
    let refused = send(&anonymous, "/login", text(17_000)).await;
    assert_eq!(
        format!(
            "{}\n{}",
            head_of(&refused, &["cache-control"]),
            refused.text()
        ),
        "413 Payload Too Large\ncache-control: private, no-store\n\
         This is larger than the 16 KiB that can be sent without logging in. Send less, or log in first."
    );
    let path = "/entries/final/compose";
    send(&anonymous, path, text(16_000))
        .await
        .assert_status_unauthorized()
        .assert_text_contains("x".repeat(16_000));
    // Of an author whose session has expired, a text of any length is returned.
    send(&anonymous, path, text(600_000))
        .await
        .assert_status_unauthorized()
        .assert_text_contains("x".repeat(600_000));
    let longer = send(&anonymous, path, text(1_000_000)).await;
    longer.assert_status_unauthorized();
    longer.assert_text_contains("Only the beginning of your text was received, and is kept here.");
    longer.assert_text_contains("x".repeat(655_000));
}

/// The server reads a body to its end even if no handler does, so that a client that sends all of
/// it before it reads still gets the response.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusal_reaches_a_client_that_is_still_sending() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let body = || "x".repeat(6 * 1024 * 1024);
    for (browser, path, status) in [
        (&anonymous, "/nowhere", 404),
        (&anonymous, "/entries/final", 405),
        (&anonymous, "/login", 413),
        (&anonymous, "/api/v1/entries", 401),
        (&author, "/entries/final/compose", 413),
        (&author, "/entries/no%3Fentry/compose", 404),
    ] {
        let refused = send(browser, path, body()).await;
        assert_eq!(refused.status_code(), status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_with_expect_continue_is_refused_at_once() {
    let (_app, anonymous, _) = TestApp::start().await;
    let request = format!(
        "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: {FORM}\r\nexpect: 100-continue\r\n\
         content-length: 100000\r\n\r\n"
    );
    let refused = send_raw(&anonymous, request.as_bytes()).await;
    assert_eq!(refused.status, Some(413), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn url_longer_than_8_kib_is_refused() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let long = |path: &str, bytes: usize| {
        let mut address = format!("{path}?{}", many_fields(bytes));
        address.truncate(bytes);
        address
    };
    for path in [
        "/login",
        "/entries/final",
        "/entries/nowhere",
        "/desk",
        "/pkg/none.js",
        &format!("/feed/{entry}/head"),
    ] {
        let address = long(path, 8 * 1024);
        let answered = anonymous.get(&address).await;
        assert_ne!(answered.status_code(), 414, "{path}");
        for bytes in [8 * 1024 + 1, 60_000] {
            let refused = anonymous.get(&long(path, bytes)).await;
            assert_eq!(refused.status_code(), 414, "{path}");
            refused.assert_header("cache-control", "private, no-store");
            refused.assert_text("This address is longer than 8 KiB. The link may be broken.");
        }
    }
    let page = anonymous.get(&long("/login", 10_000));
    let page = page.add_header("accept", "text/html").await;
    assert_eq!(page.status_code(), 414);
    assert_eq!(tag_texts(&page.text(), "h1"), ["Invalid request"]);
    let details = anonymous.get(&long("/api/v1/entries", 10_000)).await;
    details.assert_header("content-type", "application/problem+json");
}

/// Clients can always invent URLs that are in no cache. Such requests wait for each other, but do
/// not delay other requests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flood_of_uncacheable_pages_does_not_block_other_pages() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    anonymous.get("/entries/final").await.assert_status_ok();
    let flood = (0..600).map(|number| {
        let request = Request::get(format!("/entries/nowhere-{number}"));
        let request = request.body(Body::empty()).unwrap();
        tokio::spawn(app.router().oneshot(request))
    });
    let flood: Vec<_> = flood.collect();
    anonymous.get("/entries/final").await.assert_status_ok();
    anonymous.get("/healthz").await.assert_status_ok();
    author.get("/desk").await.assert_status_ok();
    for page in flood {
        let page = page.await.unwrap().unwrap();
        match page.status().as_u16() {
            404 => {}
            503 => assert_eq!(page.headers()["retry-after"], "2"),
            status => panic!("{status}"),
        }
        assert_eq!(page.headers()["cache-control"], "private, no-store");
    }
}

/// Regression test: the rest of the slug became a query, so that the form belonged to another page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn form_of_an_impossible_slug_does_not_address_another_page() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let update = app.post("final", "Kick-off").await;
    for path in [
        "/entries/final%3Fa/compose".to_owned(),
        "/desk/entries/final%3Fa/edit".to_owned(),
        "/desk/entries/final%23/start".to_owned(),
        format!("/desk/updates/{}%3F", update.id),
        format!("/desk/updates/{}%2F..%2F..%2F", update.id),
    ] {
        let request = author.post(&path).form(&[("title", "")]);
        let refused = request.add_header("accept", "text/html").await;
        refused.assert_status_not_found();
        assert_eq!(tag_texts(&refused.text(), "h1"), ["Not found"], "{path}");
    }
}
