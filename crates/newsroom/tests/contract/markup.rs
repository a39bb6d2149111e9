//! Markup: from an author's Markdown to the HTML that readers get.

use domain::{Caller, Change, Draft, FeedId};
use newsroom::{Entry, Error};

use super::support::{Database, TestNewsroom, batch, draft, op_id};

on_every_database! {
    markdown_is_rendered_and_its_source_kept,
    active_content_never_reaches_a_reader,
    deeply_nested_text_is_refused,
    permission_is_checked_before_the_text_is_rendered,
    excerpt_is_stored_with_the_html,
}

async fn markdown_is_rendered_and_its_source_kept(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let source = "## Half-time\n\n| Home | Away |\n|---|---|\n| 1 | 0 |\n\n~~2–0~~, *the board* & <b>all</b>.";
    let id = newsroom.post(&entry, source).await.id;
    let (of, update) = newsroom.update_page(&entry.slug, id).await.unwrap();
    assert_eq!(newsroom.source(id).await, source);
    // Both databases have the same result, and may run in one process.
    insta::allow_duplicates! {
    insta::assert_snapshot!(newsroom.cards().card(&of, &update), @r#"
    <article id="update-1"><h3 dir="auto">Half-time</h3>
    <div class="table" role="group" aria-label="Table" tabindex="0" dir="auto"><table dir="auto">
    <thead>
    <tr>
    <th dir="auto">Home</th>
    <th dir="auto">Away</th>
    </tr>
    </thead>
    <tbody>
    <tr>
    <td dir="auto">1</td>
    <td dir="auto">0</td>
    </tr>
    </tbody>
    </table></div>
    <p dir="auto"><del>2–0</del>, <em>the board</em> &amp; <b>all</b>.</p></article>
    "#);
    }
    assert_eq!(
        update.html.excerpt(80),
        "Half-time Home Away 1 0 2–0, the board & all."
    );
}

async fn active_content_never_reaches_a_reader(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let source = "Seen <script>alert(1)</script><img src=x onerror=alert(1)>\
                  <a href='javascript:alert(1)' style='position:fixed' id=live-updates>x</a>\
                  <iframe src='https://example.org'></iframe></article>";
    let posted = newsroom.post(&entry, source).await.id;
    let edited = newsroom.post(&entry, "harmless").await.id;
    newsroom
        .edit_update(&newsroom.author, edited, &draft(source), None, None)
        .await
        .unwrap();

    let (_, update) = newsroom.update_page(&entry.slug, posted).await.unwrap();
    let shown = r#"<p dir="auto">Seen <a rel="noopener noreferrer">x</a><a href="https://example.org" rel="noopener noreferrer">https://example.org</a></p>"#;
    assert_eq!(update.html.as_str(), shown);
    let page = newsroom.entry_page(&entry.slug).await.unwrap();
    assert!(
        page.updates
            .iter()
            .all(|update| update.html.as_str() == shown)
    );
    let (_, after) = newsroom
        .updates_after(entry.id, domain::UpdateId(0))
        .await
        .unwrap();
    assert!(after.iter().all(|update| update.html.as_str() == shown));
    let feed = batch(
        &newsroom
            .changes(FeedId::Entry(entry.id), None)
            .await
            .unwrap(),
    );
    for (change, id) in feed.changes.iter().zip([posted, edited]) {
        let Change::Upserted(update) = change else {
            panic!("{change:?}")
        };
        let card = format!(r#"<article id="update-{id}">{shown}</article>"#);
        assert_eq!((update.id, &update.html), (id, &card));
    }
    // The author gets back the original source.
    let (_, editable) = newsroom
        .editable_update(&newsroom.author, posted)
        .await
        .unwrap();
    assert_eq!(editable.source, source);
}

/// Returns a text that would take a parser seconds.
fn deep() -> Draft {
    draft(&format!("{}x", "- ".repeat(20_000)))
}

async fn post_deep(
    newsroom: &TestNewsroom,
    caller: &Caller,
    entry: &Entry,
) -> newsroom::Result<()> {
    newsroom
        .post_update(caller, &entry.slug, &op_id(), &deep(), None)
        .await
        .map(drop)
}

async fn deeply_nested_text_is_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let refused = post_deep(&newsroom, &newsroom.author, &entry)
        .await
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("This text nests quotes, lists or HTML elements too deeply"),
        "{refused}"
    );
    assert_refused!(Err::<(), _>(refused), Error::Invalid(_));
    let id = newsroom.post(&entry, "shallow").await.id;
    let edited = newsroom
        .edit_update(&newsroom.author, id, &deep(), None, None)
        .await;
    assert_refused!(edited, Error::Invalid(_));
    assert_eq!(newsroom.texts(&entry).await, ["shallow"]);
}

async fn permission_is_checked_before_the_text_is_rendered(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom
        .post_as(&newsroom.editor, &entry, "the editor's")
        .await
        .id;
    // If the text were rendered first, it would be refused as invalid.
    let posted = post_deep(&newsroom, &newsroom.reader, &entry).await;
    assert_refused!(posted, Error::Forbidden(_));
    for caller in [&newsroom.reader, &newsroom.author] {
        let edited = newsroom.edit_update(caller, id, &deep(), None, None).await;
        assert_refused!(edited, Error::Forbidden(_));
    }
    let unknown = newsroom
        .edit_update(
            &newsroom.author,
            domain::UpdateId(9_999),
            &deep(),
            None,
            None,
        )
        .await;
    assert_refused!(unknown, Error::NotFound("update"));
}

async fn excerpt_is_stored_with_the_html(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom.post(&entry, "**Kick-off** at last").await.id;
    let excerpt = async |id| {
        let (_, update) = newsroom.update_page(&entry.slug, id).await.unwrap();
        update.html.excerpt(200)
    };
    assert_eq!(database.excerpts().await, ["Kick-off at last"]);
    assert_eq!(excerpt(id).await, "Kick-off at last");
    newsroom
        .edit_update(&newsroom.author, id, &draft("It is *over*"), None, None)
        .await
        .unwrap();
    assert_eq!(database.excerpts().await, ["It is over"]);

    // An older release stored no excerpts.
    database.clear_excerpts().await;
    assert_eq!(excerpt(id).await, "It is over");
    // An image without a description has no text.
    let picture = newsroom.post(&entry, "![](/a.png)").await.id;
    assert_eq!(excerpt(picture).await, "");
}
