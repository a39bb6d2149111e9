//! Readers who like the updates of the entry.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use domain::UpdateId;
use rand::{SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tokio::task::JoinSet;

use super::schedule::schedule;
use crate::{
    chaos::{
        voter::{LikesByVoter, Voter},
        writers::Writers,
    },
    harness::{Error, Result, join_all},
};

/// How many readers like updates.
const VOTERS: u32 = 40;

/// Lets all voters like updates and take likes back, `rate` times a second together. Returns the
/// acknowledged likes.
pub async fn like(
    addresses: &[SocketAddr],
    writers: &Arc<Writers>,
    rate: u32,
    time: Duration,
    seed: u64,
) -> Result<LikesByVoter> {
    let mut tasks = JoinSet::new();
    for (number, address) in (0..VOTERS).zip(addresses.iter().cycle()) {
        let (address, writers) = (*address, Arc::clone(writers));
        tasks.spawn(async move {
            let mut rng = StdRng::seed_from_u64(seed.wrapping_sub(number.into()));
            let mut voter = Voter::new(address, number);
            let (mut due, count) = schedule(VOTERS, rate, time);
            for _ in 0..count {
                due.tick().await;
                let updates: Vec<UpdateId> =
                    writers.acknowledged().updates().keys().copied().collect();
                if let Some(update) = updates.choose(&mut rng) {
                    voter.toggle(*update).await?;
                }
            }
            Ok::<_, Error>(voter)
        });
    }
    let voters = join_all(tasks).await?.into_iter();
    Ok(voters.filter_map(Voter::into_likes).collect())
}
