//! Whatever happens to a page's connection, it ends as a fresh page would begin.

use std::{collections::HashSet, sync::Arc, time::Duration};

use domain::{Batch, UpdateId};
use newsroom::{Entry, Newsroom, live::FeedId};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::support::{Database, Event, LivePage, Stream, TestNewsroom, draft, soon};

on_every_database! { pages_with_bad_connections_end_in_the_servers_state }

const PAGES: u64 = 5;
const CHANGES: u32 = 150;

async fn pages_with_bad_connections_end_in_the_servers_state(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    for seed in 0..3 {
        let entry = newsroom
            .entry(&format!("final-{seed}"), domain::EntryState::Live)
            .await;
        let over = CancellationToken::new();
        let mut pages = JoinSet::new();
        for number in 0..PAGES {
            let page = LivePage::open(&newsroom, &entry).await;
            let dice = StdRng::seed_from_u64(seed * 100 + number);
            let (newsroom, entry) = (Arc::clone(&newsroom.newsroom), entry.clone());
            pages.spawn(read_badly(newsroom, entry, page, dice, over.clone()));
        }
        write_at_random(&newsroom, &entry, StdRng::seed_from_u64(seed)).await;
        over.cancel();

        let truth = LivePage::open(&newsroom, &entry).await;
        for page in soon(pages.join_all()).await {
            assert_eq!(page.shows(), truth.shows(), "seed {seed}");
            assert_eq!(page.cursor(), truth.cursor(), "seed {seed}");
            assert_eq!(page.state, truth.state, "seed {seed}");
            let once: HashSet<_> = page.applied.iter().collect();
            assert_eq!(
                once.len(),
                page.applied.len(),
                "seed {seed}: a change was applied twice"
            );
        }
    }
}

/// Posts, edits, deletes, gives back, ends and starts again.
async fn write_at_random(newsroom: &TestNewsroom, entry: &Entry, mut dice: StdRng) {
    let (mut there, mut gone): (Vec<UpdateId>, Vec<UpdateId>) = (Vec::new(), Vec::new());
    for number in 0..CHANGES {
        let text = format!("change {number}");
        match dice.random_range(0..10) {
            0..4 => there.push(newsroom.post(entry, &text).await.id),
            4..6 if !there.is_empty() => {
                let id = there[dice.random_range(0..there.len())];
                newsroom
                    .edit_update(&newsroom.author, id, &draft(&text), None)
                    .await
                    .unwrap();
            }
            6..8 if !there.is_empty() => {
                let id = there.swap_remove(dice.random_range(0..there.len()));
                newsroom
                    .delete_update(&newsroom.author, id, None)
                    .await
                    .unwrap();
                gone.push(id);
            }
            8 if !gone.is_empty() => {
                let id = gone.swap_remove(dice.random_range(0..gone.len()));
                newsroom
                    .restore_update(&newsroom.author, id, None)
                    .await
                    .unwrap();
                there.push(id);
            }
            9 => {
                newsroom
                    .end_entry(&newsroom.author, &entry.slug, None)
                    .await
                    .unwrap();
                newsroom
                    .start_entry(&newsroom.author, &entry.slug, None)
                    .await
                    .unwrap();
            }
            _ => {}
        }
        newsroom.hand.advance(1_000);
    }
}

/// Reads a stream of which batches get lost, are repeated, or come late; that breaks, and is opened
/// again; and in the end asks once for what was missed.
async fn read_badly(
    newsroom: Arc<Newsroom>,
    entry: Entry,
    mut page: LivePage,
    mut dice: StdRng,
    over: CancellationToken,
) -> LivePage {
    let feed = FeedId::Entry(entry.id);
    let mut heard: Vec<Batch> = Vec::new();
    while !over.is_cancelled() {
        let mut stream = Stream::open(&newsroom, feed, Some(page.cursor().rev));
        while let Some(event) = over.run_until_cancelled(stream.next()).await {
            let batch = match event {
                Event::Batch(batch) => batch,
                Event::Heartbeat => continue,
                Event::Ended => {
                    // It may start again: a page asks now and then.
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    page.catch_up(&newsroom).await;
                    break;
                }
                event => panic!("{event:?}"),
            };
            heard.push(batch.clone());
            match dice.random_range(0..10) {
                // Lost; the page doesn't know.
                0..2 => {}
                // The connection breaks after it, or before.
                2 => {
                    take(&mut page, batch, &newsroom).await;
                    break;
                }
                3 => break,
                // An old one comes, late or again.
                4..6 => {
                    let old = heard[dice.random_range(0..heard.len())].clone();
                    take(&mut page, old, &newsroom).await;
                    take(&mut page, batch, &newsroom).await;
                }
                _ => take(&mut page, batch, &newsroom).await,
            }
        }
    }
    page.catch_up(&newsroom).await;
    page
}

async fn take(page: &mut LivePage, batch: Batch, newsroom: &Newsroom) {
    if !page.take(batch) {
        page.catch_up(newsroom).await;
    }
}
