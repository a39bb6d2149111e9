//! The desk: entries are created, started and ended; updates edited, deleted and given back.

use axum_test::{TestResponse, TestServer};
use domain::{EntryState, Role, UpdateId};
use insta::assert_snapshot;

use crate::http::support::{TestApp, head_of, op_id, tag_texts};

async fn press(browser: &TestServer, path: &str) -> TestResponse {
    browser.post(path).form(&[("", "")]).await
}

/// Posts to the entry `final` with the composer, and answers the update's number.
async fn post(browser: &TestServer, text: &str) -> UpdateId {
    let fields = [("op_id", &*op_id()), ("source", text)];
    let posted = browser.post("/entries/final/compose").form(&fields).await;
    let location = posted.header("location");
    location.to_str().unwrap().split_once("?posted=").unwrap().1.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_is_created_from_its_title() {
    let (_app, anonymous, author) = TestApp::start().await;
    let fields = [("title", "Élection night: the count"), ("time_zone", "Europe/Paris"), ("state", "live")];
    let created = author.post("/desk/entries").form(&fields).await;
    assert_snapshot!(head_of(&created, &["location"]), @r"
    303 See Other
    location: /desk/entries/lection-night-the-count
    ");
    author.get("/desk/entries/lection-night-the-count").await.assert_status_ok();
    anonymous
        .get("/entries/lection-night-the-count")
        .await
        .assert_text_contains("Élection night: the count");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_taken_comes_back_as_it_was_typed() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let long = "t".repeat(10_000);
    let summary = "s".repeat(2_001);
    let right = [("title", "Title"), ("slug", "new"), ("summary", "About <it>"), ("time_zone", "UTC"), ("state", "live"), ("default_order", "oldest")];
    for (field, value, sentence) in [
        ("title", &*long, "The title has 10000 characters; it can have 200 at most."),
        ("title", "", "The title is missing."),
        ("title", "two\nlines", "The title must be one line."),
        ("slug", "Not An Address", "The address can hold lowercase letters"),
        ("slug", "final", "taken"),
        ("summary", &*summary, "The summary has 2001 characters; it can have 2000 at most."),
        ("time_zone", "Mars/Olympus", "There is no such time zone"),
        ("state", "sideways", "The state must be one of"),
        ("default_order", "sideways", "The order must be one of"),
    ] {
        let typed = right.map(|(name, good)| (name, if name == field { value } else { good }));
        let refused = author.post("/desk/entries").form(&typed).await;
        refused.assert_status_unprocessable_entity();
        let html = refused.text();
        assert!(html.contains(sentence), "{sentence:?} is not in {html:.4000}");
        for (name, value) in typed {
            let kept = match name {
                "summary" => tag_texts(&html, "textarea")[0].replace("&gt;", ">") == format!("\n{}", value.replace('<', "&lt;")),
                // Chosen, not typed.
                "state" | "default_order" => true,
                _ => html.contains(&format!("value=\"{value}\"")),
            };
            assert!(kept, "{name} is lost when {field} is wrong");
        }
    }
    let html = author.get("/desk").await.text();
    assert_eq!(html.matches("class=\"entry-line\"").count(), 1, "{html}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starting_and_ending_twice_is_as_once() {
    let (app, anonymous, author) = TestApp::start().await;
    let entry = app.entry("final", EntryState::Upcoming).await;
    let state = async || {
        let head = anonymous.get(&format!("/feed/{entry}/head")).await;
        let head = head.json::<domain::Head>();
        (head.state, head.head)
    };
    for (action, expected) in [("start", EntryState::Live), ("end", EntryState::Ended), ("start", EntryState::Live)] {
        let path = format!("/desk/entries/final/{action}");
        let done = press(&author, &path).await;
        assert_eq!(head_of(&done, &["location"]), "303 See Other\nlocation: /desk/entries/final");
        let after = state().await;
        assert_eq!(after.0, expected);
        press(&author, &path).await.assert_status_see_other();
        assert_eq!(state().await, after, "{action} again changed something");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_never_started_cannot_end() {
    let (app, _, author) = TestApp::start().await;
    app.entry("final", EntryState::Upcoming).await;
    let refused = press(&author, "/desk/entries/final/end").await;
    refused.assert_status_forbidden();
    refused.assert_text_contains("This entry has not started, so it can");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_is_edited_deleted_and_given_back() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let id = post(&author, "A gaol").await;
    let page = format!("/desk/updates/{id}");
    let form = author.get(&page).await;
    assert_eq!(tag_texts(&form.text(), "textarea"), ["\nA gaol"]);

    for _ in 0..2 {
        let saved = author.post(&page).form(&[("source", "A goal"), ("headline", "1–0")]).await;
        assert_snapshot!(head_of(&saved, &["location"]), @r"
        303 See Other
        location: /desk/entries/final
        ");
        let html = anonymous.get("/entries/final").await.text();
        assert!(html.contains("A goal") && html.contains("1–0") && !html.contains("A gaol"));
    }
    let deleted = format!("303 See Other\nlocation: /desk/entries/final?deleted={id}");
    for _ in 0..2 {
        let answer = press(&author, &format!("{page}/delete")).await;
        assert_eq!(head_of(&answer, &["location"]), deleted);
        assert!(!anonymous.get("/entries/final").await.text().contains("A goal"));
    }
    author.get(&page).await.assert_status_not_found();
    author.post(&page).form(&[("source", "Again")]).await.assert_status_not_found();
    let desk = author.get(&format!("/desk/entries/final?deleted={id}")).await;
    desk.assert_text_contains(&format!("action=\"/desk/updates/{id}/restore\""));
    for _ in 0..2 {
        let answer = press(&author, &format!("{page}/restore")).await;
        assert_snapshot!(head_of(&answer, &["location"]), @r"
        303 See Other
        location: /desk/entries/final
        ");
        let html = anonymous.get("/entries/final").await.text();
        assert_eq!(html.matches(&format!("id=\"update-{id}\"")).count(), 1);
        assert!(html.contains("A goal"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_cannot_be_saved_comes_back() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let id = post(&author, "A goal").await;
    let long = "x".repeat(50_001);
    for source in ["", &*long] {
        let fields = [("source", source), ("headline", "Kept")];
        let refused = author.post(&format!("/desk/updates/{id}")).form(&fields).await;
        refused.assert_status_unprocessable_entity();
        let html = refused.text();
        assert!(tag_texts(&html, "textarea") == [format!("\n{source}")]);
        assert!(html.contains("value=\"Kept\""));
    }
    anonymous.get("/entries/final").await.assert_text_contains("A goal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_peoples_updates_are_theirs() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let id = post(&author, "Mine").await;
    let page = format!("/desk/updates/{id}");
    for (who, browser) in [
        ("another author", app.log_in_as("another", Role::Author).await),
        ("a reader", app.log_in(Role::Reader).await),
    ] {
        let refused = [
            browser.get(&page).await,
            browser.post(&page).form(&[("source", "Theirs")]).await,
            press(&browser, &format!("{page}/delete")).await,
            press(&browser, &format!("{page}/restore")).await,
        ];
        for answer in refused {
            assert_eq!(answer.status_code(), 403, "{who}");
            assert!(answer.maybe_header("location").is_none(), "{who}");
        }
        anonymous.get("/entries/final").await.assert_text_contains("Mine");
    }
    let editor = app.log_in(Role::Editor).await;
    editor.post(&page).form(&[("source", "Corrected")]).await.assert_status_see_other();
    press(&editor, &format!("{page}/delete")).await.assert_status_see_other();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_has_no_desk() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let reader = app.log_in(Role::Reader).await;
    for path in ["/desk", "/desk/entries/final"] {
        reader.get(path).await.assert_status_forbidden();
    }
    let fields = [("title", "Mine"), ("slug", "mine")];
    reader.post("/desk/entries").form(&fields).await.assert_status_forbidden();
    for action in ["start", "end"] {
        press(&reader, &format!("/desk/entries/final/{action}")).await.assert_status_forbidden();
    }
    let head = anonymous.get(&format!("/feed/{entry}/head")).await;
    assert_eq!(head.json::<domain::Head>().state, EntryState::Live);
    anonymous.get("/entries/mine").await.assert_status_not_found();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_not_found() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    for path in [
        "/desk/entries/nowhere/start", "/desk/entries/nowhere/end", "/desk/entries/%20final/end",
        "/desk/updates/999", "/desk/updates/-1/delete", "/desk/updates/abc/restore",
        "/desk/updates/99999999999999999999/delete", "/desk/updates/1%0a", "/desk/entries/final/explode",
    ] {
        let answer = author.post(path).form(&[("source", "text")]).await;
        assert_eq!(answer.status_code(), 404, "{path}");
    }
}
