//! Edits: several authors edit one update at the same time, on two servers, while almost half of
//! the responses are lost or replaced. Each edit that was acknowledged must have replaced the text
//! that its author had seen, so that no text is lost without somebody knowing.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use clap::Args;
use domain::{Cursor, EditConflict, EditResult, Mark, PostedUpdate, UpdateId, UpdateSource};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    task::{JoinSet, block_in_place},
    time::{Instant, sleep},
};

use super::{
    client::{ClientConfig, fetch_everything},
    faults::Faults,
    faulty_proxy::FaultyProxy,
    retrying_author::{RetryingAuthor, must},
};
use crate::harness::{
    Database, DatabaseKind, Error, Response, Result, Ringside, Signal, heading, note,
};

/// The slug of the entry.
const SLUG: &str = "final";
/// The text of the update before all edits.
const FIRST_TEXT: &str = "the first text";
/// The longest pause between two edits of an author, in milliseconds.
const MAX_PAUSE_MS: u64 = 200;

/// The parameters of the test.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The database of the servers.
    #[arg(long, value_enum, default_value = "sqlite")]
    database: DatabaseKind,
    /// For how long the authors edit.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// How many authors edit at the same time.
    #[arg(long, default_value_t = 10)]
    authors: usize,
    /// Repeats what the authors do and the faults of the connections.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Runs the test.
///
/// # Errors
///
/// With the first edit that replaced a text which its author had not seen, the first conflict
/// without another text, or a last text that is not the stored one.
pub async fn run(arguments: Arguments) -> Result<()> {
    let database = Database::create(arguments.database).await?;
    heading(&format!("Edits: {}", database.kind));
    let mut one = Ringside::start(&database.settings())?;
    let entry = one.entry(SLUG).await?;
    let url = database.url(one.folder());
    let two = Ringside::start(&[("RINGSIDE_DATABASE_URL", &url)])?;
    let faults = Faults::LOST_RESPONSES;
    note(format!("{faults}."));
    let mut proxies = Vec::new();
    for (server, seed) in [(&one, arguments.seed), (&two, arguments.seed + 1)] {
        proxies.push(FaultyProxy::start(server.address, faults, seed).await?);
    }

    let poster = RetryingAuthor::new(proxies[0].address, one.author("ann").await?);
    let update = post(&poster).await?;
    let end = Instant::now() + Duration::from_secs(arguments.seconds);
    let marking = RetryingAuthor::new(proxies[1].address, one.account("mia", "editor").await?);
    let disturbance = change_all_but_the_text(&marking, update, end, arguments.seed);
    let mut editors = JoinSet::new();
    for number in 0..arguments.authors {
        let session = one.account(&format!("editor-{number}"), "editor").await?;
        let editor = Editor {
            author: RetryingAuthor::new(proxies[number % proxies.len()].address, session),
            name: format!("editor {number}"),
            update,
            acknowledged: Vec::new(),
            conflicts: 0,
        };
        let seed = arguments.seed + number as u64;
        editors.spawn(editor.edit_until(end, StdRng::seed_from_u64(seed)));
    }
    let edits = async {
        let mut log = Log::default();
        while let Some(editor) = editors.join_next().await {
            log.add(editor.map_err(|error| Error::Unexpected(error.to_string()))??)?;
        }
        Ok(log)
    };
    let (log, changes) = tokio::try_join!(edits, disturbance)?;
    for proxy in &proxies {
        note(proxy.report());
        proxy.check_lost()?;
    }
    let (edits, conflicts) = (log.replaced.len() as u64, log.conflicts);
    note(format!(
        "{edits} edits acknowledged, {conflicts} conflicts shown, {} requests retried; {changes} changes of marks and of the time zone meanwhile.",
        log.retries
    ));
    // With fewer, the test shows little.
    if edits.min(conflicts) < arguments.seconds {
        return Err(Error::Unexpected(
            "fewer than one edit and one conflict a second".to_owned(),
        ));
    }
    let last = log.check().map_err(Error::Violated)?;
    // Kills the servers, so that only the database counts, not their memory.
    drop(two);
    block_in_place(|| one.stop(Signal::Kill))?;
    block_in_place(|| one.start_again())?;
    check_page(one.address, entry, update, &last).await?;
    note(
        "Passed: each of them replaced a text that its author had seen, and the last one is shown.",
    );
    Ok(())
}

/// Publishes the update that the authors edit.
async fn post(author: &RetryingAuthor) -> Result<UpdateId> {
    let arguments = serde_json::json!({
        "slug": SLUG,
        "op_id": author.new_op_id(),
        "source": FIRST_TEXT,
        "headline": "",
    });
    let posted: PostedUpdate = must(author.call("post_update", &arguments).await?)?;
    Ok(posted.id)
}

/// Checks that the update has this text, and no other, on a new page.
async fn check_page(address: SocketAddr, entry: i64, update: UpdateId, text: &str) -> Result<()> {
    let config = ClientConfig {
        address,
        feed: entry.to_string(),
        time_scale: 1,
        cards: Arc::default(),
    };
    let page = fetch_everything(&config).await?;
    match page.get(&update) {
        Some((_, card)) if card.contains(&format!(">{text}<")) => Ok(()),
        Some((_, card)) => Err(Error::Violated(format!(
            "the last edit that was acknowledged is {text:?}, but the page shows: {card}"
        ))),
        None => Err(Error::Violated("the update is missing".to_owned())),
    }
}

/// Sets and removes marks, and changes the time zone of the entry, until `end`: no edit may
/// conflict with that. Returns the number of changes.
async fn change_all_but_the_text(
    author: &RetryingAuthor,
    update: UpdateId,
    end: Instant,
    seed: u64,
) -> Result<usize> {
    const ZONES: [&str; 3] = ["UTC", "Europe/Paris", "Asia/Tokyo"];
    let mut rng = StdRng::seed_from_u64(seed);
    let mut changes = 0;
    while Instant::now() < end {
        changes += 1;
        if rng.random_ratio(1, 4) {
            let fields = [
                ("title", SLUG),
                ("slug", SLUG),
                ("summary", ""),
                ("time_zone", ZONES[changes % ZONES.len()]),
                ("default_order", "oldest"),
            ];
            let form = format!("/desk/entries/{SLUG}/edit");
            author.submit(&form, &fields).await?;
        } else {
            let arguments = serde_json::json!({
                "id": update,
                "op_id": author.new_op_id(),
                "mark": Mark::ALL[rng.random_range(0..Mark::ALL.len())],
                "on": rng.random::<bool>(),
            });
            must::<()>(author.call("mark_update", &arguments).await?)?;
        }
        sleep(Duration::from_millis(rng.random_range(0..MAX_PAUSE_MS))).await;
    }
    Ok(changes)
}

/// An author who edits the update.
struct Editor {
    author: RetryingAuthor,
    name: String,
    update: UpdateId,
    acknowledged: Vec<Edit>,
    /// How many conflicts were shown.
    conflicts: u64,
}

/// An edit that was acknowledged.
#[derive(Debug)]
struct Edit {
    text: String,
    /// The text that its author had seen when the edit was sent.
    seen: String,
}

impl Editor {
    /// Edits the update again and again, until `end`. Sometimes the author loads it first, and
    /// otherwise knows the own text only.
    async fn edit_until(mut self, end: Instant, mut rng: StdRng) -> Result<Self> {
        let (mut seen, mut base) = self.load().await?;
        for number in 0.. {
            if Instant::now() >= end {
                break;
            }
            if rng.random_ratio(1, 8) {
                (seen, base) = self.load().await?;
            }
            let text = format!("text {number} of {}", self.name);
            base = self.save(&text, seen, base).await?;
            seen = text;
            sleep(Duration::from_millis(rng.random_range(0..MAX_PAUSE_MS))).await;
        }
        Ok(self)
    }

    async fn load(&self) -> Result<(String, Cursor)> {
        let wanted = serde_json::json!({ "id": self.update });
        let loaded: UpdateSource = must(self.author.call("update_source", &wanted).await?)?;
        Ok((loaded.source, loaded.base))
    }

    /// Sends `text` until it is saved. At a conflict, the author sees the other text, and keeps the
    /// own one. Returns the base of the next edit.
    async fn save(&mut self, text: &str, mut seen: String, mut base: Cursor) -> Result<Cursor> {
        loop {
            let arguments = serde_json::json!({
                "id": self.update,
                "op_id": self.author.new_op_id(),
                "source": text,
                "headline": "",
                "base": base,
            });
            let edited: Result<EditResult, _> = self.author.call("edit_update", &arguments).await?;
            match edited {
                Ok(EditResult { base, .. }) => {
                    let text = text.to_owned();
                    self.acknowledged.push(Edit { text, seen });
                    return Ok(base);
                }
                Err(response) => {
                    let conflict = conflict_in(&response)?;
                    if conflict.source == seen {
                        return Err(Error::Violated(format!(
                            "{} was shown a conflict, but nobody had changed {seen:?}: {}",
                            self.name,
                            response.text()
                        )));
                    }
                    self.conflicts += 1;
                    (seen, base) = (conflict.source, conflict.base);
                }
            }
        }
    }
}

/// Parses a response with the status 409.
fn conflict_in(response: &Response) -> Result<EditConflict> {
    let body: HashMap<String, EditConflict> = serde_json::from_slice(&response.body)
        .map_err(|error| Error::Violated(format!("{error}: {}", response.text())))?;
    let conflict = body.into_values().next();
    conflict.ok_or_else(|| Error::Violated("a conflict without its text".to_owned()))
}

/// The acknowledged edits of all authors.
#[derive(Debug, Default)]
struct Log {
    /// The edit that replaced each text. A response that was lost and requested again has no
    /// revision, so the order of the edits follows from the texts, which are unique.
    replaced: HashMap<String, String>,
    conflicts: u64,
    retries: u64,
}

impl Log {
    fn add(&mut self, editor: Editor) -> Result<()> {
        self.conflicts += editor.conflicts;
        self.retries += editor.author.retries();
        for edit in editor.acknowledged {
            self.replace(edit).map_err(Error::Violated)?;
        }
        Ok(())
    }

    /// Adds an edit.
    ///
    /// # Errors
    ///
    /// If another edit has replaced the text that its author had seen.
    fn replace(&mut self, Edit { text, seen }: Edit) -> Result<(), String> {
        match self.replaced.insert(seen.clone(), text.clone()) {
            None => Ok(()),
            Some(other) => Err(format!(
                "{text:?} and {other:?} both replaced {seen:?}, so one of them was lost silently"
            )),
        }
    }

    /// Checks that each edit replaced the text that its author had seen, from the first text on.
    /// Returns the last text.
    ///
    /// # Errors
    ///
    /// If there is an edit whose author had seen a text that was never current.
    fn check(&self) -> Result<String, String> {
        let mut current = FIRST_TEXT;
        let mut left = self.replaced.len();
        while let (Some(next), true) = (self.replaced.get(current), left > 0) {
            current = next;
            left -= 1;
        }
        if left == 0 {
            return Ok(current.to_owned());
        }
        Err(format!(
            "{left} edits follow no other: after {current:?}, nothing was acknowledged"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(edits: &[(&str, &str)]) -> Result<String, String> {
        let mut log = Log::default();
        for (text, seen) in edits {
            let (text, seen) = ((*text).to_owned(), (*seen).to_owned());
            log.replace(Edit { text, seen })?;
        }
        log.check()
    }

    #[test]
    fn each_edit_must_replace_a_text_that_its_author_had_seen() {
        assert_eq!(check(&[]), Ok(FIRST_TEXT.to_owned()));
        let edits = [("d", "c"), ("b", FIRST_TEXT), ("c", "b")];
        assert_eq!(check(&edits), Ok("d".to_owned()));
        let lost = check(&[("b", FIRST_TEXT), ("c", FIRST_TEXT)]).unwrap_err();
        assert!(lost.starts_with(r#""c" and "b" both replaced"#), "{lost}");
        let missing = check(&[("b", FIRST_TEXT), ("d", "c")]).unwrap_err();
        assert!(missing.starts_with("1 edits follow no other"), "{missing}");
    }

    #[test]
    fn conflict_is_parsed() {
        let response = |body: &str| Response {
            status: 409,
            head: String::new(),
            body: body.into(),
        };
        let body = r#"{"Conflict":{"reason":"changed","source":"theirs","headline":"","base":"a.7","edited_by":null,"edited_at":0}}"#;
        let conflict = conflict_in(&response(body)).unwrap();
        assert_eq!(conflict.source, "theirs");
        assert!(conflict_in(&response("{}")).is_err());
        assert!(conflict_in(&response("<html></html>")).is_err());
    }
}
