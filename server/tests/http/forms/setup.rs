//! Setting up the first owner.

use domain::Role;
use insta::assert_snapshot;

use crate::http::support::{TestApp, field_value, head_of, unescape};

fn fields<'a>(token: &'a str, username: &'a str, password: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("token", token),
        ("username", username),
        ("password", password),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn setup_link_creates_the_owner_once() {
    let app = TestApp::with_flags(&[]).await;
    let browser = app.browser();
    let token = app.setup_token();
    let page = browser.get(&format!("/setup?token={token}")).await;
    page.assert_status_ok()
        .assert_header("cache-control", "private, no-store");
    page.assert_text_contains(&token);

    let login = browser
        .post("/setup")
        .form(&fields(&token, "ann", TestApp::PASSWORD))
        .await;
    assert_snapshot!(head_of(&login, &["location"]), @r"
    303 See Other
    location: /desk
    ");
    let cookies = login.iter_headers_by_name("set-cookie");
    let cookies: Vec<_> = cookies
        .map(|cookie| cookie.to_str().unwrap().split_once(';').unwrap().0)
        .collect();
    app.browser_with(&cookies.join("; "))
        .get("/desk")
        .await
        .assert_status_ok();

    // After its first use, the link redirects to the login page.
    let again = browser.get(&format!("/setup?token={token}")).await;
    assert_snapshot!(head_of(&again, &["location"]), @r"
    303 See Other
    location: /login
    ");
    let again = browser
        .post("/setup")
        .form(&fields(&token, "eve", TestApp::PASSWORD))
        .await;
    assert_snapshot!(head_of(&again, &["location", "set-cookie"]), @r"
    303 See Other
    location: /login
    ");
    app.newsroom
        .log_in("eve", TestApp::PASSWORD)
        .await
        .unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn setup_without_the_token_is_refused() {
    let app = TestApp::with_flags(&[]).await;
    let browser = app.browser();
    let token = app.setup_token();
    for wrong in [
        "",
        "abc",
        &token[1..],
        &token.to_lowercase(),
        &"x".repeat(5_000),
    ] {
        let page = browser.get(&format!("/setup?token={wrong}")).await;
        let form = browser
            .post("/setup")
            .form(&fields(wrong, "eve", TestApp::PASSWORD))
            .await;
        for refused in [page, form] {
            assert_eq!(
                head_of(&refused, &["cache-control", "set-cookie"]),
                "403 Forbidden\ncache-control: private, no-store",
                "{wrong}"
            );
            let html = refused.text();
            assert!(
                html.contains("This set-up link is invalid or expired."),
                "{html}"
            );
            assert!(!html.contains(&token), "{html}");
        }
    }
    assert!(app.newsroom.needs_set_up().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_fields_are_reported_and_the_link_stays_valid() {
    let app = TestApp::with_flags(&[]).await;
    app.create_account("taken", Role::Reader).await;
    let browser = app.browser();
    let token = app.setup_token();
    let long = "a".repeat(10_000);
    for (username, password, sentence) in [
        ("ann", "short", "The password needs at least 10 characters."),
        (
            "ann",
            &*long,
            "The password can have at most 200 characters.",
        ),
        ("", TestApp::PASSWORD, "The username is missing."),
        (
            &*long,
            TestApp::PASSWORD,
            "The username has 10000 characters; the maximum is 40.",
        ),
        (
            "a b",
            TestApp::PASSWORD,
            "The username can contain only letters, digits, dots, hyphens and underscores. It contains a space at character 2.",
        ),
        (
            "Taken",
            TestApp::PASSWORD,
            "Another account already has this username",
        ),
    ] {
        let refused = browser
            .post("/setup")
            .form(&fields(&token, username, password))
            .await;
        refused.assert_status_unprocessable_entity();
        let html = refused.text();
        assert!(unescape(&html).contains(sentence), "{html}");
        assert_eq!(field_value(&html, "username"), username);
        assert_eq!(field_value(&html, "token"), token);
        assert_eq!(field_value(&html, "password"), "");
    }
    let login = browser
        .post("/setup")
        .form(&fields(&token, "ann", TestApp::PASSWORD))
        .await;
    login.assert_status_see_other();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_concurrent_setups_succeeds() {
    let app = TestApp::with_flags(&[]).await;
    let browser = app.browser();
    let token = app.setup_token();
    let set_up = async |name| {
        browser
            .post("/setup")
            .form(&fields(&token, name, TestApp::PASSWORD))
            .await
    };
    let (ann, bob) = tokio::join!(set_up("ann"), set_up("bob"));
    let logged_in = [&ann, &bob].map(|response| response.contains_header("set-cookie"));
    assert_eq!(logged_in.iter().filter(|logged_in| **logged_in).count(), 1);
    let refused = if logged_in[0] { bob } else { ann };
    assert!(
        [303, 403].contains(&refused.status_code().as_u16()),
        "{}",
        refused.status_code()
    );
}
