//! The page of a room, which works without JavaScript.

use domain::EntryState;
use serde_json::Value;

use super::{MESSAGES, send, start};
use crate::http::support::{attribute, field_value, head_of, tag_texts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_has_the_last_messages_and_a_form() {
    let (_app, browser) = start().await;
    for number in 1..=53 {
        send(&browser, "ann", &format!("no. {number}")).await;
    }
    let page = browser.get("/rooms/lobby").await;
    assert_eq!(
        head_of(&page, &["cache-control"]),
        "200 OK\ncache-control: public, max-age=0, s-maxage=2"
    );
    let html = page.text();
    assert_eq!(tag_texts(&html, "h1"), ["The lobby"]);
    assert_eq!(tag_texts(&html, "li").len(), 50);
    let list = html.split_once("id=\"room-messages\"").unwrap().1;
    assert_eq!(attribute(list, "data-feed"), "room-lobby");
    let read: Value = browser.get(MESSAGES).await.json();
    assert_eq!(attribute(list, "data-last-event-id"), read["last_event_id"]);
    let first = read["messages"][0]["id"].as_i64().unwrap();
    let start = format!("<li id=\"message-{first}\" data-message-id=\"{first}\" data-rev=\"");
    assert!(list.contains(&start), "{list}");
    assert!(
        !html.contains("name=\"op_id\"") && html.contains("Send"),
        "{html}"
    );
    let older = format!("/rooms/lobby?before={first}");
    assert!(
        html.contains(&format!(
            "<a href=\"{older}\" class=\"older\">Older messages</a>"
        )),
        "{html}"
    );

    let page = browser.get(&older).await;
    assert_eq!(
        head_of(&page, &["cache-control"]),
        "200 OK\ncache-control: private, no-store"
    );
    let html = page.text();
    assert_eq!(tag_texts(&html, "li").len(), 3);
    assert!(
        html.contains("Latest messages") && !html.contains("Older messages"),
        "{html}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn public_page_is_the_same_for_everyone_and_current() {
    let (app, browser) = start().await;
    let first = browser.get("/rooms/lobby").await;
    let member = app.log_in(domain::Role::Owner).await;
    assert_eq!(member.get("/rooms/lobby").await.text(), first.text());
    let etag = first.header("etag");
    let again = browser
        .get("/rooms/lobby")
        .add_header("if-none-match", etag)
        .await;
    assert_eq!(again.status_code(), 304);
    send(&browser, "ann", "Goal!").await;
    assert!(browser.get("/rooms/lobby").await.text().contains("Goal!"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_with_a_name_is_personal() {
    let (_app, browser) = start().await;
    let page = browser.get("/rooms/lobby?user=Ann+%26+%3Cb%3E").await;
    assert_eq!(
        head_of(&page, &["cache-control"]),
        "200 OK\ncache-control: private, no-store"
    );
    let html = page.text();
    assert_eq!(field_value(&html, "from"), "Ann & <b>");
    assert!(field_value(&html, "op_id").len() > 20);
    assert!(
        html.contains("href=\"/rooms/lobby?user=Ann+%26+%3Cb%3E\""),
        "{html}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chat_of_an_entry_has_a_page() {
    let (app, browser) = start().await;
    let room = app.entry_with_chat(EntryState::Live).await;
    let page = browser.get(&format!("/rooms/{room}")).await;
    assert_eq!(
        head_of(&page, &["cache-control"]),
        "200 OK\ncache-control: private, no-store"
    );
    assert_eq!(tag_texts(&page.text(), "h1"), ["final"]);
}
