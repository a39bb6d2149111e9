//! Edits that are based on another text than the current one.

use domain::{
    Caller, ConflictReason, Cursor, DiffKind, Draft, EditConflict, Epoch, Mark, OpId, UpdateId,
};
use newsroom::{EditedUpdate, Entry, EntryEdit, Error, Newsroom, Result, UpdatePatch};
use sqlx::{AnyConnection, Connection, Row};

use super::support::{Database, TestNewsroom, draft, op_id, slug};

on_every_database! {
    edit_of_a_text_that_was_changed_conflicts,
    conflict_is_resolved_with_its_own_base,
    deletion_of_a_text_that_was_changed_conflicts,
    changes_of_anything_but_the_text_do_not_conflict,
    same_text_and_marks_never_conflict,
    repeated_edit_returns_its_first_result,
    repeated_edit_does_not_reveal_a_base_of_a_later_text,
    base_that_is_not_of_this_feed_conflicts,
    conflict_stores_no_operation,
    conflict_names_the_last_editor_if_recorded,
    update_source_is_returned_to_its_editors_only,
    restored_backup_conflicts_with_bases_of_the_lost_epoch,
    renumbered_revisions_conflict_with_earlier_bases_only,
    updates_of_an_earlier_release_have_text_revisions,
    database_rejects_a_text_revision_out_of_range,
}

/// Returns the base of an edit of an update's current text.
async fn base_of(newsroom: &Newsroom, caller: &Caller, id: UpdateId) -> Cursor {
    newsroom.update_source(caller, id).await.unwrap().base
}

async fn edit(
    newsroom: &TestNewsroom,
    caller: &Caller,
    id: UpdateId,
    text: &str,
    base: &Cursor,
) -> Result<EditedUpdate> {
    newsroom
        .edit_update(caller, id, &draft(text), Some(&op_id()), Some(base))
        .await
}

fn conflict<T: std::fmt::Debug>(result: Result<T>) -> EditConflict {
    match result {
        Err(Error::Conflict(conflict)) => *conflict,
        other => panic!("expected a conflict: {other:?}"),
    }
}

async fn entry_with_update(newsroom: &TestNewsroom, text: &str) -> (Entry, UpdateId) {
    let entry = newsroom.live_entry().await;
    let id = newsroom.post(&entry, text).await.id;
    (entry, id)
}

async fn edit_of_a_text_that_was_changed_conflicts(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (_, id) = entry_with_update(&newsroom, "It is 2-0, now").await;
    let base = base_of(&newsroom, &newsroom.author, id).await;
    newsroom.manual_clock.advance(60_000_000);
    let corrected = Draft::parse("It is 2-1, now", "Goal").unwrap();
    newsroom
        .edit_update(&newsroom.editor, id, &corrected, None, Some(&base))
        .await
        .unwrap();
    let edited_at = newsroom.clock().now();
    newsroom.manual_clock.advance(60_000_000);
    let current = base_of(&newsroom, &newsroom.editor, id).await;

    let refused = conflict(edit(&newsroom, &newsroom.author, id, "It is 2-0 now", &base).await);
    assert_eq!(refused.reason, ConflictReason::Changed);
    assert_eq!(
        (&*refused.source, &*refused.headline),
        ("It is 2-1, now", "Goal")
    );
    assert_eq!(refused.base, current);
    assert_eq!(refused.edited_by.as_deref(), Some("editor"));
    assert_eq!(refused.edited_at, edited_at);
    let diff = |parts: &[domain::DiffPart]| -> Vec<(DiffKind, String)> {
        parts.iter().map(|it| (it.kind, it.text.clone())).collect()
    };
    assert_eq!(
        diff(&refused.source_diff),
        [
            (DiffKind::Same, "It is 2-".to_owned()),
            (DiffKind::Removed, "1,".to_owned()),
            (DiffKind::Added, "0".to_owned()),
            (DiffKind::Same, " now".to_owned()),
        ]
    );
    assert_eq!(
        diff(&refused.headline_diff),
        [(DiffKind::Removed, "Goal".to_owned())]
    );
    assert_eq!(
        refused.to_string(),
        "editor changed this text after you opened it. Your text was not saved. Compare it with the current one, and choose."
    );
    assert_eq!(newsroom.source(id).await, "It is 2-1, now");
}

async fn conflict_is_resolved_with_its_own_base(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (_, id) = entry_with_update(&newsroom, "one").await;
    let base = base_of(&newsroom, &newsroom.author, id).await;
    edit(&newsroom, &newsroom.editor, id, "two", &base)
        .await
        .unwrap();
    let refused = conflict(edit(&newsroom, &newsroom.author, id, "three", &base).await);
    // Changed once more before the author decides.
    edit(&newsroom, &newsroom.editor, id, "four", &refused.base)
        .await
        .unwrap();
    let refused = conflict(edit(&newsroom, &newsroom.author, id, "three", &refused.base).await);
    assert_eq!(refused.source, "four");
    let saved = edit(&newsroom, &newsroom.author, id, "three", &refused.base)
        .await
        .unwrap();
    assert_eq!(newsroom.source(id).await, "three");
    // The base that is returned serves for the next edit.
    edit(&newsroom, &newsroom.author, id, "five", &saved.base)
        .await
        .unwrap();
    assert_eq!(newsroom.source(id).await, "five");
}

async fn deletion_of_a_text_that_was_changed_conflicts(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (_, id) = entry_with_update(&newsroom, "one").await;
    let base = base_of(&newsroom, &newsroom.author, id).await;
    edit(&newsroom, &newsroom.editor, id, "two", &base)
        .await
        .unwrap();
    let delete = async |base: Cursor| {
        newsroom
            .delete_update(&newsroom.author, id, None, Some(&base))
            .await
    };
    let refused = conflict(delete(base).await);
    assert_eq!(refused.source, "two");
    assert!(refused.source_diff.is_empty() && refused.headline_diff.is_empty());
    assert_eq!(newsroom.source(id).await, "two");
    delete(refused.base).await.unwrap();
    // It is deleted: the request has nothing to change, whatever its base is.
    delete(base).await.unwrap();
    assert_refused!(
        edit(&newsroom, &newsroom.author, id, "three", &base).await,
        Error::Removed
    );
    // Neither the deletion nor the restoration changed the text.
    newsroom
        .restore_update(&newsroom.author, id, None)
        .await
        .unwrap();
    edit(&newsroom, &newsroom.author, id, "three", &refused.base)
        .await
        .unwrap();
}

async fn changes_of_anything_but_the_text_do_not_conflict(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (entry, id) = entry_with_update(&newsroom, "one").await;
    let base = base_of(&newsroom, &newsroom.author, id).await;
    let mark = |on| newsroom.mark_update(&newsroom.editor, id, Mark::Key, on, None);
    mark(true).await.unwrap();
    mark(false).await.unwrap();
    mark(true).await.unwrap();
    // Pinning another update unpins this one.
    newsroom
        .mark_update(&newsroom.author, id, Mark::Pinned, true, None)
        .await
        .unwrap();
    let other = newsroom.post(&entry, "other").await.id;
    newsroom
        .mark_update(&newsroom.author, other, Mark::Pinned, true, None)
        .await
        .unwrap();
    let moved = EntryEdit {
        slug: slug("moved"),
        time_zone: domain::ZoneName::new_unchecked("Asia/Tokyo"),
        ..EntryEdit::of(&entry)
    };
    newsroom
        .edit_entry(&newsroom.editor, &entry.slug, &moved, None)
        .await
        .unwrap();
    newsroom
        .delete_update(&newsroom.author, id, None, None)
        .await
        .unwrap();
    newsroom
        .restore_update(&newsroom.author, id, None)
        .await
        .unwrap();
    database
        .outdate_update(id, "one", "<p>another rendering</p>")
        .await;
    let rerendered = newsroom.rerender_after(UpdateId(0)).await.unwrap();
    assert_eq!(rerendered.unwrap().changed, 1);
    let current = base_of(&newsroom, &newsroom.author, id).await;
    assert!(
        current.rev > base.rev + 5,
        "{current} is not far above {base}"
    );

    edit(&newsroom, &newsroom.author, id, "two", &base)
        .await
        .unwrap();
    let (_, editable) = newsroom
        .editable_update(&newsroom.author, id)
        .await
        .unwrap();
    assert_eq!(editable.source, "two");
    assert!(editable.update.key, "the mark was lost");
    assert_eq!(editable.text_rev, editable.update.rev);
}

async fn same_text_and_marks_never_conflict(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (_, id) = entry_with_update(&newsroom, "one").await;
    let old = base_of(&newsroom, &newsroom.author, id).await;
    edit(&newsroom, &newsroom.editor, id, "two", &old)
        .await
        .unwrap();
    let before = base_of(&newsroom, &newsroom.author, id).await;
    // Both corrected the same mistake.
    let same = edit(&newsroom, &newsroom.author, id, "two", &old)
        .await
        .unwrap();
    assert_eq!(same.base, before);
    let patch = UpdatePatch::mark(Mark::Key, true);
    let marked = newsroom
        .patch_update(&newsroom.author, id, &patch, None, Some(&old))
        .await
        .unwrap();
    // Who sent the old base doesn't know the text, and still can't overwrite it.
    assert_eq!(marked.base, Cursor::NO_TEXT);
    let headline = UpdatePatch {
        headline: Some(None),
        ..UpdatePatch::default()
    };
    newsroom
        .patch_update(&newsroom.author, id, &headline, None, Some(&old))
        .await
        .unwrap();
    conflict(edit(&newsroom, &newsroom.author, id, "three", &marked.base).await);
}

async fn repeated_edit_returns_its_first_result(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (_, id) = entry_with_update(&newsroom, "one").await;
    let base = base_of(&newsroom, &newsroom.author, id).await;
    let op = op_id();
    let text = draft("two");
    let send = |base: Cursor| {
        let (newsroom, op, text) = (&newsroom, &op, &text);
        async move {
            newsroom
                .edit_update(&newsroom.author, id, text, Some(op), Some(&base))
                .await
        }
    };
    let first = send(base).await.unwrap();
    // The answer was lost. The text is above the base now, because of this very edit.
    assert_eq!(send(base).await.unwrap().base, first.base);
    newsroom
        .mark_update(&newsroom.editor, id, Mark::Key, true, None)
        .await
        .unwrap();
    let repeated = send(base).await.unwrap();
    edit(&newsroom, &newsroom.author, id, "three", &repeated.base)
        .await
        .unwrap();
    // A concurrent repetition, too.
    let op = op_id();
    let (text, base) = (
        draft("four"),
        base_of(&newsroom, &newsroom.author, id).await,
    );
    let send = || newsroom.edit_update(&newsroom.author, id, &text, Some(&op), Some(&base));
    let (one, two, three) = tokio::join!(send(), send(), send());
    assert_eq!(one.unwrap().base, two.unwrap().base);
    three.unwrap();
}

async fn repeated_edit_does_not_reveal_a_base_of_a_later_text(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (_, id) = entry_with_update(&newsroom, "one").await;
    let base = base_of(&newsroom, &newsroom.author, id).await;
    let op = op_id();
    let text = draft("two");
    let send = || newsroom.edit_update(&newsroom.author, id, &text, Some(&op), Some(&base));
    let first = send().await.unwrap();
    edit(&newsroom, &newsroom.editor, id, "three", &first.base)
        .await
        .unwrap();
    let repeated = send().await.unwrap();
    // The author has never seen "three", so an edit with the base that is returned must not
    // replace it.
    let refused = conflict(edit(&newsroom, &newsroom.author, id, "four", &repeated.base).await);
    assert_eq!(refused.source, "three");

    let entry = newsroom.entry("other", domain::EntryState::Live).await;
    let (op, text) = (op_id(), draft("posted"));
    let post = || newsroom.post_update(&newsroom.author, &entry.slug, &op, &text, None);
    let id = post().await.unwrap().id;
    let posted = newsroom
        .posted_base(&newsroom.author, id, &text)
        .await
        .unwrap();
    edit(&newsroom, &newsroom.editor, id, "changed", &posted)
        .await
        .unwrap();
    post().await.unwrap();
    let again = newsroom
        .posted_base(&newsroom.author, id, &text)
        .await
        .unwrap();
    conflict(edit(&newsroom, &newsroom.author, id, "four", &again).await);
}

async fn base_that_is_not_of_this_feed_conflicts(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (entry, id) = entry_with_update(&newsroom, "one").await;
    let base = base_of(&newsroom, &newsroom.author, id).await;
    // A revision of another entry is above this one's head.
    let other = newsroom.entry("other", domain::EntryState::Live).await;
    let elsewhere = newsroom.post(&other, "elsewhere").await;
    let head = newsroom.feed_head(&entry).await;
    for (base, reason, sentence) in [
        (
            Cursor::new(base.epoch, elsewhere.rev),
            ConflictReason::Future,
            "Your edit is based on a revision that this live blog does not have.",
        ),
        (
            Cursor::new(base.epoch, i64::MAX),
            ConflictReason::Future,
            "Your edit is based on",
        ),
        (
            Cursor::new(Epoch::parse("another").unwrap(), head),
            ConflictReason::OtherEpoch,
            "The server's database was restored or repaired after you opened this text.",
        ),
        (
            Cursor::new(base.epoch, 0),
            ConflictReason::UnknownBase,
            "It is not known which version of this text you edited.",
        ),
        (
            Cursor::NO_TEXT,
            ConflictReason::UnknownBase,
            "It is not known",
        ),
    ] {
        let refused = conflict(edit(&newsroom, &newsroom.author, id, "two", &base).await);
        assert_eq!(refused.reason, reason, "{base}");
        assert!(refused.to_string().starts_with(sentence), "{refused}");
        assert_eq!(refused.source, "one");
    }
    // The base of another update of the same feed is as good: at that revision the text was this.
    let later = newsroom.post(&entry, "later").await;
    let base = Cursor::new(base.epoch, later.rev);
    edit(&newsroom, &newsroom.author, id, "two", &base)
        .await
        .unwrap();
    conflict(edit(&newsroom, &newsroom.author, id, "three", &base).await);
}

async fn conflict_stores_no_operation(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (_, id) = entry_with_update(&newsroom, "one").await;
    let base = base_of(&newsroom, &newsroom.author, id).await;
    edit(&newsroom, &newsroom.editor, id, "two", &base)
        .await
        .unwrap();
    let op = op_id();
    let send = async |op: &OpId, text: &str, base: &Cursor| {
        newsroom
            .edit_update(&newsroom.author, id, &draft(text), Some(op), Some(base))
            .await
    };
    let refused = conflict(send(&op, "mine", &base).await);
    conflict(send(&op, "merged", &base).await);
    send(&op, "merged", &refused.base).await.unwrap();
    assert_eq!(newsroom.source(id).await, "merged");
    // Another account's operation ids are its own.
    let current = base_of(&newsroom, &newsroom.editor, id).await;
    newsroom
        .edit_update(
            &newsroom.editor,
            id,
            &draft("theirs"),
            Some(&op),
            Some(&current),
        )
        .await
        .unwrap();
    assert_eq!(newsroom.source(id).await, "theirs");
}

async fn conflict_names_the_last_editor_if_recorded(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (_, id) = entry_with_update(&newsroom, "one").await;
    let refused = conflict(edit(&newsroom, &newsroom.editor, id, "two", &Cursor::NO_TEXT).await);
    assert_eq!(refused.edited_by.as_deref(), Some("author"), "not edited");
    let base = refused.base;
    edit(&newsroom, &newsroom.editor, id, "two", &base)
        .await
        .unwrap();
    // Marks don't change who wrote the text.
    newsroom
        .mark_update(&newsroom.author, id, Mark::Key, true, None)
        .await
        .unwrap();
    let refused = conflict(edit(&newsroom, &newsroom.author, id, "three", &base).await);
    assert_eq!(refused.edited_by.as_deref(), Some("editor"));
    database
        .execute("UPDATE updates SET edited_by = NULL")
        .await;
    let refused = conflict(edit(&newsroom, &newsroom.author, id, "three", &base).await);
    assert_eq!(refused.edited_by, None, "edited by an earlier release");
    assert!(
        refused
            .to_string()
            .starts_with("This text was changed after you opened it.")
    );
}

async fn update_source_is_returned_to_its_editors_only(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (entry, id) = entry_with_update(&newsroom, "one").await;
    let theirs = newsroom
        .post_as(&newsroom.editor, &entry, "theirs")
        .await
        .id;
    let source = newsroom.update_source(&newsroom.author, id).await.unwrap();
    assert_eq!(
        (&*source.source, &*source.headline, source.may_pin),
        ("one", "", true)
    );
    newsroom
        .mark_update(&newsroom.editor, theirs, Mark::Pinned, true, None)
        .await
        .unwrap();
    let source = newsroom.update_source(&newsroom.author, id).await.unwrap();
    assert!(!source.may_pin, "an editor's update is pinned");
    let source = newsroom
        .update_source(&newsroom.editor, theirs)
        .await
        .unwrap();
    assert!(source.may_pin && source.pinned && !source.key);
    for (caller, id) in [(&newsroom.author, theirs), (&newsroom.reader, id)] {
        assert_refused!(
            newsroom.update_source(caller, id).await,
            Error::Forbidden(_)
        );
        assert_refused!(
            newsroom.posted_base(caller, id, &draft("one")).await,
            Error::Forbidden(_)
        );
    }
    newsroom
        .delete_update(&newsroom.author, id, None, None)
        .await
        .unwrap();
    assert_refused!(
        newsroom.update_source(&newsroom.author, id).await,
        Error::Removed
    );
    let nowhere = newsroom
        .update_source(&newsroom.author, UpdateId(999))
        .await;
    assert_refused!(nowhere, Error::NotFound(_));
}

async fn restored_backup_conflicts_with_bases_of_the_lost_epoch(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (_, id) = entry_with_update(&newsroom, "one").await;
    newsroom.shut_down().await;
    database.back_up().await;
    let newsroom = TestNewsroom::on(&database).await;
    let base = base_of(&newsroom, &newsroom.author, id).await;
    let lost = edit(&newsroom, &newsroom.author, id, "lost", &base)
        .await
        .unwrap();
    newsroom.shut_down().await;
    database.restore_backup().await;

    let newsroom = TestNewsroom::on(&database).await;
    for base in [base, lost.base] {
        let refused = conflict(edit(&newsroom, &newsroom.author, id, "two", &base).await);
        assert_eq!(refused.reason, ConflictReason::OtherEpoch);
        assert_eq!(refused.source, "one");
        // What they see now is what they may replace.
        edit(&newsroom, &newsroom.author, id, "one", &refused.base)
            .await
            .unwrap();
    }
    let base = base_of(&newsroom, &newsroom.author, id).await;
    edit(&newsroom, &newsroom.author, id, "two", &base)
        .await
        .unwrap();
}

async fn renumbered_revisions_conflict_with_earlier_bases_only(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (entry, id) = entry_with_update(&newsroom, "one").await;
    let base = base_of(&newsroom, &newsroom.author, id).await;
    let edited = edit(&newsroom, &newsroom.author, id, "two", &base)
        .await
        .unwrap();
    newsroom.post(&entry, "other").await;
    newsroom.shut_down().await;
    database
        .execute("UPDATE feed SET rev = 9007199254740990")
        .await;
    let newsroom = Newsroom::open(database.options().0).await.unwrap();
    newsroom.repair_revisions().await.unwrap();
    newsroom.close().await;

    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    let unsound = sqlx::query("SELECT COUNT(*) AS n FROM updates WHERE text_rev > rev");
    let row = unsound.fetch_one(&mut connection).await.unwrap();
    assert_eq!(row.get::<i64, _>("n"), 0);
    connection.close().await.unwrap();
    let newsroom = TestNewsroom::on(&database).await;
    for base in [base, edited.base] {
        let refused = conflict(edit(&newsroom, &newsroom.author, id, "three", &base).await);
        assert_eq!(refused.reason, ConflictReason::OtherEpoch);
    }
    let base = base_of(&newsroom, &newsroom.author, id).await;
    edit(&newsroom, &newsroom.author, id, "three", &base)
        .await
        .unwrap();
    conflict(edit(&newsroom, &newsroom.author, id, "four", &base).await);
}

async fn updates_of_an_earlier_release_have_text_revisions(database: Database) {
    /// The last migration without text revisions.
    const BEFORE: i64 = 10;
    let mut connection = database.of_earlier_release(BEFORE).await;
    for sql in [
        "INSERT INTO feed (id, epoch, rev, horizon) VALUES (1, 'old', 9, 0)",
        "INSERT INTO accounts (id, username, username_folded, role, password_hash, created_at)
         VALUES (50, 'anna', 'anna', 'author', 'none', 1)",
        "INSERT INTO entries (id, slug, title, summary, state, time_zone, starts_at, default_order, rev, head)
         VALUES (70, 'final', 'Final', '', 'live', 'UTC', 0, 'oldest', 1, 9)",
        "INSERT INTO updates (id, entry_id, author_id, rev, source, html, posted_at, edited_at)
         VALUES (1, 70, 50, 5, 'one', '<p>one</p>', 1, NULL), (2, 70, 50, 9, 'two', '<p>two</p>', 2, 3)",
    ] {
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();

    let newsroom = TestNewsroom::on(&database).await;
    for (id, rev) in [(UpdateId(1), 5), (UpdateId(2), 9)] {
        let (entry, editable) = newsroom
            .editable_update(&newsroom.editor, id)
            .await
            .unwrap();
        assert_eq!((editable.text_rev, editable.edited_by), (rev, None));
        let older = Cursor::new(entry.epoch, rev - 1);
        conflict(edit(&newsroom, &newsroom.editor, id, "new", &older).await);
        let base = Cursor::new(entry.epoch, rev);
        edit(&newsroom, &newsroom.editor, id, "new", &base)
            .await
            .unwrap();
    }
}

async fn database_rejects_a_text_revision_out_of_range(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    entry_with_update(&newsroom, "one").await;
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    for rev in [-1, domain::MAX_REV + 1] {
        let set = sqlx::query("UPDATE updates SET text_rev = $1").bind(rev);
        assert!(set.execute(&mut connection).await.is_err(), "{rev}");
    }
    connection.close().await.unwrap();
}
