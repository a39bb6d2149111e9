//! Patches: fields that are left out keep their values, and a patch is applied as a whole or not at
//! all.

use domain::{Draft, EntryState, FeedId, Headline, Mark, Order, Source, Summary, Title};
use newsroom::{EntryPatch, Error, UpdatePatch};
use tokio::task::JoinSet;

use super::support::{Database, TestNewsroom, draft, slug};

on_every_database! {
    concurrent_patches_of_an_update_keep_each_other,
    patch_of_several_fields_is_published_at_once,
    refused_patch_changes_nothing,
    concurrent_patches_of_an_entry_keep_each_other,
    entry_is_renamed_and_started_in_one_patch,
    refused_patch_of_an_entry_changes_nothing,
}

fn source(text: &str) -> UpdatePatch {
    UpdatePatch {
        source: Some(Source::parse(text).unwrap()),
        ..UpdatePatch::default()
    }
}

fn headline(text: &str) -> UpdatePatch {
    UpdatePatch {
        headline: Some(Headline::parse_if_any(text).unwrap()),
        ..UpdatePatch::default()
    }
}

async fn concurrent_patches_of_an_update_keep_each_other(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    for _ in 0..5 {
        let id = newsroom.post(&entry, "A gaol").await.id;
        let mut changes = JoinSet::new();
        for (caller, patch) in [
            (&newsroom.author, headline("1 : 0")),
            (&newsroom.editor, source("A goal")),
            (&newsroom.author, UpdatePatch::mark(Mark::Key, true)),
            (&newsroom.editor, UpdatePatch::mark(Mark::Pinned, true)),
        ] {
            let (newsroom, caller) = (newsroom.newsroom.clone(), caller.clone());
            changes.spawn(async move {
                newsroom
                    .patch_update(&caller, id, &patch, None, None)
                    .await
                    .unwrap()
            });
        }
        changes.join_all().await;
        let (_, update) = newsroom.update_page(&entry.slug, id).await.unwrap();
        let now = update.headline.map(String::from);
        assert_eq!(now.as_deref(), Some("1 : 0"));
        assert_eq!(newsroom.source(id).await, "A goal");
        assert!(update.html.as_str().contains("A goal"));
        assert!(update.key && update.pinned);
    }
}

async fn patch_of_several_fields_is_published_at_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let pinned = newsroom.post(&entry, "pinned").await.id;
    newsroom
        .mark_update(&newsroom.author, pinned, Mark::Pinned, true, None)
        .await
        .unwrap();
    let posted = newsroom.post(&entry, "A gaol").await;
    let patch = UpdatePatch {
        key: Some(true),
        pinned: Some(true),
        ..UpdatePatch::text(&Draft::parse("A goal", "1 : 0").unwrap())
    };
    newsroom
        .patch_update(&newsroom.author, posted.id, &patch, None, None)
        .await
        .unwrap();
    let batch = newsroom
        .changes_after(FeedId::Entry(entry.id), posted.rev)
        .await;
    let changes: Vec<_> = batch.changes.iter().map(|c| (c.id(), c.rev())).collect();
    let rev = posted.rev;
    assert_eq!(changes, [(pinned, rev + 1), (posted.id, rev + 2)]);
    assert_eq!(batch.entry.unwrap().rev, rev + 2);
    newsroom
        .patch_update(&newsroom.author, posted.id, &patch, None, None)
        .await
        .unwrap();
    assert_eq!(
        newsroom.feed_head(&entry).await,
        rev + 2,
        "repeating the patch changed something"
    );

    let bare = UpdatePatch {
        key: Some(false),
        pinned: Some(false),
        ..headline("")
    };
    newsroom
        .patch_update(&newsroom.author, posted.id, &bare, None, None)
        .await
        .unwrap();
    let batch = newsroom
        .changes_after(FeedId::Entry(entry.id), rev + 2)
        .await;
    assert_eq!(batch.changes.len(), 1);
    assert_eq!(
        batch.entry.unwrap().highlights,
        "",
        "the highlights still contain the update"
    );
}

async fn refused_patch_changes_nothing(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom.post(&entry, "A goal").await.id;
    let head = newsroom.feed_head(&entry).await;
    let invisible = UpdatePatch {
        key: Some(true),
        ..source("<script>alert(1)</script>")
    };
    let refused = newsroom
        .patch_update(&newsroom.author, id, &invisible, None, None)
        .await;
    assert_refused!(refused, Error::Invalid(_));
    assert_eq!(newsroom.feed_head(&entry).await, head);

    // An update with an empty text needs a headline, which can't be removed.
    let under_a_headline = Draft::parse("<script>alert(1)</script>", "1 : 0").unwrap();
    newsroom
        .edit_update(&newsroom.author, id, &under_a_headline, None, None)
        .await
        .unwrap();
    let refused = newsroom
        .patch_update(&newsroom.author, id, &headline(""), None, None)
        .await;
    assert_refused!(refused, Error::Invalid(_));
    newsroom
        .edit_update(&newsroom.author, id, &draft("A goal"), None, None)
        .await
        .unwrap();
}

fn titled(title: &str) -> EntryPatch {
    EntryPatch {
        title: Some(Title::parse(title).unwrap()),
        ..EntryPatch::default()
    }
}

async fn concurrent_patches_of_an_entry_keep_each_other(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    for round in 0..5 {
        let entry = newsroom
            .entry(&format!("final-{round}"), EntryState::Live)
            .await;
        let summary = EntryPatch {
            summary: Some(Summary::parse("Tonight.").unwrap()),
            ..EntryPatch::default()
        };
        let order = EntryPatch {
            default_order: Some(Order::Latest),
            ..EntryPatch::default()
        };
        let ended = EntryPatch::state(EntryState::Ended);
        let mut changes = JoinSet::new();
        for patch in [titled("The final"), summary, order, ended] {
            let (newsroom, caller) = (newsroom.newsroom.clone(), newsroom.author.clone());
            let slug = entry.slug.clone();
            changes.spawn(async move {
                newsroom
                    .patch_entry(&caller, &slug, &patch, None)
                    .await
                    .unwrap();
            });
        }
        changes.join_all().await;
        let now = newsroom.entry_page(&entry.slug).await.unwrap().entry;
        assert_eq!(
            (&*now.title.to_string(), &*now.summary.to_string()),
            ("The final", "Tonight.")
        );
        assert_eq!(
            (now.default_order, now.state),
            (Order::Latest, EntryState::Ended)
        );
    }
}

async fn entry_is_renamed_and_started_in_one_patch(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let draft = newsroom.entry("draft", EntryState::Draft).await;
    let id = newsroom.post(&draft, "A goal").await.id;
    let patch = EntryPatch {
        slug: Some(slug("final")),
        state: Some(EntryState::Live),
        ..titled("The final")
    };
    let started = newsroom
        .patch_entry(&newsroom.author, &draft.slug, &patch, None)
        .await
        .unwrap();
    let page = newsroom.entry_page(&slug("final")).await.unwrap();
    assert_eq!(started, page.entry, "the result is the stored entry");
    assert_eq!(
        page.entry.head,
        draft.head + 3,
        "one revision each for the post, its card and the entry"
    );
    assert_eq!(page.updates[0].id, id);
    let old_slug = newsroom.entry_page(&draft.slug).await;
    assert_refused!(old_slug, Error::NotFound("live blog"));
}

async fn refused_patch_of_an_entry_changes_nothing(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let draft = newsroom.entry("draft", EntryState::Draft).await;
    let live = newsroom.live_entry().await;
    let ended = EntryPatch {
        state: Some(EntryState::Ended),
        ..titled("Changed")
    };
    let announced = EntryPatch {
        state: Some(EntryState::Upcoming),
        ..titled("Changed")
    };
    let taken = EntryPatch {
        slug: Some(draft.slug.clone()),
        state: Some(EntryState::Ended),
        ..titled("Changed")
    };
    let refused = newsroom
        .patch_entry(&newsroom.author, &draft.slug, &ended, None)
        .await;
    assert_refused!(refused, Error::Forbidden(_));
    for patch in [announced, taken] {
        let refused = newsroom
            .patch_entry(&newsroom.author, &live.slug, &patch, None)
            .await;
        assert_refused!(refused, Error::Invalid(_));
    }
    let refused = newsroom
        .patch_entry(&newsroom.reader, &live.slug, &ended, None)
        .await;
    assert_refused!(refused, Error::Forbidden(_));
    for entry in [draft, live] {
        assert_eq!(newsroom.desk_page(&entry.slug).await.entry, entry);
    }
}
