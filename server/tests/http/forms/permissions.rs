//! The permissions of each role.

use domain::{EntryState, Role, Slug};
use insta::assert_snapshot;

use super::{post, press_button, send};
use crate::http::support::{TestApp, attribute, field_value, head_of, op_id, textarea_value};

const COMPOSER: &str = "/entries/final/compose";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn composer_redirects_to_the_login_page() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    let redirect = anonymous.get(COMPOSER).await;
    assert_snapshot!(head_of(&redirect, &["location", "cache-control"]), @r"
    303 See Other
    location: /login?next=/entries/final/compose
    cache-control: private, no-store
    ");
    send(&anonymous, &op_id(), "A goal", "")
        .await
        .assert_status_unauthorized();
    let html = anonymous.get("/entries/final").await.text();
    assert!(!html.contains("A goal"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typed_text_survives_an_expired_session() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let id = post(&author, "A gaol", "").await;
    let text = "\n\n\"1 < 2\" & </textarea><b>'bold'</b>\n";
    let headline = r#"<"&'>"#;
    for path in [COMPOSER, &format!("/desk/updates/{id}")] {
        let op_id = op_id();
        let fields = [("op_id", &*op_id), ("source", text), ("headline", headline)];
        let returned = anonymous.post(path).form(&fields).await;
        assert_eq!(
            head_of(&returned, &["location", "cache-control"]),
            "401 Unauthorized\ncache-control: private, no-store"
        );
        let html = returned.text();
        assert!(html.contains(
            "Your session has expired. Your text is kept here. Log in in another tab, then send it again."
        ));
        assert!(html.contains(r#" href="/login" target="_blank""#), "{html}");
        let (_, form) = html.split_once("<form ").unwrap();
        assert_eq!(attribute(&format!(" {form}"), "action"), path);
        assert_eq!(field_value(form, "op_id"), op_id);
        assert_eq!(field_value(form, "headline"), headline);
        assert_eq!(textarea_value(form), text);
        // After a login, the same form is accepted.
        author
            .post(path)
            .form(&fields)
            .await
            .assert_status_see_other();
    }
    let html = anonymous.get("/entries/final").await.text();
    assert_eq!(html.matches("1 &lt; 2").count(), 2, "{html}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn button_pressed_after_the_session_expired_can_be_sent_again() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    let returned = press_button(&anonymous, "/desk/entries/final/end").await;
    returned.assert_status_unauthorized();
    let html = returned.text();
    assert_eq!(
        attribute(html.split_once("<form").unwrap().1, "action"),
        "/desk/entries/final/end"
    );
    assert!(html.contains("Send again"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reader_cannot_post() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    let reader = app.log_in(Role::Reader).await;
    reader.get(COMPOSER).await.assert_status_forbidden();
    let refused = send(&reader, &op_id(), "A goal", "").await;
    refused.assert_status_forbidden();
    refused.assert_text_contains("Your account can read, but not post.");
    assert!(
        !anonymous
            .get("/entries/final")
            .await
            .text()
            .contains("A goal")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_entry_accepts_no_posts() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let slug = Slug::parse("final").unwrap();
    app.newsroom
        .end_entry(app.editor().await, &slug, None)
        .await
        .unwrap();
    let refused = send(&author, &op_id(), "Too late", "").await;
    refused.assert_status_forbidden();
    let html = refused.text();
    assert!(html.contains("This live blog has ended. Reopen it on its desk page to post to it."));
    assert_eq!(textarea_value(&html), "Too late");
    assert!(
        !anonymous
            .get("/entries/final")
            .await
            .text()
            .contains("Too late")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_of_others_cannot_be_changed() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let page = format!("/desk/updates/{}", post(&author, "Mine", "").await);
    for (who, browser) in [
        (
            "another author",
            app.log_in_as("another", Role::Author).await,
        ),
        ("a reader", app.log_in(Role::Reader).await),
    ] {
        let refused = [
            browser.get(&page).await,
            browser.post(&page).form(&[("source", "Theirs")]).await,
            press_button(&browser, &format!("{page}/delete")).await,
            press_button(&browser, &format!("{page}/restore")).await,
        ];
        for response in refused {
            assert_eq!(response.status_code(), 403, "{who}");
            assert!(response.maybe_header("location").is_none(), "{who}");
        }
        anonymous
            .get("/entries/final")
            .await
            .assert_text_contains("Mine");
    }
    let editor = app.log_in(Role::Editor).await;
    let saved = editor.post(&page).form(&[("source", "Corrected")]).await;
    saved.assert_status_see_other();
    anonymous
        .get("/entries/final")
        .await
        .assert_text_contains("Corrected");
    press_button(&editor, &format!("{page}/delete"))
        .await
        .assert_status_see_other();
    assert!(
        !anonymous
            .get("/entries/final")
            .await
            .text()
            .contains("Corrected")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reader_has_no_desk() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let reader = app.log_in(Role::Reader).await;
    for path in ["/desk", "/desk/entries/final"] {
        reader.get(path).await.assert_status_forbidden();
    }
    let fields = [("title", "Mine"), ("slug", "mine"), ("state", "live")];
    let refused = reader.post("/desk/entries").form(&fields).await;
    refused.assert_status_forbidden();
    for action in ["start", "end"] {
        let path = format!("/desk/entries/final/{action}");
        press_button(&reader, &path).await.assert_status_forbidden();
    }
    let head = anonymous.get(&format!("/feed/{entry}/head")).await;
    assert_eq!(head.json::<domain::Head>().state, EntryState::Live);
    anonymous
        .get("/entries/mine")
        .await
        .assert_status_not_found();
}
