//! The updates as HTML and JSON for simple clients.

use domain::Slug;
use insta::assert_snapshot;
use serde_json::Value;

use super::support::{TestApp, head_of};

const HEADERS: [&str; 3] = ["content-type", "cache-control", "vary"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_updates_are_one_html_block() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let path = format!("/updates/{entry}/");
    let empty = anonymous.get(&path).await;
    assert_snapshot!(head_of(&empty, &HEADERS), @r"
    200 OK
    content-type: text/html; charset=utf-8
    cache-control: public, max-age=0, s-maxage=10
    vary: accept-encoding
    ");
    assert_eq!(empty.text(), "");
    app.post("final", "First").await;
    app.post("final", "Second").await;
    let block = anonymous.get(&path).await.text();
    assert!(block.starts_with("<article id=\"update-"));
    assert!(block.find("First").unwrap() < block.find("Second").unwrap());
    assert_eq!(block.matches("<article").count(), 2);
    anonymous
        .get("/entries/final")
        .await
        .assert_text_contains(&block);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_lists_updates_with_their_ids() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let first = app.post("final", "First").await.id.0;
    let second = app.post("final", "Second").await.id.0;
    let third = app.post("final", "Third").await.id.0;
    let path = format!("/updates/{entry}.json");
    let response = anonymous.get(&path).await;
    assert_snapshot!(head_of(&response, &HEADERS), @r"
    200 OK
    content-type: application/json
    cache-control: public, max-age=0, s-maxage=10
    vary: accept-encoding
    ");
    let mut update = response.json::<Value>()["updates"][0].take();
    let created = update["created"].take().as_str().unwrap().to_owned();
    let local = update["created_str"].take().as_str().unwrap().to_owned();
    // For example, 2026-11-21T13:05:00.123Z, and 14:05 in Paris.
    assert_eq!(
        (&created[10..11], &created[created.len() - 1..]),
        ("T", "Z"),
        "{created}"
    );
    assert_eq!((local.len(), &local[2..3]), (5, ":"), "{local}");
    assert_eq!(
        &local[3..],
        &created[14..16],
        "{local} is not {created} in Paris"
    );
    assert_eq!(update["content"], "<p dir=\"auto\">First</p>");
    assert_eq!(update["id"], first);

    for (since, expected) in [
        (String::new(), vec![first, second, third]),
        ("?since=0".to_owned(), vec![first, second, third]),
        (format!("?since={first}"), vec![second, third]),
        (format!("?since=00{second}"), vec![third]),
        (format!("?since={third}"), vec![]),
        (format!("?since={}", i64::MAX), vec![]),
        (format!("?junk=1&since={second}"), vec![third]),
    ] {
        let response = anonymous.get(&format!("{path}{since}")).await;
        response.assert_status_ok();
        let updates = response.json::<Value>()["updates"].take();
        let ids = updates.as_array().unwrap().iter();
        let ids: Vec<_> = ids.map(|update| update["id"].as_i64().unwrap()).collect();
        assert_eq!(ids, expected, "{since}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_ids_are_refused() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    for since in [
        "",
        "abc",
        "-1",
        "-0x1",
        "1.5",
        "1e3",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "%ff",
        "%00",
        "%D9%A1",
        "+",
        "1;2",
    ] {
        let refused = anonymous
            .get(&format!("/updates/{entry}.json?since={since}"))
            .await;
        let response_text = format!("{}\n{}", head_of(&refused, &HEADERS[..2]), refused.text());
        assert_eq!(
            response_text,
            "400 Bad Request\ncontent-type: text/plain; charset=utf-8\ncache-control: private, no-store\n\
             since must be the id of an update, as in ?since=12.",
            "{since}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_entries_have_no_updates() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    for id in [
        "0",
        "-1",
        "999",
        "abc",
        "9223372036854775807",
        "9223372036854775808",
        "1%00",
        "%20",
    ] {
        for path in [
            format!("/updates/{id}/"),
            format!("/updates/{id}.json"),
            format!("/updates/{id}"),
        ] {
            let refused = anonymous.get(&path).await;
            assert_eq!(
                head_of(&refused, &HEADERS[1..2]),
                "404 Not Found\ncache-control: private, no-store",
                "{path}"
            );
            refused.assert_text("There is no such live blog.");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_updates_are_left_out() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let update = app.post("final", "Taken back").await;
    app.newsroom
        .delete_update(app.editor().await, update.id, None, None)
        .await
        .unwrap();
    assert_eq!(
        anonymous.get(&format!("/updates/{entry}/")).await.text(),
        ""
    );
    let response = anonymous.get(&format!("/updates/{entry}.json")).await;
    assert_eq!(response.text(), r#"{"updates":[]}"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_entry_can_still_be_read() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    app.post("final", "Full time").await;
    let slug = Slug::parse("final").unwrap();
    app.newsroom
        .end_entry(app.editor().await, &slug, None)
        .await
        .unwrap();
    anonymous
        .get(&format!("/updates/{entry}/"))
        .await
        .assert_text_contains("Full time");
}
