//! The first owner.

use domain::Role;
use insta::assert_snapshot;

use crate::http::support::{TestApp, head_of, typed_into, unescape};

fn fields<'a>(token: &'a str, username: &'a str, password: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("token", token),
        ("username", username),
        ("password", password),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_makes_the_owner_once() {
    let app = TestApp::with(&[]).await;
    let browser = app.browser();
    let token = app.setup_token();
    let page = browser.get(&format!("/setup?token={token}")).await;
    page.assert_status_ok()
        .assert_header("cache-control", "private, no-store");
    page.assert_text_contains(&token);

    let entered = browser
        .post("/setup")
        .form(&fields(&token, "ann", TestApp::PASSWORD))
        .await;
    assert_snapshot!(head_of(&entered, &["location"]), @r"
    303 See Other
    location: /desk
    ");
    let cookies = entered.iter_headers_by_name("set-cookie");
    let cookies: Vec<_> = cookies
        .map(|cookie| cookie.to_str().unwrap().split_once(';').unwrap().0)
        .collect();
    app.browser_with(&cookies.join("; "))
        .get("/desk")
        .await
        .assert_status_ok();

    // Used once, it is nothing but the way to log in.
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
async fn without_its_token_nobody_gets_in() {
    let app = TestApp::with(&[]).await;
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
async fn what_cannot_be_taken_is_told_and_the_link_still_works() {
    let app = TestApp::with(&[]).await;
    app.person("taken", Role::Reader).await;
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
        assert_eq!(typed_into(&html, "username"), username);
        assert_eq!(typed_into(&html, "token"), token);
        assert_eq!(typed_into(&html, "password"), "");
    }
    let entered = browser
        .post("/setup")
        .form(&fields(&token, "ann", TestApp::PASSWORD))
        .await;
    entered.assert_status_see_other();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_cannot_both_become_the_owner() {
    let app = TestApp::with(&[]).await;
    let browser = app.browser();
    let token = app.setup_token();
    let ask = async |name| {
        browser
            .post("/setup")
            .form(&fields(&token, name, TestApp::PASSWORD))
            .await
    };
    let (ann, bob) = tokio::join!(ask("ann"), ask("bob"));
    let entered = [&ann, &bob].map(|answer| answer.contains_header("set-cookie"));
    assert_eq!(entered.iter().filter(|entered| **entered).count(), 1);
    let refused = if entered[0] { bob } else { ann };
    assert!(
        [303, 403].contains(&refused.status_code().as_u16()),
        "{}",
        refused.status_code()
    );
}
