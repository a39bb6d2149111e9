//! Feeds that are not of entries: a source of notes on boards, with a table, a counter and a write
//! of its own, and nothing else. Rooms and notifications are added in the same way.

use std::sync::Arc;

use domain::{
    Batch, Change, Cursor, EntryId, EntryState, Epoch, FeedId, Rev, Timestamp, UpdateId, Upserted,
};
use futures::{FutureExt, future::BoxFuture, poll};
use newsroom::{
    Error, Result, Write,
    feed::{FeedSource, Frame, SourceHead, check_cursor},
    storage::{Counter, Revision, Snapshot},
};
use sqlx::Row;

use super::support::{Database, Event, Stream, TestNewsroom, batch, with_timeout};

on_every_database! {
    note_reaches_the_streams_of_its_board,
    note_changes_no_feed_of_entries,
    note_of_another_server_arrives,
    client_continues_at_its_cursor,
    other_epoch_resets_the_boards_too,
    restored_backup_of_the_notes_begins_another_epoch,
    source_that_fails_stops_no_other,
}

const NOTES: Counter = Counter::named("notes");
/// Boards have negative numbers, because entries have positive ones.
const BOARD: EntryId = EntryId(-1);
const OTHER_BOARD: EntryId = EntryId(-2);
/// The most notes in a batch.
const MAX_NOTES: i64 = 3;

/// The feeds of all boards that have notes.
#[derive(Debug)]
struct Boards;

impl Boards {
    async fn heads(snapshot: &mut Snapshot, since: Rev) -> Result<Vec<SourceHead>> {
        let rows =
            sqlx::query("SELECT board, MAX(rev) AS head FROM notes WHERE rev > $1 GROUP BY board")
                .bind(since)
                .fetch_all(snapshot.connection())
                .await?;
        let head = |row: &sqlx::any::AnyRow| SourceHead {
            feed: FeedId::Entry(EntryId(row.get("board"))),
            head: row.get("head"),
            state: EntryState::Live,
            slug: None,
        };
        Ok(rows.iter().map(head).collect())
    }

    async fn find(snapshot: &mut Snapshot, feed: FeedId) -> Result<Option<SourceHead>> {
        let heads = Self::heads(snapshot, 0).await?;
        Ok(heads.into_iter().find(|head| head.feed == feed))
    }

    async fn read(
        snapshot: &mut Snapshot,
        epoch: Epoch,
        feed: FeedId,
        since: Cursor,
    ) -> Result<Frame> {
        let found = Self::find(snapshot, feed).await?;
        let head = found.ok_or(Error::NotFound("board"))?.head;
        check_cursor(&since, epoch, head, head)?;
        let FeedId::Entry(board) = feed else {
            return Err(Error::NotFound("board"));
        };
        let rows = sqlx::query(
            "SELECT id, rev, text FROM notes WHERE board = $1 AND rev > $2 ORDER BY rev LIMIT $3",
        )
        .bind(board.0)
        .bind(since.rev)
        .bind(MAX_NOTES)
        .fetch_all(snapshot.connection())
        .await?;
        let note = |row: &sqlx::any::AnyRow| {
            Change::Upserted(Upserted {
                id: UpdateId(row.get("id")),
                rev: row.get("rev"),
                entry_id: board,
                posted_at: Timestamp::default(),
                html: row.get("text"),
            })
        };
        let changes: Vec<_> = rows.iter().map(note).collect();
        let to = changes.last().map_or(head, Change::rev);
        let batch = Batch {
            epoch,
            from: since.rev,
            to,
            head,
            more: to < head,
            changes,
            entry: None,
            entries: Vec::new(),
            room: None,
        };
        Ok(Frame::new(&batch, &[]))
    }
}

impl FeedSource for Boards {
    fn counter(&self) -> Counter {
        NOTES
    }

    fn heads_since<'a>(
        &'a self,
        snapshot: &'a mut Snapshot,
        since: Rev,
    ) -> BoxFuture<'a, Result<Vec<SourceHead>>> {
        Self::heads(snapshot, since).boxed()
    }

    fn head<'a>(
        &'a self,
        snapshot: &'a mut Snapshot,
        feed: FeedId,
    ) -> BoxFuture<'a, Result<Option<SourceHead>>> {
        Self::find(snapshot, feed).boxed()
    }

    fn changes<'a>(
        &'a self,
        snapshot: &'a mut Snapshot,
        epoch: Epoch,
        feed: FeedId,
        since: Cursor,
    ) -> BoxFuture<'a, Result<Frame>> {
        Self::read(snapshot, epoch, feed, since).boxed()
    }
}

/// Adds a note to a board, and returns its revision.
struct AddNote(EntryId, &'static str);

impl Write for AddNote {
    type Output = Rev;

    fn counter(&self) -> Counter {
        NOTES
    }

    async fn apply(&self, revision: &mut Revision, _: Timestamp) -> Result<Rev> {
        let Self(board, text) = self;
        let rev = revision.take_rev()?;
        sqlx::query("INSERT INTO notes (board, rev, text) VALUES ($1, $2, $3)")
            .bind(board.0)
            .bind(rev)
            .bind(*text)
            .execute(revision.writing())
            .await?;
        Ok(rev)
    }
}

/// What a migration would add.
async fn migrate(database: &Database) {
    database.store().await.close().await;
    let table = if database.url.starts_with("sqlite:") {
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, board BIGINT NOT NULL, rev BIGINT NOT NULL UNIQUE, text TEXT NOT NULL)"
    } else {
        "CREATE TABLE notes (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, board BIGINT NOT NULL, rev BIGINT NOT NULL UNIQUE, text TEXT NOT NULL)"
    };
    database.execute(table).await;
    database
        .execute("INSERT INTO counters (name, rev) VALUES ('notes', 0)")
        .await;
}

async fn server(database: &Database) -> TestNewsroom {
    let (mut options, clock) = database.options();
    options.sources.push(Arc::new(Boards));
    TestNewsroom::on_options(database, options, clock).await
}

fn texts(batch: &Batch) -> Vec<&str> {
    batch
        .changes
        .iter()
        .map(|change| match change {
            Change::Upserted(note) => note.html.as_str(),
            Change::Deleted(_) => panic!("notes are never deleted"),
        })
        .collect()
}

async fn note_reaches_the_streams_of_its_board(database: Database) {
    migrate(&database).await;
    let newsroom = server(&database).await;
    let board = FeedId::Entry(BOARD);
    assert_refused!(newsroom.head(board).await, Error::NotFound(_));
    for feed in [BOARD, OTHER_BOARD] {
        newsroom.write(AddNote(feed, "first")).await.unwrap();
    }
    let mut stream = Stream::open(&newsroom.newsroom, board, None);
    newsroom
        .write(AddNote(OTHER_BOARD, "elsewhere"))
        .await
        .unwrap();
    newsroom.write(AddNote(BOARD, "second")).await.unwrap();
    assert_eq!(texts(&stream.next_batch().await), ["second"]);
    assert_eq!(newsroom.head(board).await.unwrap().head, 4);
}

async fn note_changes_no_feed_of_entries(database: Database) {
    migrate(&database).await;
    let newsroom = server(&database).await;
    let entry = newsroom.live_entry().await;
    let posted = newsroom.post(&entry, "an update").await;
    let all = newsroom.head(FeedId::All).await.unwrap().head;
    for _ in 0..5 {
        newsroom.write(AddNote(BOARD, "a note")).await.unwrap();
    }
    assert_eq!(newsroom.head(FeedId::All).await.unwrap().head, all);
    assert_eq!(newsroom.feed_head(&entry).await, posted.rev);
    assert_eq!(newsroom.post(&entry, "another").await.rev, posted.rev + 1);
    let mut snapshot = database.store().await.snapshot().await.unwrap();
    assert_eq!(snapshot.last_rev(NOTES).await.unwrap(), 5);
}

async fn note_of_another_server_arrives(database: Database) {
    migrate(&database).await;
    let (one, other) = (server(&database).await, server(&database).await);
    one.write(AddNote(BOARD, "first")).await.unwrap();
    // The other server finds the board in the database at once.
    let changes = other.changes(FeedId::Entry(BOARD), None).await.unwrap();
    assert_eq!(texts(&batch(&changes)), ["first"]);
    let mut stream = Stream::open(&other.newsroom, FeedId::Entry(BOARD), None);
    one.write(AddNote(BOARD, "second")).await.unwrap();
    assert_eq!(texts(&stream.next_batch().await), ["second"]);
}

async fn client_continues_at_its_cursor(database: Database) {
    migrate(&database).await;
    let newsroom = server(&database).await;
    let all = ["a", "b", "c", "d", "e", "f", "g"];
    for text in all {
        newsroom.write(AddNote(BOARD, text)).await.unwrap();
    }
    let feed = FeedId::Entry(BOARD);
    let (mut cursor, mut read) = (None, Vec::new());
    loop {
        let frame = newsroom.changes(feed, cursor).await.unwrap();
        let batch = batch(&frame);
        read.extend(texts(&batch).into_iter().map(str::to_owned));
        cursor = Some(batch.cursor());
        if !batch.more {
            break;
        }
    }
    assert_eq!(read, all);
    let mut stream = Stream::open(&newsroom.newsroom, feed, Some(5));
    assert_eq!(texts(&stream.next_batch().await), ["f", "g"]);
    let ahead = Cursor::new(cursor.unwrap().epoch, 8);
    assert_refused!(newsroom.changes(feed, Some(ahead)).await, Error::Reset(_));
}

async fn other_epoch_resets_the_boards_too(database: Database) {
    migrate(&database).await;
    let newsroom = server(&database).await;
    newsroom.write(AddNote(BOARD, "first")).await.unwrap();
    let mut stream = Stream::open(&newsroom.newsroom, FeedId::Entry(BOARD), None);
    let before = newsroom.head(FeedId::Entry(BOARD)).await.unwrap();
    database.begin_epoch().await;
    assert!(matches!(stream.next_event().await, Event::Reset));
    let after = newsroom.head(FeedId::Entry(BOARD)).await.unwrap();
    assert_ne!(after.epoch, before.epoch);
    assert_eq!(after.head, before.head);
}

async fn restored_backup_of_the_notes_begins_another_epoch(database: Database) {
    migrate(&database).await;
    let newsroom = server(&database).await;
    newsroom.write(AddNote(BOARD, "first")).await.unwrap();
    newsroom.shut_down().await;
    database.back_up().await;
    let newsroom = server(&database).await;
    let epoch = newsroom.head(FeedId::All).await.unwrap().epoch;
    newsroom.write(AddNote(BOARD, "lost")).await.unwrap();
    newsroom.shut_down().await;
    database.restore_backup().await;
    let newsroom = server(&database).await;
    let head = newsroom.head(FeedId::Entry(BOARD)).await.unwrap();
    assert_ne!(head.epoch, epoch, "a client may have the lost note");
    assert_eq!(head.head, 1);
}

async fn source_that_fails_stops_no_other(database: Database) {
    migrate(&database).await;
    let newsroom = server(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.write(AddNote(BOARD, "first")).await.unwrap();
    let mut stream = Stream::open(&newsroom.newsroom, FeedId::Entry(entry.id), None);
    database
        .execute("ALTER TABLE notes RENAME TO hidden; UPDATE counters SET rev = 2")
        .await;
    newsroom.post(&entry, "an update").await;
    assert_eq!(stream.next_batch().await.changes.len(), 1);
    newsroom.check_readiness().await.unwrap();
    // Another server starts meanwhile.
    let other = server(&database).await;
    assert_eq!(
        other.entry_page(&entry.slug).await.unwrap().updates.len(),
        1
    );
    other.shut_down().await;

    let mut notes = Stream::open(&newsroom.newsroom, FeedId::Entry(BOARD), None);
    database.execute("ALTER TABLE hidden RENAME TO notes").await;
    newsroom.write(AddNote(BOARD, "third")).await.unwrap();
    assert_eq!(texts(&notes.next_batch().await), ["third"]);
}

/// On SQLite there is one writer, whatever it changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn note_does_not_wait_for_a_change_of_an_entry() {
    let database = Database::postgres().await;
    migrate(&database).await;
    let newsroom = server(&database).await;
    let store = database.store().await;
    let locked = store.revise(Counter::ENTRIES).await.unwrap();
    with_timeout(newsroom.write(AddNote(BOARD, "a note")))
        .await
        .unwrap();
    drop(locked);
    let entry = newsroom.live_entry().await;
    let locked = store.revise(NOTES).await.unwrap();
    let mut note = Box::pin(newsroom.write(AddNote(BOARD, "waits")));
    assert!(poll!(&mut note).is_pending());
    with_timeout(newsroom.post(&entry, "an update")).await;
    assert!(poll!(&mut note).is_pending());
    drop(locked);
    with_timeout(note).await.unwrap();
    store.close().await;
}
