//! Authors that post, edit, delete and change the entry, until each change is acknowledged.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{EditResult, PostedUpdate, UpdateId, UpdateSource};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use super::{
    acknowledgements::Acknowledgements,
    retrying_author::{RetryingAuthor, rejected},
};
use crate::harness::{Author, Error, Response, Result, join_all, text};

/// One of this many changes also changes the entry itself.
const CHANGE_EVERY: usize = 40;
/// One of this many changes of the entry changes its time zone or slug, and with it all of its
/// cards.
const REVISE_EVERY: usize = 5;
/// One of this many changes also publishes a draft.
const DRAFT_EVERY: usize = 150;
/// How many updates a draft has.
const DRAFT_UPDATES: usize = 3;
/// The number of the first text of drafts; other updates have lower numbers.
const DRAFT_TEXTS: usize = 1_000_000;

/// The authors, and what was acknowledged to them.
#[derive(Debug)]
pub struct Writers {
    slug: String,
    author: RetryingAuthor,
    acknowledged: Mutex<Acknowledgements>,
    /// The entries that were published from drafts, and the texts of their updates.
    published: Mutex<Vec<(String, Vec<usize>)>>,
}

impl Writers {
    /// Creates the authors of the entry with `slug`, who send their requests to `address`.
    pub fn new(address: SocketAddr, slug: &str, author: Author) -> Self {
        Self {
            slug: slug.to_owned(),
            author: RetryingAuthor::new(address, author),
            acknowledged: Mutex::default(),
            published: Mutex::default(),
        }
    }

    /// Returns what has been acknowledged so far.
    pub fn acknowledged(&self) -> MutexGuard<'_, Acknowledgements> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many requests were retried.
    pub fn retries(&self) -> u64 {
        self.author.retries()
    }

    /// Returns the entries that were published from drafts, and the texts of their updates.
    pub fn published(&self) -> MutexGuard<'_, Vec<(String, Vec<usize>)>> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes `changes` changes, `rate` a second: of ten, six are posts, three edits, and one a
    /// deletion. In between, the entry gets another title, time zone or slug, and drafts are
    /// published. Returns when all changes are acknowledged.
    ///
    /// # Errors
    ///
    /// If a change is rejected.
    pub async fn make_changes(
        self: &Arc<Self>,
        changes: usize,
        rate: u32,
        seed: u64,
    ) -> Result<()> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut due = interval(Duration::from_secs(1) / rate);
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut under_way = JoinSet::new();
        for number in 0..changes {
            due.tick().await;
            let target = match rng.random_range(0..10) {
                0..6 => None,
                6..9 => self
                    .acknowledged()
                    .reserve_for_edit(&mut rng)
                    .map(Target::Edit),
                _ => self
                    .acknowledged()
                    .reserve_for_deletion(&mut rng)
                    .map(Target::Delete),
            };
            let writers = Arc::clone(self);
            under_way.spawn(async move {
                if number % DRAFT_EVERY == DRAFT_EVERY / 2 {
                    writers.publish_draft(number).await?;
                }
                if number % CHANGE_EVERY == CHANGE_EVERY / 2 {
                    writers.change_entry(number / CHANGE_EVERY).await?;
                }
                match target {
                    None => writers.post(number).await,
                    Some(Target::Edit(id)) => writers.edit(id, number).await,
                    Some(Target::Delete(id)) => writers.delete(id).await,
                }
            });
            // A rejected change ends the test at once.
            while let Some(done) = under_way.try_join_next() {
                done.map_err(|error| Error::Unexpected(error.to_string()))??;
            }
        }
        join_all(under_way).await.map(drop)
    }

    /// Posts `rate` texts a second for `time`. Returns when all posts are acknowledged.
    ///
    /// # Errors
    ///
    /// If a post is rejected.
    pub async fn post_for(self: &Arc<Self>, rate: u32, time: Duration) -> Result<()> {
        let mut due = interval(Duration::from_secs(1) / rate);
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let posts = u128::from(rate) * time.as_millis() / 1_000;
        let mut under_way = JoinSet::new();
        for number in 0..usize::try_from(posts).unwrap_or(usize::MAX) {
            due.tick().await;
            let writers = Arc::clone(self);
            under_way.spawn(async move { writers.post(number).await });
        }
        join_all(under_way).await.map(drop)
    }

    /// Posts the `number`th text like the composer, until it is published.
    ///
    /// # Errors
    ///
    /// If it is rejected.
    pub async fn post(&self, number: usize) -> Result<()> {
        let posted = self.post_to(&self.slug, number).await?;
        self.acknowledged()
            .posted(posted.id, number)
            .map_err(Error::Violated)
    }

    async fn post_to(&self, slug: &str, number: usize) -> Result<PostedUpdate> {
        let arguments = serde_json::json!({
            "slug": slug,
            "op_id": self.author.new_op_id(),
            "source": text(number),
            "headline": "",
        });
        let posted = self.author.call("post_update", &arguments).await?;
        posted.map_err(|response| rejected(b"post_update", Some(&response)))
    }

    /// Edits an update that is reserved, like the page's editor. Nobody else edits it, and marks
    /// and changes of the entry are no conflicts, so a conflict is an error.
    ///
    /// # Errors
    ///
    /// If the edit is rejected.
    pub async fn edit(&self, id: UpdateId, number: usize) -> Result<()> {
        let op_id = self.author.new_op_id();
        loop {
            let wanted = serde_json::json!({ "id": id });
            let loaded: UpdateSource = self
                .author
                .call("update_source", &wanted)
                .await?
                .map_err(|response| rejected(b"update_source", Some(&response)))?;
            let arguments = serde_json::json!({
                "id": id,
                "op_id": op_id,
                "source": text(number),
                "headline": "",
                "base": loaded.base,
            });
            let edited: Result<EditResult, Response> =
                self.author.call("edit_update", &arguments).await?;
            match edited {
                Ok(_) => {
                    self.acknowledged().edited(id, number);
                    return Ok(());
                }
                // Another epoch began after the update was loaded.
                Err(conflict) if conflict.text().contains(r#""reason":"other-epoch""#) => {}
                Err(conflict) => {
                    let request = arguments.to_string();
                    return Err(rejected(request.as_bytes(), Some(&conflict)));
                }
            }
        }
    }

    /// Sets the entry's `turn`th title, and every few turns another time zone or slug. Previous
    /// slugs redirect, so all requests keep using the first one.
    async fn change_entry(&self, turn: usize) -> Result<()> {
        const ZONES: [&str; 3] = ["UTC", "Europe/Paris", "Asia/Tokyo"];
        let round = turn / REVISE_EVERY;
        let slug = match round / 2 {
            0 => self.slug.clone(),
            renamed => format!("{}-{renamed}", self.slug),
        };
        let fields = [
            ("title", &*format!("{} {turn}", self.slug)),
            ("slug", &*slug),
            ("summary", ""),
            ("time_zone", ZONES[round.div_ceil(2) % ZONES.len()]),
            ("default_order", "oldest"),
        ];
        self.author
            .submit(&format!("/desk/entries/{}/edit", self.slug), &fields)
            .await
    }

    /// Creates a draft, posts to it, and publishes it.
    async fn publish_draft(&self, number: usize) -> Result<()> {
        let slug = format!("draft-{number}");
        let fields = [("title", &*slug), ("slug", &*slug), ("state", "draft")];
        self.author.submit("/desk/entries", &fields).await?;
        let texts: Vec<_> = (0..DRAFT_UPDATES)
            .map(|update| DRAFT_TEXTS + number * DRAFT_UPDATES + update)
            .collect();
        for text in &texts {
            self.post_to(&slug, *text).await?;
        }
        self.author
            .submit(&format!("/desk/entries/{slug}/start"), &[])
            .await?;
        self.published().push((slug, texts));
        Ok(())
    }

    async fn delete(&self, id: UpdateId) -> Result<()> {
        self.author
            .submit(&format!("/desk/updates/{id}/delete"), &[])
            .await?;
        self.acknowledged().deleted(id);
        Ok(())
    }
}

/// The update that a change applies to.
#[derive(Clone, Copy)]
enum Target {
    Edit(UpdateId),
    Delete(UpdateId),
}
