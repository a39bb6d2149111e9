//! Text that readers enter is only ever shown as text.

use serde_json::Value;

use super::{MESSAGES, send};
use crate::http::support::{TestApp, unescape};

/// Closes every element and attribute that can contain text, and then runs a script.
const BREAKOUT: &str = "\"'--></title></textarea></ol></p></a><script>alert(1)</script>";
/// The same in at most 40 characters.
const NICK: &str = "\"'></bdi></p><script>alert(1)</script>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_texts_and_titles_are_escaped_everywhere() {
    let app = TestApp::with_flags(&[]).await;
    app.room("lobby", BREAKOUT).await;
    let program = app.browser();
    let text = format!("https://example.org/\"onclick=alert(1) javascript:alert(2) {BREAKOUT}");
    let sent = send(&program, NICK, &text).await;
    sent.assert_status(axum::http::StatusCode::CREATED);
    let batch: Value = program.get("/feed/room-lobby/changes").await.json();
    let card = batch["changes"][0]["html"].as_str().unwrap().to_owned();
    let user = "?user=%22%3E%3C%2Ftitle%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let form = [("from", NICK), ("text", BREAKOUT), ("op_id", BREAKOUT)];
    let refused = program
        .post(MESSAGES)
        .add_header("accept", "text/html")
        .form(&form)
        .await;
    let owner = app.log_in(domain::Role::Owner).await;
    for html in [
        card.clone(),
        program.get("/rooms/lobby").await.text(),
        program.get(&format!("/rooms/lobby{user}")).await.text(),
        refused.text(),
        owner.get("/desk/rooms").await.text(),
    ] {
        assert!(!html.contains("<script>alert"), "{html}");
        assert!(
            !html.contains("href=\"javascript:") && !html.contains(" onclick="),
            "{html}"
        );
    }
    assert!(unescape(&card).contains(NICK), "{card}");
}
