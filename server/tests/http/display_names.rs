//! Display names: the form of the account page, the site's setting, and what readers see.

use axum_test::TestServer;
use domain::Role;
use insta::assert_snapshot;

use super::support::{TestApp, field_value, head_of, op_id, unescape};

async fn set_name(browser: &TestServer, name: &str) -> axum_test::TestResponse {
    let form = [("display_name", name)];
    browser.post("/account/name").form(&form).await
}

/// Waits until the page of the entry `final` contains `text`.
async fn wait_for(reader: &TestServer, text: &str) {
    let wait = async {
        while !unescape(&reader.get("/entries/final").await.text()).contains(text) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(std::time::Duration::from_mins(1), wait).await;
    waited.unwrap_or_else(|_| panic!("the page doesn't show {text}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_the_name_that_the_site_shows() {
    let (app, reader, author) = TestApp::start().await;
    app.live_entry().await;
    let owner = app.log_in(Role::Owner).await;
    let form = [("op_id", op_id()), ("source", "A goal".to_owned())];
    author
        .post("/entries/final/compose")
        .form(&form)
        .await
        .assert_status_see_other();
    let saved = set_name(&author, " Ann Lee ").await;
    assert_snapshot!(head_of(&saved, &["location"]), @r"
    303 See Other
    location: /account?done=name
    ");
    let page = author.get("/account?done=name").await.text();
    assert!(page.contains("Your display name is saved."), "{page}");
    assert_eq!(field_value(&page, "display_name"), "Ann Lee");
    let html = reader.get("/entries/final").await.text();
    assert!(!html.contains("Ann Lee"), "{html}");

    for (shown, name) in [("true", "Ann Lee"), ("false", ">author<")] {
        let saved = owner
            .post("/desk/site")
            .form(&[
                ("display_names", shown),
                ("open_sign_up", "false"),
                ("deleted_messages", "anonymize"),
            ])
            .await;
        saved
            .assert_status_see_other()
            .assert_header("location", "/desk/site?done=true");
        wait_for(&reader, name).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_name_stays_in_the_form() {
    let (app, anonymous, author) = TestApp::start().await;
    let editor = app.log_in(Role::Editor).await;
    set_name(&editor, "Ann Lee").await.assert_status_see_other();
    let long = "x".repeat(61);
    for (name, message) in [
        (
            &*long,
            "The display name has 61 characters; the maximum is 60.",
        ),
        (
            "a\u{200b}b",
            "The display name can't contain invisible characters.",
        ),
        (
            "\u{410}nn L\u{435}e",
            "This name, or one that looks like it, belongs to another account. Choose a different one.",
        ),
    ] {
        let refused = set_name(&author, name).await;
        refused.assert_status(axum::http::StatusCode::UNPROCESSABLE_ENTITY);
        let page = unescape(&refused.text());
        assert!(page.contains(message), "{name:?}: {page}");
        assert_eq!(field_value(&page, "display_name"), name);
    }
    // An empty name is none.
    set_name(&author, " ").await.assert_status_see_other();
    // A session that has expired loses no text.
    let refused = set_name(&anonymous, "Bob").await;
    refused.assert_status_unauthorized();
    assert_eq!(field_value(&refused.text(), "display_name"), "Bob");
}
