//! Editing an update that somebody else has edited meanwhile, without JavaScript.

use axum::http::StatusCode;
use axum_test::{TestResponse, TestServer};
use domain::{Mark, Role, UpdateId};

use super::post;
use crate::http::support::{TestApp, field_value, op_id, tag_texts, unescape};

/// Opens the edit page of an update, and returns the base in its form.
async fn base(browser: &TestServer, id: UpdateId) -> String {
    let html = browser.get(&format!("/desk/updates/{id}")).await.text();
    field_value(&html, "base")
}

/// Submits the form of the edit page.
async fn save(browser: &TestServer, id: UpdateId, text: &str, base: &str) -> TestResponse {
    let op_id = op_id();
    let fields = [
        ("op_id", &*op_id),
        ("base", base),
        ("source", text),
        ("headline", ""),
    ];
    browser
        .post(&format!("/desk/updates/{id}"))
        .form(&fields)
        .await
}

/// Returns the texts of the page's boxes.
fn boxes(html: &str) -> Vec<String> {
    let boxes = tag_texts(html, "textarea").into_iter();
    boxes
        .map(|text| unescape(text.strip_prefix('\n').unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn second_of_two_edits_is_shown_both_texts() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let editor = app.log_in(Role::Editor).await;
    let id = post(&author, "It's 2-0 <now>", "").await;
    let (mine, theirs) = (base(&author, id).await, base(&editor, id).await);
    save(&editor, id, "It's 2-1 <now>", &theirs)
        .await
        .assert_status_see_other();

    let refused = save(&author, id, "It's 2-0, <now>", &mine).await;
    refused.assert_status_conflict();
    refused.assert_header("cache-control", "private, no-store");
    let html = refused.text();
    assert!(
        html.contains("editor changed this text after you opened it."),
        "{html}"
    );
    assert_eq!(boxes(&html), ["It's 2-1 <now>", "It's 2-0, <now>"]);
    let differences = |tag| tag_texts(&html, tag).into_iter().collect::<Vec<_>>();
    let [removed] = differences("del")[..] else {
        panic!("{html}")
    };
    let [added] = differences("ins")[..] else {
        panic!("{html}")
    };
    assert!(
        removed.contains("[removed: ") && removed.contains('1'),
        "{removed}"
    );
    assert!(
        added.contains("[added: ") && added.contains("0,"),
        "{added}"
    );
    for label in [
        "Save my text",
        "Keep their text",
        "Your text",
        "Current update",
    ] {
        assert!(html.contains(label), "{label} is not in {html}");
    }
    let resolved = field_value(&html, "base");
    assert_ne!(resolved, mine);
    anonymous
        .get("/entries/final")
        .await
        .assert_text_contains("2-1");

    // Changed once more, before the author decides.
    save(&editor, id, "It's 3-1", &resolved)
        .await
        .assert_status_see_other();
    let again = save(&author, id, "It's 2-0, <now>", &resolved).await;
    again.assert_status_conflict();
    let html = again.text();
    assert_eq!(boxes(&html), ["It's 3-1", "It's 2-0, <now>"]);
    // Keeps theirs or merges by hand, as the author likes.
    let merged = save(&author, id, "It's 3-1, now", &field_value(&html, "base")).await;
    merged.assert_status_see_other();
    anonymous
        .get("/entries/final")
        .await
        .assert_text_contains("3-1, now");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_marks_are_no_conflict() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let id = post(&author, "A gaol", "").await;
    let base = base(&author, id).await;
    for mark in [Mark::Key, Mark::Pinned] {
        let marked = app
            .newsroom
            .mark_update(app.editor().await, id, mark, true, None);
        marked.await.unwrap();
    }
    save(&author, id, "A goal", &base)
        .await
        .assert_status_see_other();
    anonymous
        .get("/entries/final")
        .await
        .assert_text_contains("A goal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn base_that_is_not_of_this_update_is_a_conflict() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let id = post(&author, "A gaol", "").await;
    let base = base(&author, id).await;
    let (epoch, rev) = base.split_once('.').unwrap();
    let other = "It is not known which version of this text you edited.";
    for (base, sentence) in [
        ("", other),
        ("nonsense", other),
        ("<script>", other),
        (rev, other),
        (&format!("{epoch}.0"), other),
        (
            &format!("{epoch}.999999"),
            "Your edit is based on a revision that this live blog does not have.",
        ),
        (
            &format!("another.{rev}"),
            "database was restored or repaired after you opened this text.",
        ),
    ] {
        let refused = save(&author, id, "A goal, of course", base).await;
        refused.assert_status_conflict();
        let html = refused.text();
        assert!(unescape(&html).contains(sentence), "{base}: {html}");
        assert_eq!(boxes(&html), ["A gaol", "A goal, of course"], "{base}");
        // With the base that the page has now, the text can be saved.
        assert_eq!(field_value(&html, "base"), self::base(&author, id).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_edit_keeps_its_base() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let id = post(&author, "one", "").await;
    let base = base(&author, id).await;
    let draft = domain::Draft::parse("two", "").unwrap();
    let edited = app
        .newsroom
        .edit_update(app.editor().await, id, &draft, None, None);
    edited.await.unwrap();
    // The page is rendered again, but its author has not seen the other text.
    let refused = save(&author, id, "", &base).await;
    refused.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
    let kept = field_value(&refused.text(), "base");
    assert_eq!(kept, base);
    save(&author, id, "three", &kept)
        .await
        .assert_status_conflict();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn details_with_an_article_that_was_changed_are_shown_both_texts() {
    const PAGE: &str = "/desk/entries/final/edit";
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let editor = app.log_in(Role::Editor).await;
    let base = async |browser: &TestServer| {
        let html = browser.get(PAGE).await.text();
        field_value(&html, "base")
    };
    let save = async |browser: &TestServer, title: &str, article: &str, base: &str| {
        let op_id = op_id();
        let fields = [
            ("op_id", &*op_id),
            ("base", base),
            ("title", title),
            ("slug", "final"),
            ("summary", "A summary"),
            ("body", article),
            ("time_zone", "UTC"),
            ("default_order", "oldest"),
        ];
        browser.post(PAGE).form(&fields).await
    };
    let (mine, theirs) = (base(&author).await, base(&editor).await);
    save(&editor, "Final", "Their <story>", &theirs)
        .await
        .assert_status_see_other();

    let refused = save(&author, "The final", "My <story>", &mine).await;
    refused.assert_status_conflict();
    let html = refused.text();
    assert!(
        html.contains("editor changed this text after you opened it."),
        "{html}"
    );
    assert_eq!(boxes(&html), ["Their <story>", "A summary", "My <story>"]);
    assert_eq!(field_value(&html, "title"), "The final");
    for label in ["Current article", "Written by", "What your text changes"] {
        assert!(html.contains(label), "{label} is not in {html}");
    }
    anonymous
        .get("/entries/final")
        .await
        .assert_text_contains("Their ");
    save(
        &author,
        "The final",
        "Our story",
        &field_value(&html, "base"),
    )
    .await
    .assert_status_see_other();
    anonymous
        .get("/entries/final")
        .await
        .assert_text_contains("Our story");

    // Updates that are posted meanwhile are no conflict.
    let base = base(&author).await;
    post(&author, "Goal", "").await;
    save(&author, "The final", "Our longer story", &base)
        .await
        .assert_status_see_other();
}
