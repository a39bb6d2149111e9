//! Marking updates, and changing entries.

use domain::Role;
use insta::assert_snapshot;

use crate::http::support::{TestApp, head_of, unescape};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marks_are_shown_above_the_list_and_on_the_card() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    let editor = app.log_in_as("erin", Role::Editor).await;
    let id = app.post("final", "A **goal** for us").await.id;
    let mark = async |mark: &str, on: &str| {
        let fields = [("mark", mark), ("on", on)];
        let address = format!("/desk/updates/{id}/mark");
        editor.post(&address).form(&fields).await
    };
    for word in ["key", "pinned"] {
        let marked = mark(word, "true").await;
        marked.assert_header("location", "/desk/entries/final");
    }
    let page = anonymous.get("/entries/final").await.text();
    assert!(page.contains("Key moment</p>"), "{page}");
    assert_eq!(page.matches(&format!("href=\"#update-{id}\"")).count(), 2);
    let desk = editor.get("/desk/entries/final").await.text();
    assert!(desk.contains("Unpin") && desk.contains("Unmark as key"));

    for word in ["key", "pinned"] {
        mark(word, "false").await.assert_status_see_other();
    }
    let page = anonymous.get("/entries/final").await.text();
    assert_eq!(page.matches(&format!("href=\"#update-{id}\"")).count(), 0);
    mark("loud", "true")
        .await
        .assert_status_unprocessable_entity();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entry_is_changed_and_its_former_slugs_redirect() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let id = app.post("final", "A goal").await.id;
    let form = author.get("/desk/entries/final/edit").await.text();
    assert!(form.contains(r#"value="Europe/Paris""#), "{form}");
    let fields = [
        ("title", "The re-match"),
        ("slug", "re-match"),
        ("summary", "Again."),
        ("time_zone", "Asia/Tokyo"),
        ("default_order", "latest"),
    ];
    let changed = author.post("/desk/entries/final/edit").form(&fields).await;
    assert_snapshot!(head_of(&changed, &["location"]), @r"
    303 See Other
    location: /desk/entries/re-match
    ");
    let page = anonymous.get("/entries/re-match").await.text();
    for expected in ["The re-match", "Again.", "JST", r#"data-order="latest""#] {
        assert!(page.contains(expected), "{expected} is not in {page}");
    }
    for (old, new) in [
        ("/entries/final".to_owned(), "/entries/re-match".to_owned()),
        (
            "/entries/final?order=oldest".into(),
            "/entries/re-match?order=oldest".into(),
        ),
        (
            format!("/entries/final/updates/{id}"),
            format!("/entries/re-match/updates/{id}"),
        ),
    ] {
        let redirect = anonymous.get(&old).await;
        redirect.assert_status(axum::http::StatusCode::FOUND);
        redirect.assert_header("location", new.as_str());
        redirect.assert_header("cache-control", "public, max-age=0, s-maxage=2");
        anonymous.get(&new).await.assert_status_ok();
    }
    anonymous
        .get("/entries/never")
        .await
        .assert_status_not_found();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_change_is_returned_as_typed() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    app.entry("other", domain::EntryState::Draft).await;
    app.entry("older", domain::EntryState::Live).await;
    let renamed = [("title", "Newer"), ("slug", "newer"), ("time_zone", "UTC")];
    author
        .post("/desk/entries/older/edit")
        .form(&renamed)
        .await
        .assert_status_see_other();
    for (slug, sentence) in [
        ("older", "Another live blog had this slug before"),
        ("other", "Another live blog already has this slug"),
        ("", "The slug is missing"),
    ] {
        let fields = [
            ("title", "SubmittedForm title"),
            ("slug", slug),
            ("time_zone", "UTC"),
        ];
        let refused = author.post("/desk/entries/final/edit").form(&fields).await;
        refused.assert_status_unprocessable_entity();
        let html = unescape(&refused.text());
        assert!(
            html.contains(sentence) && html.contains("SubmittedForm title"),
            "{html}"
        );
    }
}
