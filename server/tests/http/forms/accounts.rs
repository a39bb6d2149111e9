//! Logging in and out.

use std::time::Duration;

use axum_test::{TestResponse, TestServer};
use domain::Role;
use futures::future::join_all;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::http::support::{TestApp, head_of, typed_into};

async fn log_in(browser: &TestServer, username: &str, password: &str, next: &str) -> TestResponse {
    let fields = [
        ("username", username),
        ("password", password),
        ("next", next),
    ];
    browser.post("/login").form(&fields).await
}

/// The cookies that an answer sets, without what is secret in them, or says when it is.
fn cookies(answer: &TestResponse) -> String {
    let mut cookies: Vec<_> = answer
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

/// The session that an answer begins, as the browser sends it back.
fn session(answer: &TestResponse) -> String {
    let cookies = answer.iter_headers_by_name("set-cookie");
    let session = cookies
        .map(|cookie| cookie.to_str().unwrap().split_once(';').unwrap().0)
        .find(|cookie| !cookie.starts_with("ringside_hint"));
    session.unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_right_password_opens_the_desk() {
    let (app, anonymous, _) = TestApp::start().await;
    for name in ["author", "AUTHOR", " Author "] {
        let entered = log_in(&anonymous, name, TestApp::PASSWORD, "").await;
        assert_eq!(
            head_of(&entered, &["location", "cache-control"]),
            "303 See Other\nlocation: /desk\ncache-control: private, no-store",
            "{name}"
        );
        assert_eq!(
            cookies(&entered),
            "ringside_hint=1; SameSite=Lax; Path=/; Max-Age=2592000\n\
             ringside_session=SECRET; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000"
        );
        let browser = app.browser_with(&session(&entered));
        browser.get("/desk").await.assert_status_ok();
        let whoami: Value = browser.post("/fn/whoami").json(&json!({})).await.json();
        assert_eq!(whoami["username"], "author");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_https_cookies_are_bound_to_it() {
    let app = TestApp::with(&["--public-url", "https://live.example.org"]).await;
    app.person("author", Role::Author).await;
    let entered = log_in(&app.browser(), "author", TestApp::PASSWORD, "").await;
    assert_snapshot!(cookies(&entered), @r"
    __Host-ringside=SECRET; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=2592000
    ringside_hint=1; SameSite=Lax; Secure; Path=/; Max-Age=2592000
    ");
    let session = session(&entered);
    app.browser_with(&session)
        .get("/desk")
        .await
        .assert_status_ok();
    // The name that plain http uses is somebody else's here.
    let (_, token) = session.split_once('=').unwrap();
    let other = app.browser_with(&format!("ringside_session={token}"));
    other.get("/desk").await.assert_status_see_other();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_told_and_not_repeated() {
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
        assert_eq!(typed_into(&html, "username"), name);
        assert_eq!(typed_into(&html, "next"), "/entries/final/compose");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_leads_back_but_to_no_other_site() {
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
        let entered = log_in(&anonymous, "author", TestApp::PASSWORD, next).await;
        assert_eq!(
            head_of(&entered, &["location"]),
            format!("303 See Other\nlocation: {location}"),
            "{next:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_can_be_tried_ten_times() {
    let (_app, anonymous, _) = TestApp::start().await;
    let spellings = ["author", "AUTHOR", "Author ", "aUTHOR"]
        .into_iter()
        .cycle();
    // At once: the next try is given back after six seconds.
    let tries = spellings
        .take(10)
        .map(|name| log_in(&anonymous, name, "not the password", ""));
    for refused in join_all(tries).await {
        refused.assert_status_unauthorized();
    }
    // Not even the right one is looked at now.
    let refused = log_in(&anonymous, "author", TestApp::PASSWORD, "").await;
    assert_snapshot!(head_of(&refused, &["cache-control", "set-cookie"]), @r"
    429 Too Many Requests
    cache-control: private, no-store
    ");
    let html = refused.text();
    assert!(
        html.contains("Too many failed logins with this username. Wait a minute and try again.")
    );
    assert_eq!(typed_into(&html, "username"), "author");
    assert!(!html.contains(TestApp::PASSWORD));
    // Others are not locked out.
    log_in(&anonymous, "editor", "not the password", "")
        .await
        .assert_status_unauthorized();
}

/// Tries to log in as the `number`th of eleven; whether that was still looked at.
async fn try_number(number: usize, browser: &TestServer, forwarded: &str) -> bool {
    let tried = browser
        .post("/login")
        .form(&[("username", "author"), ("password", "not the password")])
        .add_header(
            "x-forwarded-for",
            forwarded.replace('N', &number.to_string()),
        )
        .await;
    match tried.status_code().as_u16() {
        401 => true,
        429 => false,
        status => panic!("{status}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_more_tries_by_claiming_other_addresses() {
    for (proxies, forwarded, allowed) in [
        // A reader who comes straight here.
        ("", "192.0.2.N", 10),
        ("10.0.0.0/8", "192.0.2.N", 10),
        // Behind a proxy that adds the address it hears from.
        ("127.0.0.1", "192.0.2.N, 203.0.113.9", 10),
        ("127.0.0.1", "10.0.0.N, unknown", 10),
        // Eleven readers.
        ("127.0.0.1", "203.0.113.9, 192.0.2.N", 11),
        ("127.0.0.0/8,10.0.0.0/8", "192.0.2.N, 10.0.0.7", 11),
    ] {
        let app = TestApp::with(&["--trusted-proxies", proxies]).await;
        let browser = app.browser();
        let tries = join_all((1..=11).map(|number| try_number(number, &browser, forwarded))).await;
        let looked_at = tries.into_iter().filter(|tried| *tried).count();
        assert_eq!(looked_at, allowed, "{proxies:?} {forwarded:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_logs_out_is_out() {
    let (app, anonymous, _) = TestApp::start().await;
    let entered = log_in(&anonymous, "author", TestApp::PASSWORD, "").await;
    let browser = app.browser_with(&format!("{}; ringside_hint=1", session(&entered)));
    let left = browser.post("/logout").text("").await;
    assert_snapshot!(format!("{}\n{}", head_of(&left, &["location", "cache-control"]), cookies(&left)), @r"
    303 See Other
    location: /
    cache-control: private, no-store
    ringside_hint=; SameSite=Lax; Path=/; Max-Age=0
    ringside_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0
    ");
    // The cookie opens nothing any more, wherever it was copied to.
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
async fn another_login_in_a_browser_ends_its_session() {
    let (app, anonymous, elsewhere) = TestApp::start().await;
    app.person("editor", Role::Editor).await;
    let entered = log_in(&anonymous, "author", TestApp::PASSWORD, "").await;
    let old = app.browser_with(&session(&entered));
    log_in(&old, "editor", "not the password", "")
        .await
        .assert_status_unauthorized();
    old.get("/desk").await.assert_status_ok();
    let entered = log_in(&old, "editor", TestApp::PASSWORD, "").await;
    entered.assert_status_see_other();
    // Whoever copied the old cookie has nothing.
    old.get("/desk").await.assert_status_see_other();
    let new = app.browser_with(&session(&entered));
    new.get("/desk").await.assert_status_ok();
    elsewhere.get("/desk").await.assert_status_ok();
}

/// Tries to log in through a proxy that names `address` as the client's; returns the status.
async fn try_from_address(
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
async fn a_login_storm_from_one_address_is_refused_and_others_log_in_meanwhile() {
    let app = TestApp::with(&["--trusted-proxies", "127.0.0.1"]).await;
    app.person("author", Role::Author).await;
    let browser = app.browser();
    let names: Vec<_> = (0..600).map(|number| format!("name-{number}")).collect();
    let storm = names
        .iter()
        .map(|name| try_from_address(&browser, "203.0.113.9", name, "not the password"));
    let other = try_from_address(&browser, "192.0.2.7", "author", TestApp::PASSWORD);
    let both = futures::future::join(join_all(storm), other);
    let (storm, other) = tokio::time::timeout(Duration::from_mins(3), both)
        .await
        .expect("the storm has not ended after three minutes");
    other.assert_status_see_other();
    let count = |status: u16| {
        storm
            .iter()
            .filter(|answer| answer.status_code().as_u16() == status)
            .count()
    };
    // On a busy machine the page that says so may have to wait too long to be rendered.
    let (wrong, refused, busy) = (count(401), count(429), count(503));
    assert_eq!(wrong + refused + busy, 600);
    // Thirty, and those that recovered while it lasted, of which sixty may wait.
    assert!(
        (30..=60).contains(&(wrong + busy)),
        "{wrong} were verified, {busy} were not answered"
    );
    let answer = storm.iter().find(|answer| answer.status_code() == 429);
    let answer = answer.unwrap();
    let seconds: u16 = answer
        .header("retry-after")
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert!(
        answer
            .text()
            .contains("Too many failed logins from your network. Wait a minute and try again.")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_password_queue_asks_to_retry_later() {
    let flags = ["--trusted-proxies", "127.0.0.1", "--login-delay-ms", "0"];
    let app = TestApp::with(&flags).await;
    app.person("author", Role::Author).await;
    let browser = app.browser();
    // Fifteen addresses hold more than the queue does.
    let tries = (0..15).flat_map(|address| (0..20).map(move |number| (address, number)));
    let tries: Vec<_> = tries
        .map(|(address, number)| (format!("203.0.113.{address}"), format!("name-{number}")))
        .collect();
    let tries = tries
        .iter()
        .map(|(address, name)| try_from_address(&browser, address, name, "not the password"));
    let answers = tokio::time::timeout(Duration::from_mins(3), join_all(tries))
        .await
        .expect("the tries have not ended after three minutes");
    let busy: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status_code().as_u16() != 401)
        .collect();
    assert!(!busy.is_empty() && busy.len() < answers.len());
    let sentence = "Too many people are logging in at the moment. Try again in a few seconds.";
    let mut told = 0;
    for answer in busy {
        // On a busy machine the page that says so may have to wait too long to be rendered.
        answer.assert_status_service_unavailable();
        let html = answer.text();
        if html.contains(sentence) && html.contains("<form") {
            assert_eq!(
                head_of(answer, &["retry-after", "cache-control"]),
                "503 Service Unavailable\nretry-after: 5\ncache-control: private, no-store"
            );
            assert!(typed_into(&html, "username").starts_with("name-"));
            told += 1;
        }
    }
    assert!(told > 0, "nobody was told to log in again later");
    let after = try_from_address(&browser, "192.0.2.7", "author", TestApp::PASSWORD).await;
    after.assert_status_see_other();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_people_behind_one_address_log_in_at_once() {
    let app = TestApp::with(&[]).await;
    let names: Vec<_> = (0..50).map(|number| format!("person-{number}")).collect();
    for name in &names {
        app.person(name, Role::Author).await;
    }
    let browser = app.browser();
    let people = names
        .iter()
        .map(|name| log_in(&browser, name, TestApp::PASSWORD, ""));
    for entered in join_all(people).await {
        entered.assert_status_see_other();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limits_of_logins_are_settings() {
    let flags = [
        "--logins-per-minute",
        "2",
        "--logins-per-minute-per-address",
        "3",
    ];
    let app = TestApp::with(&flags).await;
    let browser = app.browser();
    let tries = ["ann", "ann", "ann", "bob", "eve"]
        .map(|name| log_in(&browser, name, "not the password", ""));
    let mut statuses = Vec::new();
    for tried in tries {
        statuses.push(tried.await.status_code().as_u16());
    }
    assert_eq!(statuses, [401, 401, 429, 401, 429]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_that_succeed_are_not_counted() {
    let (_app, anonymous, _) = TestApp::start().await;
    for _ in 0..12 {
        log_in(&anonymous, "author", TestApp::PASSWORD, "")
            .await
            .assert_status_see_other();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_login_leaves_the_old_ones_be() {
    let (app, anonymous, author) = TestApp::start().await;
    let entered = log_in(&anonymous, "author", TestApp::PASSWORD, "").await;
    app.browser_with(&session(&entered))
        .post("/logout")
        .text("")
        .await;
    author.get("/desk").await.assert_status_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_logged_in_is_led_past_the_door() {
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
