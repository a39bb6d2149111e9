//! Entries: another title, summary, zone, order, address.

use domain::{EntryState, Invalid, Mark, Order, Slug, Title};
use newsroom::{Entry, EntryEdit, Error, NewEntry, live::FeedId};

use super::support::{Database, LivePage, Stream, TestNewsroom, slug};

on_every_database! {
    a_change_of_an_entry_is_told_once,
    another_title_leaves_the_cards_alone,
    another_zone_or_address_makes_the_cards_anew,
    an_old_address_leads_to_the_new_one,
    who_knows_an_old_address_writes_to_the_entry,
    an_address_that_leads_elsewhere_is_refused,
    an_address_that_is_taken_is_refused,
    only_those_who_run_entries_change_them,
}

fn edited(entry: &Entry, change: impl FnOnce(&mut EntryEdit)) -> EntryEdit {
    let mut edit = EntryEdit::of(entry);
    change(&mut edit);
    edit
}

fn moved(entry: &Entry, to: &str) -> EntryEdit {
    edited(entry, |edit| edit.slug = slug(to))
}

async fn a_change_of_an_entry_is_told_once(database: Database) {
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
    let told = batch.entry.unwrap();
    assert_eq!(
        (&*told.title, &*told.slug, &*told.summary, &*told.time_zone),
        ("The re-match", "re-match", "Again.", "Asia/Tokyo")
    );
    assert_eq!((told.default_order, told.rev), (Order::Latest, batch.to));
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
        "the same again changed something"
    );
}

async fn another_title_leaves_the_cards_alone(database: Database) {
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

async fn another_zone_or_address_makes_the_cards_anew(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let posted = [
        newsroom.post(&entry, "a").await,
        newsroom.post(&entry, "b").await,
    ];
    let mut page = LivePage::open(&newsroom, &entry).await;
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
    page.take(stream.next_batch().await);
    newsroom
        .edit_entry(
            &newsroom.author,
            &entry.slug,
            &moved(&entry, "re-match"),
            None,
        )
        .await
        .unwrap();
    page.take(stream.next_batch().await);
    let told: Vec<_> = page.applied.iter().map(|(id, _)| *id).collect();
    assert_eq!(
        told,
        [posted[0].id, posted[1].id, posted[0].id, posted[1].id]
    );
    assert_eq!(
        *page.cursor(),
        newsroom.entry_page(&slug("re-match")).await.unwrap().cursor
    );
}

async fn an_old_address_leads_to_the_new_one(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    for (from, to) in [("final", "second"), ("second", "third")] {
        newsroom
            .edit_entry(&newsroom.author, &slug(from), &moved(&entry, to), None)
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
    // And back to where it began.
    newsroom
        .edit_entry(
            &newsroom.author,
            &slug("third"),
            &moved(&entry, "final"),
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
            &moved(&draft, "still-a-draft"),
            None,
        )
        .await
        .unwrap();
    assert_eq!(
        newsroom.current_slug(&slug("draft")).await.unwrap(),
        None,
        "nobody is to know"
    );
    let free = newsroom.entry("draft", EntryState::Live).await;
    assert_eq!(newsroom.hub().find(&slug("draft")).unwrap().0, free.id);
}

async fn who_knows_an_old_address_writes_to_the_entry(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom
        .edit_entry(
            &newsroom.author,
            &entry.slug,
            &moved(&entry, "re-match"),
            None,
        )
        .await
        .unwrap();
    // What an open composer, or the desk in another tab, still calls it.
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
        .edit_entry(&newsroom.author, old, &moved(&entry, "third"), None)
        .await
        .unwrap();
    assert_eq!(newsroom.desk_page(old).await.entry.slug, slug("third"));
    let page = newsroom.entry_page(&slug("third")).await.unwrap();
    assert_eq!(page.updates[0].source, "posted");
}

async fn an_address_that_leads_elsewhere_is_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom
        .edit_entry(
            &newsroom.author,
            &entry.slug,
            &moved(&entry, "re-match"),
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
            .edit_entry(&newsroom.author, &other.slug, &moved(&other, "final"), None)
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

async fn an_address_that_is_taken_is_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.entry("other", EntryState::Draft).await;
    let head = newsroom.feed_head(&entry).await;
    let refused = newsroom
        .edit_entry(&newsroom.author, &entry.slug, &moved(&entry, "other"), None)
        .await;
    assert_refused!(refused, Error::Invalid(Invalid { field: "slug", .. }));
    assert_eq!(newsroom.feed_head(&entry).await, head);
}

async fn only_those_who_run_entries_change_them(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom
        .post_as(&newsroom.editor, &entry, "an editor's")
        .await
        .id;
    let head = newsroom.feed_head(&entry).await;
    let refused = newsroom
        .edit_entry(&newsroom.reader, &entry.slug, &moved(&entry, "mine"), None)
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
