//! Many accounts edit one update at random: no text that was acknowledged is lost silently.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::{Caller, Cursor, Mark, Rev, UpdateId, ZoneName};
use newsroom::{Entry, EntryEdit, Error, Newsroom};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::task::JoinSet;

use super::support::{Database, TestNewsroom, draft, op_id};

on_every_database! { concurrent_edits_never_lose_a_text_silently }

const EDITORS: u64 = 6;
const EDITS: u32 = 40;

/// The texts that were acknowledged, by the revision of their edit, each with the text that its
/// editor knew when they sent it.
type Acknowledged = Arc<Mutex<HashMap<Rev, (String, String)>>>;

async fn concurrent_edits_never_lose_a_text_silently(database: Database) {
    let (one, two) = TestNewsroom::pair_on(&database).await;
    let entry = one.live_entry().await;
    let posted = one.post(&entry, "the first text").await;
    let acknowledged = Acknowledged::default();
    let mut editors = JoinSet::new();
    for number in 0..EDITORS {
        let newsroom = if number % 2 == 0 { &one } else { &two };
        let editor = Editor {
            newsroom: Arc::clone(&newsroom.newsroom),
            caller: if number % 3 == 0 {
                one.author.clone()
            } else {
                one.editor.clone()
            },
            id: posted.id,
            acknowledged: Arc::clone(&acknowledged),
            conflicts: 0,
        };
        editors.spawn(editor.edit_at_random(number));
    }
    let is_done = Arc::new(AtomicBool::new(false));
    let disturbance = tokio::spawn(change_everything_but_the_text(
        Arc::clone(&two.newsroom),
        two.editor.clone(),
        entry.clone(),
        posted.id,
        Arc::clone(&is_done),
    ));
    let conflicts: u32 = editors.join_all().await.into_iter().sum();
    // Not aborted: it restores what it deletes.
    is_done.store(true, Ordering::Relaxed);
    disturbance.await.unwrap();

    let mut acknowledged: Vec<_> = acknowledged.lock().unwrap().drain().collect();
    acknowledged.sort_by_key(|(rev, _)| *rev);
    let mut current = "the first text".to_owned();
    for (rev, (text, known)) in &acknowledged {
        assert_eq!(
            *known, current,
            "{text:?} at revision {rev} replaced a text that its editor had not seen"
        );
        current.clone_from(text);
    }
    assert_eq!(one.source(posted.id).await, current);
    // Otherwise nothing was concurrent, or nothing was saved.
    assert!(conflicts > 10, "{conflicts} conflicts");
    assert!(
        acknowledged.len() > 40,
        "{} edits were saved",
        acknowledged.len()
    );
}

struct Editor {
    newsroom: Arc<Newsroom>,
    caller: Caller,
    id: UpdateId,
    acknowledged: Acknowledged,
    /// The number of conflicts that were shown.
    conflicts: u32,
}

impl Editor {
    /// Loads the update and edits it, again and again. Returns the number of conflicts.
    async fn edit_at_random(mut self, number: u64) -> u32 {
        let mut rng = StdRng::seed_from_u64(number);
        let (mut known, mut base) = self.load().await;
        for edit in 0..EDITS {
            if rng.random_ratio(1, 8) {
                (known, base) = self.load().await;
            }
            let text = format!("text {edit} of editor {number}");
            // The answer to an edit is lost sometimes, and the edit is sent again later.
            let repeats = rng.random_ratio(1, 4);
            (known, base) = self.save(text, known, base, repeats).await;
            if rng.random_ratio(1, 2) {
                tokio::task::yield_now().await;
            }
        }
        self.conflicts
    }

    async fn load(&self) -> (String, Cursor) {
        loop {
            match self.newsroom.update_source(&self.caller, self.id).await {
                Ok(source) => return (source.source, source.base),
                // It is restored soon.
                Err(Error::Removed) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Sends `text` to replace `known`, until it is saved. Returns what the editor knows then.
    async fn save(
        &mut self,
        text: String,
        mut known: String,
        mut base: Cursor,
        repeats: bool,
    ) -> (String, Cursor) {
        let op = op_id();
        let new = draft(&text);
        loop {
            let edit = || {
                self.newsroom
                    .edit_update(&self.caller, self.id, &new, Some(&op), Some(&base))
            };
            match edit().await {
                Ok(saved) => {
                    let edit_and_known = (text.clone(), known);
                    let rev = saved.base.rev;
                    let before = self
                        .acknowledged
                        .lock()
                        .unwrap()
                        .insert(rev, edit_and_known);
                    assert_eq!(before, None, "two edits have the revision {rev}");
                    if !repeats {
                        return (text, saved.base);
                    }
                    tokio::task::yield_now().await;
                    return (text, edit().await.unwrap().base);
                }
                Err(Error::Conflict(conflict)) => {
                    assert_ne!(
                        conflict.source, known,
                        "a conflict was shown, but the text was not changed"
                    );
                    self.conflicts += 1;
                    // The editor sees the other text, and keeps their own.
                    (known, base) = (conflict.source.clone(), conflict.base);
                }
                Err(Error::Removed) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Marks and unmarks the update, deletes and restores it, and changes the entry's time zone, until
/// `is_done`.
async fn change_everything_but_the_text(
    newsroom: Arc<Newsroom>,
    editor: Caller,
    entry: Entry,
    id: UpdateId,
    is_done: Arc<AtomicBool>,
) {
    let mut rng = StdRng::seed_from_u64(99);
    while !is_done.load(Ordering::Relaxed) {
        match rng.random_range(0..4) {
            0 => {
                let zone = ["UTC", "Asia/Tokyo", "Europe/Paris"][rng.random_range(0..3)];
                let edit = EntryEdit {
                    time_zone: ZoneName::new_unchecked(zone),
                    ..EntryEdit::of(&entry)
                };
                let edited = newsroom.edit_entry(&editor, &entry.slug, &edit, None);
                edited.await.unwrap();
            }
            1 => {
                newsroom
                    .delete_update(&editor, id, None, None)
                    .await
                    .unwrap();
                newsroom.restore_update(&editor, id, None).await.unwrap();
            }
            _ => {
                let mark = Mark::ALL[rng.random_range(0..Mark::ALL.len())];
                let marked = newsroom.mark_update(&editor, id, mark, rng.random(), None);
                marked.await.unwrap();
            }
        }
        tokio::task::yield_now().await;
    }
}
