//! The desk: creating, starting and ending entries; editing, deleting and restoring updates.

use axum::http::StatusCode;
use domain::EntryState;
use insta::assert_snapshot;

use super::{post, press_button};
use crate::http::support::{TestApp, field_value, head_of, textarea_value, unescape};

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
    location: /desk/entries/election-night-the-count
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
                "summary" => textarea_value(&html),
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
