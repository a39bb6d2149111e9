//! Forms that are refused for any reason: the page of the response holds every word.

use axum::http::StatusCode;
use axum_test::{TestResponse, TestServer};
use domain::{Role, Username};

use super::post;
use crate::http::support::{TestApp, attribute, field_value, op_id, send_raw, tag_texts, unescape};

const COMPOSER: &str = "/entries/final/compose";
const TEXT: &str = "\n\"1 < 2\" & </textarea><b>every</b> word\n";
const HEADLINE: &str = "<\"A\" headline>";
const FORM: &str = "application/x-www-form-urlencoded";

fn fields(op_id: &str) -> [(&str, &str); 3] {
    [("op_id", op_id), ("source", TEXT), ("headline", HEADLINE)]
}

/// Checks that a page holds every word that was submitted. Returns the form around them; nothing if
/// they are not in a form.
fn check(page: &TestResponse, status: u16, sentence: &str) -> String {
    let html = page.text();
    assert_eq!(page.status_code(), status, "{html}");
    page.assert_header("cache-control", "private, no-store");
    assert!(
        unescape(&html).contains(sentence),
        "{sentence:?} is not in {html}"
    );
    let [text] = tag_texts(&html, "textarea")[..] else {
        panic!("expected one box in {html}");
    };
    assert_eq!(unescape(text.strip_prefix('\n').unwrap()), TEXT);
    assert_eq!(field_value(&html, "headline"), HEADLINE);
    let form = html
        .split("<form ")
        .skip(1)
        .find(|form| form.contains("<textarea"));
    form.map_or_else(String::new, |form| format!(" {form}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_of_a_removed_update_can_be_posted_as_a_new_one() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let id = post(&author, "A gaol", "").await;
    let deleted = app
        .newsroom
        .delete_update(app.editor().await, id, None, None);
    deleted.await.unwrap();
    let op = op_id();
    let refused = author
        .post(&format!("/desk/updates/{id}"))
        .form(&fields(&op))
        .await;
    let form = check(
        &refused,
        410,
        "This update was removed. Your text is kept here. Copy it, or post it as a new update.",
    );
    assert_eq!(attribute(&form, "action"), COMPOSER);
    let fresh = field_value(&form, "op_id");
    assert_ne!(fresh, op);
    let posted = author.post(COMPOSER).form(&fields(&fresh)).await;
    posted.assert_status_see_other();
    anonymous
        .get("/entries/final")
        .await
        .assert_text_contains("word");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_is_returned_when_the_author_lost_the_role() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let id = post(&author, "A gaol", "").await;
    let name = Username::parse("author").unwrap();
    app.newsroom.set_role(&name, Role::Reader).await.unwrap();
    let sentence = "Your account can read, but not post. Your text is kept here.";
    for path in [COMPOSER, &format!("/desk/updates/{id}")] {
        let refused = author.post(path).form(&fields(&op_id())).await;
        let form = check(&refused, 403, sentence);
        assert_eq!(attribute(&form, "action"), path);
    }
    let new = [
        ("title", "A title"),
        ("summary", "Every word"),
        ("slug", "a-slug"),
    ];
    for path in ["/desk/entries", "/desk/entries/final/edit"] {
        let refused = author.post(path).form(&new).await;
        refused.assert_status_forbidden();
        let html = refused.text();
        assert_eq!(field_value(&html, "title"), "A title");
        assert!(
            html.contains("Every word") && html.contains("a-slug"),
            "{html}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_is_returned_when_the_account_was_disabled() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let name = Username::parse("author").unwrap();
    app.newsroom.disable_account(&name).await.unwrap();
    let op = op_id();
    let refused = author.post(COMPOSER).form(&fields(&op)).await;
    let form = check(
        &refused,
        401,
        "Your session has expired. Your text is kept here.",
    );
    assert_eq!(field_value(&form, "op_id"), op);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_is_returned_while_the_database_is_away() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let id = post(&author, "A gaol", "").await;
    app.newsroom.close().await;
    // The session can't be looked up either.
    for path in [COMPOSER, &format!("/desk/updates/{id}")] {
        let op = op_id();
        let refused = author.post(path).form(&fields(&op)).await;
        let form = check(
            &refused,
            503,
            "The database can't be reached. Nothing was changed. Try again. Your text is kept here.",
        );
        assert_eq!(attribute(&form, "action"), path);
        assert_eq!(field_value(&form, "op_id"), op);
        refused.assert_header("retry-after", "2");
    }
    let long = "word ".repeat(40_000);
    let refused = author.post(COMPOSER).form(&[("source", &*long)]).await;
    refused.assert_status_service_unavailable();
    refused.assert_text_contains(long.trim_end());
    // A button can be pressed again.
    let path = format!("/desk/updates/{id}/delete");
    let refused = author.post(&path).form(&[("op_id", "12345678")]).await;
    refused.assert_status_service_unavailable();
    assert_eq!(field_value(&refused.text(), "op_id"), "12345678");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_is_returned_when_a_write_fails_after_the_login_was_checked() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let id = post(&author, "A gaol", "").await;
    // SQLite refuses every write, as on a full disk; reads and sessions work.
    let url = app.database_url();
    sqlx::any::install_default_drivers();
    let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&url)
        .await
        .unwrap();
    for sql in [
        "CREATE TRIGGER no_posts BEFORE INSERT ON updates BEGIN SELECT RAISE(ABORT, 'full'); END",
        "CREATE TRIGGER no_edits BEFORE UPDATE ON updates BEGIN SELECT RAISE(ABORT, 'full'); END",
    ] {
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
    for path in [COMPOSER, &format!("/desk/updates/{id}")] {
        let op = op_id();
        let refused = author.post(path).form(&fields(&op)).await;
        let status = refused.status_code();
        assert!(status.is_server_error(), "{status}");
        let form = check(&refused, status.as_u16(), "Your text is kept here.");
        assert_eq!(attribute(&form, "action"), path);
        assert_eq!(field_value(&form, "op_id"), op);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_is_returned_for_copying_when_the_origin_is_not_ours() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let id = post(&author, "A gaol", "").await;
    for path in [COMPOSER, &format!("/desk/updates/{id}")] {
        for accept in ["text/html", "*/*"] {
            let request = author.post(path).add_header("origin", "null");
            let request = request.add_header("accept", accept);
            let refused = request.form(&fields(&op_id())).await;
            let html = refused.text();
            let sentence = "This request came from another site's page and was rejected. Open Ringside and try again. Your text is kept here. Copy it.";
            assert_eq!(check(&refused, 403, sentence), "", "{html}");
            assert!(
                !html.contains("<form") && !html.contains("<button"),
                "{html}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beginning_of_a_text_that_is_too_large_is_returned() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let send = async |browser: &TestServer, path: &str| {
        let body = format!(
            "op_id=12345678&headline=Goal&source={}",
            "w".repeat(900_000)
        );
        browser
            .post(path)
            .content_type(FORM)
            .bytes(body.into())
            .await
    };
    let refused = send(&author, COMPOSER).await;
    refused.assert_status_payload_too_large();
    let html = refused.text();
    assert!(html.contains("This is larger than the 640 KiB that can be sent at once. Send less."));
    assert!(html.contains("Only the beginning of your text was received, and is kept here."));
    assert!(html.contains(&"w".repeat(655_000)) && field_value(&html, "headline") == "Goal");
    // A text that is received, but too long, is returned by the form's own page.
    let long = "w".repeat(50_001);
    let refused = author
        .post(COMPOSER)
        .form(&[("op_id", "12345678"), ("source", &long)])
        .await;
    refused.assert_status_unprocessable_entity();
    refused.assert_text_contains(&long);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_to_an_address_that_does_not_exist_is_returned() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    for path in [
        "/entries/nowhere/compose",
        "/entries/NO/compose",
        "/desk/updates/999",
        "/desk/updates/x",
    ] {
        let refused = author.post(path).form(&fields(&op_id())).await;
        let form = check(&refused, 404, " Your text is kept here. Copy it.");
        assert_eq!(form, "", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_of_a_form_with_too_many_fields_is_returned() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let body = format!("op_id=12345678&source=Every+word{}", "&x=1".repeat(30));
    let refused = author
        .post(COMPOSER)
        .content_type(FORM)
        .bytes(body.into())
        .await;
    refused.assert_status(StatusCode::BAD_REQUEST);
    refused.assert_text_contains("Every word");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_are_never_returned() {
    let (app, anonymous, author) = TestApp::start().await;
    let secret = "correct horse battery staple";
    let requests = || {
        [
            anonymous
                .post("/login")
                .form(&[("username", "author"), ("password", secret)]),
            anonymous.post("/setup").form(&[
                ("token", "x"),
                ("username", "a"),
                ("password", secret),
            ]),
            author
                .post("/account/password")
                .form(&[("current_password", secret), ("password", secret)]),
        ]
    };
    for request in requests() {
        let refused = request.add_header("origin", "null").await;
        refused.assert_status_forbidden();
        assert!(!refused.text().contains(secret));
    }
    app.newsroom.close().await;
    for request in requests() {
        let refused = request.await;
        assert!(refused.status_code().is_server_error());
        assert!(!refused.text().contains(secret));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_waits_for_a_continue_is_refused_at_once() {
    let (_app, anonymous, _) = TestApp::start().await;
    let request = format!(
        "POST {COMPOSER} HTTP/1.1\r\nhost: x\r\ncontent-type: {FORM}\r\nexpect: 100-continue\r\n\
         content-length: 100000\r\n\r\n"
    );
    let refused = send_raw(&anonymous, request.as_bytes()).await;
    assert_eq!(refused.status, Some(401), "{}", refused.text);
}
