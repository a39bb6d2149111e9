//! The pages of all entries: the front page, `/live`, and the feed that keeps them up to date.

use std::collections::HashSet;

use domain::{Change, Cursor, EntryState, FeedId, Mark, PostedUpdate, Reset};
use newsroom::{Entry, EntryEdit, Error, LivePage};

use super::support::{Database, Stream, TestNewsroom, draft, text};

on_every_database! {
    front_page_shows_the_latest_update_of_each_entry,
    summary_follows_its_entry_and_its_latest_update,
    started_draft_appears_with_its_summary_and_cards,
    live_page_merges_the_updates_of_all_live_entries,
    live_page_shows_a_bounded_number_of_updates,
    deleted_text_is_in_no_batch,
    batch_of_many_entries_is_split,
    part_of_a_batch_includes_the_entries_of_its_updates,
    revisions_of_drafts_are_not_revealed,
}

/// Returns the summary of each entry on the front page.
async fn summaries(newsroom: &TestNewsroom) -> Vec<String> {
    let page = newsroom.front_page().await.unwrap();
    assert_eq!(
        page.cursor.rev,
        newsroom.head(FeedId::All).await.unwrap().head
    );
    let line =
        |(entry, latest): &(Entry, _)| newsroom.cards().summary(entry, Option::as_ref(latest));
    page.entries.iter().map(line).collect()
}

async fn front_page_shows_the_latest_update_of_each_entry(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entries = [
        newsroom.entry("one", EntryState::Live).await,
        newsroom.entry("two", EntryState::Live).await,
        newsroom.entry("three", EntryState::Upcoming).await,
    ];
    let draft = newsroom.entry("draft", EntryState::Draft).await;
    newsroom.post(&entries[0], "a").await;
    newsroom.post(&draft, "secret").await;
    newsroom.post(&entries[1], "b").await;
    newsroom.manual_clock.advance(1_000_000);
    newsroom.post(&entries[0], "c").await;
    assert_eq!(
        summaries(&newsroom).await,
        ["three: nothing", "two: b", "one: c"]
    );
}

async fn summary_follows_its_entry_and_its_latest_update(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let other = newsroom.entry("other", EntryState::Live).await;
    newsroom.post(&other, "elsewhere").await;
    let mut cursor = newsroom.head(FeedId::All).await.unwrap().head;
    let mut stream = Stream::open(&newsroom.newsroom, FeedId::All, Some(cursor));
    let mut assert_summary = async |expected: &str| {
        for batch in [
            stream.next_batch().await,
            newsroom.changes_after(FeedId::All, cursor).await,
        ] {
            let [change] = &batch.entries[..] else {
                panic!("{batch:?}")
            };
            assert_eq!((&*change.summary_html, &*change.highlights), (expected, ""));
            assert_eq!((change.id, change.rev), (entry.id, batch.to));
        }
        cursor = newsroom.head(FeedId::All).await.unwrap().head;
    };
    newsroom.post(&entry, "first").await;
    assert_summary("final: first").await;
    let PostedUpdate { id, .. } = newsroom.post(&entry, "secnod").await;
    assert_summary("final: secnod").await;
    newsroom
        .edit_update(&newsroom.author, id, &draft("second"), None, None)
        .await
        .unwrap();
    assert_summary("final: second").await;
    newsroom
        .mark_update(&newsroom.author, id, Mark::Key, true, None)
        .await
        .unwrap();
    assert_summary("final: second").await;
    newsroom
        .delete_update(&newsroom.author, id, None, None)
        .await
        .unwrap();
    assert_summary("final: first").await;
    newsroom
        .restore_update(&newsroom.author, id, None)
        .await
        .unwrap();
    assert_summary("final: second").await;
    let renamed = EntryEdit {
        title: domain::Title::parse("The re-match").unwrap(),
        ..EntryEdit::of(&entry)
    };
    newsroom
        .edit_entry(&newsroom.author, &entry.slug, &renamed, None)
        .await
        .unwrap();
    assert_summary("The re-match: second").await;
    newsroom
        .end_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();
    assert_summary("The re-match: second").await;
}

async fn started_draft_appears_with_its_summary_and_cards(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.live_entry().await;
    let draft = newsroom.entry("draft", EntryState::Draft).await;
    let prepared = newsroom.post(&draft, "prepared").await.id;
    let before = newsroom.head(FeedId::All).await.unwrap().head;
    let silent = newsroom.changes_after(FeedId::All, before).await;
    assert!(silent.is_empty(), "{silent:?}");

    newsroom
        .start_entry(&newsroom.author, &draft.slug, None)
        .await
        .unwrap();
    let batch = newsroom.changes_after(FeedId::All, before).await;
    assert_eq!(batch.entries[0].summary_html, "draft: prepared");
    assert_eq!(batch.changes[0].id(), prepared);
}

async fn live_page_merges_the_updates_of_all_live_entries(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let one = newsroom.entry("one", EntryState::Live).await;
    let two = newsroom.entry("two", EntryState::Live).await;
    let ended = newsroom.entry("over", EntryState::Live).await;
    for (entry, text) in [(&one, "a"), (&ended, "x"), (&two, "b"), (&one, "c")] {
        newsroom.post(entry, text).await;
        newsroom.manual_clock.advance(1_000_000);
    }
    let deleted = newsroom.post(&two, "deleted").await.id;
    newsroom
        .delete_update(&newsroom.author, deleted, None, None)
        .await
        .unwrap();
    newsroom
        .end_entry(&newsroom.author, &ended.slug, None)
        .await
        .unwrap();

    let page = newsroom.live_page().await.unwrap();
    let texts: Vec<_> = page.updates.iter().map(text).collect();
    assert_eq!(texts, ["a", "b", "c"]);
    let live: Vec<_> = page.entries.iter().map(|entry| entry.id).collect();
    assert_eq!(live, [two.id, one.id]);
    assert_eq!(
        page.cursor.rev,
        newsroom.head(FeedId::All).await.unwrap().head
    );
}

async fn live_page_shows_a_bounded_number_of_updates(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let one = newsroom.entry("one", EntryState::Live).await;
    let two = newsroom.entry("two", EntryState::Live).await;
    let longest = usize::from(LivePage::MAX_UPDATES);
    for n in 0..=longest {
        let entry = if n % 2 == 0 { &one } else { &two };
        newsroom.post(entry, &n.to_string()).await;
    }
    let page = newsroom.live_page().await.unwrap();
    let texts: Vec<_> = page.updates.iter().map(text).collect();
    let expected: Vec<_> = (1..=longest).map(|n| n.to_string()).collect();
    assert_eq!(texts, expected);
}

/// Neither a reconnecting stream nor a poll returns deleted text.
async fn deleted_text_is_in_no_batch(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let before = newsroom.post(&entry, "harmless").await.rev;
    // The feed has a subscriber, so the replay buffer keeps frames for reconnecting clients.
    let mut subscriber = Stream::open(&newsroom.newsroom, FeedId::All, Some(before));
    let secret = newsroom.post(&entry, "a secret").await.id;
    newsroom
        .mark_update(&newsroom.author, secret, Mark::Pinned, true, None)
        .await
        .unwrap();
    subscriber.next_batch().await;
    let renamed = EntryEdit {
        title: domain::Title::parse("Renamed").unwrap(),
        ..EntryEdit::of(&entry)
    };
    newsroom
        .edit_entry(&newsroom.author, &entry.slug, &renamed, None)
        .await
        .unwrap();
    newsroom
        .delete_update(&newsroom.author, secret, None, None)
        .await
        .unwrap();

    for feed in [FeedId::All, FeedId::Entry(entry.id)] {
        let mut reconnected = Stream::open(&newsroom.newsroom, feed, Some(before));
        let batch = reconnected.next_batch().await;
        assert_eq!(batch.to, newsroom.head(feed).await.unwrap().head);
        assert!(!format!("{batch:?}").contains("secret"), "{batch:?}");
    }
}

async fn batch_of_many_entries_is_split(database: Database) {
    const ENTRIES: usize = 130;
    let newsroom = TestNewsroom::on(&database).await;
    for number in 0..ENTRIES {
        newsroom
            .entry(&format!("entry-{number}"), EntryState::Live)
            .await;
    }
    let (mut rev, mut parts, mut seen) = (0, 0, HashSet::new());
    loop {
        let batch = newsroom.changes_after(FeedId::All, rev).await;
        assert!(batch.entries.len() <= 100);
        assert!(batch.to > rev);
        seen.extend(batch.entries.iter().map(|entry| entry.id));
        (rev, parts) = (batch.to, parts + 1);
        if !batch.more {
            break;
        }
    }
    assert_eq!((seen.len(), parts), (ENTRIES, 2));
}

async fn part_of_a_batch_includes_the_entries_of_its_updates(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    // More than a megabyte of HTML in total.
    let text = "word ".repeat(9_000);
    for _ in 0..40 {
        newsroom.post(&entry, &text).await;
    }
    let other = newsroom.entry("other", EntryState::Live).await;
    let head = newsroom.post(&other, "last").await.rev;
    let (mut rev, mut updates, mut parts) = (0, 0, 0);
    while rev < head {
        let batch = newsroom.changes_after(FeedId::All, rev).await;
        let size: usize = batch
            .changes
            .iter()
            .map(|change| serde_json::to_string(change).unwrap().len())
            .sum();
        assert!(size < 1_500_000, "{size} bytes");
        for change in &batch.changes {
            if let Change::Upserted(card) = change {
                assert!(batch.entries.iter().any(|entry| entry.id == card.entry_id));
            }
        }
        updates += batch.changes.len();
        (rev, parts) = (batch.to, parts + 1);
    }
    assert_eq!(updates, 41);
    assert!(parts > 1);
    let of_entry = newsroom.changes_after(FeedId::Entry(entry.id), 0).await;
    assert!(of_entry.more && of_entry.changes.len() < 40);
}

async fn revisions_of_drafts_are_not_revealed(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let head = newsroom.post(&entry, "public").await.rev;
    let draft = newsroom.entry("secret", EntryState::Draft).await;
    newsroom.post(&draft, "hidden").await;
    let epoch = newsroom.head(FeedId::All).await.unwrap().epoch;
    for feed in [FeedId::All, FeedId::Entry(entry.id)] {
        for beyond in 1..5 {
            let since = Cursor::new(epoch, head + beyond);
            let answer = newsroom.changes(feed, Some(since)).await;
            match answer {
                Err(Error::Reset(reset)) => assert_eq!(reset, Reset::new(epoch, head)),
                other => panic!("{other:?}"),
            }
        }
        newsroom.changes_after(feed, head).await;
    }
}
