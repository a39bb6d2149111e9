//! The language of an entry's texts.

use domain::{Change, EntryState, FeedId, Language, Order};
use newsroom::{EntryEdit, EntryPatch, NewEntry, Newsroom, language};

use super::support::{Database, TestNewsroom, op_id};

on_every_database! {
    entry_without_a_language_has_the_sites_language,
    new_language_rerenders_the_cards_and_is_published,
    entry_can_return_to_the_sites_language,
    idempotency_key_covers_the_language_of_a_new_entry,
    entry_of_an_older_release_has_the_sites_language,
}

fn new_entry(slug: &str, tag: &str) -> NewEntry {
    NewEntry::parse(slug, slug, "", "", EntryState::Live, Order::Oldest)
        .and_then(|new| new.in_language(tag))
        .unwrap()
}

fn language_patch(tag: &str) -> EntryPatch {
    EntryPatch {
        language: Some(language::parse_if_any(tag).unwrap()),
        ..EntryPatch::default()
    }
}

async fn entry_without_a_language_has_the_sites_language(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    for (slug, tag) in [("plain", ""), ("arabic", "ar"), ("brazilian", "pt-br")] {
        newsroom
            .create_entry(Some(&newsroom.author), &new_entry(slug, tag))
            .await
            .unwrap();
    }
    newsroom.shut_down().await;

    // The same database, on a site with another language.
    let (mut options, _hand) = database.options();
    options.language = Language::new_unchecked("fr");
    let newsroom = Newsroom::open(options).await.unwrap();
    let page = newsroom.front_page().await.unwrap();
    let mut languages: Vec<_> = page
        .entries
        .iter()
        .map(|(entry, _)| (entry.slug.as_str(), entry.language.as_str()))
        .collect();
    languages.sort_unstable();
    assert_eq!(
        languages,
        [("arabic", "ar"), ("brazilian", "pt-BR"), ("plain", "fr")]
    );
    newsroom.close().await;
}

async fn new_language_rerenders_the_cards_and_is_published(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let posted = newsroom.post(&entry, "goal").await;
    let known = newsroom.feed_head(&entry).await;
    let changed = newsroom
        .patch_entry(&newsroom.author, &entry.slug, &language_patch("ar"), None)
        .await
        .unwrap();
    assert_eq!(changed.language.as_str(), "ar");

    let batch = newsroom.changes_after(FeedId::Entry(entry.id), known).await;
    assert_eq!(batch.entry.unwrap().language.as_str(), "ar");
    let cards: Vec<_> = batch.changes.iter().map(Change::id).collect();
    assert_eq!(cards, [posted.id]);
    let of_all = newsroom.changes_after(FeedId::All, known).await;
    assert_eq!(of_all.entries[0].language.as_str(), "ar");
    assert_eq!(of_all.changes.len(), 1);

    let head = newsroom.feed_head(&entry).await;
    newsroom
        .patch_entry(&newsroom.author, &entry.slug, &language_patch("ar"), None)
        .await
        .unwrap();
    assert_eq!(
        newsroom.feed_head(&entry).await,
        head,
        "repeating the change changed something"
    );
    // A new title does not change the language.
    let mut edit = EntryEdit::of(&newsroom.desk_page(&entry.slug).await.entry);
    edit.title = domain::Title::parse("هدف").unwrap();
    newsroom
        .edit_entry(&newsroom.author, &entry.slug, &edit, None)
        .await
        .unwrap();
    let batch = newsroom.changes_after(FeedId::Entry(entry.id), head).await;
    assert_eq!(batch.changes, []);
    assert_eq!(batch.entry.unwrap().language.as_str(), "ar");
}

async fn entry_can_return_to_the_sites_language(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    for (tag, language, own) in [("he", "he", true), ("", "en", false), ("en", "en", true)] {
        let patched = newsroom
            .patch_entry(&newsroom.author, &entry.slug, &language_patch(tag), None)
            .await
            .unwrap();
        let stored = newsroom.desk_page(&entry.slug).await.entry;
        for entry in [patched, stored] {
            assert_eq!(entry.language.as_str(), language);
            assert_eq!(entry.own_language.is_some(), own, "{tag}");
        }
    }
}

async fn idempotency_key_covers_the_language_of_a_new_entry(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let key = op_id();
    let create = async |tag| {
        newsroom
            .create_entry_once(&newsroom.author, &key, &new_entry("final", tag))
            .await
    };
    let id = create("ar").await.unwrap();
    assert_eq!(create("ar").await.unwrap(), id);
    assert_refused!(create("he").await, newsroom::Error::IdempotencyConflict);
}

async fn entry_of_an_older_release_has_the_sites_language(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    database.add_entry_without_language().await;
    let older = newsroom
        .desk_page(&super::support::slug("older"))
        .await
        .entry;
    assert_eq!((older.language, older.own_language), (entry.language, None));
}
