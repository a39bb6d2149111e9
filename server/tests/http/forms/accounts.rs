//! Logging in and out.

use std::time::Duration;

use axum_test::{TestResponse, TestServer};
use domain::Role;
use futures::future::join_all;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::http::support::{TestApp, field_value, head_of};

async fn log_in(browser: &TestServer, username: &str, password: &str, next: &str) -> TestResponse {
    let fields = [
        ("username", username),
        ("password", password),
        ("next", next),
    ];
    browser.post("/login").form(&fields).await
}

/// Returns the cookies that a response sets, without secrets and times.
fn cookies(response: &TestResponse) -> String {
    let mut cookies: Vec<_> = response
        .iter_headers_by_name("set-cookie")
        .map(|cookie| {
            let cookie = cookie.to_str().unwrap();
            let cookie = cookie.split("; Expires=").next().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            match rest.split_once(';').unwrap() {
                (value, rest) if value.len() > 20 => format!("{name}=SECRET;{rest}"),
                (value, rest) => format!("{name}={value};{rest}"),
            }
        })
        .collect();
    cookies.sort();
    cookies.join("\n")
}

/// Returns the session cookie that a response sets, as the browser sends it back.
fn session(response: &TestResponse) -> String {
    let cookies = response.iter_headers_by_name("set-cookie");
    let session = cookies
        .map(|cookie| cookie.to_str().unwrap().split_once(';').unwrap().0)
        .find(|cookie| !cookie.starts_with("ringside_hint"));
    session.unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn correct_password_opens_the_desk() {
    let (app, anonymous, _) = TestApp::start().await;
    for name in ["author", "AUTHOR", " Author "] {
        let login = log_in(&anonymous, name, TestApp::PASSWORD, "").await;
        assert_eq!(
            head_of(&login, &["location", "cache-control"]),
            "303 See Other\nlocation: /desk\ncache-control: private, no-store",
            "{name}"
        );
        assert_eq!(
            cookies(&login),
            "ringside_hint=1; SameSite=Lax; Path=/; Max-Age=2592000\n\
             ringside_session=SECRET; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000"
        );
        let browser = app.browser_with(&session(&login));
        browser.get("/desk").await.assert_status_ok();
        let whoami: Value = browser.post("/fn/whoami").json(&json!({})).await.json();
        assert_eq!(whoami["username"], "author");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_are_bound_to_https() {
    let app = TestApp::with_flags(&["--public-url", "https://live.example.org"]).await;
    app.create_account("author", Role::Author).await;
    let login = log_in(&app.browser(), "author", TestApp::PASSWORD, "").await;
    assert_snapshot!(cookies(&login), @r"
    __Host-ringside=SECRET; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=2592000
    ringside_hint=1; SameSite=Lax; Secure; Path=/; Max-Age=2592000
    ");
    let session = session(&login);
    app.browser_with(&session)
        .get("/desk")
        .await
        .assert_status_ok();
    // On HTTPS, the cookie name of plain HTTP is not accepted.
    let (_, token) = session.split_once('=').unwrap();
    let other = app.browser_with(&format!("ringside_session={token}"));
    other.get("/desk").await.assert_status_see_other();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_password_is_reported_and_not_repeated() {
    let (_app, anonymous, _) = TestApp::start().await;
    for (name, password) in [
        ("author", "not the password"),
        ("nobody", TestApp::PASSWORD),
        ("author", ""),
        ("", ""),
        ("<script>alert(1)</script>", "not the password"),
    ] {
        let refused = log_in(&anonymous, name, password, "/entries/final/compose").await;
        assert_eq!(
            head_of(&refused, &["cache-control", "set-cookie"]),
            "401 Unauthorized\ncache-control: private, no-store",
            "{name}"
        );
        let html = refused.text();
        assert!(
            html.contains("The username or the password is wrong."),
            "{html}"
        );
        assert!(
            !html.contains("not the password") && !html.contains("<script>alert"),
            "{html}"
        );
        assert_eq!(field_value(&html, "username"), name);
        assert_eq!(field_value(&html, "next"), "/entries/final/compose");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn login_redirects_back_but_not_to_other_sites() {
    let (_app, anonymous, _) = TestApp::start().await;
    for (next, location) in [
        ("/entries/final/compose", "/entries/final/compose"),
        (
            "/desk/entries/final?deleted=1",
            "/desk/entries/final?deleted=1",
        ),
        ("", "/desk"),
        ("//evil.example", "/desk"),
        ("/\\evil.example", "/desk"),
        ("/\t/evil.example", "/desk"),
        ("https://evil.example/desk", "/desk"),
        ("javascript:alert(1)", "/desk"),
        ("/desk\r\nset-cookie: a=b", "/desk"),
    ] {
        let login = log_in(&anonymous, "author", TestApp::PASSWORD, next).await;
        assert_eq!(
            head_of(&login, &["location"]),
            format!("303 See Other\nlocation: {location}"),
            "{next:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn username_has_ten_login_attempts() {
    let (_app, anonymous, _) = TestApp::start().await;
    let spellings = ["author", "AUTHOR", "Author ", "aUTHOR"]
        .into_iter()
        .cycle();
    // The attempts are concurrent, because another one is allowed after six seconds.
    let attempts = spellings
        .take(10)
        .map(|name| log_in(&anonymous, name, "not the password", ""));
    for refused in join_all(attempts).await {
        refused.assert_status_unauthorized();
    }
    // Now even the correct password is not verified.
    let refused = log_in(&anonymous, "author", TestApp::PASSWORD, "").await;
    assert_snapshot!(head_of(&refused, &["cache-control", "set-cookie"]), @r"
    429 Too Many Requests
    cache-control: private, no-store
    ");
    let html = refused.text();
    assert!(
        html.contains("Too many failed logins with this username. Wait a minute and try again.")
    );
    assert_eq!(field_value(&html, "username"), "author");
    assert!(!html.contains(TestApp::PASSWORD));
    // Other usernames are not locked out.
    log_in(&anonymous, "editor", "not the password", "")
        .await
        .assert_status_unauthorized();
}

/// Makes login attempt `number` with a wrong password. Returns whether it was verified.
async fn is_verified(number: usize, browser: &TestServer, forwarded: &str) -> bool {
    let attempt = browser
        .post("/login")
        .form(&[("username", "author"), ("password", "not the password")])
        .add_header(
            "x-forwarded-for",
            forwarded.replace('N', &number.to_string()),
        )
        .await;
    match attempt.status_code().as_u16() {
        401 => true,
        429 => false,
        status => panic!("{status}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_addresses_allow_no_more_login_attempts() {
    for (proxies, forwarded, allowed) in [
        // A client that connects directly.
        ("", "192.0.2.N", 10),
        ("10.0.0.0/8", "192.0.2.N", 10),
        // Behind a proxy that appends the address of its client.
        ("127.0.0.1", "192.0.2.N, 203.0.113.9", 10),
        ("127.0.0.1", "10.0.0.N, unknown", 10),
        // Eleven different clients.
        ("127.0.0.1", "203.0.113.9, 192.0.2.N", 11),
        ("127.0.0.0/8,10.0.0.0/8", "192.0.2.N, 10.0.0.7", 11),
    ] {
        let app = TestApp::with_flags(&["--trusted-proxies", proxies]).await;
        let browser = app.browser();
        let attempts =
            join_all((1..=11).map(|number| is_verified(number, &browser, forwarded))).await;
        let verified = attempts.into_iter().filter(|verified| *verified).count();
        assert_eq!(verified, allowed, "{proxies:?} {forwarded:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hint_follows_the_role() {
    let (app, anonymous, _) = TestApp::start().await;
    let login = log_in(&anonymous, "author", TestApp::PASSWORD, "").await;
    let with_hint = |hint| format!("{}; ringside_hint={hint}", session(&login));
    let reader = app.browser_with(&with_hint("reader"));
    let corrected = "ringside_hint=1; SameSite=Lax; Path=/; Max-Age=2592000";
    assert_eq!(cookies(&reader.get("/account").await), corrected);
    assert_eq!(cookies(&reader.get("/desk").await), corrected);
    let author = app.browser_with(&with_hint("1"));
    assert_eq!(cookies(&author.get("/account").await), "");
    // A logout removes it.
    let logout = cookies(&reader.post("/logout").text("").await);
    assert!(logout.starts_with("ringside_hint=;"), "{logout}");
    assert!(!logout.contains("ringside_hint=1"), "{logout}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logout_ends_the_session() {
    let (app, anonymous, _) = TestApp::start().await;
    let login = log_in(&anonymous, "author", TestApp::PASSWORD, "").await;
    let browser = app.browser_with(&format!("{}; ringside_hint=1", session(&login)));
    let logout = browser.post("/logout").text("").await;
    assert_snapshot!(format!("{}\n{}", head_of(&logout, &["location", "cache-control"]), cookies(&logout)), @r"
    303 See Other
    location: /
    cache-control: private, no-store
    ringside_hint=; SameSite=Lax; Path=/; Max-Age=0
    ringside_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0
    ");
    // The cookie is no longer valid, even in a copy.
    browser.get("/desk").await.assert_status_see_other();
    browser
        .post("/logout")
        .text("")
        .await
        .assert_status_see_other();
    anonymous
        .post("/logout")
        .text("")
        .await
        .assert_status_see_other();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_login_in_the_same_browser_ends_its_session() {
    let (app, anonymous, elsewhere) = TestApp::start().await;
    app.create_account("editor", Role::Editor).await;
    let login = log_in(&anonymous, "author", TestApp::PASSWORD, "").await;
    let old = app.browser_with(&session(&login));
    log_in(&old, "editor", "not the password", "")
        .await
        .assert_status_unauthorized();
    old.get("/desk").await.assert_status_ok();
    let login = log_in(&old, "editor", TestApp::PASSWORD, "").await;
    login.assert_status_see_other();
    // A copy of the old cookie is no longer valid.
    old.get("/desk").await.assert_status_see_other();
    let new = app.browser_with(&session(&login));
    new.get("/desk").await.assert_status_ok();
    elsewhere.get("/desk").await.assert_status_ok();
}

/// Tries to log in through a proxy that sends `address` as the client's address.
async fn log_in_from(
    browser: &TestServer,
    address: &str,
    username: &str,
    password: &str,
) -> TestResponse {
    browser
        .post("/login")
        .form(&[("username", username), ("password", password)])
        .add_header("x-forwarded-for", address)
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn login_flood_from_one_address_does_not_block_other_logins() {
    let app = TestApp::with_flags(&["--trusted-proxies", "127.0.0.1"]).await;
    app.create_account("author", Role::Author).await;
    let browser = app.browser();
    let names: Vec<_> = (0..600).map(|number| format!("name-{number}")).collect();
    let flood = names
        .iter()
        .map(|name| log_in_from(&browser, "203.0.113.9", name, "not the password"));
    let other = log_in_from(&browser, "192.0.2.7", "author", TestApp::PASSWORD);
    let both = futures::future::join(join_all(flood), other);
    let (flood, other) = tokio::time::timeout(Duration::from_mins(3), both)
        .await
        .expect("the flood has not ended after three minutes");
    other.assert_status_see_other();
    let count = |status: u16| {
        flood
            .iter()
            .filter(|response| response.status_code().as_u16() == status)
            .count()
    };
    // On a busy machine, rendering the response may time out with 503.
    let (wrong, refused, busy) = (count(401), count(429), count(503));
    assert_eq!(wrong + refused + busy, 600);
    // Thirty are allowed at once, and more while the flood lasts; at most sixty can wait.
    assert!(
        (30..=60).contains(&(wrong + busy)),
        "{wrong} were verified, {busy} got 503"
    );
    let response = flood.iter().find(|response| response.status_code() == 429);
    let response = response.unwrap();
    let seconds: u16 = response
        .header("retry-after")
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert!(
        response
            .text()
            .contains("Too many failed logins from your network. Wait a minute and try again.")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_password_queue_responds_with_retry_after() {
    let flags = ["--trusted-proxies", "127.0.0.1", "--login-delay-ms", "0"];
    let app = TestApp::with_flags(&flags).await;
    app.create_account("author", Role::Author).await;
    let browser = app.browser();
    // Fifteen addresses send more than the queue holds.
    let attempts = (0..15).flat_map(|address| (0..20).map(move |number| (address, number)));
    let attempts: Vec<_> = attempts
        .map(|(address, number)| (format!("203.0.113.{address}"), format!("name-{number}")))
        .collect();
    let attempts = attempts
        .iter()
        .map(|(address, name)| log_in_from(&browser, address, name, "not the password"));
    let responses = tokio::time::timeout(Duration::from_mins(3), join_all(attempts))
        .await
        .expect("the attempts have not ended after three minutes");
    let busy: Vec<_> = responses
        .iter()
        .filter(|response| response.status_code().as_u16() != 401)
        .collect();
    assert!(!busy.is_empty() && busy.len() < responses.len());
    let sentence = "Too many people are logging in at the moment. Try again in a few seconds.";
    let mut pages = 0;
    for response in busy {
        // On a busy machine, rendering the page may time out, with a plain 503.
        response.assert_status_service_unavailable();
        let html = response.text();
        if html.contains(sentence) && html.contains("<form") {
            assert_eq!(
                head_of(response, &["retry-after", "cache-control"]),
                "503 Service Unavailable\nretry-after: 5\ncache-control: private, no-store"
            );
            assert!(field_value(&html, "username").starts_with("name-"));
            pages += 1;
        }
    }
    assert!(pages > 0, "no response contained the login form");
    let after = log_in_from(&browser, "192.0.2.7", "author", TestApp::PASSWORD).await;
    after.assert_status_see_other();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_accounts_behind_one_address_can_log_in_at_once() {
    let app = TestApp::with_flags(&[]).await;
    let names: Vec<_> = (0..50).map(|number| format!("person-{number}")).collect();
    for name in &names {
        app.create_account(name, Role::Author).await;
    }
    let browser = app.browser();
    let people = names
        .iter()
        .map(|name| log_in(&browser, name, TestApp::PASSWORD, ""));
    for login in join_all(people).await {
        login.assert_status_see_other();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn login_limits_can_be_configured() {
    let flags = [
        "--logins-per-minute",
        "2",
        "--logins-per-minute-per-address",
        "3",
    ];
    let app = TestApp::with_flags(&flags).await;
    let browser = app.browser();
    let attempts = ["ann", "ann", "ann", "bob", "eve"]
        .map(|name| log_in(&browser, name, "not the password", ""));
    let mut statuses = Vec::new();
    for attempt in attempts {
        statuses.push(attempt.await.status_code().as_u16());
    }
    assert_eq!(statuses, [401, 401, 429, 401, 429]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn successful_logins_are_not_counted() {
    let (_app, anonymous, _) = TestApp::start().await;
    for _ in 0..12 {
        log_in(&anonymous, "author", TestApp::PASSWORD, "")
            .await
            .assert_status_see_other();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_login_does_not_end_other_sessions() {
    let (app, anonymous, author) = TestApp::start().await;
    let login = log_in(&anonymous, "author", TestApp::PASSWORD, "").await;
    app.browser_with(&session(&login))
        .post("/logout")
        .text("")
        .await;
    author.get("/desk").await.assert_status_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn login_page_redirects_when_already_logged_in() {
    let (_app, anonymous, author) = TestApp::start().await;
    for (path, location) in [
        ("/login", "/desk"),
        (
            "/login?next=/entries/final/compose",
            "/entries/final/compose",
        ),
        ("/login?next=//evil.example", "/desk"),
        ("/login?next=https://evil.example", "/desk"),
    ] {
        assert_eq!(
            head_of(&author.get(path).await, &["location", "cache-control"]),
            format!("303 See Other\nlocation: {location}\ncache-control: private, no-store"),
        );
        anonymous.get(path).await.assert_status_ok();
    }
}
