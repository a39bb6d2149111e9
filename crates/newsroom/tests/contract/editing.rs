//! Entries: changing their title, summary, time zone, order and slug.

use domain::{EntryState, FeedId, Invalid, Mark, Order, Slug, Title};
use newsroom::{Entry, EntryEdit, Error, NewEntry};

use super::support::{Database, PageModel, Stream, TestNewsroom, slug, text};

on_every_database! {
    change_of_an_entry_is_published_once,
    new_title_does_not_rerender_the_cards,
    new_time_zone_or_slug_rerenders_the_cards,
    slug_redirects_follow_every_rename,
    writes_to_a_redirected_slug_reach_the_entry,
    slug_that_redirects_to_another_entry_is_refused,
    taken_slug_is_refused,
    only_authors_and_above_change_entries,
}

fn edited(entry: &Entry, change: impl FnOnce(&mut EntryEdit)) -> EntryEdit {
    let mut edit = EntryEdit::of(entry);
    change(&mut edit);
    edit
}

fn renamed(entry: &Entry, to: &str) -> EntryEdit {
    edited(entry, |edit| edit.slug = slug(to))
}

async fn change_of_an_entry_is_published_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let since = newsroom.feed_head(&entry).await;
    let edit = EntryEdit::parse(
        "The re-match",
        "re-match",
        "Again.",
        "asia/tokyo",
        Order::Latest,
    );
    let edit = edit.unwrap();
    newsroom
        .edit_entry(&newsroom.author, &entry.slug, &edit, None)
        .await
        .unwrap();

    let batch = newsroom.changes_after(FeedId::Entry(entry.id), since).await;
    let change = batch.entry.unwrap();
    assert_eq!(
        (
            &*change.title,
            &*change.slug,
            &*change.summary,
            &*change.time_zone
        ),
        ("The re-match", "re-match", "Again.", "Asia/Tokyo")
    );
    assert_eq!(
        (change.default_order, change.rev),
        (Order::Latest, batch.to)
    );
    let page = newsroom.entry_page(&edit.slug).await.unwrap().entry;
    assert_eq!(EntryEdit::of(&page), edit);
    assert_eq!((page.state, page.starts_at), (entry.state, entry.starts_at));

    newsroom
        .edit_entry(&newsroom.author, &edit.slug, &edit, None)
        .await
        .unwrap();
    assert_eq!(
        newsroom.feed_head(&entry).await,
        batch.to,
        "repeating the edit changed something"
    );
}

async fn new_title_does_not_rerender_the_cards(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let posted = newsroom.post(&entry, "a").await;
    let edit = edited(&entry, |edit| {
        edit.title = Title::parse("The re-match").unwrap();
    });
    newsroom
        .edit_entry(&newsroom.author, &entry.slug, &edit, None)
        .await
        .unwrap();
    let batch = newsroom
        .changes_after(FeedId::Entry(entry.id), posted.rev)
        .await;
    assert_eq!(batch.changes, []);
}

async fn new_time_zone_or_slug_rerenders_the_cards(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let posted = [
        newsroom.post(&entry, "a").await,
        newsroom.post(&entry, "b").await,
    ];
    let mut page = PageModel::open(&newsroom, &entry).await;
    let mut stream = Stream::open(
        &newsroom.newsroom,
        FeedId::Entry(entry.id),
        Some(page.cursor().rev),
    );
    let in_tokyo = edited(&entry, |edit| {
        edit.time_zone = domain::ZoneName::new_unchecked("Asia/Tokyo");
    });
    newsroom
        .edit_entry(&newsroom.author, &entry.slug, &in_tokyo, None)
        .await
        .unwrap();
    page.apply(stream.next_batch().await);
    newsroom
        .edit_entry(
            &newsroom.author,
            &entry.slug,
            &renamed(&entry, "re-match"),
            None,
        )
        .await
        .unwrap();
    page.apply(stream.next_batch().await);
    let changed: Vec<_> = page.applied.iter().map(|(id, _)| *id).collect();
    assert_eq!(
        changed,
        [posted[0].id, posted[1].id, posted[0].id, posted[1].id]
    );
    assert_eq!(
        *page.cursor(),
        newsroom.entry_page(&slug("re-match")).await.unwrap().cursor
    );
}

async fn slug_redirects_follow_every_rename(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    for (from, to) in [("final", "second"), ("second", "third")] {
        newsroom
            .edit_entry(&newsroom.author, &slug(from), &renamed(&entry, to), None)
            .await
            .unwrap();
        assert!(newsroom.hub().find(&slug(from)).is_none());
        assert_eq!(newsroom.hub().find(&slug(to)).unwrap().0, entry.id);
        assert_refused!(
            newsroom.entry_page(&slug(from)).await,
            Error::NotFound("live blog")
        );
    }
    for old in ["final", "second"] {
        assert_eq!(
            newsroom.current_slug(&slug(old)).await.unwrap(),
            Some(slug("third"))
        );
    }
    for never in ["third", "fourth"] {
        assert_eq!(newsroom.current_slug(&slug(never)).await.unwrap(), None);
    }
    // The entry takes back its first slug.
    newsroom
        .edit_entry(
            &newsroom.author,
            &slug("third"),
            &renamed(&entry, "final"),
            None,
        )
        .await
        .unwrap();
    assert_eq!(newsroom.current_slug(&slug("final")).await.unwrap(), None);
    assert_eq!(
        newsroom.current_slug(&slug("third")).await.unwrap(),
        Some(slug("final"))
    );

    let draft = newsroom.entry("draft", EntryState::Draft).await;
    newsroom
        .edit_entry(
            &newsroom.author,
            &draft.slug,
            &renamed(&draft, "still-a-draft"),
            None,
        )
        .await
        .unwrap();
    assert_eq!(
        newsroom.current_slug(&slug("draft")).await.unwrap(),
        None,
        "a redirect would reveal the draft"
    );
    let free = newsroom.entry("draft", EntryState::Live).await;
    assert_eq!(newsroom.hub().find(&slug("draft")).unwrap().0, free.id);
}

async fn writes_to_a_redirected_slug_reach_the_entry(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom
        .edit_entry(
            &newsroom.author,
            &entry.slug,
            &renamed(&entry, "re-match"),
            None,
        )
        .await
        .unwrap();
    // The slug that an open composer, or the desk in another tab, still uses.
    let old = &entry.slug;
    newsroom.post(&entry, "posted").await;
    newsroom
        .end_entry(&newsroom.author, old, None)
        .await
        .unwrap();
    newsroom
        .start_entry(&newsroom.author, old, None)
        .await
        .unwrap();
    newsroom
        .edit_entry(&newsroom.author, old, &renamed(&entry, "third"), None)
        .await
        .unwrap();
    assert_eq!(newsroom.desk_page(old).await.entry.slug, slug("third"));
    let page = newsroom.entry_page(&slug("third")).await.unwrap();
    assert_eq!(text(&page.updates[0]), "posted");
}

async fn slug_that_redirects_to_another_entry_is_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom
        .edit_entry(
            &newsroom.author,
            &entry.slug,
            &renamed(&entry, "re-match"),
            None,
        )
        .await
        .unwrap();
    let other = newsroom.entry("other", EntryState::Live).await;
    let new = NewEntry::parse("x", "final", "", "", EntryState::Live, Order::Oldest).unwrap();
    for refused in [
        newsroom
            .create_entry(Some(&newsroom.author), &new)
            .await
            .map(drop),
        newsroom
            .edit_entry(
                &newsroom.author,
                &other.slug,
                &renamed(&other, "final"),
                None,
            )
            .await,
    ] {
        assert_refused!(&refused, Error::Invalid(Invalid { field: "slug", .. }));
        let sentence = refused.unwrap_err().to_string();
        assert!(sentence.contains("had this slug before"), "{sentence}");
    }
    assert_eq!(
        newsroom.current_slug(&slug("final")).await.unwrap(),
        Some(slug("re-match"))
    );
}

async fn taken_slug_is_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.entry("other", EntryState::Draft).await;
    let head = newsroom.feed_head(&entry).await;
    let refused = newsroom
        .edit_entry(
            &newsroom.author,
            &entry.slug,
            &renamed(&entry, "other"),
            None,
        )
        .await;
    assert_refused!(refused, Error::Invalid(Invalid { field: "slug", .. }));
    assert_eq!(newsroom.feed_head(&entry).await, head);
}

async fn only_authors_and_above_change_entries(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom
        .post_as(&newsroom.editor, &entry, "an editor's")
        .await
        .id;
    let head = newsroom.feed_head(&entry).await;
    let refused = newsroom
        .edit_entry(
            &newsroom.reader,
            &entry.slug,
            &renamed(&entry, "mine"),
            None,
        )
        .await;
    assert_refused!(refused, Error::Forbidden(_));
    for caller in [&newsroom.reader, &newsroom.author] {
        let refused = newsroom
            .mark_update(caller, id, Mark::Pinned, true, None)
            .await;
        assert_refused!(refused, Error::Forbidden(_));
    }
    let nowhere: Slug = slug("nowhere");
    let refused = newsroom
        .edit_entry(&newsroom.author, &nowhere, &EntryEdit::of(&entry), None)
        .await;
    assert_refused!(refused, Error::NotFound("live blog"));
    assert_eq!(newsroom.feed_head(&entry).await, head);
}
