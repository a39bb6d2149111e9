//! All readers of a proof, and when they agree.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{task::JoinSet, time::sleep};

use super::client::{Kind, Place, Reader, Shown};
use crate::harness::{Error, Result, Table, quantile};

/// How often everybody's page is looked at, once everything is written.
const LOOK: Duration = Duration::from_millis(100);
/// How long a card may be quoted in a sentence, in characters.
const QUOTE: usize = 600;

/// How many readers there are of each kind.
#[derive(Clone, Copy, Debug, Args)]
pub struct Sizes {
    /// How many read by server-sent events: every other of them polls while its stream is broken, as a
    /// page does by itself.
    #[arg(long, default_value_t = 500, value_name = "READERS")]
    sse: usize,
    /// How many poll.
    #[arg(long, default_value_t = 100, value_name = "READERS")]
    polling: usize,
    /// How many read by WebSocket.
    #[arg(long, default_value_t = 50, value_name = "READERS")]
    websocket: usize,
}

/// Readers at work.
#[derive(Debug)]
pub struct Audience {
    readers: Vec<(Kind, Reader)>,
    tasks: JoinSet<Result<()>>,
}

impl Sizes {
    fn kinds(self) -> impl Iterator<Item = Kind> {
        let streams = (0..self.sse).map(|number| match number % 2 {
            0 => Kind::Sse,
            _ => Kind::Auto,
        });
        streams
            .chain((0..self.polling).map(|_| Kind::Poll))
            .chain((0..self.websocket).map(|_| Kind::WebSocket))
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sse,
            polling,
            websocket,
        } = self;
        write!(
            f,
            "{sse} readers by SSE, {polling} by polling, {websocket} by WebSocket"
        )
    }
}

impl Audience {
    /// Readers who come one after the other, all of them within `arrivals`.
    pub fn gather(sizes: Sizes, place: &Place, arrivals: Duration, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut tasks = JoinSet::new();
        let mut readers = Vec::new();
        for kind in sizes.kinds() {
            let reader = Reader::default();
            readers.push((kind, reader.clone()));
            let after = arrivals.mul_f64(rng.random());
            tasks.spawn(reader.read(kind, place.clone(), after, rng.random()));
        }
        Self { readers, tasks }
    }

    /// Waits until everybody's page shows `truth`, and prints how long that took.
    ///
    /// # Errors
    /// If somebody's doesn't `within` that time: with the first reader, and what is wrong.
    pub async fn agree(&mut self, truth: &Shown, within: Duration) -> Result<()> {
        let start = Instant::now();
        let mut agreed = vec![None; self.readers.len()];
        while agreed.iter().any(Option::is_none) {
            if let Some(ended) = self.tasks.try_join_next() {
                ended.map_err(|error| Error::Unexpected(error.to_string()))??;
            }
            for ((_, reader), agreed) in self.readers.iter().zip(&mut agreed) {
                if agreed.is_none() && reader.page().shown() == truth {
                    *agreed = Some(start.elapsed());
                }
            }
            if start.elapsed() > within {
                break;
            }
            sleep(LOOK).await;
        }
        self.print(&agreed);
        // Nobody may have turned away from it meanwhile.
        let wrong = self
            .readers
            .iter()
            .enumerate()
            .find_map(|(number, (kind, reader))| {
                let page = reader.page();
                let difference = difference(page.shown(), truth)?;
                let cursor = page.cursor().map(|cursor| cursor.to_string());
                let cursor = cursor.unwrap_or_else(|| "nowhere".to_owned());
                Some(format!(
                    "reader {number} ({kind}, at {cursor}): {difference}"
                ))
            });
        match wrong {
            None => Ok(()),
            Some(wrong) => {
                let behind = agreed.iter().filter(|agreed| agreed.is_none()).count();
                let (all, seconds) = (agreed.len(), within.as_secs());
                Err(Error::Violated(format!(
                    "{behind} of {all} readers did not see the truth within {seconds} s; the first is {wrong}"
                )))
            }
        }
    }

    fn print(&self, agreed: &[Option<Duration>]) {
        let mut table = Table::new([
            "readers",
            "how many",
            "agreed",
            "streams opened",
            "loaded anew",
            "median s",
            "last s",
        ]);
        for kind in [Kind::Sse, Kind::Auto, Kind::Poll, Kind::WebSocket] {
            let those: Vec<_> = self
                .readers
                .iter()
                .zip(agreed)
                .filter(|((of, _), _)| *of == kind)
                .collect();
            if those.is_empty() {
                continue;
            }
            let times: Vec<_> = those
                .iter()
                .filter_map(|(_, agreed)| Some((**agreed)?.as_secs_f64()))
                .collect();
            let counts = those.iter().map(|((_, reader), _)| reader.page().counts());
            let (streams, resets) = counts.fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
            table.row([
                kind.to_string(),
                those.len().to_string(),
                times.len().to_string(),
                streams.to_string(),
                resets.to_string(),
                format!("{:.1}", quantile(&times, 0.5)),
                format!("{:.1}", quantile(&times, 1.0)),
            ]);
        }
        table.print();
    }
}

/// The first thing in which two pages are not the same.
pub fn difference(page: &Shown, truth: &Shown) -> Option<String> {
    let missing = truth
        .iter()
        .find_map(|(id, (rev, card))| match page.get(id) {
            None => Some(format!("update {id} is missing (revision {rev})")),
            Some((other, _)) if other != rev => Some(format!(
                "update {id} is shown as of revision {other}, and stands at {rev}"
            )),
            Some((_, other)) if other != card => Some(format!(
                "update {id} at revision {rev} is shown as {}, and not as {}",
                quote(other),
                quote(card)
            )),
            Some(_) => None,
        });
    missing.or_else(|| {
        let (id, (rev, _)) = page.iter().find(|(id, _)| !truth.contains_key(id))?;
        Some(format!(
            "update {id} is shown (revision {rev}), and isn't there"
        ))
    })
}

fn quote(card: &Arc<str>) -> String {
    let short: String = card.chars().take(QUOTE).collect();
    format!("{short:?}")
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sse => "SSE alone",
            Self::Auto => "SSE, else polling",
            Self::Poll => "polling",
            Self::WebSocket => "WebSocket",
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::{Rev, UpdateId};

    use super::*;

    fn page(cards: &[(i64, Rev, &str)]) -> Shown {
        cards
            .iter()
            .map(|(id, rev, card)| (UpdateId(*id), (*rev, (*card).into())))
            .collect()
    }

    #[test]
    fn every_difference_is_named() {
        let truth = page(&[(1, 4, "a"), (2, 5, "b")]);
        assert_eq!(difference(&truth, &truth), None);
        for (wrong, said) in [
            (page(&[(2, 5, "b")]), "update 1 is missing (revision 4)"),
            (
                page(&[(1, 3, "a"), (2, 5, "b")]),
                "update 1 is shown as of revision 3, and stands at 4",
            ),
            (
                page(&[(1, 4, "a"), (2, 5, "c")]),
                "update 2 at revision 5 is shown as \"c\", and not as \"b\"",
            ),
            (
                page(&[(1, 4, "a"), (2, 5, "b"), (3, 6, "c")]),
                "update 3 is shown (revision 6), and isn't there",
            ),
        ] {
            assert_eq!(difference(&wrong, &truth).as_deref(), Some(said));
        }
    }
}
