//! A page ends in the same state as a freshly loaded page, whatever happens to its connection.

use std::{collections::HashSet, sync::Arc, time::Duration};

use domain::{Batch, FeedId, UpdateId};
use newsroom::{Entry, Newsroom};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::support::{Database, Event, PageModel, Stream, TestNewsroom, draft, with_timeout};

on_every_database! { pages_with_bad_connections_converge_to_the_servers_state }

const PAGES: u64 = 5;
const CHANGES: u32 = 150;

async fn pages_with_bad_connections_converge_to_the_servers_state(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    for seed in 0..3 {
        let entry = newsroom
            .entry(&format!("final-{seed}"), domain::EntryState::Live)
            .await;
        let stop = CancellationToken::new();
        let mut pages = JoinSet::new();
        for number in 0..PAGES {
            let page = PageModel::open(&newsroom, &entry).await;
            let rng = StdRng::seed_from_u64(seed * 100 + number);
            let (newsroom, entry) = (Arc::clone(&newsroom.newsroom), entry.clone());
            pages.spawn(read_with_faults(newsroom, entry, page, rng, stop.clone()));
        }
        write_at_random(&newsroom, &entry, StdRng::seed_from_u64(seed)).await;
        stop.cancel();

        let truth = PageModel::open(&newsroom, &entry).await;
        for page in with_timeout(pages.join_all()).await {
            assert_eq!(page.cards(), truth.cards(), "seed {seed}");
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

/// Posts, edits, deletes and restores updates, and ends and restarts the entry, at random.
async fn write_at_random(newsroom: &TestNewsroom, entry: &Entry, mut rng: StdRng) {
    let (mut present, mut deleted): (Vec<UpdateId>, Vec<UpdateId>) = (Vec::new(), Vec::new());
    for number in 0..CHANGES {
        let text = format!("change {number}");
        match rng.random_range(0..10) {
            0..4 => present.push(newsroom.post(entry, &text).await.id),
            4..6 if !present.is_empty() => {
                let id = present[rng.random_range(0..present.len())];
                newsroom
                    .edit_update(&newsroom.author, id, &draft(&text), None, None)
                    .await
                    .unwrap();
            }
            6..8 if !present.is_empty() => {
                let id = present.swap_remove(rng.random_range(0..present.len()));
                newsroom
                    .delete_update(&newsroom.author, id, None, None)
                    .await
                    .unwrap();
                deleted.push(id);
            }
            8 if !deleted.is_empty() => {
                let id = deleted.swap_remove(rng.random_range(0..deleted.len()));
                newsroom
                    .restore_update(&newsroom.author, id, None)
                    .await
                    .unwrap();
                present.push(id);
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
        newsroom.manual_clock.advance(1_000);
    }
}

/// Reads a stream whose batches get lost, are repeated, or arrive late. The connection breaks and
/// is reopened. In the end, polls once for what is missing.
async fn read_with_faults(
    newsroom: Arc<Newsroom>,
    entry: Entry,
    mut page: PageModel,
    mut rng: StdRng,
    stop: CancellationToken,
) -> PageModel {
    let feed = FeedId::Entry(entry.id);
    let mut received: Vec<Batch> = Vec::new();
    while !stop.is_cancelled() {
        let mut stream = Stream::open(&newsroom, feed, Some(page.cursor().rev));
        while let Some(event) = stop.run_until_cancelled(stream.next()).await {
            let batch = match event {
                Event::Batch(batch) => batch,
                Event::Heartbeat => continue,
                Event::Ended => {
                    // The entry may start again, so a page polls from time to time.
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    page.catch_up(&newsroom).await;
                    break;
                }
                event => panic!("{event:?}"),
            };
            received.push(batch.clone());
            match rng.random_range(0..10) {
                // The batch is lost, and the page does not notice.
                0..2 => {}
                // The connection breaks after the batch, or before it.
                2 => {
                    apply_or_catch_up(&mut page, batch, &newsroom).await;
                    break;
                }
                3 => break,
                // An old batch arrives late or twice.
                4..6 => {
                    let old = received[rng.random_range(0..received.len())].clone();
                    apply_or_catch_up(&mut page, old, &newsroom).await;
                    apply_or_catch_up(&mut page, batch, &newsroom).await;
                }
                _ => apply_or_catch_up(&mut page, batch, &newsroom).await,
            }
        }
    }
    page.catch_up(&newsroom).await;
    page
}

async fn apply_or_catch_up(page: &mut PageModel, batch: Batch, newsroom: &Newsroom) {
    if !page.apply(batch) {
        page.catch_up(newsroom).await;
    }
}
