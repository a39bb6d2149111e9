//! Drafts of updates: saved on the server by their authors, and seen by nobody else.

use domain::{Caller, DraftId, EntryState, FeedId, Role, UpdateDraft, Username};
use futures::future::join_all;
use newsroom::{
    DraftPatch, Entry, Error, Newsroom,
    storage::{Counter, Store},
};

use super::support::{Database, Stream, TestNewsroom, draft, op_id, slug, with_timeout};

on_every_database! {
    draft_is_saved_changed_and_discarded,
    repeated_request_saves_one_draft,
    repeated_change_returns_its_result_and_changes_nothing,
    stale_change_is_a_conflict_with_the_current_draft,
    change_to_the_current_text_is_no_conflict,
    one_of_two_concurrent_changes_is_a_conflict,
    incomplete_text_is_saved,
    lists_begin_with_the_last_change,
    hundred_drafts_for_an_entry_and_no_more,
    thousand_drafts_of_an_account_and_no_more,
    other_accounts_never_see_a_draft,
    account_that_may_no_longer_post_can_read_and_discard,
    drafts_of_a_disabled_account_stay,
    post_deletes_its_draft,
    post_is_published_without_its_draft,
    post_and_deletion_are_one_transaction,
    drafts_that_are_changed_while_they_are_posted_are_gone,
    drafts_change_no_feed,
    database_of_the_previous_release_gets_drafts,
}

fn text(source: &str) -> DraftPatch {
    DraftPatch::parse(Some(source), Some("")).unwrap()
}

/// Saves a draft of `caller`, and returns its id.
async fn save(newsroom: &TestNewsroom, caller: &Caller, entry: &Entry, source: &str) -> DraftId {
    let saved = newsroom
        .create_draft(caller, &entry.slug, &op_id(), &text(source))
        .await;
    saved.unwrap().id
}

/// Returns the texts of the author's drafts for `entry`, the last changed first.
async fn excerpts(newsroom: &TestNewsroom, entry: &Entry) -> Vec<String> {
    let drafts = newsroom.entry_drafts(&newsroom.author, &entry.slug).await;
    drafts.unwrap().into_iter().map(|it| it.excerpt).collect()
}

async fn read(newsroom: &TestNewsroom, entry: &Entry, id: DraftId) -> UpdateDraft {
    let draft = newsroom.draft(&newsroom.author, &entry.slug, id).await;
    let (of, draft) = draft.unwrap();
    assert_eq!(of.id, entry.id);
    draft
}

async fn draft_is_saved_changed_and_discarded(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (author, entry) = (&newsroom.author, newsroom.live_entry().await);
    let begun = DraftPatch::parse(Some("A **go"), Some("1–0")).unwrap();
    let saved = newsroom
        .create_draft(author, &entry.slug, &op_id(), &begun)
        .await;
    let saved = saved.unwrap();
    assert_eq!(saved.version, 1);
    let first = read(&newsroom, &entry, saved.id).await;
    assert_eq!((&*first.source, &*first.headline), ("A **go", "1–0"));
    assert_eq!((first.version, first.changed_at), (1, saved.changed_at));

    newsroom.manual_clock.advance(60_000_000);
    // Only the text: the headline stays.
    let rest = DraftPatch::parse(Some("A **goal**"), None).unwrap();
    let changed = newsroom
        .change_draft(author, &entry.slug, saved.id, Some(1), &rest, None)
        .await
        .unwrap();
    assert_eq!((changed.id, changed.version), (saved.id, 2));
    assert!(changed.changed_at > saved.changed_at);
    let second = read(&newsroom, &entry, saved.id).await;
    assert_eq!((&*second.source, &*second.headline), ("A **goal**", "1–0"));
    assert_eq!((second.version, second.changed_at), (2, changed.changed_at));

    let stale = newsroom.discard_draft(author, saved.id, Some(1)).await;
    assert_refused!(stale, Error::DraftConflict(current) if *current == second);
    newsroom
        .discard_draft(author, saved.id, Some(2))
        .await
        .unwrap();
    let again = newsroom.discard_draft(author, saved.id, Some(2)).await;
    assert_refused!(again, Error::DraftGone);
    let gone = newsroom.draft(author, &entry.slug, saved.id).await;
    assert_refused!(gone, Error::DraftGone);
    let change = newsroom
        .change_draft(author, &entry.slug, saved.id, Some(2), &rest, None)
        .await;
    assert_refused!(change, Error::DraftGone);
    assert!(excerpts(&newsroom, &entry).await.is_empty());
    // Its id is not used again, so that another device can't overwrite another draft.
    assert!(save(&newsroom, author, &entry, "Another").await > saved.id);
}

async fn repeated_request_saves_one_draft(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (author, entry) = (&newsroom.author, newsroom.live_entry().await);
    let (op, goal) = (op_id(), text("A goal"));
    let create = || newsroom.create_draft(author, &entry.slug, &op, &goal);
    let first = create().await.unwrap();
    for repeated in join_all((0..20).map(|_| create())).await {
        assert_eq!(repeated.unwrap(), first);
    }
    assert_eq!(excerpts(&newsroom, &entry).await, ["A goal"]);

    let other = newsroom
        .create_draft(author, &entry.slug, &op, &text("A foul"))
        .await;
    assert_refused!(other, Error::IdempotencyConflict);
    let without_headline = DraftPatch::parse(Some("A goal"), None).unwrap();
    let other = newsroom
        .create_draft(author, &entry.slug, &op, &without_headline)
        .await;
    assert_refused!(other, Error::IdempotencyConflict);
    // A post has the same ids, and they are the account's own.
    let post = newsroom
        .post_update(author, &entry.slug, &op, &draft("A goal"), None)
        .await;
    assert_refused!(post, Error::IdempotencyConflict);
    let posted = op_id();
    newsroom
        .post_update(author, &entry.slug, &posted, &draft("x"), None)
        .await
        .unwrap();
    let save = newsroom
        .create_draft(author, &entry.slug, &posted, &text("x"))
        .await;
    assert_refused!(save, Error::IdempotencyConflict);
    let others = newsroom
        .create_draft(&newsroom.editor, &entry.slug, &op, &goal)
        .await;
    assert_ne!(others.unwrap().id, first.id);

    // A late retry does not save a discarded draft again.
    newsroom
        .discard_draft(author, first.id, None)
        .await
        .unwrap();
    assert_eq!(create().await.unwrap(), first);
    assert!(excerpts(&newsroom, &entry).await.is_empty());
}

async fn repeated_change_returns_its_result_and_changes_nothing(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (author, entry) = (&newsroom.author, newsroom.live_entry().await);
    let id = save(&newsroom, author, &entry, "one").await;
    let (op, two) = (op_id(), text("two"));
    let change = || newsroom.change_draft(author, &entry.slug, id, Some(1), &two, Some(&op));
    let second = change().await.unwrap();
    newsroom
        .change_draft(author, &entry.slug, id, Some(2), &text("three"), None)
        .await
        .unwrap();
    assert_eq!(change().await.unwrap(), second);
    assert_eq!(read(&newsroom, &entry, id).await.source, "three");
    for (base, text) in [(Some(2), "two"), (None, "two"), (Some(1), "four")] {
        let other = self::text(text);
        let other = newsroom
            .change_draft(author, &entry.slug, id, base, &other, Some(&op))
            .await;
        assert_refused!(other, Error::IdempotencyConflict);
    }
}

async fn stale_change_is_a_conflict_with_the_current_draft(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (author, entry) = (&newsroom.author, newsroom.live_entry().await);
    let id = save(&newsroom, author, &entry, "one").await;
    let change = |base, source: &'static str, op| {
        let (newsroom, slug) = (&newsroom, &entry.slug);
        async move {
            let patch = text(source);
            newsroom
                .change_draft(author, slug, id, base, &patch, op)
                .await
        }
    };
    change(Some(1), "on the phone", None).await.unwrap();
    let current = read(&newsroom, &entry, id).await;
    let op = op_id();
    // Also of a version that doesn't exist yet, as after a restored backup.
    for base in [1, 3, 0, -1, i64::MAX, i64::MIN] {
        for op in [None, Some(&op)] {
            assert_refused!(
                change(Some(base), "on the laptop", op).await,
                Error::DraftConflict(conflict) if *conflict == current
            );
        }
    }
    assert_eq!(read(&newsroom, &entry, id).await, current);
    // A conflict uses no operation id.
    let merged = change(Some(2), "on the laptop", Some(&op)).await.unwrap();
    assert_eq!(merged.version, 3);
    let replaced = change(None, "without a base", None).await.unwrap();
    assert_eq!(replaced.version, 4);
    assert_eq!(read(&newsroom, &entry, id).await.source, "without a base");
}

async fn change_to_the_current_text_is_no_conflict(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (author, entry) = (&newsroom.author, newsroom.live_entry().await);
    let id = save(&newsroom, author, &entry, "one").await;
    newsroom
        .change_draft(author, &entry.slug, id, Some(1), &text("two"), None)
        .await
        .unwrap();
    let current = read(&newsroom, &entry, id).await;
    newsroom.manual_clock.advance(60_000_000);
    // Cleaned texts are compared.
    for same in ["two", "\n two\r\n".trim_start(), "\u{feff}two \u{0}"] {
        let same = text(same);
        let saved = newsroom
            .change_draft(author, &entry.slug, id, Some(1), &same, None)
            .await;
        let saved = saved.unwrap();
        assert_eq!(
            (saved.version, saved.changed_at),
            (current.version, current.changed_at)
        );
    }
    assert_eq!(read(&newsroom, &entry, id).await, current);
}

async fn one_of_two_concurrent_changes_is_a_conflict(database: Database) {
    let (phone, laptop) = TestNewsroom::pair_on(&database).await;
    let entry = phone.live_entry().await;
    let id = save(&phone, &phone.author, &entry, "0").await;
    for round in 1..=20 {
        let (on_phone, on_laptop) = (
            text(&format!("phone {round}")),
            text(&format!("laptop {round}")),
        );
        let base = Some(round);
        let (a, b) = tokio::join!(
            phone.change_draft(&phone.author, &entry.slug, id, base, &on_phone, None),
            laptop.change_draft(&laptop.author, &entry.slug, id, base, &on_laptop, None),
        );
        let (saved, refused, kept) = match (a, b) {
            (Ok(saved), Err(refused)) => (saved, refused, "phone"),
            (Err(refused), Ok(saved)) => (saved, refused, "laptop"),
            both => panic!("{both:?}"),
        };
        assert_eq!(saved.version, round + 1);
        let Error::DraftConflict(current) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(current.source, format!("{kept} {round}"));
        assert_eq!(read(&laptop, &entry, id).await, *current);
    }
}

async fn incomplete_text_is_saved(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (author, entry) = (&newsroom.author, newsroom.live_entry().await);
    let nested = "> ".repeat(10_000);
    let long = "ü".repeat(50_000);
    for (source, headline) in [
        ("", "1–0"),
        ("\u{200b}", ""),
        ("<script>alert(1)</script>", ""),
        ("**", "\u{3164}"),
        (&*nested, ""),
        (&*long, ""),
        ("'; DROP TABLE update_drafts; --", "$1 ' \" %"),
    ] {
        let patch = DraftPatch::parse(Some(source), Some(headline)).unwrap();
        let saved = newsroom
            .create_draft(author, &entry.slug, &op_id(), &patch)
            .await;
        let kept = read(&newsroom, &entry, saved.unwrap().id).await;
        assert_eq!(
            (&*kept.source, &*kept.headline),
            (source.trim_end(), headline)
        );
    }
    let drafts = newsroom.entry_drafts(author, &entry.slug).await.unwrap();
    assert_eq!(drafts.len(), 7);
    assert!(drafts.iter().all(|it| it.excerpt.chars().count() <= 120));

    for (source, headline) in [("", ""), (" \n\u{feff}", "\n")] {
        let patch = DraftPatch::parse(Some(source), Some(headline)).unwrap();
        let refused = newsroom
            .create_draft(author, &entry.slug, &op_id(), &patch)
            .await;
        assert_refused!(refused, Error::Invalid(_));
        let id = drafts[0].id;
        let refused = newsroom
            .change_draft(author, &entry.slug, id, None, &patch, None)
            .await;
        assert_refused!(refused, Error::Invalid(_));
    }
    assert!(DraftPatch::parse(Some(&"x".repeat(50_001)), None).is_err());
    assert!(DraftPatch::parse(None, Some(&"x".repeat(201))).is_err());
    let nowhere = newsroom
        .create_draft(author, &slug("nowhere"), &op_id(), &text("x"))
        .await;
    assert_refused!(nowhere, Error::NotFound("live blog"));
}

async fn lists_begin_with_the_last_change(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let author = &newsroom.author;
    let first = newsroom.live_entry().await;
    let second = newsroom.entry("second", EntryState::Ended).await;
    let second_minute = || newsroom.manual_clock.advance(1_000_000);
    let a = save(&newsroom, author, &first, "a").await;
    second_minute();
    let b = save(&newsroom, author, &second, "b").await;
    // At the same time.
    let c = save(&newsroom, author, &first, "c").await;
    let listed = |drafts: Vec<newsroom::EntryDraft>| {
        let item = |it: newsroom::EntryDraft| (it.draft.id, it.entry.slug.to_string());
        drafts.into_iter().map(item).collect::<Vec<_>>()
    };
    let of = |id, slug: &str| (id, slug.to_owned());
    assert_eq!(
        listed(newsroom.drafts(author).await.unwrap()),
        [of(c, "final"), of(b, "second"), of(a, "final")]
    );
    second_minute();
    newsroom
        .change_draft(author, &first.slug, a, None, &text("a\n\n  changed"), None)
        .await
        .unwrap();
    assert_eq!(excerpts(&newsroom, &first).await, ["a changed", "c"]);
    assert_eq!(excerpts(&newsroom, &second).await, ["b"]);
    let drafts = newsroom.drafts(author).await.unwrap();
    assert_eq!(drafts[0].draft.version, 2);
    assert_eq!(
        listed(drafts),
        [of(a, "final"), of(c, "final"), of(b, "second")]
    );
    // A draft is found under its own entry only.
    let elsewhere = newsroom.draft(author, &second.slug, a).await;
    assert_refused!(elsewhere, Error::DraftGone);
    let elsewhere = newsroom
        .change_draft(author, &second.slug, a, None, &text("x"), None)
        .await;
    assert_refused!(elsewhere, Error::DraftGone);
    assert!(newsroom.drafts(&newsroom.editor).await.unwrap().is_empty());
}

async fn hundred_drafts_for_an_entry_and_no_more(database: Database) {
    let (newsroom, other) = TestNewsroom::pair_on(&database).await;
    let entry = newsroom.live_entry().await;
    // From two servers at once.
    let saved = join_all((0..120).map(|number| {
        let newsroom = [&newsroom, &other][number % 2];
        let (caller, slug) = (&newsroom.author, &entry.slug);
        async move {
            let draft = text(&format!("draft {number}"));
            newsroom.create_draft(caller, slug, &op_id(), &draft).await
        }
    }))
    .await;
    let (saved, refused): (Vec<_>, Vec<_>) = saved.into_iter().partition(Result::is_ok);
    assert_eq!((saved.len(), refused.len()), (100, 20));
    for refused in refused {
        assert_refused!(refused, Error::Forbidden(why) if why.contains("100 drafts"));
    }
    assert_eq!(excerpts(&newsroom, &entry).await.len(), 100);

    let first = saved[0].as_ref().unwrap().id;
    newsroom
        .change_draft(&newsroom.author, &entry.slug, first, None, &text("x"), None)
        .await
        .unwrap();
    let another = newsroom.entry("another", EntryState::Live).await;
    save(&newsroom, &newsroom.author, &another, "elsewhere").await;
    save(&newsroom, &newsroom.editor, &entry, "another account").await;
    let discard = newsroom.discard_draft(&newsroom.author, first, None);
    discard.await.unwrap();
    save(&newsroom, &newsroom.author, &entry, "the hundredth").await;
}

async fn thousand_drafts_of_an_account_and_no_more(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    for number in 0..10 {
        let entry = newsroom
            .entry(&format!("entry-{number}"), EntryState::Live)
            .await;
        let all = (0..100).map(|_| save(&newsroom, &newsroom.author, &entry, "x"));
        join_all(all).await;
    }
    assert_eq!(
        newsroom.drafts(&newsroom.author).await.unwrap().len(),
        1_000
    );
    let last = newsroom.live_entry().await;
    let refused = newsroom
        .create_draft(&newsroom.author, &last.slug, &op_id(), &text("x"))
        .await;
    assert_refused!(refused, Error::Forbidden(why) if why.contains("1000 drafts"));
    save(&newsroom, &newsroom.editor, &last, "x").await;
}

async fn other_accounts_never_see_a_draft(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = save(&newsroom, &newsroom.author, &entry, "secret").await;
    for other in [&newsroom.owner, &newsroom.editor, &newsroom.reader] {
        let slug = &entry.slug;
        assert!(newsroom.entry_drafts(other, slug).await.unwrap().is_empty());
        assert!(newsroom.drafts(other).await.unwrap().is_empty());
        assert_refused!(newsroom.draft(other, slug, id).await, Error::DraftGone);
        for base in [None, Some(1), Some(2)] {
            // Not a conflict, which would contain the text.
            let discard = newsroom.discard_draft(other, id, base).await;
            assert_refused!(discard, Error::DraftGone);
            if other.role.may_post() {
                let change = newsroom
                    .change_draft(other, slug, id, base, &text("x"), None)
                    .await;
                assert_refused!(change, Error::DraftGone);
            }
        }
    }
    let posted = newsroom
        .post_saved_draft(
            &newsroom.owner,
            &entry.slug,
            &op_id(),
            &draft("by the owner"),
            &[],
            None,
            Some(id),
        )
        .await;
    posted.unwrap();
    assert_eq!(read(&newsroom, &entry, id).await.source, "secret");
}

async fn account_that_may_no_longer_post_can_read_and_discard(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let author = &newsroom.author;
    let hidden = newsroom.entry("hidden", EntryState::Draft).await;
    let id = save(&newsroom, author, &hidden, "my words").await;
    newsroom
        .set_role(&author.username, Role::Reader)
        .await
        .unwrap();
    let lowered = Caller {
        role: Role::Reader,
        ..author.clone()
    };
    let slug = &hidden.slug;
    let (_, kept) = newsroom.draft(&lowered, slug, id).await.unwrap();
    assert_eq!(kept.source, "my words");
    assert_eq!(
        newsroom.entry_drafts(&lowered, slug).await.unwrap().len(),
        1
    );
    assert_eq!(newsroom.drafts(&lowered).await.unwrap().len(), 1);
    let change = newsroom
        .change_draft(&lowered, slug, id, None, &text("x"), None)
        .await;
    assert_refused!(change, Error::Forbidden(_));
    let create = newsroom
        .create_draft(&lowered, slug, &op_id(), &text("x"))
        .await;
    assert_refused!(create, Error::Forbidden(_));
    newsroom.discard_draft(&lowered, id, Some(1)).await.unwrap();

    // Without a draft, a reader does not learn that the entry exists.
    let drafts = newsroom.entry_drafts(&lowered, slug).await;
    assert_refused!(drafts, Error::NotFound("live blog"));
    let gone = newsroom.draft(&lowered, slug, id).await;
    assert_refused!(gone, Error::NotFound("live blog"));
}

async fn drafts_of_a_disabled_account_stay(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = save(&newsroom, &newsroom.author, &entry, "my words").await;
    let username = Username::parse("author").unwrap();
    newsroom.disable_account(&username).await.unwrap();
    newsroom.enable_account(&username).await.unwrap();
    assert_eq!(read(&newsroom, &entry, id).await.source, "my words");
}

/// Posts `source` as the author, from the draft `id`.
async fn post_from(
    newsroom: &Newsroom,
    caller: &Caller,
    entry: &Entry,
    source: &str,
    id: DraftId,
) -> newsroom::Result<domain::PostResult> {
    let (op, draft) = (op_id(), draft(source));
    let slug = &entry.slug;
    newsroom
        .post_saved_draft(caller, slug, &op, &draft, &[], None, Some(id))
        .await
}

async fn post_deletes_its_draft(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (author, entry) = (&newsroom.author, newsroom.live_entry().await);
    let id = save(&newsroom, author, &entry, "A go").await;
    let other = save(&newsroom, author, &entry, "Another").await;
    let (op, goal) = (op_id(), draft("A goal"));
    let post = |saved_as| {
        let (newsroom, slug, op, goal) = (&newsroom, &entry.slug, &op, &goal);
        async move {
            newsroom
                .post_saved_draft(author, slug, op, goal, &[], None, saved_as)
                .await
        }
    };
    let first = post(Some(id)).await.unwrap();
    assert_eq!(newsroom.texts(&entry).await, ["A goal"]);
    assert_eq!(excerpts(&newsroom, &entry).await, ["Another"]);
    // The draft is no part of the request: the same post with another one, or none, is repeated.
    for saved_as in [Some(id), Some(other), None] {
        assert_eq!(post(saved_as).await.unwrap(), first);
    }
    assert_eq!(newsroom.texts(&entry).await, ["A goal"]);
    assert_eq!(excerpts(&newsroom, &entry).await, ["Another"]);
}

async fn post_is_published_without_its_draft(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (author, entry) = (&newsroom.author, newsroom.live_entry().await);
    let elsewhere = newsroom.entry("elsewhere", EntryState::Live).await;
    let discarded = save(&newsroom, author, &entry, "discarded").await;
    newsroom
        .discard_draft(author, discarded, None)
        .await
        .unwrap();
    let of_another_entry = save(&newsroom, author, &elsewhere, "kept").await;
    let of_another_account = save(&newsroom, &newsroom.editor, &entry, "kept").await;
    let never = DraftId(i64::MAX);
    for (number, id) in [discarded, of_another_entry, of_another_account, never]
        .into_iter()
        .enumerate()
    {
        let source = format!("update {number}");
        post_from(&newsroom, author, &entry, &source, id)
            .await
            .unwrap();
    }
    assert_eq!(
        newsroom.texts(&entry).await,
        ["update 0", "update 1", "update 2", "update 3"]
    );
    assert_eq!(excerpts(&newsroom, &elsewhere).await, ["kept"]);
    let editors = newsroom.entry_drafts(&newsroom.editor, &entry.slug).await;
    assert_eq!(editors.unwrap().len(), 1);
}

async fn post_and_deletion_are_one_transaction(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (author, entry) = (&newsroom.author, newsroom.live_entry().await);
    let id = save(&newsroom, author, &entry, "my words").await;
    // Refused for its text, for its entry, and for its account.
    let refused = post_from(&newsroom, author, &entry, "<script></script>", id).await;
    assert_refused!(refused, Error::Invalid(_));
    newsroom.end_entry(author, &entry.slug, None).await.unwrap();
    let refused = post_from(&newsroom, author, &entry, "A goal", id).await;
    assert_refused!(refused, Error::Forbidden(_));
    newsroom
        .start_entry(author, &entry.slug, None)
        .await
        .unwrap();
    let lowered = Caller {
        role: Role::Reader,
        ..author.clone()
    };
    let refused = post_from(&newsroom, &lowered, &entry, "A goal", id).await;
    assert_refused!(refused, Error::Forbidden(_));
    assert_eq!(read(&newsroom, &entry, id).await.version, 1);

    // The draft can be deleted, but the update can't be inserted.
    database
        .execute("ALTER TABLE updates RENAME COLUMN markup_version TO broken")
        .await;
    let failed = post_from(&newsroom, author, &entry, "A goal", id).await;
    assert_refused!(failed, Error::Unavailable(_));
    database
        .execute("ALTER TABLE updates RENAME COLUMN broken TO markup_version")
        .await;
    assert_eq!(read(&newsroom, &entry, id).await.version, 1);

    // The update can be inserted, but the draft can't be deleted.
    database
        .execute("ALTER TABLE update_drafts RENAME COLUMN account_id TO broken")
        .await;
    let failed = post_from(&newsroom, author, &entry, "A goal", id).await;
    assert_refused!(failed, Error::Unavailable(_));
    database
        .execute("ALTER TABLE update_drafts RENAME COLUMN broken TO account_id")
        .await;
    assert_eq!(newsroom.texts(&entry).await, [""; 0]);

    post_from(&newsroom, author, &entry, "A goal", id)
        .await
        .unwrap();
    assert_eq!(newsroom.texts(&entry).await, ["A goal"]);
    assert_eq!(excerpts(&newsroom, &entry).await, [""; 0]);
}

/// Posts and changes lock the same drafts, in any order and on two servers.
async fn drafts_that_are_changed_while_they_are_posted_are_gone(database: Database) {
    let (laptop, phone) = TestNewsroom::pair_on(&database).await;
    let entry = laptop.live_entry().await;
    let mut ids = Vec::new();
    for number in 0..60 {
        ids.push(save(&laptop, &laptop.author, &entry, &format!("draft {number}")).await);
    }
    let posts = ids.iter().map(|&id| {
        let (laptop, entry) = (&laptop, &entry);
        async move {
            let source = format!("posted {id}");
            post_from(laptop, &laptop.author, entry, &source, id).await
        }
    });
    let changes = ids.iter().rev().map(|&id| {
        let (phone, entry) = (&phone, &entry);
        async move {
            let change = text(&format!("changed {id}"));
            phone
                .change_draft(&phone.author, &entry.slug, id, Some(1), &change, None)
                .await
        }
    });
    let (results, outcomes) = tokio::join!(join_all(posts), join_all(changes));
    for posted in results {
        posted.unwrap();
    }
    for outcome in outcomes {
        match outcome {
            Ok(saved) => assert_eq!(saved.version, 2),
            Err(Error::DraftGone) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(laptop.texts(&entry).await.len(), 60);
    assert!(excerpts(&phone, &entry).await.is_empty());
}

async fn drafts_change_no_feed(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (author, entry) = (&newsroom.author, newsroom.live_entry().await);
    newsroom.post(&entry, "public").await;
    let store = database.store().await;
    let feeds = [FeedId::All, FeedId::Entry(entry.id)];
    let mut streams = feeds.map(|feed| Stream::open(&newsroom.newsroom, feed, None));
    let before = everything_public(&newsroom, &store, &entry).await;

    let id = save(&newsroom, author, &entry, "secret").await;
    assert_eq!(everything_public(&newsroom, &store, &entry).await, before);
    newsroom
        .change_draft(
            author,
            &entry.slug,
            id,
            Some(1),
            &text("more"),
            Some(&op_id()),
        )
        .await
        .unwrap();
    assert_eq!(everything_public(&newsroom, &store, &entry).await, before);
    newsroom.discard_draft(author, id, Some(2)).await.unwrap();
    assert_eq!(everything_public(&newsroom, &store, &entry).await, before);

    // The next event is the next post's, at the next revision.
    let posted = newsroom.post(&entry, "also public").await;
    for stream in &mut streams {
        let batch = stream.next_batch().await;
        assert_eq!((batch.from, batch.to), (posted.rev - 1, posted.rev));
        assert_eq!(batch.changes.len(), 1);
    }
    store.close().await;
}

/// Returns all that is public, and the revision counters.
async fn everything_public(newsroom: &TestNewsroom, store: &Store, entry: &Entry) -> String {
    let mut snapshot = store.snapshot().await.unwrap();
    let feed = snapshot.feed().await.unwrap();
    let drafts = snapshot.last_rev(Counter::DRAFTS).await.unwrap();
    let page = newsroom.entry_page(&entry.slug).await.unwrap();
    let front = newsroom.front_page().await.unwrap();
    let live = newsroom.live_page().await.unwrap();
    let of_entry = FeedId::Entry(entry.id);
    let heads = (
        newsroom.head(FeedId::All).await.unwrap(),
        newsroom.head(of_entry).await.unwrap(),
    );
    let changes = (
        newsroom.changes(FeedId::All, None).await.unwrap(),
        newsroom.changes(of_entry, None).await.unwrap(),
    );
    format!("{feed:?} {drafts} {page:?} {front:?} {live:?} {heads:?} {changes:?}")
}

/// Not on SQLite, where all transactions that write wait for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_and_posts_do_not_lock_each_other() {
    let database = Database::postgres().await;
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let store = database.store().await;
    let held = store.revise(Counter::ENTRIES).await.unwrap();
    let id = with_timeout(save(&newsroom, &newsroom.author, &entry, "saved meanwhile")).await;
    drop(held);
    let mut held = store.revise(Counter::DRAFTS).await.unwrap();
    held.delete_draft(id, entry.id, newsroom.author.id)
        .await
        .unwrap();
    with_timeout(newsroom.post(&entry, "posted meanwhile")).await;
    // A post of a draft waits for the transaction, and the draft is deleted once.
    let post = post_from(&newsroom, &newsroom.author, &entry, "then posted", id);
    let (posted, committed) = tokio::join!(post, held.commit());
    posted.unwrap();
    committed.unwrap();
    assert_eq!(
        newsroom.texts(&entry).await,
        ["posted meanwhile", "then posted"]
    );
    store.close().await;
}

async fn database_of_the_previous_release_gets_drafts(database: Database) {
    let connection = database.of_earlier_release(10).await;
    drop(connection);
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = save(&newsroom, &newsroom.author, &entry, "A goal").await;
    post_from(&newsroom, &newsroom.author, &entry, "A goal", id)
        .await
        .unwrap();
    assert_eq!(excerpts(&newsroom, &entry).await, [""; 0]);
}
