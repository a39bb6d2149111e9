//! The account page.

use axum_test::{TestResponse, TestServer};
use domain::{Role, Username};

use super::press_button;
use crate::http::support::{TestApp, head_of, tag_texts};

/// A password that differs from [`TestApp::PASSWORD`].
const FRESH: &str = "a fresh one, please";

/// Submits the form that changes the password.
async fn change(browser: &TestServer, current: &str, password: &str) -> TestResponse {
    let fields = [("current_password", current), ("password", password)];
    browser.post("/account/password").form(&fields).await
}

/// Returns the paths of the buttons on the account page that end a session, in order.
async fn buttons(browser: &TestServer) -> Vec<String> {
    let page = browser.get("/account").await;
    page.assert_status_ok();
    let (_, sessions) = page.text().split_once("Your sessions").map(own).unwrap();
    sessions
        .split(" action=\"")
        .skip(1)
        .map(|form| form.split('"').next().unwrap().to_owned())
        .collect()
}

fn own((before, after): (&str, &str)) -> (String, String) {
    (before.to_owned(), after.to_owned())
}

/// Returns the session cookie that a response sets.
fn cookie(response: &TestResponse) -> String {
    let mut cookies = response.iter_headers_by_name("set-cookie");
    let session = cookies.find_map(|cookie| {
        let cookie = cookie.to_str().unwrap();
        let pair = cookie.split(';').next().unwrap();
        pair.starts_with("ringside_session=")
            .then(|| pair.to_owned())
    });
    session.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_has_an_account_page() {
    let (app, anonymous, author) = TestApp::start().await;
    let reader = app.log_in(Role::Reader).await;
    for (browser, who) in [(&author, "author"), (&reader, "reader")] {
        let page = browser.get("/account").await;
        page.assert_status_ok();
        page.assert_header("cache-control", "private, no-store");
        let html = page.text();
        assert!(
            html.contains(&format!("You are logged in as {who}, with the role {who}.")),
            "{html}"
        );
        let desk = browser.get("/account").await.text();
        assert!(desk.contains("href=\"/account\""), "{desk}");
    }
    let expected = "303 See Other\nlocation: /login?next=/account";
    let page = anonymous.get("/account").await;
    assert_eq!(head_of(&page, &["location"]), expected);
    // Unlike the fields of other forms, passwords must not be returned.
    let sent = change(&anonymous, TestApp::PASSWORD, FRESH).await;
    assert_eq!(head_of(&sent, &["location"]), expected);
    assert!(!sent.text().contains(FRESH) && !sent.text().contains(TestApp::PASSWORD));
    for path in ["/account/sessions/1/end", "/account/sessions/end-others"] {
        let sent = press_button(&anonymous, path).await;
        assert_eq!(head_of(&sent, &["location"]), expected);
    }
    author.get("/account").await.assert_status_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn desk_links_to_the_account_page() {
    let (_app, _, author) = TestApp::start().await;
    let desk = author.get("/desk").await.text();
    assert!(desk.contains("href=\"/account\""), "{desk}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_password_needs_the_current_one_and_ends_other_sessions() {
    let (app, _, browser) = TestApp::start().await;
    let phone = app.newsroom.log_in("author", TestApp::PASSWORD).await;
    let phone = format!("ringside_session={}", phone.unwrap().token.reveal());
    let phone = app.browser_with(&phone);
    phone.get("/desk").await.assert_status_ok();

    let changed = change(&browser, TestApp::PASSWORD, FRESH).await;
    assert_eq!(
        head_of(&changed, &["location", "cache-control"]),
        "303 See Other\nlocation: /account?done=password\ncache-control: private, no-store"
    );
    // The old cookies are no longer valid, not even this browser's own.
    for old in [&browser, &phone] {
        old.get("/desk").await.assert_status_see_other();
    }
    let browser = app.browser_with(&cookie(&changed));
    let page = browser.get("/account?done=password").await;
    page.assert_status_ok();
    page.assert_text_contains("Your password is changed. All your other sessions have ended.");
    assert_eq!(buttons(&browser).await, ["/logout"]);
    app.newsroom
        .log_in("author", TestApp::PASSWORD)
        .await
        .unwrap_err();
    app.newsroom.log_in("author", FRESH).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_password_is_reported_and_not_repeated() {
    let (app, _, browser) = TestApp::start().await;
    for (current, password, sentence) in [
        ("not the password", FRESH, "The current password is wrong."),
        ("", FRESH, "The current password is wrong."),
        (
            TestApp::PASSWORD,
            "short",
            "The password needs at least 10 characters.",
        ),
        (
            TestApp::PASSWORD,
            "Password2026",
            "This password is easy to guess.",
        ),
        (
            TestApp::PASSWORD,
            "author-author",
            "The password is too similar to the username.",
        ),
    ] {
        let refused = change(&browser, current, password).await;
        assert_eq!(
            head_of(&refused, &["cache-control", "set-cookie"]),
            "422 Unprocessable Entity\ncache-control: private, no-store",
            "{sentence}"
        );
        let html = refused.text();
        assert!(html.contains(sentence), "{html}");
        for secret in [current, password] {
            assert!(secret.is_empty() || !html.contains(&format!("value=\"{secret}")));
        }
        // The current session is still marked.
        assert!(html.contains("This session"), "{html}");
    }
    browser.get("/account").await.assert_status_ok();
    app.newsroom
        .log_in("author", TestApp::PASSWORD)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn password_cannot_be_guessed_in_an_open_session() {
    let app = TestApp::with_flags(&["--logins-per-minute", "3"]).await;
    let browser = app.log_in(Role::Author).await;
    for _ in 0..3 {
        let refused = change(&browser, "not the password", FRESH).await;
        refused.assert_status_unprocessable_entity();
    }
    let refused = change(&browser, TestApp::PASSWORD, FRESH).await;
    assert_eq!(refused.status_code().as_u16(), 429);
    assert!(refused.maybe_header("retry-after").is_some());
    refused.assert_text_contains(
        "Too many failed logins with this username. Wait a minute and try again.",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_listed_and_ended() {
    let (app, _, browser) = TestApp::start().await;
    let mut others = Vec::new();
    for _ in 0..3 {
        let session = app.newsroom.log_in("author", TestApp::PASSWORD).await;
        let token = session.unwrap().token;
        others.push(app.browser_with(&format!("ringside_session={}", token.reveal())));
    }
    let listed = buttons(&browser).await;
    let (all, logouts): (Vec<_>, Vec<_>) = listed.iter().partition(|path| *path != "/logout");
    assert_eq!(logouts.len(), 1, "the current session is marked");
    let [newest, _, oldest, end_others] = &all[..] else {
        panic!("{all:?}");
    };
    assert_eq!(*end_others, "/account/sessions/end-others");
    assert!(newest > oldest);

    let ended = press_button(&browser, newest).await;
    assert_eq!(
        head_of(&ended, &["location"]),
        "303 See Other\nlocation: /account?done=session"
    );
    others[2].get("/desk").await.assert_status_see_other();
    others[1].get("/desk").await.assert_status_ok();
    // Again, although the session has already ended.
    press_button(&browser, newest)
        .await
        .assert_status_see_other();
    browser
        .post("/account/sessions/one/end")
        .form(&[("", "")])
        .await
        .assert_status_not_found();

    let ended = press_button(&browser, end_others).await;
    assert_eq!(
        head_of(&ended, &["location"]),
        "303 See Other\nlocation: /account?done=sessions"
    );
    for other in &others {
        other.get("/desk").await.assert_status_see_other();
    }
    assert_eq!(buttons(&browser).await, ["/logout"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_of_other_accounts_cannot_be_seen_or_ended() {
    let (app, _, author) = TestApp::start().await;
    let editor = app.log_in(Role::Editor).await;
    let name = Username::parse("author").unwrap();
    let session = app.newsroom.sessions(Some(&name)).await.unwrap()[0].id;
    assert_eq!(buttons(&editor).await, ["/logout"]);
    press_button(&editor, &format!("/account/sessions/{session}/end"))
        .await
        .assert_status_see_other();
    press_button(&editor, "/account/sessions/end-others")
        .await
        .assert_status_see_other();
    author.get("/desk").await.assert_status_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disabled_account_is_logged_out_at_the_next_request() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let client = app.api_client("author").await;
    let name = Username::parse("author").unwrap();
    author.get("/desk").await.assert_status_ok();
    client.get("/api/v1/entries").await.assert_status_ok();

    app.newsroom.disable_account(&name).await.unwrap();
    author.get("/desk").await.assert_status_see_other();
    let posted = super::send(&author, "operation-of-a-disabled", "A goal", "").await;
    posted.assert_status_unauthorized();
    client
        .get("/api/v1/entries")
        .await
        .assert_status_unauthorized();
    let fields = [("username", "author"), ("password", TestApp::PASSWORD)];
    let refused = anonymous.post("/login").form(&fields).await;
    refused.assert_status_unauthorized();
    assert!(tag_texts(&refused.text(), "p").contains(&"The username or the password is wrong."));

    app.newsroom.enable_account(&name).await.unwrap();
    author.get("/desk").await.assert_status_see_other();
    client
        .get("/api/v1/entries")
        .await
        .assert_status_unauthorized();
    let login = anonymous.post("/login").form(&fields).await;
    login.assert_status_see_other();
}
