//! Readers who like updates and take likes back, and the check that their likes are counted.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};

use domain::UpdateId;
use serde::Deserialize;
use sqlx::Row;
use tokio::time::sleep;

use super::{
    guest::{Acknowledged, Guest},
    nodes::Nodes,
    retrying_author::must,
};
use crate::harness::{Error, Result, Ringside};

/// How long caches may keep the counts, and a second more.
const MAX_COUNTS_AGE: Duration = Duration::from_secs(3);

/// The likes that were acknowledged to each voter, by the voter's id.
pub type LikesByVoter = BTreeMap<String, BTreeSet<UpdateId>>;

/// A reader who likes updates.
#[derive(Debug)]
pub struct Voter {
    guest: Guest,
    /// The header line by which the server recognizes the voter, as long as it has no cookie.
    key: String,
    liked: BTreeSet<UpdateId>,
    /// The updates for which an earlier request may still arrive. The voter leaves them alone.
    in_doubt: BTreeSet<UpdateId>,
}

impl Voter {
    /// Creates the voter with this number, who sends requests to `address`.
    pub fn new(address: SocketAddr, number: u32) -> Self {
        Self::of(Guest::new(address, format!("voter-{number}")))
    }

    /// Creates a voter who sends all requests on one connection.
    pub fn on_one_connection(address: SocketAddr, number: u32) -> Self {
        let guest = Guest::new(address, format!("voter-{number}"));
        Self::of(guest.keeping_its_connection())
    }

    fn of(guest: Guest) -> Self {
        Self {
            key: format!("idempotency-key: chaos-{}\r\n", guest.name),
            guest,
            liked: BTreeSet::new(),
            in_doubt: BTreeSet::new(),
        }
    }

    /// Likes an update of the entry `final`, or takes the like back, until that is acknowledged.
    ///
    /// # Errors
    ///
    /// If it is refused, or the response has another state.
    pub async fn toggle(&mut self, update: UpdateId) -> Result<()> {
        #[derive(Deserialize)]
        struct Liked {
            liked: bool,
        }

        if self.in_doubt.contains(&update) {
            return Ok(());
        }
        let adds = !self.liked.contains(&update);
        let method = if adds { "PUT" } else { "DELETE" };
        let path = format!("/entries/final/updates/{update}/like");
        let Acknowledged {
            result,
            is_in_doubt,
        } = self
            .guest
            .request::<Liked>(method, &path, &self.key, "", 200)
            .await;
        let Liked { liked } = must(result)?;
        if liked != adds {
            let sentence = format!("{method} {path} responded liked={liked}");
            return Err(Error::Violated(sentence));
        }
        if adds {
            self.liked.insert(update);
        } else {
            self.liked.remove(&update);
        }
        if is_in_doubt {
            self.in_doubt.insert(update);
        }
        Ok(())
    }

    /// Returns the voter's id and likes; `None` if nothing was ever liked.
    pub fn into_likes(self) -> Option<(String, BTreeSet<UpdateId>)> {
        Some((self.guest.id()?.to_owned(), self.liked))
    }
}

/// Checks that the database has exactly the acknowledged likes and their counts, and that each
/// server shows these. Returns the number of likes.
///
/// # Errors
///
/// With the first difference.
pub async fn check_likes(nodes: &Nodes, entry: i64, expected: &LikesByVoter) -> Result<usize> {
    let mut counts: BTreeMap<UpdateId, i64> = BTreeMap::new();
    for update in expected.values().flatten() {
        *counts.entry(*update).or_default() += 1;
    }
    check_stored(nodes, expected, &counts).await?;
    sleep(MAX_COUNTS_AGE).await;
    for ringside in nodes.servers() {
        let shown = shown_counts(ringside, entry).await?;
        check_counts("the server shows", &shown, &counts)?;
    }
    Ok(expected.values().map(BTreeSet::len).sum())
}

/// Checks the rows of likes, and their counts, in the database.
async fn check_stored(
    nodes: &Nodes,
    expected: &LikesByVoter,
    counts: &BTreeMap<UpdateId, i64>,
) -> Result<()> {
    let mut connection = nodes.database().connect(nodes.folder()).await?;
    let mut stored = LikesByVoter::new();
    for row in sqlx::query("SELECT voter, update_id FROM likes")
        .fetch_all(&mut connection)
        .await?
    {
        let voter: String = row.try_get(0)?;
        let voter = voter.strip_prefix("guest:").unwrap_or(&voter).to_owned();
        let update = UpdateId(row.try_get(1)?);
        stored.entry(voter).or_default().insert(update);
    }
    let none = BTreeSet::new();
    let voters = stored.keys().chain(expected.keys());
    for voter in voters {
        let stored = stored.get(voter).unwrap_or(&none);
        let expected = expected.get(voter).unwrap_or(&none);
        if stored != expected {
            return Err(Error::Violated(format!(
                "the likes of voter {voter} are {stored:?} in the database, but {expected:?} was acknowledged"
            )));
        }
    }
    let rows = sqlx::query("SELECT update_id, likes FROM like_counts")
        .fetch_all(&mut connection)
        .await?;
    let counted = rows
        .iter()
        .map(|row| Ok((UpdateId(row.try_get(0)?), row.try_get(1)?)));
    check_counts("the database has", &counted.collect::<Result<_>>()?, counts)
}

/// Returns the counts that a client receives.
async fn shown_counts(ringside: &Ringside, entry: i64) -> Result<BTreeMap<UpdateId, i64>> {
    #[derive(Deserialize)]
    struct Counts {
        likes: BTreeMap<UpdateId, i64>,
    }

    let response = ringside.get(&format!("/feed/{entry}/counts"), "").await?;
    let Counts { likes } = serde_json::from_slice(&response.body)
        .map_err(|error| Error::Unexpected(error.to_string()))?;
    Ok(likes)
}

/// Compares counts. An update without likes may be missing.
fn check_counts(
    who: &str,
    counted: &BTreeMap<UpdateId, i64>,
    expected: &BTreeMap<UpdateId, i64>,
) -> Result<()> {
    let updates = counted.keys().chain(expected.keys());
    let likes = |of: &BTreeMap<UpdateId, i64>, update| of.get(update).copied().unwrap_or_default();
    for update in updates {
        let (counted, expected) = (likes(counted, update), likes(expected, update));
        if counted != expected {
            return Err(Error::Violated(format!(
                "{who} {counted} likes of update {update} in place of {expected}"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn update_without_likes_may_be_missing_in_counts() {
        let counts = |counts: &[(i64, i64)]| -> BTreeMap<UpdateId, i64> {
            counts.iter().map(|(id, n)| (UpdateId(*id), *n)).collect()
        };
        let expected = counts(&[(1, 2), (2, 1)]);
        assert!(check_counts("", &counts(&[(1, 2), (2, 1), (3, 0)]), &expected).is_ok());
        for wrong in [
            counts(&[(1, 2)]),
            counts(&[(1, 2), (2, 2)]),
            counts(&[(1, 2), (2, 1), (3, 1)]),
        ] {
            assert!(check_counts("", &wrong, &expected).is_err(), "{wrong:?}");
        }
    }
}
