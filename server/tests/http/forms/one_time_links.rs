//! Accounts that people create themselves, links to reset passwords, and the page on which owners
//! manage accounts.

use axum_test::{TestResponse, TestServer};
use domain::Role;

use super::press_button;
use crate::http::support::{TestApp, attribute, field_value, head_of, tag_texts, unescape};

/// A password that differs from [`TestApp::PASSWORD`].
const FRESH: &str = "a fresh one, please";

async fn submit(browser: &TestServer, path: &str, name: &str, password: &str) -> TestResponse {
    let fields = [("username", name), ("password", password)];
    browser.post(path).form(&fields).await
}

/// Changes the settings of the site.
async fn set_site(owner: &TestServer, open_sign_up: &str, messages: &str) {
    let fields = [
        ("display_names", "false"),
        ("open_sign_up", open_sign_up),
        ("deleted_messages", messages),
    ];
    let saved = owner.post("/desk/site").form(&fields).await;
    saved.assert_status_see_other();
}

/// Returns the path of the link that a page shows.
fn new_link(page: &TestResponse) -> String {
    page.assert_status_ok();
    page.assert_header("cache-control", "private, no-store");
    let html = page.text();
    let (_, link) = html.split_once("class=\"new-link\">").unwrap();
    let (link, _) = link.split_once('<').unwrap();
    let (_, path) = link.split_once("//").unwrap().1.split_once('/').unwrap();
    format!("/{path}")
}

/// Returns a browser with the cookies that a response sets.
fn browser_of(app: &TestApp, response: &TestResponse) -> TestServer {
    let cookies = response.iter_headers_by_name("set-cookie");
    let cookies: Vec<_> = cookies
        .map(|cookie| cookie.to_str().unwrap().split_once(';').unwrap().0)
        .collect();
    app.browser_with(&cookies.join("; "))
}

/// Returns the id of the account `name`.
async fn id_of(app: &TestApp, name: &str) -> i64 {
    let accounts = app.newsroom.accounts().await.unwrap();
    let account = accounts
        .iter()
        .find(|account| account.caller.username.as_str() == name);
    account.unwrap().caller.id.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invited_author_creates_an_account_and_is_logged_in() {
    let (app, anonymous, _) = TestApp::start().await;
    let owner = app.log_in(Role::Owner).await;
    let invited = owner
        .post("/desk/accounts/invitations")
        .form(&[("role", "author")])
        .await;
    let link = new_link(&invited);
    let page = anonymous.get(&link).await;
    page.assert_status_ok()
        .assert_header("cache-control", "private, no-store");
    page.assert_text_contains("You are invited to write here, with the role author.");

    // A refused form keeps the name, and never the password.
    let refused = submit(&anonymous, &link, "zoe smith", TestApp::PASSWORD).await;
    refused.assert_status_unprocessable_entity();
    assert_eq!(field_value(&refused.text(), "username"), "zoe smith");
    assert!(!refused.text().contains(TestApp::PASSWORD));

    let created = submit(&anonymous, &link, "zoe", TestApp::PASSWORD).await;
    let expected = "303 See Other\nlocation: /desk";
    assert_eq!(head_of(&created, &["location"]), expected);
    let zoe = browser_of(&app, &created);
    zoe.get("/desk").await.assert_status_ok();

    for again in [
        anonymous.get(&link).await,
        submit(&anonymous, &link, "second", TestApp::PASSWORD).await,
        anonymous.get("/invite/unknown").await,
        anonymous.get("/reset/unknown").await,
        submit(&anonymous, "/reset/unknown", "", FRESH).await,
    ] {
        again.assert_status_not_found();
        again.assert_text_contains("is no longer valid.");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invitations_are_listed_and_withdrawn() {
    let (app, anonymous, author) = TestApp::start().await;
    let editor = app.log_in(Role::Editor).await;
    let invite = async |browser: &TestServer, role: &str| {
        let fields = [("role", role)];
        browser
            .post("/desk/accounts/invitations")
            .form(&fields)
            .await
    };
    let refused = invite(&editor, "owner").await;
    refused.assert_status_forbidden();
    assert!(
        unescape(&refused.text()).contains("You can't invite people to a role above your own.")
    );
    invite(&editor, "king")
        .await
        .assert_status_unprocessable_entity();
    invite(&author, "reader").await.assert_status_forbidden();

    let link = new_link(&invite(&editor, "reader").await);
    let page = editor.get("/desk/accounts").await.text();
    assert!(
        page.contains("An invitation with the role reader"),
        "{page}"
    );
    let (_, form) = page.split_once("/desk/accounts/invitations/").unwrap();
    let path = format!(
        "/desk/accounts/invitations/{}",
        form.split_once('"').unwrap().0
    );
    let withdrawn = press_button(&editor, &path).await;
    let expected = "303 See Other\nlocation: /desk/accounts?done=withdrawn";
    assert_eq!(head_of(&withdrawn, &["location"]), expected);
    anonymous.get(&link).await.assert_status_not_found();
    // Editors don't see the accounts.
    assert!(!page.contains("Change role"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reader_signs_up_where_the_site_offers_it() {
    let (app, anonymous, _) = TestApp::start().await;
    let owner = app.log_in(Role::Owner).await;
    let login = anonymous.get("/login").await.text();
    assert!(!login.contains("/sign-up"), "{login}");
    anonymous.get("/sign-up").await.assert_status_forbidden();
    let refused = submit(&anonymous, "/sign-up", "zoe", TestApp::PASSWORD).await;
    refused.assert_status_forbidden();
    refused.assert_text_contains("Request an invitation from its owner.");

    set_site(&owner, "true", "anonymize").await;
    let login = anonymous.get("/login").await.text();
    assert!(login.contains("/sign-up"), "{login}");
    anonymous.get("/sign-up").await.assert_status_ok();
    for (name, message) in [
        (
            "auth0r",
            "This username, or one that looks like it, belongs to another account.",
        ),
        ("Admin", "This username is reserved."),
        ("", "The username is missing."),
        (
            "<script>alert(1)</script>",
            "The username can contain only letters",
        ),
    ] {
        let refused = submit(&anonymous, "/sign-up", name, TestApp::PASSWORD).await;
        refused.assert_status_unprocessable_entity();
        let page = unescape(&refused.text());
        assert!(page.contains(message), "{name}: {page}");
        assert_eq!(field_value(&refused.text(), "username"), name);
    }
    let created = submit(&anonymous, "/sign-up", "zoe", TestApp::PASSWORD).await;
    let expected = "303 See Other\nlocation: /account?done=welcome";
    assert_eq!(head_of(&created, &["location"]), expected);
    let zoe = browser_of(&app, &created);
    let account = zoe.get("/account?done=welcome").await.text();
    assert!(
        account.contains("Welcome. Your account is ready"),
        "{account}"
    );
    // The header has no link to the desk, which readers can't open.
    assert!(!account.contains("href=\"/desk\""), "{account}");
    let cookies = created.iter_headers_by_name("set-cookie");
    let mut cookies = cookies.map(|cookie| cookie.to_str().unwrap());
    assert!(cookies.any(|cookie| cookie.starts_with("ringside_hint=reader;")));
    let again = zoe.get("/sign-up").await;
    again.assert_status_see_other();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_ups_of_an_address_are_limited() {
    let app = TestApp::with_flags(&["--sign-ups-per-hour-per-address", "2"]).await;
    let owner = app.log_in(Role::Owner).await;
    let anonymous = app.browser();
    // Nothing is counted on a site that doesn't offer it, nor for an invalid form.
    for _ in 0..3 {
        let refused = submit(&anonymous, "/sign-up", "zoe", TestApp::PASSWORD).await;
        refused.assert_status_forbidden();
    }
    set_site(&owner, "true", "anonymize").await;
    for _ in 0..3 {
        let refused = submit(&anonymous, "/sign-up", "zoe", "short").await;
        refused.assert_status_unprocessable_entity();
    }
    for name in ["zoe", "yann"] {
        let created = submit(&anonymous, "/sign-up", name, TestApp::PASSWORD).await;
        created.assert_status_see_other();
    }
    let refused = submit(&anonymous, "/sign-up", "xavier", TestApp::PASSWORD).await;
    assert_eq!(refused.status_code().as_u16(), 429);
    assert!(refused.maybe_header("retry-after").is_some());
    refused.assert_text_contains("Many accounts were created from your network.");
    assert!(!refused.text().contains(TestApp::PASSWORD));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owner_changes_roles_and_disables_accounts() {
    let (app, _, author) = TestApp::start().await;
    let owner = app.log_in(Role::Owner).await;
    let id = id_of(&app, "author").await;
    let path = |action| format!("/desk/accounts/{id}/{action}");
    let changed = owner.post(&path("role")).form(&[("role", "editor")]).await;
    let expected = "303 See Other\nlocation: /desk/accounts?done=role";
    assert_eq!(head_of(&changed, &["location"]), expected);
    author.get("/desk/moderation").await.assert_status_ok();

    press_button(&owner, &path("disable"))
        .await
        .assert_status_see_other();
    author.get("/desk").await.assert_status_see_other();
    let page = owner.get("/desk/accounts?done=disabled").await.text();
    assert!(page.contains("The account is disabled."), "{page}");
    assert!(page.contains(" · disabled"), "{page}");
    let refused = press_button(&owner, &path("reset")).await;
    refused.assert_status_forbidden();
    refused
        .assert_text_contains("This account is disabled. Enable it before you reset its password.");
    press_button(&owner, &path("enable"))
        .await
        .assert_status_see_other();
    app.newsroom
        .log_in("author", TestApp::PASSWORD)
        .await
        .unwrap();

    let own = id_of(&app, "owner").await;
    let last = press_button(&owner, &format!("/desk/accounts/{own}/disable")).await;
    last.assert_status_forbidden();
    last.assert_text_contains("This is the last enabled owner.");
    for unknown in ["/desk/accounts/999/disable", "/desk/accounts/x/disable"] {
        let refused = press_button(&owner, unknown).await;
        refused.assert_status_not_found();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_found_by_their_name() {
    let (app, _, _) = TestApp::start().await;
    let owner = app.log_in(Role::Owner).await;
    for number in 0..55 {
        app.create_account(&format!("zoe-{number:02}"), Role::Reader)
            .await;
    }
    let names = async |query: &str| {
        let page = owner.get(&format!("/desk/accounts{query}")).await.text();
        let names = tag_texts(&page, "strong").into_iter().map(str::to_owned);
        (names.collect::<Vec<_>>(), page)
    };
    let (first, page) = names("?name=ZOE-").await;
    assert_eq!(first.len(), 50);
    assert_eq!(attribute(&page, "value"), "ZOE-");
    let (_, next) = page.split_once("href=\"/desk/accounts?").unwrap();
    let next = unescape(next.split_once('"').unwrap().0);
    let (rest, _) = names(&format!("?{next}")).await;
    assert_eq!(rest, ["zoe-50", "zoe-51", "zoe-52", "zoe-53", "zoe-54"]);
    let (none, page) = names("?name=nobody").await;
    assert_eq!(none, [""; 0]);
    assert!(page.contains("No account has such a name."), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reset_link_sets_a_new_password_and_logs_in() {
    let (app, anonymous, author) = TestApp::start().await;
    let owner = app.log_in(Role::Owner).await;
    let id = id_of(&app, "author").await;
    let created = press_button(&owner, &format!("/desk/accounts/{id}/reset")).await;
    let link = new_link(&created);
    author.get("/desk").await.assert_status_ok();
    let page = unescape(&anonymous.get(&link).await.text());
    assert!(
        page.contains("Choose a new password for the account"),
        "{page}"
    );
    assert_eq!(field_value(&page, "username"), "author");
    let weak = submit(&anonymous, &link, "author", "short").await;
    weak.assert_status_unprocessable_entity();
    weak.assert_text_contains("The password needs at least 10 characters.");

    let changed = submit(&anonymous, &link, "author", FRESH).await;
    let expected = "303 See Other\nlocation: /desk";
    assert_eq!(head_of(&changed, &["location"]), expected);
    browser_of(&app, &changed)
        .get("/desk")
        .await
        .assert_status_ok();
    author.get("/desk").await.assert_status_see_other();
    app.newsroom.log_in("author", FRESH).await.unwrap();
    anonymous.get(&link).await.assert_status_not_found();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn account_is_deleted_with_its_password() {
    let (app, anonymous, author) = TestApp::start().await;
    let owner = app.log_in(Role::Owner).await;
    let delete = async |browser: &TestServer, password: &str| {
        let fields = [("current_password", password)];
        browser.post("/account/delete").form(&fields).await
    };
    let page = author.get("/account/delete").await.text();
    assert!(page.contains("Your messages in rooms stay"), "{page}");
    assert!(page.contains("Your updates stay"), "{page}");
    set_site(&owner, "false", "remove").await;
    let page = author.get("/account/delete").await.text();
    assert!(
        page.contains("Your messages in rooms are removed"),
        "{page}"
    );

    let refused = delete(&author, FRESH).await;
    refused.assert_status_unprocessable_entity();
    refused.assert_text_contains("The current password is wrong.");
    assert!(!refused.text().contains(FRESH));
    let last = delete(&owner, TestApp::PASSWORD).await;
    last.assert_status_forbidden();
    last.assert_text_contains("This is the last enabled owner.");

    let deleted = delete(&author, TestApp::PASSWORD).await;
    let expected = "303 See Other\nlocation: /login?done=deleted";
    assert_eq!(head_of(&deleted, &["location"]), expected);
    let page = anonymous.get("/login?done=deleted").await.text();
    assert!(page.contains("Your account is deleted."), "{page}");
    author.get("/account").await.assert_status_see_other();
    app.newsroom
        .log_in("author", TestApp::PASSWORD)
        .await
        .unwrap_err();
}
