//! Posting without JavaScript.

use domain::{EntryState, Slug};

use super::send;
use crate::http::support::{TestApp, field_value, head_of, op_id, textarea_value, unescape};

const PAGE: &str = "/entries/final/compose";

/// Returns the texts of the updates on the entry's page.
async fn texts(app: &TestApp) -> Vec<String> {
    let page = app
        .newsroom
        .entry_page(&Slug::parse("final").unwrap())
        .await
        .unwrap();
    page.updates
        .into_iter()
        .map(|update| update.html.excerpt(200))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn post_redirects_to_an_empty_composer() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let page = author.get(PAGE).await;
    page.assert_status_ok()
        .assert_header("cache-control", "private, no-store");
    let html = page.text();
    let op_id = field_value(&html, "op_id");
    let posted = send(&author, &op_id, "A **goal**", "1–0").await;
    let location = posted.header("location");
    let location = location.to_str().unwrap();
    posted.assert_status_see_other();
    assert!(
        location.starts_with("/entries/final/compose?posted="),
        "{location}"
    );

    let blank = author.get(location).await.text();
    assert!(blank.contains("Posted. "));
    assert_eq!(textarea_value(&blank), "");
    assert_ne!(field_value(&blank, "op_id"), op_id);
    let html = anonymous.get("/entries/final").await.text();
    assert!(html.contains("A <strong>goal</strong>") && html.contains("1–0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn post_sent_twice_is_published_once() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let op_id = op_id();
    let first = send(&author, &op_id, "A goal", "").await;
    let second = send(&author, &op_id, "A goal", "").await;
    assert_eq!(
        head_of(&second, &["location"]),
        head_of(&first, &["location"])
    );
    first.assert_status_see_other();
    assert_eq!(texts(&app).await, ["A goal"]);

    let other = send(&author, &op_id, "Another goal", "A <headline>").await;
    other.assert_status_unprocessable_entity();
    let html = other.text();
    assert!(
        html.contains("This operation id was already used for a different text"),
        "{html}"
    );
    assert_eq!(textarea_value(&html), "Another goal");
    assert_eq!(field_value(&html, "headline"), "A <headline>");
    assert_eq!(texts(&app).await, ["A goal"]);

    // The returned form has a new operation id, so that pressing Post again succeeds.
    let fresh = field_value(&html, "op_id");
    assert_ne!(fresh, op_id);
    let again = send(&author, &fresh, "Another goal", "").await;
    again.assert_status_see_other();
    assert_eq!(texts(&app).await, ["A goal", "Another goal"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_post_is_returned_as_typed() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let huge = "A goal! ".repeat(50_000);
    let long = "a".repeat(10_000);
    for (source, headline, sentence) in [
        (
            &*huge,
            "",
            "The update has 399999 characters; the maximum is 50000.",
        ),
        ("", "", "The update is missing."),
        (" \n ", "A headline", "The update is missing."),
        (
            "A goal",
            &*long,
            "The headline has 10000 characters; the maximum is 200.",
        ),
        (
            "A goal",
            "\u{200b}",
            "The headline contains only invisible characters, such as U+200B at character 1.",
        ),
        (
            "\u{3164}\n\u{2800}",
            "",
            "The update contains only invisible characters, such as U+3164 at line 1, column 1.",
        ),
        (
            "<script>alert(1)</script>",
            "",
            "This text has no visible content",
        ),
    ] {
        let refused = send(&author, &op_id(), source, headline).await;
        let html = refused.text();
        refused.assert_status_unprocessable_entity();
        assert!(
            unescape(&html).contains(sentence),
            "{sentence:?} is not in {html:.2000}"
        );
        assert!(
            textarea_value(&html) == source,
            "the text is lost: {sentence}"
        );
        let line = field_value(&html, "headline");
        assert!(line == headline, "the headline is lost: {sentence}");
    }
    assert!(texts(&app).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn body_over_the_limit_is_refused_with_a_message() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let body = format!("op_id={}&source={}", op_id(), "a".repeat(5 * 1024 * 1024));
    for accept in ["text/html", "*/*"] {
        let refused = author
            .post(PAGE)
            .content_type("application/x-www-form-urlencoded")
            .bytes(body.clone().into())
            .add_header("accept", accept)
            .await;
        refused.assert_status_payload_too_large();
        refused.assert_header("cache-control", "private, no-store");
        refused.assert_text_contains(
            "This is larger than the 640 KiB that can be sent at once. Send less.",
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_bytes_are_replaced_and_the_rest_is_kept() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let posted = author
        .post(PAGE)
        .content_type("application/x-www-form-urlencoded; charset=utf-8")
        .bytes(format!("op_id={}&source=caf%ff+%C3%A9+%zz+%&x=%fe&%ff", op_id()).into())
        .await;
    posted.assert_status_see_other();
    assert_eq!(texts(&app).await, ["caf\u{fffd} é %zz %"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_form_bodies_are_accepted() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let body = format!("op_id={}&source=A+goal", op_id());
    for kind in [
        "text/plain",
        "application/json",
        "multipart/form-data; boundary=x",
    ] {
        let refused = author.post(PAGE).text(&body).content_type(kind).await;
        assert_eq!(
            format!(
                "{}\n{}",
                head_of(&refused, &["cache-control"]),
                refused.text()
            ),
            "415 Unsupported Media Type\ncache-control: private, no-store\n\
             A form must be sent as application/x-www-form-urlencoded.",
            "{kind}"
        );
    }
    assert!(texts(&app).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_entry_accepts_no_posts() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let fields = [("op_id", &*op_id()), ("source", "A goal")];
    for name in [
        "nowhere",
        "FINAL",
        "%20final",
        "final%20",
        "%0Afinal",
        "final%0d%0aa:b",
        "final%2f",
        "..%2ffinal",
        "%3f",
        "%23",
    ] {
        let path = format!("/entries/{name}/compose");
        author
            .post(&path)
            .form(&fields)
            .await
            .assert_status_not_found();
    }
    author
        .post("/entries/%ff/compose")
        .form(&fields)
        .await
        .assert_status_bad_request();
    assert!(texts(&app).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn draft_accepts_posts_before_it_starts() {
    let (app, anonymous, author) = TestApp::start().await;
    app.entry("final", EntryState::Draft).await;
    author.get(PAGE).await.assert_status_ok();
    send(&author, &op_id(), "Ahead of time", "")
        .await
        .assert_status_see_other();
    anonymous
        .get("/entries/final")
        .await
        .assert_status_not_found();
}
