//! The public pages.

use axum_test::TestServer;
use domain::{EntryState, Role};
use insta::assert_snapshot;
use serde_json::Value;

use super::support::{TestApp, attribute, head_of, tag_texts};

const HEADERS: [&str; 3] = ["content-type", "cache-control", "vary"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entry_page_shows_its_updates() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let first = app.post("final", "**Kick-off**").await;
    let second = app.post("final", "A goal").await;
    let page = anonymous.get("/entries/final").await;
    assert_snapshot!(head_of(&page, &HEADERS), @r"
    200 OK
    content-type: text/html; charset=utf-8
    cache-control: public, max-age=0, s-maxage=2
    vary: accept-encoding
    ");
    let html = page.text();
    assert_eq!(tag_texts(&html, "title"), ["final · Ringside"]);
    assert_eq!(attribute(&html, "data-entry-id"), entry.to_string());
    let head = anonymous.get(&format!("/feed/{entry}/head")).await;
    let head = head.json::<domain::Head>();
    let cursor = domain::Cursor::new(head.epoch, second.rev);
    assert_eq!(attribute(&html, "data-cursor"), cursor.to_string());
    let at = |text: &str| {
        html.find(text)
            .unwrap_or_else(|| panic!("no {text} in {html}"))
    };
    assert!(at("<strong>Kick-off</strong>") < at("A goal"));
    for id in [first.id, second.id] {
        at(&format!("id=\"update-{id}\""));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn image_without_text_has_the_same_name_on_every_page() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let update = app.post("final", "![](https://example.org/goal.jpg)").await;
    let own_page = format!("/entries/final/updates/{}", update.id);
    let page = anonymous.get(&own_page).await.text();
    let title = "Update without text · final";
    assert_eq!(tag_texts(&page, "title"), [title]);
    for path in ["/entries/final/compose", "/desk/entries/final"] {
        let page = author.get(path).await.text();
        assert!(page.contains("Update without text"), "{path}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_is_the_same_for_every_client() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let update = app
        .post("final", "**Kick-off** with [a link](https://example.org)")
        .await;
    let (elsewhere, _stop) = app.second_server().await;
    let elsewhere = TestServer::builder().http_transport().build(elsewhere);
    for path in [
        "/",
        "/entries/final",
        "/entries/final?order=latest",
        &format!("/entries/final/updates/{}", update.id),
    ] {
        let page = anonymous.get(path).await;
        page.assert_status_ok();
        for (whose, browser) in [("an author's", &author), ("another server's", &elsewhere)] {
            let other = browser.get(path).await;
            assert_eq!(other.as_bytes(), page.as_bytes(), "{path}: {whose}");
            assert_eq!(other.header("etag"), page.header("etag"), "{path}: {whose}");
        }
        assert!(page.maybe_header("set-cookie").is_none(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn order_is_the_only_query_parameter_of_a_page() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    app.post("final", "Kick-off").await;
    app.post("final", "A goal").await;
    let page = async |query: &str| {
        anonymous
            .get(&format!("/entries/final{query}"))
            .await
            .text()
    };
    let oldest = page("").await;
    let latest = page("?order=latest").await;
    assert!(oldest.find("Kick-off") < oldest.find("A goal"));
    let list = |html: &str| html.split_once("id=\"live-updates\"").unwrap().1.to_owned();
    assert!(list(&latest).find("A goal") < list(&latest).find("Kick-off"));
    for junk in [
        "?",
        "?x=1",
        "?utm_source=a&fbclid=b",
        "?order=sideways",
        "?order=",
        "?%ff&order=%00",
    ] {
        assert!(page(junk).await == oldest, "{junk} made another page");
    }
    for same in [
        "?order=latest&x=1",
        "?x=%ff&order=latest",
        "?order=latest&order=oldest",
    ] {
        assert!(page(same).await == latest, "{same} made another page");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn front_page_lists_live_entries_first() {
    let (app, anonymous, _) = TestApp::start().await;
    let empty = anonymous.get("/").await;
    empty
        .assert_status_ok()
        .assert_text_contains("No live blogs yet.");
    for (slug, state) in [
        ("hidden-one", EntryState::Draft),
        ("over-one", EntryState::Ended),
        ("coming-one", EntryState::Upcoming),
        ("live-one", EntryState::Live),
    ] {
        app.entry(slug, state).await;
    }
    let html = anonymous.get("/").await.text();
    assert!(html.find("live-one").unwrap() < html.find("coming-one").unwrap());
    assert!(html.find("coming-one").unwrap() < html.find("over-one").unwrap());
    assert!(!html.contains("hidden-one"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn front_page_shows_the_same_summary_as_the_feed() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    app.post("final", "Kick-off").await;
    let goal = app.post("final", "A *goal*: 1–0 & counting").await;
    let html = anonymous.get("/").await.text();
    let feed: Value = anonymous.get("/feed/all/changes").await.json();
    let line = feed["entries"][0]["line"].as_str().unwrap();
    assert!(html.contains(line), "{line} is not in {html}");
    assert!(line.contains("A goal: 1–0 &amp; counting"), "{line}");
    assert!(!line.contains("Kick-off"), "{line}");
    let cursor = attribute(&html, "data-cursor");
    assert!(cursor.ends_with(&format!(".{}", goal.rev)), "{cursor}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_page_shows_the_updates_of_all_live_entries() {
    let (app, anonymous, author) = TestApp::start().await;
    let empty = anonymous.get("/live").await;
    empty.assert_status_ok();
    assert!(empty.text().contains("Nothing is live right now."));
    for (slug, state) in [
        ("one", EntryState::Live),
        ("two", EntryState::Live),
        ("over", EntryState::Live),
        ("hidden", EntryState::Draft),
    ] {
        app.entry(slug, state).await;
        app.post(slug, &format!("posted in {slug}")).await;
    }
    author
        .post("/desk/entries/over/end")
        .form(&[("", "")])
        .await
        .assert_status_see_other();
    let page = anonymous.get("/live").await;
    assert_snapshot!(head_of(&page, &HEADERS), @r"
    200 OK
    content-type: text/html; charset=utf-8
    cache-control: public, max-age=0, s-maxage=2
    vary: accept-encoding
    ");
    let html = page.text();
    let at = |text: &str| html.find(text);
    assert!(at("posted in two").unwrap() < at("posted in one").unwrap());
    assert_eq!((at("posted in over"), at("posted in hidden")), (None, None));
    for slug in ["one", "two"] {
        assert!(
            html.contains(&format!("href=\"/entries/{slug}#update-")),
            "{html}"
        );
    }
    assert!(html.contains("The latest 200 updates"));
    let again = anonymous.get("/live?order=oldest").await.text();
    assert!(again == html, "the page has one order");
    assert!(anonymous.get("/").await.text().contains(r#"href="/live""#));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_has_a_page_to_share() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    let update = app.post("final", "A goal: 1–0 & \"counting\"").await;
    let page = anonymous
        .get(&format!("/entries/final/updates/{}", update.id))
        .await;
    assert_snapshot!(head_of(&page, &HEADERS), @r"
    200 OK
    content-type: text/html; charset=utf-8
    cache-control: public, max-age=0, s-maxage=2
    vary: accept-encoding
    ");
    let html = page.text();
    assert_eq!(
        tag_texts(&html, "title"),
        ["A goal: 1–0 &amp; \"counting\" · final"]
    );
    let tags: Vec<_> = html
        .split("<meta ")
        .filter(|tag| tag.starts_with("property=\"og:"))
        .collect();
    let tags: Vec<_> = tags
        .iter()
        .map(|tag| tag.split_once('>').unwrap().0)
        .collect();
    assert_snapshot!(tags.join("\n"), @r#"
    property="og:title" content="A goal: 1–0 &amp; &quot;counting&quot;"
    property="og:description" content="A goal: 1–0 &amp; &quot;counting&quot;"
    property="og:type" content="article"
    property="og:url" content="http://127.0.0.1:3000/entries/final/updates/1"
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_pages_are_not_found() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let draft = app.entry("draft", EntryState::Draft).await;
    let hidden = app.post("draft", "Not yet").await;
    for path in [
        "/nowhere".to_owned(),
        "/entries".to_owned(),
        "/entries/nowhere".to_owned(),
        "/entries/Final".to_owned(),
        "/entries/draft".to_owned(),
        format!("/entries/draft/updates/{}", hidden.id),
        format!("/entries/final/updates/{}", hidden.id),
        "/entries/final/updates/999999".to_owned(),
        "/entries/final/updates/-1".to_owned(),
        "/entries/final/updates/abc".to_owned(),
        "/entries/final/updates/99999999999999999999".to_owned(),
        "/entries/final/updates".to_owned(),
        format!("/updates/{draft}/"),
        format!("/updates/{draft}.json"),
    ] {
        for browser in [&anonymous, &author] {
            let page = browser.get(&path).add_header("accept", "text/html").await;
            assert_eq!(
                head_of(&page, &HEADERS[..2]),
                "404 Not Found\ncontent-type: text/html; charset=utf-8\ncache-control: private, no-store",
                "{path}"
            );
            let html = page.text();
            assert_eq!(tag_texts(&html, "h1"), ["Not found"], "{path}");
            assert!(!html.contains("Not yet"), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trailing_slash_redirects() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    let redirect = anonymous.get("/entries/final/").await;
    assert_snapshot!(head_of(&redirect, &["location"]), @r"
    308 Permanent Redirect
    location: /entries/final
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn draft_is_public_once_it_starts() {
    let app = TestApp::with_flags(&[]).await;
    let (anonymous, owner) = (app.browser(), app.log_in(Role::Owner).await);
    app.entry("draft", EntryState::Draft).await;
    app.post("draft", "Written before").await;
    anonymous
        .get("/entries/draft")
        .await
        .assert_status_not_found();
    owner
        .post("/desk/entries/draft/start")
        .form(&[("", "")])
        .await
        .assert_status_see_other();
    anonymous
        .get("/entries/draft")
        .await
        .assert_status_ok()
        .assert_text_contains("Written before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn front_page_and_desk_link_to_older_entries() {
    let (app, anonymous, author) = TestApp::start().await;
    for number in 1..=101 {
        app.entry(&format!("over-{number}"), EntryState::Ended)
            .await;
    }
    let front = anonymous.get("/").await.text();
    assert!(front.contains("data-continues"));
    assert!(front.contains("/entries/over-2\"") && !front.contains("/entries/over-1\""));
    let link = front.split("href=\"/?before=").nth(1).unwrap();
    let before = link.split('"').next().unwrap();
    let older = anonymous.get(&format!("/?x=1&before={before}")).await;
    assert_eq!(
        older.header("cache-control"),
        "public, max-age=0, s-maxage=2"
    );
    let older = older.text();
    assert!(older.contains("/entries/over-1\"") && !older.contains("/entries/over-2\""));
    assert!(!older.contains("data-continues"));

    let desk = author.get("/desk").await.text();
    assert!(desk.contains(&format!("href=\"/desk?before={before}\"")));
    let older = author.get(&format!("/desk?before={before}")).await.text();
    assert!(older.contains("/desk/entries/over-1\"") && !older.contains("/entries/over-2\""));
}
