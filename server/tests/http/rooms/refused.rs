//! Messages that are refused, and other bad requests.

use axum::http::StatusCode;
use axum_test::TestResponse;
use domain::{EntryState, Role, RoomState};
use serde_json::{Value, json};

use super::{MESSAGES, refusal, send, start};
use crate::http::support::{TestApp, field_value, head_of, textarea_named, unescape};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_room_is_not_found() {
    let (app, program) = start().await;
    let draft = app.entry_with_chat(EntryState::Draft).await;
    let too_long = "x".repeat(65);
    for room in [
        "kitchen",
        &too_long,
        "entry-999",
        "Lobby",
        "%D1%87%D0%B0%D1%82",
        "lobby%20",
        "%ff",
        &draft,
    ] {
        let messages = format!("/rooms/{room}/messages");
        let not_found = if room == "%ff" {
            "400: This address is malformed. The link may be incomplete or mistyped."
        } else {
            "404: There is no such room."
        };
        assert_eq!(refusal(&program.get(&messages).await), not_found, "{room}");
        let sent = program
            .post(&messages)
            .json(&json!({"from": "ann", "text": "x"}))
            .await;
        assert_eq!(refusal(&sent), not_found, "{room}");
        let page = program.get(&format!("/rooms/{room}")).await;
        assert_eq!(
            head_of(&page, &["cache-control"]),
            "404 Not Found\ncache-control: private, no-store",
            "{room}"
        );
        let deleted = program.delete(&format!("{messages}/1")).await;
        assert_eq!(refusal(&deleted), not_found, "{room}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn room_of_a_draft_is_shown_to_authors() {
    let (app, program) = start().await;
    let room = app.entry_with_chat(EntryState::Draft).await;
    let author = app.log_in(Role::Author).await;
    for path in [
        format!("/rooms/{room}"),
        format!("/rooms/{room}?user=author"),
    ] {
        let page = author.get(&path).await;
        assert_eq!(
            head_of(&page, &["cache-control"]),
            "200 OK\ncache-control: private, no-store"
        );
        program.get(&path).await.assert_status_not_found();
    }
    let message = json!({"text": "A test"});
    let sent = author
        .post(&format!("/rooms/{room}/messages"))
        .json(&message)
        .await;
    sent.assert_status(StatusCode::CREATED);
    let head = program.get(&format!("/feed/room-{room}/head")).await;
    head.assert_status_not_found();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_and_read_only_rooms_refuse_messages() {
    let (app, program) = start().await;
    send(&program, "ann", "Before").await;
    for (state, sentence, note) in [
        (
            RoomState::ReadOnly,
            "403: This room is read-only at the moment. Your message was not sent.",
            "This room is read-only at the moment.",
        ),
        (
            RoomState::Closed,
            "403: This room is closed. Your message was not sent.",
            "This room is closed.",
        ),
    ] {
        app.set_room_state(state).await;
        assert_eq!(refusal(&send(&program, "ann", "x").await), sentence);
        let page = program.get("/rooms/lobby").await;
        page.assert_status_ok();
        let html = page.text();
        assert!(html.contains(note) && html.contains("Before"), "{html}");
        assert!(
            html.contains("data-if=\"open\" lang=\"en\" hidden"),
            "{html}"
        );
        // The room's page has no form, so another page returns the text.
        let form = [("from", "ann"), ("text", "Every word")];
        let refused = program
            .post(MESSAGES)
            .add_header("accept", "text/html")
            .form(&form)
            .await;
        refused.assert_status(StatusCode::FORBIDDEN);
        let html = refused.text();
        assert!(html.contains(note.trim_end_matches('.')), "{html}");
        assert_eq!(textarea_named(&html, "text"), "Every word");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_texts_and_names_are_refused_with_a_sentence() {
    let (app, program) = start().await;
    app.create_account("Martha", Role::Author).await;
    let (long_text, long_name) = ("é".repeat(2_001), "x".repeat(1_000));
    for (from, text, expected) in [
        ("ann", "", "422: The message is missing."),
        ("ann", " \n ", "422: The message is missing."),
        (
            "ann",
            "\u{200b}\u{3164}",
            "422: The message contains only invisible characters, such as U+200B at character 1.",
        ),
        (
            "ann",
            &long_text,
            "422: The message has 2001 characters; the maximum is 2000.",
        ),
        ("", "x", "422: The name is missing."),
        (
            &long_name,
            "x",
            "422: The name has 1000 characters; the maximum is 40.",
        ),
        (
            "an\u{200d}n",
            "x",
            "422: The name can't contain invisible characters. It contains U+200D at character 3.",
        ),
        (
            "\u{202e}nna",
            "x",
            "422: The name can't contain invisible characters. It contains U+202E at character 1.",
        ),
        (
            "M\u{430}rth\u{430}",
            "x",
            "409: This name, or one that looks like it, belongs to an account. Log in, or choose a different name.",
        ),
    ] {
        assert_eq!(
            refusal(&send(&program, from, text).await),
            expected,
            "{from:?} {text:?}"
        );
        let form = [("from", from), ("text", text)];
        assert_eq!(
            refusal(&program.post(MESSAGES).form(&form).await),
            expected,
            "{from:?}"
        );
        let page = program
            .post(MESSAGES)
            .add_header("accept", "text/html")
            .form(&form)
            .await;
        assert_eq!(page.status_code().as_str(), &expected[..3]);
        let html = page.text();
        assert!(unescape(&html).contains(&expected[5..]), "{html}");
        assert_eq!(field_value(&html, "from"), from);
        // Browsers submit what the form contains.
        assert_eq!(textarea_named(&html, "text"), text);
    }
    let read: Value = program.get(MESSAGES).await.json();
    assert_eq!(read["messages"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_text_is_refused_and_returned() {
    let (_app, program) = start().await;
    let text = "word ".repeat(20_000);
    let too_large = "413: This is larger than the 32 KiB that can be sent at once. Send less.";
    assert_eq!(refusal(&send(&program, "ann", &text).await), too_large);
    let form = [("from", "ann"), ("text", &text)];
    assert_eq!(
        refusal(&program.post(MESSAGES).form(&form).await),
        too_large
    );
    let page = program
        .post(MESSAGES)
        .add_header("accept", "text/html")
        .form(&form)
        .await;
    page.assert_status(StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(textarea_named(&page.text(), "text"), text);
    // The longest message that is accepted fits.
    let text = "\u{1f600}".repeat(2_000);
    let form = [("from", "ann"), ("text", &text)];
    program
        .post(MESSAGES)
        .form(&form)
        .await
        .assert_status(StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_requests_are_refused() {
    let (_app, program) = start().await;
    let json = |body: &'static str| {
        let request = program.post(MESSAGES).text(body);
        request.content_type("application/json")
    };
    let status = |response: &TestResponse| refusal(response)[..3].to_owned();
    assert_eq!(status(&json("{").await), "400");
    assert_eq!(status(&json("[]").await), "422");
    assert_eq!(status(&json(r#"{"from": 1, "text": "x"}"#).await), "422");
    assert_eq!(status(&json(r#"{"text": null}"#).await), "422");
    let plain = program.post(MESSAGES).text("x").await;
    assert_eq!(
        refusal(&plain),
        "415: A form must be sent as application/x-www-form-urlencoded."
    );
    let op_id = json(r#"{"from": "ann", "text": "x", "op_id": "short"}"#).await;
    assert_eq!(
        refusal(&op_id),
        "422: The operation id must be 8 to 100 letters, digits, hyphens and underscores."
    );
    for (query, sentence) in [
        (
            "before=x",
            "400: before must be the id of a message, as in ?before=12.",
        ),
        (
            "before=-1",
            "400: before must be the id of a message, as in ?before=12.",
        ),
        ("limit=0", "400: The limit must be from 1 to 100."),
        ("limit=101", "400: The limit must be from 1 to 100."),
        ("limit=x", "400: The limit must be from 1 to 100."),
    ] {
        assert_eq!(
            refusal(&program.get(&format!("{MESSAGES}?{query}")).await),
            sentence
        );
    }
    let put = program.put(MESSAGES).await;
    assert_eq!(refusal(&put)[..3], *"405");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_from_another_site_is_refused() {
    let app = TestApp::with_flags(&[]).await;
    app.room("lobby", "The lobby").await;
    let browser = app.browser();
    let form = [("from", "ann"), ("text", "Every word")];
    let request = browser
        .post(MESSAGES)
        .add_header("origin", "https://evil.example");
    let refused = request.add_header("accept", "text/html").form(&form).await;
    refused.assert_status(StatusCode::FORBIDDEN);
    let read: Value = browser.get(MESSAGES).await.json();
    assert_eq!(read["messages"], json!([]));
}
