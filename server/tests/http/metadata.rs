//! The metadata of public pages: canonical URL, language, description, and links.

use axum::http::StatusCode;
use axum_test::TestServer;
use domain::{EntryState, Order};
use newsroom::{EntryPatch, NewEntry, language};
use sqlx::Connection;

use super::support::{TestApp, attribute, head_of, op_id, tag_texts};

/// Returns the start tag in `html` that contains `part`.
fn tag<'a>(html: &'a str, part: &str) -> &'a str {
    html.split('<')
        .filter_map(|tag| tag.split_once('>'))
        .map(|(tag, _)| tag)
        .find(|tag| tag.contains(part))
        .unwrap_or_else(|| panic!("no {part} in {html}"))
}

async fn page(browser: &TestServer, path: &str) -> String {
    let page = browser.get(path).add_header("host", "evil.example").await;
    page.assert_status_ok();
    page.text()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_public_page_has_a_canonical_url_and_a_description() {
    for (flags, base) in [
        (&[][..], "http://127.0.0.1:3000"),
        (&["--addr", "0.0.0.0:8080"], "http://127.0.0.1:8080"),
        (
            &["--public-url", "https://live.example.org/"],
            "https://live.example.org",
        ),
    ] {
        let app = TestApp::with_flags(flags).await;
        let browser = app.browser();
        app.live_entry().await;
        let id = app.post("final", "A goal").await.id;
        let update = format!("/entries/final/updates/{id}");
        for (path, address) in [
            ("/", "/"),
            ("/live", "/live"),
            ("/live?order=oldest", "/live"),
            ("/entries/final", "/entries/final"),
            ("/entries/final?order=latest", "/entries/final"),
            (&update, &update),
        ] {
            let html = page(&browser, path).await;
            assert_eq!(html.matches("rel=\"canonical\"").count(), 1, "{path}");
            let canonical = format!("{base}{address}");
            let link = format!("<{}>", tag(&html, "rel=\"canonical\""));
            assert_eq!(attribute(&link, "href"), canonical, "{path}");
            let url = format!("<{}>", tag(&html, "\"og:url\""));
            assert_eq!(attribute(&url, "content"), canonical, "{path}");
            let description = format!("<{}>", tag(&html, "name=\"description\""));
            assert!(attribute(&description, "content").len() > 5, "{path}");
            assert!(!html.contains("evil.example"), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn document_has_the_language_of_its_entry() {
    let app = TestApp::with_flags(&["--site-language", "fr"]).await;
    let browser = app.browser();
    for (slug, tag) in [("plain", ""), ("arabic", "ar"), ("english", "en-GB")] {
        let new = NewEntry::parse(slug, slug, "", "", EntryState::Live, Order::Oldest)
            .and_then(|new| new.in_language(tag))
            .unwrap();
        app.newsroom.create_entry(None, &new).await.unwrap();
    }
    let id = app.post("arabic", "هدف!").await.id;
    let update = format!("/entries/arabic/updates/{id}");
    for (path, language, direction) in [
        ("/", "fr", None),
        ("/live", "fr", None),
        ("/entries/plain", "fr", Some("ltr")),
        ("/entries/arabic", "ar", Some("rtl")),
        ("/entries/english", "en-GB", Some("ltr")),
        (&update, "ar", Some("rtl")),
        // Pages with Ringside's own text only.
        ("/login", "en", None),
    ] {
        let html = page(&browser, path).await;
        let root = format!("<{}>", tag(&html, "html "));
        assert_eq!(attribute(&root, "lang"), language, "{path}");
        let main = format!("<{}>", tag(&html, "main "));
        match direction {
            Some(direction) => assert_eq!(attribute(&main, "dir"), direction, "{path}"),
            None => assert!(!main.contains(" dir="), "{path}: {main}"),
        }
        // Ringside's own text around the main content is English.
        for part in ["class=\"site-header\"", "class=\"site-footer\""] {
            let tag = format!("<{}>", tag(&html, part));
            assert_eq!(attribute(&tag, "lang"), "en", "{path}");
        }
    }
    for path in ["/", "/live", &update] {
        let html = page(&browser, path).await;
        assert!(html.contains(" lang=\"ar\""), "{path}: {html}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_language_rerenders_the_cached_pages() {
    let (app, browser, author) = TestApp::start().await;
    app.live_entry().await;
    app.post("final", "هدف!").await;
    let fields = [
        ("title", "مباشر: النهائي"),
        ("slug", "final"),
        ("time_zone", "Europe/Paris"),
        ("language", "AR"),
    ];
    for (language, expected) in [("AR", "ar"), ("", "en"), ("he", "he")] {
        let fields = fields.map(|(name, value)| match name {
            "language" => (name, language),
            _ => (name, value),
        });
        let changed = author.post("/desk/entries/final/edit").form(&fields).await;
        changed.assert_status(StatusCode::SEE_OTHER);
        let html = page(&browser, "/entries/final").await;
        let root = format!("<{}>", tag(&html, "html "));
        assert_eq!(attribute(&root, "lang"), expected);
        let card = format!("<{}>", tag(&html, "class=\"update\""));
        assert_eq!(attribute(&card, "lang"), expected);
        assert_eq!(
            tag_texts(&html, "title"),
            ["\u{2068}مباشر: النهائي\u{2069} · Ringside"]
        );
        let form = author.get("/desk/entries/final/edit").await.text();
        let field = format!("<{}>", tag(&form, "name=\"language\""));
        // An empty field means the site's language.
        let own = if language.is_empty() { "" } else { expected };
        assert_eq!(attribute(&field, "value"), own);
    }
    let wrong = fields.map(|(name, value)| match name {
        "language" => (name, "english"),
        _ => (name, value),
    });
    let refused = author.post("/desk/entries/final/edit").form(&wrong).await;
    refused.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
    let form = refused.text();
    assert!(form.contains("There is no such language tag"), "{form}");
    let field = format!("<{}>", tag(&form, "name=\"language\""));
    assert_eq!(attribute(&field, "value"), "english");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn form_fields_take_the_direction_of_their_text() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let patch = EntryPatch {
        language: Some(Some(language::parse("ar").unwrap())),
        ..EntryPatch::default()
    };
    let editor = app.editor().await.clone();
    let slug = domain::Slug::parse("final").unwrap();
    app.newsroom
        .patch_entry(&editor, &slug, &patch, None)
        .await
        .unwrap();
    let posted = author
        .post("/entries/final/compose")
        .form(&[
            ("source", "هدف!"),
            ("headline", "هدف (2–1)"),
            ("op_id", &op_id()),
        ])
        .await;
    posted.assert_status_see_other();
    for path in [
        "/desk",
        "/desk/entries/final/edit",
        "/entries/final/compose",
        "/desk/updates/1",
    ] {
        let html = author.get(path).await.text();
        let fields: Vec<_> = html
            .split('<')
            .filter(|tag| tag.starts_with("input ") || tag.starts_with("textarea "))
            .filter(|tag| !tag.contains("type=\"hidden\""))
            .collect();
        assert!(fields.len() >= 2, "{path}");
        for field in fields {
            assert!(field.contains("dir=\"auto\""), "{path}: {field}");
        }
    }
    for path in ["/entries/final/compose", "/desk/updates/1"] {
        let html = author.get(path).await.text();
        for name in ["source", "headline"] {
            let field = tag(&html, &format!("name=\"{name}\"")).to_owned();
            assert!(field.contains("lang=\"ar\""), "{path}: {field}");
        }
        // The form's default button is disabled, so that Enter does not submit it.
        let form = html.split_once("method=\"post\" action=\"/entries/final/compose\"");
        let form = form.or_else(|| html.split_once("method=\"post\" action=\"/desk/updates/1\""));
        let first = tag(form.unwrap().1, "type=\"submit\"");
        assert!(first.contains("disabled"), "{path}: {first}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_and_titles_are_isolated_from_the_text_around_them() {
    let (app, browser, _) = TestApp::start().await;
    let new = NewEntry::parse(
        "abc\u{202e}def",
        "turned",
        "",
        "",
        EntryState::Live,
        Order::Oldest,
    );
    app.newsroom
        .create_entry(None, &new.unwrap())
        .await
        .unwrap();
    let editor = app.post("turned", "דרבי").await.id;
    let html = page(&browser, "/entries/turned").await;
    assert_eq!(
        tag_texts(&html, "title"),
        ["\u{2068}abcdef\u{2069} · Ringside"]
    );
    let description = format!("<{}>", tag(&html, "name=\"description\""));
    assert_eq!(
        attribute(&description, "content"),
        "Live updates: \u{2068}abcdef\u{2069}"
    );
    assert!(
        html.contains("<bdi>background-editor</bdi>"),
        "the byline: {html}"
    );
    let own_page = page(&browser, &format!("/entries/turned/updates/{editor}")).await;
    assert_eq!(
        tag_texts(&own_page, "title"),
        ["\u{2068}דרבי\u{2069} · \u{2068}abcdef\u{2069}"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn article_describes_an_entry_without_a_summary() {
    let (app, browser, author) = TestApp::start().await;
    app.live_entry().await;
    for (summary, body, expected) in [
        ("", "", "Live updates: final"),
        (
            "",
            "# Why\n\nA **cup** & a half.",
            "Why A cup &amp; a half.",
        ),
        ("Who wins?", "# Why", "Who wins?"),
        ("", "![](https://example.org/a.png)", "Live updates: final"),
    ] {
        let fields = [
            ("title", "final"),
            ("slug", "final"),
            ("summary", summary),
            ("body", body),
        ];
        let edited = author.post("/desk/entries/final/edit").form(&fields).await;
        edited.assert_status_see_other();
        let html = page(&browser, "/entries/final").await;
        for name in ["name=\"description\"", "property=\"og:description\""] {
            let description = format!("<{}>", tag(&html, name));
            assert_eq!(attribute(&description, "content"), expected, "{body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_page_has_a_full_date_and_links_to_its_neighbors() {
    let (app, browser, _) = TestApp::start().await;
    app.live_entry().await;
    let mut ids = Vec::new();
    for text in ["First", "Second", "Third"] {
        ids.push(app.post("final", text).await.id);
    }
    let own = |id| format!("/entries/final/updates/{id}");
    let neighbors = async |at: usize| {
        let html = page(&browser, &own(ids[at])).await;
        let links = html
            .split("<a ")
            .skip(1)
            .filter(|link| link.contains(" rel=\"") && !link.contains("nofollow"));
        let links: Vec<_> = links
            .map(|link| {
                let link = format!("<a {link}");
                (
                    attribute(&link, "rel").to_owned(),
                    attribute(&link, "href").to_owned(),
                )
            })
            .collect();
        links
    };
    let link = |rel: &str, at: usize| (rel.to_owned(), own(ids[at]));
    assert_eq!(neighbors(0).await, [link("next", 1)]);
    assert_eq!(neighbors(1).await, [link("prev", 0), link("next", 2)]);
    assert_eq!(neighbors(2).await, [link("prev", 1)]);

    let shown = app.newsroom.updates_after(domain::EntryId(1), ids[0]).await;
    let (entry, updates) = shown.unwrap();
    let full = newsroom::zone::LocalTime::new(updates[0].posted_at, &entry.time_zone).full();
    let html = page(&browser, &own(updates[0].id)).await;
    let posted = html.split_once("Posted").unwrap().1;
    assert_eq!(tag_texts(posted, "time")[0], full);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_of_a_late_update_shows_when_it_was_written_and_published() {
    let (app, browser, _) = TestApp::start().await;
    app.live_entry().await;
    let id = app.post("final", "Sent from a tunnel").await.id;
    sqlx::any::install_default_drivers();
    let mut database = sqlx::AnyConnection::connect(&app.database_url())
        .await
        .unwrap();
    let (written, published) = (1_795_266_300_000_000_i64, 1_795_269_120_000_000_i64);
    sqlx::query("UPDATE updates SET posted_at = $1, published_at = $2")
        .bind(written)
        .bind(published)
        .execute(&mut database)
        .await
        .unwrap();
    let html = page(&browser, &format!("/entries/final/updates/{id}")).await;
    let (_, posted) = html.split_once("Written").unwrap();
    let times = tag_texts(posted, "time");
    assert_eq!(
        times[..2],
        ["21 November 2026, 14:05 CET", "21 November 2026, 14:52 CET"]
    );
    // In the card: its place in the list, and the note.
    assert_eq!(times[3..5], ["14:05", "14:52"]);
    assert!(!html.contains("Posted "), "{html}");
    let published = r#"property="article:published_time" content="2026-11-21T13:52:00.000Z""#;
    assert!(html.contains(published), "{html}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_of_a_deleted_update_is_gone_and_links_to_its_live_blog() {
    let (app, browser, author) = TestApp::start().await;
    app.live_entry().await;
    let id = app.post("final", "Taken back").await.id;
    let path = format!("/entries/final/updates/{id}");
    page(&browser, &path).await;
    let editor = app.editor().await;
    app.newsroom
        .delete_update(editor, id, None, None)
        .await
        .unwrap();
    for browser in [&browser, &author] {
        let removed = browser.get(&path).add_header("accept", "text/html").await;
        assert_eq!(
            head_of(&removed, &["content-type", "cache-control"]),
            "410 Gone\ncontent-type: text/html; charset=utf-8\ncache-control: private, no-store"
        );
        let html = removed.text();
        assert_eq!(tag_texts(&html, "h1"), ["Removed"]);
        assert!(html.contains("This update was removed from its live blog."));
        assert!(html.contains(r#"href="/entries/final""#), "{html}");
        assert!(!html.contains("Taken back"), "{html}");
        assert!(!html.contains("rel=\"canonical\""), "{html}");
    }
    // Also under the former slug of its entry.
    let fields = [("title", "final"), ("slug", "cup"), ("time_zone", "UTC")];
    let renamed = author.post("/desk/entries/final/edit").form(&fields).await;
    renamed.assert_status_see_other();
    let redirect = browser.get(&path).await;
    redirect.assert_status(StatusCode::FOUND);
    let location = redirect.header("location").to_str().unwrap().to_owned();
    assert_eq!(location, format!("/entries/cup/updates/{id}"));
    let removed = browser.get(&location).await;
    removed.assert_status(StatusCode::GONE);

    app.newsroom.restore_update(editor, id, None).await.unwrap();
    page(&browser, &location).await;
}
