//! How far the revision counter moves when two entries are renamed in turns.

use crate::harness::{Error, Result, Ringside, Table, heading, note};

/// How many updates each of the two entries has.
const UPDATES: usize = 20;
/// How many times an entry is renamed.
const RENAMES: usize = 87;

/// Prints the counter before and after.
pub async fn run() -> Result<()> {
    heading("The revision counter");
    note(format!(
        "Two entries of {UPDATES} updates, renamed {RENAMES} times in turns. A rename writes the entry and each of its updates."
    ));
    let ringside = Ringside::start(&[])?;
    let mut author = ringside.author("ann").await?;
    let mut slugs = ["left", "right"].map(str::to_owned);
    for slug in &slugs {
        ringside.entry(slug).await?;
        for _ in 0..UPDATES {
            author.post(slug).await?;
        }
    }
    let before = counter(&ringside).await?;
    for n in 0..RENAMES {
        let side = n % slugs.len();
        let renamed = format!("{}-{n}", ["left", "right"][side]);
        let fields = [
            ("title", "Final"),
            ("slug", &*renamed),
            ("summary", ""),
            ("time_zone", "UTC"),
            ("default_order", "oldest"),
        ];
        let path = format!("/desk/entries/{}/edit", slugs[side]);
        author.submit(&path, &fields).await?;
        slugs[side] = renamed;
    }
    let after = counter(&ringside).await?;
    let mut table = Table::new(["before", "after", "rows written", "moved by"]);
    table.row([
        before.to_string(),
        after.to_string(),
        (RENAMES * (UPDATES + 1)).to_string(),
        (after - before).to_string(),
    ]);
    table.print();
    Ok(())
}

/// Returns the highest public revision.
async fn counter(ringside: &Ringside) -> Result<i64> {
    let head = ringside.get("/feed/all/head", "").await?;
    let head: serde_json::Value =
        serde_json::from_slice(&head.body).map_err(|error| Error::Unexpected(error.to_string()))?;
    head["head"]
        .as_i64()
        .ok_or_else(|| Error::Unexpected("the head has no revision".to_owned()))
}
