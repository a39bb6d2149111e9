//! Likes of updates.

use axum::http::StatusCode;
use axum_test::{TestResponse, TestServer};
use domain::{EntryState, Role, UpdateId};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::support::{TestApp, head_of, with_timeout};

/// The header with which a browser navigates.
const ACCEPT: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

/// Starts a server with an update in the entry `final`. Returns it with a client without cookies,
/// and the path of the update's page.
async fn start() -> (TestApp, TestServer, UpdateId, String) {
    let app = TestApp::with_flags(&[]).await;
    app.live_entry().await;
    let id = app.post("final", "Goal!").await.id;
    let reader = app.browser();
    (app, reader, id, format!("/entries/final/updates/{id}"))
}

/// Returns the cookie of a voter, as a browser sends it.
fn cookie(response: &TestResponse) -> String {
    let cookie = response.header("set-cookie");
    let cookie = cookie.to_str().unwrap();
    cookie.split_once(';').unwrap().0.to_owned()
}

fn liked(id: UpdateId, count: i64, liked: bool) -> Value {
    json!({"id": id, "likes": count, "liked": liked})
}

/// Requests the counts of the entry's feed until they are `expected`.
async fn wait_for_counts(reader: &TestServer, feed: &str, expected: &Value) -> Value {
    with_timeout(async {
        loop {
            let counts: Value = reader.get(feed).await.json();
            if counts["likes"] == *expected {
                return counts;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reader_likes_an_update_and_undoes_it() {
    let (app, reader, id, path) = start().await;
    let like = format!("{path}/like");
    let first = reader.put(&like).await;
    assert_eq!(
        head_of(&first, &["content-type", "cache-control"]),
        "200 OK\ncontent-type: application/json\ncache-control: private, no-store"
    );
    assert_eq!(first.json::<Value>(), liked(id, 1, true));
    let attributes = first.header("set-cookie");
    let attributes = attributes.to_str().unwrap().split_once("; ").unwrap().1;
    assert_eq!(
        attributes,
        "HttpOnly; SameSite=Lax; Path=/; Max-Age=7776000"
    );
    let voter = app.browser_with(&cookie(&first));
    for (response, expected) in [
        (voter.put(&like).await, liked(id, 1, true)),
        (reader.put(&like).await, liked(id, 2, true)),
        (voter.delete(&like).await, liked(id, 1, false)),
        (voter.delete(&like).await, liked(id, 1, false)),
        (reader.delete(&like).await, liked(id, 1, false)),
    ] {
        response.assert_status_ok();
        assert_eq!(response.json::<Value>(), expected);
    }
    let forged = app.browser_with("ringside_guest=forged.cookie");
    assert_eq!(forged.put(&like).await.json::<Value>(), liked(id, 2, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_first_like_counts_once() {
    let (_app, reader, id, path) = start().await;
    let like = format!("{path}/like");
    let mut cookies = Vec::new();
    for _ in 0..2 {
        let response = reader
            .put(&like)
            .add_header("idempotency-key", "first-like-of-this-page")
            .await;
        assert_eq!(response.json::<Value>(), liked(id, 1, true));
        cookies.push(cookie(&response));
    }
    assert_eq!(cookies[0], cookies[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn likes_change_neither_page_nor_cursor() {
    let (app, reader, id, path) = start().await;
    let page = reader.get("/entries/final").await;
    let of_update = reader.get(&path).await;
    let head: Value = reader.get("/feed/1/head").await.json();
    let like = format!("{path}/like");
    for _ in 0..50 {
        reader.put(&like).await.assert_status_ok();
    }
    wait_for_counts(&reader, "/feed/1/counts", &json!({id.to_string(): 50})).await;
    for (before, path) in [(&page, "/entries/final"), (&of_update, &*path)] {
        let after = app.browser().get(path).await;
        assert_eq!(after.text(), before.text());
        assert_eq!(after.header("etag"), before.header("etag"));
    }
    let after: Value = reader.get("/feed/1/head").await.json();
    assert_eq!(after["head"], head["head"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_are_public_and_reach_streams() {
    let (app, reader, id, path) = start().await;
    let none = reader.get("/feed/1/counts").await;
    assert_eq!(
        head_of(&none, &["content-type", "cache-control"]),
        "200 OK\ncontent-type: application/json\ncache-control: public, max-age=0, s-maxage=2"
    );
    let none: Value = none.json();
    assert_eq!(
        none,
        json!({"epoch": none["epoch"], "from": 0, "to": 0, "likes": {}})
    );
    let mut stream = app.stream("/feed/1/stream").await;
    let liked = reader.put(&format!("{path}/like")).await;
    let event = loop {
        let event = stream.next_event().await.unwrap();
        if event.data["likes"] != json!({}) {
            break event;
        }
    };
    assert_eq!((&*event.name, event.id), ("counts", None));
    assert_eq!(event.data["likes"], json!({id.to_string(): 1}));
    let all = wait_for_counts(&reader, "/feed/1/counts", &json!({id.to_string(): 1})).await;
    assert_eq!(all["to"], event.data["to"]);
    let voter = app.browser_with(&cookie(&liked));
    voter
        .delete(&format!("{path}/like"))
        .await
        .assert_status_ok();
    wait_for_counts(&reader, "/feed/1/counts", &json!({})).await;
    for feed in ["all", "room-lobby", "9", "x"] {
        let expected = match feed {
            "all" => StatusCode::OK,
            _ => StatusCode::NOT_FOUND,
        };
        let response = reader.get(&format!("/feed/{feed}/counts")).await;
        response.assert_status(expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_that_readers_cannot_see_cannot_be_liked() {
    let (app, reader, id, path) = start().await;
    app.entry("hidden", EntryState::Draft).await;
    let of_draft = app.post("hidden", "Not yet").await.id;
    let deleted = app.post("final", "Gone").await.id;
    app.newsroom
        .delete_update(app.editor().await, deleted, None, None)
        .await
        .unwrap();
    let author = app.log_in(Role::Author).await;
    for path in [
        format!("/entries/hidden/updates/{of_draft}/like"),
        format!("/entries/final/updates/{of_draft}/like"),
        format!("/entries/final/updates/{deleted}/like"),
        "/entries/final/updates/999/like".to_owned(),
        "/entries/final/updates/x/like".to_owned(),
        format!("/entries/nowhere/updates/{id}/like"),
        format!("/entries/FINAL/updates/{id}/like"),
    ] {
        for client in [&reader, &author] {
            for response in [
                client.put(&path).await,
                client.delete(&path).await,
                client.get(&path).await,
                client.post(&path).form(&[("liked", "true")]).await,
            ] {
                response.assert_status_not_found();
                assert!(response.maybe_header("set-cookie").is_none(), "{path}");
            }
        }
    }
    let path = format!("{path}/like");
    for body in ["", "liked=", "liked=yes", "liked=1"] {
        let refused = reader
            .post(&path)
            .text(body)
            .content_type("application/x-www-form-urlencoded")
            .await;
        refused.assert_status_unprocessable_entity();
    }
    let foreign = reader
        .put(&path)
        .add_header("origin", "https://elsewhere.example")
        .add_header("sec-fetch-site", "cross-site")
        .await;
    foreign.assert_status_forbidden();
    let counts: Value = reader.get("/feed/1/counts").await.json();
    assert_eq!(counts["to"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn form_without_javascript_likes_and_shows_the_count() {
    let (app, reader, _, path) = start().await;
    let page = reader.get(&path).await.text();
    assert!(page.contains(&format!(r#"action="{path}/like""#)), "{page}");
    let sent = reader
        .post(&format!("{path}/like"))
        .add_header(ACCEPT.0, ACCEPT.1)
        .form(&[("liked", "true")])
        .await;
    sent.assert_status_see_other();
    assert_eq!(sent.header("location"), format!("{path}/like"));
    let voter = app.browser_with(&cookie(&sent));
    let page = voter.get(&format!("{path}/like")).await;
    page.assert_header("cache-control", "private, no-store");
    let page = page.text();
    assert!(
        page.contains("1 like</h1>") && page.contains("Remove like") && page.contains("Goal!"),
        "{page}"
    );
    let others = reader.get(&format!("{path}/like")).await.text();
    assert!(
        others.contains("1 like</h1>") && !others.contains("Remove like"),
        "{others}"
    );
    let undone = voter
        .post(&format!("{path}/like"))
        .add_header(ACCEPT.0, ACCEPT.1)
        .form(&[("liked", "false")])
        .await;
    undone.assert_status_see_other();
    let page = voter.get(&format!("{path}/like")).await.text();
    assert!(page.contains("No likes yet</h1>"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn websocket_likes_for_a_voter_with_a_cookie() {
    let (app, reader, id, path) = start().await;
    let voter = cookie(&reader.put(&format!("{path}/like")).await);
    let url = format!("ws://{}/ws", app.address().await);
    let refused = json!({"event": "like-refused", "id": id, "reason": "no-voter"});
    let unknown = json!({"event": "like-refused", "id": 999, "reason": "not-found"});
    let answer = |count: i64, liked: bool| json!({"event": "liked", "id": id, "likes": count, "liked": liked});
    for (cookies, exchanges) in [
        (
            None,
            vec![
                (json!({"like": id}), refused.clone()),
                (json!({"unlike": id}), refused.clone()),
            ],
        ),
        (
            Some("ringside_guest=forged.cookie"),
            vec![(json!({"like": id}), refused.clone())],
        ),
        (
            Some(&*voter),
            vec![
                (json!({"like": id}), answer(1, true)),
                (json!({"unlike": id}), answer(0, false)),
                (json!({"like": id}), answer(1, true)),
                (json!({"like": 999}), unknown),
            ],
        ),
    ] {
        let mut request = url.clone().into_client_request().unwrap();
        if let Some(cookies) = cookies {
            let cookies = cookies.parse().unwrap();
            request.headers_mut().insert("cookie", cookies);
        }
        let (mut socket, _) = with_timeout(connect_async(request)).await.unwrap();
        for (message, expected) in exchanges {
            socket
                .send(Message::text(message.to_string()))
                .await
                .unwrap();
            let Some(Ok(Message::Text(response))) = with_timeout(socket.next()).await else {
                panic!("no response to {message}");
            };
            assert_eq!(serde_json::from_str::<Value>(&response).unwrap(), expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn voter_that_likes_too_fast_receives_a_time_to_retry() {
    let (app, reader, _, path) = start().await;
    let like = format!("{path}/like");
    let voter = app.browser_with(&cookie(&reader.put(&like).await));
    let refused = with_timeout(async {
        loop {
            let response = voter.put(&like).await;
            if response.status_code() == StatusCode::TOO_MANY_REQUESTS {
                return response;
            }
        }
    })
    .await;
    let wait: u16 = refused
        .header("retry-after")
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=5).contains(&wait));
    // Others are not affected.
    reader.put(&like).await.assert_status_ok();
}
