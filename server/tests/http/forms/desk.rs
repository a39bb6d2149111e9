//! The desk: creating, starting and ending entries; editing, deleting and restoring updates.

use axum::http::StatusCode;
use domain::EntryState;
use insta::assert_snapshot;

use super::{post, press_button};
use crate::http::support::{
    TestApp, field_value, head_of, op_id, tag_texts, textarea_named, textarea_value, unescape,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entry_is_created_from_its_title() {
    let (_app, anonymous, author) = TestApp::start().await;
    let fields = [
        ("title", "Élection night: the count"),
        ("time_zone", "Europe/Paris"),
        ("state", "live"),
    ];
    let created = author.post("/desk/entries").form(&fields).await;
    assert_snapshot!(head_of(&created, &["location"]), @r"
    303 See Other
    location: /entries/election-night-the-count#composer-host
    ");
    author
        .get("/desk/entries/election-night-the-count")
        .await
        .assert_status_ok();
    anonymous
        .get("/entries/election-night-the-count")
        .await
        .assert_text_contains("Élection night: the count");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn draft_is_created_and_leads_to_its_desk_page() {
    let (_app, _, author) = TestApp::start().await;
    for fields in [
        &[("title", "Cup"), ("state", "draft")][..],
        &[("title", "Cup")],
    ] {
        let created = author.post("/desk/entries").form(&fields).await;
        created.assert_status_see_other();
        let next = created.header("location").to_str().unwrap().to_owned();
        assert!(next.starts_with("/desk/entries/cup"), "{next}");
        author.get(&next).await.assert_status_ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn form_for_an_entry_shows_its_title_and_folds_the_rest() {
    let (app, _, author) = TestApp::start().await;
    let desk = async || author.get("/desk").await.text();
    let folded = |html: &str| {
        let (_, form) = html.split_once(r#"action="/desk/entries""#).unwrap();
        let (before, rest) = form.split_once("<details").unwrap();
        let (tag, rest) = rest.split_once('>').unwrap();
        let (inside, after) = rest.split_once("</details>").unwrap();
        assert_eq!(before.matches("<label").count(), 1, "{before}");
        assert!(before.contains(r#"name="title""#), "{before}");
        assert!(
            !inside.contains(" required"),
            "a folded field can't be reported: {inside}"
        );
        assert!(after.contains("Create live blog"), "{after}");
        !tag.contains(" open")
    };
    let html = desk().await;
    assert!(folded(&html));
    assert_eq!(field_value(&html, "time_zone"), "UTC");
    assert!(html.contains(r#"<script src="/time-zone.js" defer></script>"#));
    // The zone of the last live blog. A zone may be entered in any case.
    app.live_entry().await;
    let tokyo = [("title", "Cup"), ("time_zone", "asia/tokyo")];
    let created = author.post("/desk/entries").form(&tokyo).await;
    created.assert_status_see_other();
    assert_eq!(field_value(&desk().await, "time_zone"), "Asia/Tokyo");

    for (field, value, is_folded) in [
        ("title", "", true),
        ("slug", "-", false),
        ("body", "<!-- -->", false),
    ] {
        let mut fields = vec![("title", "Cup"), ("time_zone", "Europe/Paris")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let refused = author.post("/desk/entries").form(&fields).await;
        refused.assert_status_unprocessable_entity();
        let html = refused.text();
        assert_eq!(folded(&html), is_folded, "{field}");
        assert_eq!(field_value(&html, "time_zone"), "Europe/Paris");
        assert!(!html.contains("time-zone.js"), "the author's zone is kept");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn article_is_edited_at_the_desk_and_shown_above_the_updates() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let page = async || anonymous.get("/entries/final").await.text();
    // The revisions and the header differ.
    let without_revisions = |html: &str| {
        let (before, after) = html.split_once("data-cursor=\"").unwrap();
        format!("{before}{}", after.split_once('"').unwrap().1)
    };
    let before = page().await;
    let edit = async |body: Option<&str>| {
        let mut fields = vec![
            ("title", "final"),
            ("slug", "final"),
            ("time_zone", "Europe/Paris"),
        ];
        let op_id = op_id();
        fields.push(("op_id", &*op_id));
        fields.extend(body.map(|body| ("body", body)));
        let edited = author.post("/desk/entries/final/edit").form(&fields).await;
        edited.assert_status_see_other();
        let next = edited.header("location").to_str().unwrap().to_owned();
        author.get(&next).await.text()
    };
    let text = "A *story*.[^1]\n\n[^1]: Note\n\n<iframe src=\"https://example.org/x\"></iframe>";
    let desk = edit(Some(text)).await;
    assert!(
        unescape(&desk).contains("Saved. Not shown: an iframe from example.org"),
        "{desk:.6000}"
    );
    let html = page().await;
    let article = html.split_once(r#"<div id="entry-article""#).unwrap().1;
    let (article, below) = article.split_once(r#"id="entry-highlights""#).unwrap();
    assert!(article.contains("A <em>story</em>."), "{article}");
    assert!(below.contains(r#"id="live-updates""#));
    // The feed has the same bytes.
    let batch: domain::Batch = anonymous.get("/feed/1/changes").await.json();
    let sent = batch.entry.unwrap().article.unwrap();
    assert!(html.contains(&sent), "{sent}");
    assert!(!anonymous.get("/").await.text().contains("story"));

    let form = author.get("/desk/entries/final/edit").await.text();
    assert_eq!(textarea_named(&form, "body"), text);
    // The form of a page that was opened before an upgrade has no such field.
    edit(None).await;
    assert!(page().await.contains("A <em>story</em>."));
    let desk = edit(Some("")).await;
    assert_eq!(tag_texts(&desk, "h1"), ["final"]);
    assert!(!desk.contains("Not shown"));
    assert_eq!(without_revisions(&page().await), without_revisions(&before));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_article_is_returned_whole() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let deep = "> ".repeat(60);
    for (body, reason) in [
        ("a".repeat(100_001), "the maximum is 100000"),
        // Fits into a form, but becomes too much HTML.
        ("\u{65e5}".repeat(100_000), "This text"),
        ("\u{1f3c6}".repeat(100_000), "This text"),
        (deep, "too deeply"),
        ("<script>x</script>".to_owned(), "no visible content"),
    ] {
        let fields = [("title", "x"), ("slug", "final"), ("body", &*body)];
        for path in ["/desk/entries", "/desk/entries/final/edit"] {
            let refused = author.post(path).form(&fields).await;
            refused.assert_status_unprocessable_entity();
            let html = refused.text();
            assert!(html.contains(reason), "{reason} at {path}");
            assert!(textarea_named(&html, "body") == body, "{reason} at {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entry_whose_article_lost_something_leads_to_the_note() {
    let (_app, _, author) = TestApp::start().await;
    let fields = [
        ("title", "Cup"),
        ("state", "live"),
        ("body", "A <script>x</script> story"),
    ];
    let created = author.post("/desk/entries").form(&fields).await;
    assert_eq!(
        created.header("location"),
        "/desk/entries/cup?edited=article"
    );
    let desk = author.get("/desk/entries/cup?edited=article").await.text();
    assert!(desk.contains("Saved. Not shown: a script."), "{desk}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_entry_is_returned_as_typed() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let long = "t".repeat(10_000);
    let summary = "s".repeat(2_001);
    let right = [
        ("title", "Title"),
        ("slug", "new"),
        ("summary", "About <it>"),
        ("time_zone", "UTC"),
        ("state", "live"),
        ("default_order", "oldest"),
    ];
    for (field, value, sentence) in [
        (
            "title",
            &*long,
            "The title has 10000 characters; the maximum is 200.",
        ),
        ("title", "", "The title is missing."),
        ("title", "\u{3164}", "The title contains only invisible"),
        (
            "slug",
            "Not An Address",
            "The slug can contain only lowercase letters",
        ),
        ("slug", "final", "Another live blog already has this slug"),
        (
            "summary",
            &*summary,
            "The summary has 2001 characters; the maximum is 2000.",
        ),
        ("time_zone", "Mars/Olympus", "There is no such time zone"),
        ("state", "sideways", "The state must be one of"),
        ("default_order", "sideways", "The order must be one of"),
    ] {
        let typed = right.map(|(name, good)| (name, if name == field { value } else { good }));
        let refused = author.post("/desk/entries").form(&typed).await;
        refused.assert_status_unprocessable_entity();
        let html = refused.text();
        assert!(
            unescape(&html).contains(sentence),
            "{sentence:?} is not in {html:.4000}"
        );
        for (name, value) in &typed[..4] {
            let returned = match *name {
                "summary" => textarea_named(&html, name),
                name => field_value(&html, name),
            };
            assert!(returned == *value, "{name} is lost when {field} is wrong");
        }
        for (name, value) in &typed[4..] {
            let choice = html.split(&format!("name=\"{name}\"")).nth(1).unwrap();
            let chosen = format!("value=\"{value}\" selected");
            assert!(
                name == &field || choice.contains(&chosen),
                "{name} is lost when {field} is wrong"
            );
        }
    }
    let html = author.get("/desk").await.text();
    assert_eq!(html.matches("class=\"entry-item\"").count(), 1, "{html}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starting_and_ending_are_idempotent() {
    let (app, anonymous, author) = TestApp::start().await;
    let entry = app.entry("final", EntryState::Upcoming).await;
    let state = async || {
        let head = anonymous.get(&format!("/feed/{entry}/head")).await;
        let head = head.json::<domain::Head>();
        (head.state, head.head)
    };
    for (action, expected) in [
        ("start", EntryState::Live),
        ("end", EntryState::Ended),
        ("start", EntryState::Live),
    ] {
        let path = format!("/desk/entries/final/{action}");
        let done = press_button(&author, &path).await;
        assert_eq!(
            head_of(&done, &["location"]),
            "303 See Other\nlocation: /desk/entries/final"
        );
        let after = state().await;
        assert_eq!(after.0, expected);
        press_button(&author, &path).await.assert_status_see_other();
        assert_eq!(state().await, after, "repeating {action} changed something");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entry_that_never_started_cannot_be_ended() {
    let (app, _, author) = TestApp::start().await;
    app.entry("final", EntryState::Upcoming).await;
    let refused = press_button(&author, "/desk/entries/final/end").await;
    refused.assert_status_forbidden();
    refused.assert_text_contains("This live blog has not started, so it can");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_is_edited_deleted_and_restored() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let id = post(&author, "A gaol", "").await;
    let page = format!("/desk/updates/{id}");
    let form = author.get(&page).await;
    assert_eq!(textarea_value(&form.text()), "A gaol");
    let at_desk = "303 See Other\nlocation: /desk/entries/final";

    for _ in 0..2 {
        let saved = author
            .post(&page)
            .form(&[("source", "A goal"), ("headline", "1–0")])
            .await;
        assert_eq!(head_of(&saved, &["location"]), at_desk);
        let html = anonymous.get("/entries/final").await.text();
        assert!(html.contains("A goal") && html.contains("1–0") && !html.contains("A gaol"));
    }
    let deleted = format!("303 See Other\nlocation: /desk/entries/final?deleted={id}");
    for _ in 0..2 {
        let response = press_button(&author, &format!("{page}/delete")).await;
        assert_eq!(head_of(&response, &["location"]), deleted);
        assert!(
            !anonymous
                .get("/entries/final")
                .await
                .text()
                .contains("A goal")
        );
    }
    author.get(&page).await.assert_status(StatusCode::GONE);
    author
        .post(&page)
        .form(&[("source", "Again")])
        .await
        .assert_status(StatusCode::GONE);
    let desk = author
        .get(&format!("/desk/entries/final?deleted={id}"))
        .await;
    desk.assert_text_contains(format!("action=\"/desk/updates/{id}/restore\""));
    let desk = author.get("/desk/entries/final").await;
    desk.assert_text_contains("was deleted. You can restore it until ");
    assert!(!desk.text().contains("A goal"), "the deleted text is shown");
    for _ in 0..2 {
        let response = press_button(&author, &format!("{page}/restore")).await;
        assert_eq!(head_of(&response, &["location"]), at_desk);
        let html = anonymous.get("/entries/final").await.text();
        assert_eq!(html.matches(&format!("id=\"update-{id}\"")).count(), 1);
        assert!(html.contains("A goal"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_edit_is_returned_as_typed() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let id = post(&author, "A goal", "").await;
    let long = "x".repeat(50_001);
    for source in ["", &*long] {
        let fields = [("source", source), ("headline", "Kept")];
        let refused = author
            .post(&format!("/desk/updates/{id}"))
            .form(&fields)
            .await;
        refused.assert_status_unprocessable_entity();
        let html = refused.text();
        assert!(textarea_value(&html) == source);
        assert_eq!(field_value(&html, "headline"), "Kept");
    }
    anonymous
        .get("/entries/final")
        .await
        .assert_text_contains("A goal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_entries_and_updates_are_not_found() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    for path in [
        "/desk/entries/nowhere/start",
        "/desk/entries/nowhere/end",
        "/desk/entries/%20final/end",
        "/desk/updates/999",
        "/desk/updates/-1/delete",
        "/desk/updates/abc/restore",
        "/desk/updates/99999999999999999999/delete",
        "/desk/updates/1%0a",
        "/desk/entries/final/explode",
    ] {
        let response = author.post(path).form(&[("source", "text")]).await;
        assert_eq!(response.status_code(), 404, "{path}");
    }
}
