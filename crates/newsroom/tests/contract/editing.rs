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
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let since = room.feed_head(&entry).await;
    let edit = EntryEdit::parse(
        "The re-match",
        "re-match",
        "Again.",
        "asia/tokyo",
        Order::Latest,
    );
    let edit = edit.unwrap();
    room.edit_entry(&room.author, &entry.slug, &edit, None)
        .await
        .unwrap();

    let batch = room.changes_after(FeedId::Entry(entry.id), since).await;
    let told = batch.entry.unwrap();
    assert_eq!(
        (&*told.title, &*told.slug, &*told.summary, &*told.time_zone),
        ("The re-match", "re-match", "Again.", "Asia/Tokyo")
    );
    assert_eq!((told.default_order, told.rev), (Order::Latest, batch.to));
    let page = room.entry_page(&edit.slug).await.unwrap().entry;
    assert_eq!(EntryEdit::of(&page), edit);
    assert_eq!((page.state, page.starts_at), (entry.state, entry.starts_at));

    room.edit_entry(&room.author, &edit.slug, &edit, None)
        .await
        .unwrap();
    assert_eq!(
        room.feed_head(&entry).await,
        batch.to,
        "the same again changed something"
    );
}

async fn another_title_leaves_the_cards_alone(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let posted = room.post(&entry, "a").await;
    let edit = edited(&entry, |edit| {
        edit.title = Title::parse("The re-match").unwrap();
    });
    room.edit_entry(&room.author, &entry.slug, &edit, None)
        .await
        .unwrap();
    let batch = room
        .changes_after(FeedId::Entry(entry.id), posted.rev)
        .await;
    assert_eq!(batch.changes, []);
}

async fn another_zone_or_address_makes_the_cards_anew(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let posted = [room.post(&entry, "a").await, room.post(&entry, "b").await];
    let mut page = LivePage::open(&room, &entry).await;
    let mut stream = Stream::open(
        &room.newsroom,
        FeedId::Entry(entry.id),
        Some(page.cursor().rev),
    );
    let in_tokyo = edited(&entry, |edit| {
        edit.time_zone = domain::ZoneName::known("Asia/Tokyo");
    });
    room.edit_entry(&room.author, &entry.slug, &in_tokyo, None)
        .await
        .unwrap();
    page.take(stream.next_batch().await);
    room.edit_entry(&room.author, &entry.slug, &moved(&entry, "re-match"), None)
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
        room.entry_page(&slug("re-match")).await.unwrap().cursor
    );
}

async fn an_old_address_leads_to_the_new_one(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    for (from, to) in [("final", "second"), ("second", "third")] {
        room.edit_entry(&room.author, &slug(from), &moved(&entry, to), None)
            .await
            .unwrap();
        assert!(room.hub().find(&slug(from)).is_none());
        assert_eq!(room.hub().find(&slug(to)).unwrap().0, entry.id);
        assert_refused!(room.entry_page(&slug(from)).await, Error::Unknown("entry"));
    }
    for old in ["final", "second"] {
        assert_eq!(
            room.address_now(&slug(old)).await.unwrap(),
            Some(slug("third"))
        );
    }
    for never in ["third", "fourth"] {
        assert_eq!(room.address_now(&slug(never)).await.unwrap(), None);
    }
    // And back to where it began.
    room.edit_entry(&room.author, &slug("third"), &moved(&entry, "final"), None)
        .await
        .unwrap();
    assert_eq!(room.address_now(&slug("final")).await.unwrap(), None);
    assert_eq!(
        room.address_now(&slug("third")).await.unwrap(),
        Some(slug("final"))
    );

    let draft = room.entry("draft", EntryState::Draft).await;
    room.edit_entry(
        &room.author,
        &draft.slug,
        &moved(&draft, "still-a-draft"),
        None,
    )
    .await
    .unwrap();
    assert_eq!(
        room.address_now(&slug("draft")).await.unwrap(),
        None,
        "nobody is to know"
    );
    let free = room.entry("draft", EntryState::Live).await;
    assert_eq!(room.hub().find(&slug("draft")).unwrap().0, free.id);
}

async fn who_knows_an_old_address_writes_to_the_entry(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    room.edit_entry(&room.author, &entry.slug, &moved(&entry, "re-match"), None)
        .await
        .unwrap();
    // What an open composer, or the desk in another tab, still calls it.
    let old = &entry.slug;
    room.post(&entry, "posted").await;
    room.end_entry(&room.author, old, None).await.unwrap();
    room.start_entry(&room.author, old, None).await.unwrap();
    room.edit_entry(&room.author, old, &moved(&entry, "third"), None)
        .await
        .unwrap();
    assert_eq!(room.desk_page(old).await.entry.slug, slug("third"));
    let page = room.entry_page(&slug("third")).await.unwrap();
    assert_eq!(page.updates[0].source, "posted");
}

async fn an_address_that_leads_elsewhere_is_refused(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    room.edit_entry(&room.author, &entry.slug, &moved(&entry, "re-match"), None)
        .await
        .unwrap();
    let other = room.entry("other", EntryState::Live).await;
    let new = NewEntry::parse("x", "final", "", "", EntryState::Live, Order::Oldest).unwrap();
    for refused in [
        room.create_entry(Some(&room.author), &new).await.map(drop),
        room.edit_entry(&room.author, &other.slug, &moved(&other, "final"), None)
            .await,
    ] {
        assert_refused!(&refused, Error::Invalid(Invalid { field: "slug", .. }));
        let sentence = refused.unwrap_err().to_string();
        assert!(sentence.contains("had this address before"), "{sentence}");
    }
    assert_eq!(
        room.address_now(&slug("final")).await.unwrap(),
        Some(slug("re-match"))
    );
}

async fn an_address_that_is_taken_is_refused(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    room.entry("other", EntryState::Draft).await;
    let head = room.feed_head(&entry).await;
    let refused = room
        .edit_entry(&room.author, &entry.slug, &moved(&entry, "other"), None)
        .await;
    assert_refused!(refused, Error::Invalid(Invalid { field: "slug", .. }));
    assert_eq!(room.feed_head(&entry).await, head);
}

async fn only_those_who_run_entries_change_them(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let id = room.post_as(&room.editor, &entry, "an editor's").await.id;
    let head = room.feed_head(&entry).await;
    let refused = room
        .edit_entry(&room.reader, &entry.slug, &moved(&entry, "mine"), None)
        .await;
    assert_refused!(refused, Error::Forbidden(_));
    for viewer in [&room.reader, &room.author] {
        let refused = room.mark_update(viewer, id, Mark::Pinned, true, None).await;
        assert_refused!(refused, Error::Forbidden(_));
    }
    let nowhere: Slug = slug("nowhere");
    let refused = room
        .edit_entry(&room.author, &nowhere, &EntryEdit::of(&entry), None)
        .await;
    assert_refused!(refused, Error::Unknown("entry"));
    assert_eq!(room.feed_head(&entry).await, head);
}
