//! The article above an entry's updates.

use domain::{
    Article, ConflictReason, Cursor, EditResult, EntryId, EntryState, Epoch, FeedId, Order,
};
use newsroom::{
    ArticleResult, Entry, EntryPatch, Error, NewEntry, RenderedArticle, RerenderedArticle,
};

use super::support::{Database, Stream, TestNewsroom, op_id, slug};

on_every_database! {
    article_is_published_as_one_revision_of_its_entry,
    article_that_is_the_same_changes_nothing,
    entry_is_created_with_its_article_once,
    batch_contains_the_article_only_if_it_changed,
    client_without_a_revision_receives_that_there_is_no_article,
    new_language_sends_the_article_again,
    replaced_article_is_not_sent_again,
    article_without_visible_content_is_refused,
    readers_cannot_submit_or_read_an_article,
    article_in_a_patch_that_is_refused_is_not_stored,
    entries_of_an_earlier_release_have_no_article,
    outdated_article_is_rerendered,
    renumbered_article_is_sent_to_every_client,
    concurrent_patches_of_article_and_title_keep_both,
    edit_of_an_article_that_was_changed_conflicts,
    changes_of_anything_but_the_article_do_not_conflict,
    base_that_is_not_of_this_entry_conflicts,
}

async fn rendered(newsroom: &TestNewsroom, text: &str) -> RenderedArticle {
    let article = Article::parse(text).unwrap();
    let rendered = newsroom.render_article(&newsroom.author, &article);
    rendered.await.unwrap()
}

async fn patch(newsroom: &TestNewsroom, text: &str) -> EntryPatch {
    EntryPatch {
        article: Some(rendered(newsroom, text).await),
        ..EntryPatch::default()
    }
}

async fn set_article(newsroom: &TestNewsroom, entry: &Entry, text: &str) -> Entry {
    let patch = patch(newsroom, text).await;
    let patched = newsroom.patch_entry(&newsroom.author, &entry.slug, &patch, None);
    patched.await.unwrap()
}

/// Returns the article in the entry's batch after `rev`.
async fn sent_after(newsroom: &TestNewsroom, entry: &Entry, rev: i64) -> Option<String> {
    let batch = newsroom.changes_after(FeedId::Entry(entry.id), rev).await;
    batch.entry.expect("the entry changed").article
}

async fn article_is_published_as_one_revision_of_its_entry(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.post(&entry, "an update").await;
    let head = newsroom.feed_head(&entry).await;
    let text = "## What we know\n\nA *lot*.<script>x</script>";
    let patched = set_article(&newsroom, &entry, text).await;
    assert_eq!((patched.rev, patched.head), (head + 1, head + 1));
    assert_eq!(newsroom.feed_head(&entry).await, head + 1);

    let page = newsroom.entry_page(&entry.slug).await.unwrap();
    let html = "<h2 dir=\"auto\">What we know</h2>\n<p dir=\"auto\">A <em>lot</em>.</p>";
    assert_eq!(page.article.as_str(), html);
    assert_eq!(page.article.excerpt(200), "What we know A lot.");
    assert_eq!(page.entry, patched);
    let (_, source) = newsroom
        .entry_and_article(&newsroom.author, &entry.slug)
        .await
        .unwrap();
    assert_eq!(source.as_str(), text);
    let removed = newsroom.removed_from_article(&newsroom.author, entry.id);
    assert_eq!(removed.await.unwrap(), ["script"]);
    let batch = newsroom.changes_after(FeedId::Entry(entry.id), head).await;
    assert_eq!(batch.changes, []);
    let sent = batch.entry.unwrap().article;
    assert_eq!(
        sent,
        Some(format!(r#"<div id="entry-article">{html}</div>"#))
    );
    // The front page does not show it.
    let all = newsroom.changes_after(FeedId::All, head).await;
    assert_eq!(all.entries[0].article, None);

    let emptied = set_article(&newsroom, &entry, "").await;
    assert_eq!(emptied.rev, head + 2);
    let sent = sent_after(&newsroom, &entry, head + 1).await;
    assert_eq!(sent.as_deref(), Some(""));
    let page = newsroom.entry_page(&entry.slug).await.unwrap();
    assert_eq!(page.article.as_str(), "");
}

async fn article_that_is_the_same_changes_nothing(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    set_article(&newsroom, &entry, "").await;
    assert_eq!(newsroom.feed_head(&entry).await, entry.head);
    let first = set_article(&newsroom, &entry, "The story").await;
    let again = set_article(&newsroom, &entry, "The story").await;
    assert_eq!(again, first);
    assert_eq!(newsroom.feed_head(&entry).await, first.head);

    // A late retry does not undo a later change.
    let (op, patch) = (op_id(), patch(&newsroom, "Second").await);
    let retry = || newsroom.patch_entry(&newsroom.author, &entry.slug, &patch, Some(&op));
    retry().await.unwrap();
    let last = set_article(&newsroom, &entry, "Third").await;
    assert_eq!(retry().await.unwrap(), last);
    let article = newsroom.article(&newsroom.author, entry.id).await.unwrap();
    assert_eq!(article.as_str(), "Third");
    let other = self::patch(&newsroom, "Fourth").await;
    let other = newsroom.patch_entry(&newsroom.author, &entry.slug, &other, Some(&op));
    assert_refused!(other.await, Error::IdempotencyConflict);
}

async fn entry_is_created_with_its_article_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let new = NewEntry::parse("Cup", "cup", "", "", EntryState::Live, Order::Oldest).unwrap();
    let with = async |text: &str| NewEntry {
        article: Some(rendered(&newsroom, text).await),
        ..new.clone()
    };
    let op = op_id();
    let first = with("The story").await;
    let create =
        async |new: &NewEntry| newsroom.create_entry_once(&newsroom.author, &op, new).await;
    let entry = create(&first).await.unwrap();
    assert_eq!(create(&first).await.unwrap(), entry);
    assert_refused!(
        create(&with("Another").await).await,
        Error::IdempotencyConflict
    );
    assert_refused!(create(&new).await, Error::IdempotencyConflict);
    let page = newsroom.entry_page(&slug("cup")).await.unwrap();
    assert_eq!(page.article.as_str(), "<p dir=\"auto\">The story</p>");
    assert_eq!(page.cursor.rev, entry.rev);
    let sent = sent_after(&newsroom, &entry, entry.rev - 1).await;
    assert!(sent.unwrap().contains("The story"));

    // A program of an earlier release sends no article. An empty one is the same request.
    let op = op_id();
    let other = NewEntry {
        slug: Some(slug("other")),
        ..new.clone()
    };
    let create =
        async |new: &NewEntry| newsroom.create_entry_once(&newsroom.author, &op, new).await;
    let entry = create(&other).await.unwrap();
    let empty = NewEntry {
        article: Some(rendered(&newsroom, "").await),
        ..other
    };
    assert_eq!(create(&empty).await.unwrap(), entry);
}

async fn batch_contains_the_article_only_if_it_changed(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let with_article = set_article(&newsroom, &entry, "The story").await;
    let titled = EntryPatch {
        title: Some("Cup".parse().unwrap()),
        ..EntryPatch::default()
    };
    let titled = newsroom.patch_entry(&newsroom.author, &entry.slug, &titled, None);
    let titled = titled.await.unwrap();
    // A client that has the article, and one that has not.
    assert_eq!(sent_after(&newsroom, &entry, with_article.rev).await, None);
    let sent = sent_after(&newsroom, &entry, with_article.rev - 1).await;
    assert!(sent.unwrap().contains("The story"));
    assert_eq!(titled.rev, with_article.rev + 1);
}

async fn client_without_a_revision_receives_that_there_is_no_article(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    // After a reset, it may show the article of another epoch.
    let sent = sent_after(&newsroom, &entry, 0).await;
    assert_eq!(sent.as_deref(), Some(""));
}

async fn new_language_sends_the_article_again(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let before = set_article(&newsroom, &entry, "The story").await;
    let language = EntryPatch {
        language: Some(newsroom::language::parse_if_any("fr").unwrap()),
        ..EntryPatch::default()
    };
    let french = newsroom.patch_entry(&newsroom.author, &entry.slug, &language, None);
    assert_eq!(french.await.unwrap().rev, before.rev + 1);
    let sent = sent_after(&newsroom, &entry, before.rev).await;
    assert!(sent.unwrap().contains("The story"));
}

async fn replaced_article_is_not_sent_again(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    // Keeps the feed in memory.
    let feed = FeedId::Entry(entry.id);
    let mut reader = Stream::open(&newsroom.newsroom, feed, Some(entry.rev));
    set_article(&newsroom, &entry, "A name by mistake").await;
    let first = reader.next_batch().await;
    assert!(first.entry.unwrap().article.unwrap().contains("A name"));
    set_article(&newsroom, &entry, "The story").await;
    let second = reader.next_batch().await;
    assert!(second.entry.unwrap().article.unwrap().contains("The story"));
    let mut late = Stream::open(&newsroom.newsroom, feed, Some(entry.rev));
    let batch = late.next_batch().await;
    assert_eq!(batch.to, second.to);
    assert!(batch.entry.unwrap().article.unwrap().contains("The story"));
}

async fn article_without_visible_content_is_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    for text in [
        "<script>alert(1)</script>",
        "![](data:image/png;base64,iVBO)",
        "<!-- x -->",
    ] {
        let article = Article::parse(text).unwrap();
        match newsroom.render_article(&newsroom.author, &article).await {
            Err(Error::Invalid(invalid)) => assert_eq!(invalid.field, "body", "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let deep = Article::parse(&"> ".repeat(60)).unwrap();
    match newsroom.render_article(&newsroom.author, &deep).await {
        Err(Error::Invalid(invalid)) => assert_eq!(invalid.field, "body"),
        other => panic!("{other:?}"),
    }
    for text in ["\u{200b}", "\u{3164}"] {
        assert_eq!(Article::parse(text).unwrap_err().field, "body");
    }
    assert!(Article::parse(&"x".repeat(Article::MAX)).is_ok());
    let long = Article::parse(&"x".repeat(Article::MAX + 1)).unwrap_err();
    assert_eq!(
        long.message,
        "The article has 100001 characters; the maximum is 100000."
    );
}

async fn readers_cannot_submit_or_read_an_article(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let article = Article::parse("The story").unwrap();
    let refused = newsroom.render_article(&newsroom.reader, &article).await;
    assert_refused!(refused, Error::Forbidden(_));
    let refused = newsroom.article(&newsroom.reader, entry.id).await;
    assert_refused!(refused, Error::Forbidden(_));
    let patch = patch(&newsroom, "The story").await;
    let refused = newsroom.patch_entry(&newsroom.reader, &entry.slug, &patch, None);
    assert_refused!(refused.await, Error::Forbidden(_));
    let unknown = newsroom.article(&newsroom.author, EntryId(999)).await;
    assert_refused!(unknown, Error::NotFound(_));
}

async fn article_in_a_patch_that_is_refused_is_not_stored(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.entry("taken", EntryState::Live).await;
    let patch = EntryPatch {
        slug: Some(slug("taken")),
        ..patch(&newsroom, "The story").await
    };
    let refused = newsroom.patch_entry(&newsroom.author, &entry.slug, &patch, None);
    assert_refused!(refused.await, Error::Invalid(_));
    let article = newsroom.article(&newsroom.author, entry.id).await.unwrap();
    assert_eq!(article.as_str(), "");
}

async fn entries_of_an_earlier_release_have_no_article(database: Database) {
    drop(database.of_earlier_release(10).await);
    database.add_entry_without_language().await;
    let newsroom = TestNewsroom::on(&database).await;
    let page = newsroom.entry_page(&slug("older")).await.unwrap();
    assert_eq!(page.article.as_str(), "");
    set_article(&newsroom, &page.entry, "The story").await;
    let page = newsroom.entry_page(&slug("older")).await.unwrap();
    assert!(page.article.as_str().contains("The story"));
}

async fn outdated_article_is_rerendered(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let [same, old, refused] = [
        newsroom.entry("same", EntryState::Live).await,
        newsroom.entry("old", EntryState::Live).await,
        newsroom.entry("refused", EntryState::Live).await,
    ];
    newsroom.entry("empty", EntryState::Live).await;
    for entry in [&same, &old, &refused] {
        set_article(&newsroom, entry, "A *story*").await;
    }
    assert_eq!(newsroom.count_outdated_articles().await.unwrap(), 0);
    database
        .execute("UPDATE entries SET body_markup_version = 0")
        .await;
    database
        .execute("UPDATE entries SET body_html = '<p>A story</p>', body_excerpt = 'A story' WHERE slug = 'old'")
        .await;
    database
        .execute("UPDATE entries SET body = '> > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > x' WHERE slug = 'refused'")
        .await;
    assert_eq!(newsroom.count_outdated_articles().await.unwrap(), 3);
    let before = newsroom.feed_head(&old).await;
    let mut results = Vec::new();
    let mut after = EntryId(0);
    while let Some(RerenderedArticle { entry, result }) =
        newsroom.rerender_article_after(after).await.unwrap()
    {
        after = entry;
        results.push((entry, result));
    }
    assert_eq!(
        results,
        [
            (same.id, ArticleResult::Unchanged),
            (old.id, ArticleResult::Changed),
            (refused.id, ArticleResult::Refused),
        ]
    );
    let page = newsroom.entry_page(&old.slug).await.unwrap();
    assert_eq!(
        page.article.as_str(),
        "<p dir=\"auto\">A <em>story</em></p>"
    );
    assert!(page.entry.rev > before);
    let sent = sent_after(&newsroom, &old, before).await;
    assert!(sent.unwrap().contains("<em>story</em>"));
    assert_eq!(newsroom.count_outdated_articles().await.unwrap(), 1);
}

async fn renumbered_article_is_sent_to_every_client(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    for number in 0..5 {
        newsroom.post(&entry, &format!("update {number}")).await;
    }
    set_article(&newsroom, &entry, "The story").await;
    newsroom.shut_down().await;
    let command = newsroom::Newsroom::open(database.options().0)
        .await
        .unwrap();
    let rev = command.repair_revisions().await.unwrap();
    command.close().await;
    let newsroom = TestNewsroom::on(&database).await;
    let sent = sent_after(&newsroom, &entry, 0).await;
    assert!(sent.unwrap().contains("The story"));
    // Later changes of the entry do not send it again.
    newsroom
        .end_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();
    assert_eq!(sent_after(&newsroom, &entry, rev).await, None);
}

async fn concurrent_patches_of_article_and_title_keep_both(database: Database) {
    let (one, other) = TestNewsroom::pair_on(&database).await;
    let entry = one.live_entry().await;
    let titled = EntryPatch {
        title: Some("Cup".parse().unwrap()),
        ..EntryPatch::default()
    };
    let with_article = patch(&other, "The story").await;
    let (title, article) = tokio::join!(
        one.patch_entry(&one.author, &entry.slug, &titled, None),
        other.patch_entry(&other.author, &entry.slug, &with_article, None),
    );
    title.unwrap();
    article.unwrap();
    let page = one.entry_page(&entry.slug).await.unwrap();
    assert_eq!(page.entry.title.as_str(), "Cup");
    assert!(page.article.as_str().contains("The story"));
    assert_eq!(page.entry.head, entry.head + 2);
}

/// Edits the article as an editor would, based on `base`.
async fn edit(newsroom: &TestNewsroom, text: &str, base: Cursor) -> Result<EditResult, Error> {
    let article = Article::parse(text).unwrap();
    newsroom
        .edit_article(&newsroom.editor, EntryId(1), &article, None, Some(&base))
        .await
}

async fn base(newsroom: &TestNewsroom) -> Cursor {
    let article = newsroom.article_to_edit(&newsroom.author, EntryId(1));
    article.await.unwrap().base
}

async fn edit_of_an_article_that_was_changed_conflicts(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.live_entry().await;
    let first = base(&newsroom).await;
    let saved = edit(&newsroom, "A story<script>x</script>", first)
        .await
        .unwrap();
    assert_eq!(saved.removed, ["script"]);
    assert_eq!(saved.base, base(&newsroom).await);
    let edited_at = newsroom.clock().now();
    newsroom.manual_clock.advance(60_000_000);
    let Err(Error::Conflict(conflict)) = edit(&newsroom, "Another story", first).await else {
        panic!("expected a conflict");
    };
    assert_eq!(conflict.reason, ConflictReason::Changed);
    assert_eq!(conflict.source, "A story<script>x</script>");
    assert_eq!(conflict.edited_by.as_deref(), Some("editor"));
    assert_eq!(conflict.edited_at, edited_at);
    assert!(!conflict.source_diff.is_empty());
    assert_eq!(conflict.headline_diff, []);
    let article = newsroom
        .article(&newsroom.author, EntryId(1))
        .await
        .unwrap();
    assert_eq!(article.as_str(), "A story<script>x</script>");
    // The text that is stored already conflicts with no base.
    edit(&newsroom, "A story<script>x</script>", first)
        .await
        .unwrap();
    edit(&newsroom, "Another story", conflict.base)
        .await
        .unwrap();
    edit(&newsroom, "", base(&newsroom).await).await.unwrap();
    let article = newsroom.article_to_edit(&newsroom.author, EntryId(1)).await;
    assert_eq!(article.unwrap().source, "");
}

async fn changes_of_anything_but_the_article_do_not_conflict(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    set_article(&newsroom, &entry, "The story").await;
    let base = base(&newsroom).await;
    newsroom.post(&entry, "an update").await;
    let patch = EntryPatch {
        title: Some("Cup".parse().unwrap()),
        language: Some(newsroom::language::parse_if_any("fr").unwrap()),
        ..EntryPatch::default()
    };
    let patched = newsroom.patch_entry(&newsroom.author, &entry.slug, &patch, None);
    patched.await.unwrap();
    edit(&newsroom, "A longer story", base).await.unwrap();
}

async fn base_that_is_not_of_this_entry_conflicts(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.live_entry().await;
    let current = base(&newsroom).await;
    let other_epoch = Cursor::new(Epoch::parse("another").unwrap(), current.rev);
    let future = Cursor::new(current.epoch, current.rev + 1);
    for (base, reason) in [
        (other_epoch, ConflictReason::OtherEpoch),
        (future, ConflictReason::Future),
        (Cursor::NO_TEXT, ConflictReason::UnknownBase),
    ] {
        match edit(&newsroom, "The story", base).await {
            Err(Error::Conflict(conflict)) => assert_eq!(conflict.reason, reason),
            other => panic!("{base}: {other:?}"),
        }
    }
}
