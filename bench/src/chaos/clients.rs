//! All clients of a chaos test, and waiting until they converge.

use std::{
    fmt,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{task::JoinSet, time::sleep};

use super::client::{Client, ClientConfig, ClientKind, PageUpdates};
use crate::harness::{Error, Result, Table, quantile};

/// How often all pages are compared, once everything is written.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);
/// The maximum length of a card in an error message, in characters.
const QUOTE_LENGTH: usize = 600;

/// How many clients there are of each kind.
#[derive(Clone, Copy, Debug, Args)]
pub struct ClientCounts {
    /// How many clients use server-sent events. Every other one also polls while its stream is
    /// broken, like a page by default.
    #[arg(long, default_value_t = 500, value_name = "CLIENTS")]
    sse: usize,
    /// How many clients poll.
    #[arg(long, default_value_t = 100, value_name = "CLIENTS")]
    polling: usize,
    /// How many clients use WebSocket.
    #[arg(long, default_value_t = 50, value_name = "CLIENTS")]
    websocket: usize,
}

/// What a page shows of its feed.
#[derive(Clone, Copy, Debug)]
pub enum Shown {
    /// Everything.
    Everything,
    /// The last ones at the time when it was loaded, and what came later.
    Latest,
}

/// The minimum number that a page shows, if there are more.
const LATEST: usize = 50;

impl Shown {
    /// Returns what a page that shows `page` has to show.
    fn of(self, expected: &PageUpdates, page: &PageUpdates) -> PageUpdates {
        let all = || expected.clone();
        match (self, page.first_key_value()) {
            (Self::Latest, Some((first, _))) if page.len() >= LATEST.min(expected.len()) => {
                expected
                    .range(first..)
                    .map(|(id, it)| (*id, it.clone()))
                    .collect()
            }
            (Self::Everything | Self::Latest, _) => all(),
        }
    }

    /// Returns whether a page shows what it has to.
    fn is_right(self, expected: &PageUpdates, page: &PageUpdates) -> bool {
        match (self, page.first_key_value()) {
            (Self::Latest, Some((first, _))) => {
                page.len() >= LATEST.min(expected.len()) && page.iter().eq(expected.range(first..))
            }
            (Self::Everything | Self::Latest, _) => page == expected,
        }
    }
}

/// Running clients.
#[derive(Debug)]
pub struct Clients {
    clients: Vec<(ClientKind, Client)>,
    tasks: JoinSet<Result<()>>,
}

impl ClientCounts {
    fn kinds(self) -> impl Iterator<Item = ClientKind> {
        let streams = (0..self.sse).map(|number| match number % 2 {
            0 => ClientKind::Sse,
            _ => ClientKind::Auto,
        });
        streams
            .chain((0..self.polling).map(|_| ClientKind::Poll))
            .chain((0..self.websocket).map(|_| ClientKind::WebSocket))
    }
}

impl fmt::Display for ClientCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sse,
            polling,
            websocket,
        } = self;
        write!(
            f,
            "{sse} clients with SSE, {polling} polling, {websocket} with WebSockets"
        )
    }
}

impl Clients {
    /// Starts the clients at random times within `within`, spread over the servers at `addresses`.
    pub fn start(
        counts: ClientCounts,
        config: &ClientConfig,
        addresses: &[SocketAddr],
        within: Duration,
        seed: u64,
    ) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut tasks = JoinSet::new();
        let mut clients = Vec::new();
        for kind in counts.kinds() {
            let client = Client::default();
            clients.push((kind, client.clone()));
            let after = within.mul_f64(rng.random());
            let config = ClientConfig {
                address: addresses[rng.random_range(0..addresses.len())],
                ..config.clone()
            };
            tasks.spawn(client.run(kind, config, after, rng.random()));
        }
        Self { clients, tasks }
    }

    /// Waits until every page shows what it has to of `expected`, and prints how long that took.
    ///
    /// # Errors
    ///
    /// If a page doesn't show it `within` that time: with the first such client, and the
    /// difference.
    pub async fn wait_until_converged(
        &mut self,
        expected: &PageUpdates,
        shown: Shown,
        within: Duration,
    ) -> Result<()> {
        let start = Instant::now();
        let mut converged = vec![None; self.clients.len()];
        while converged.iter().any(Option::is_none) {
            if let Some(ended) = self.tasks.try_join_next() {
                ended.map_err(|error| Error::Unexpected(error.to_string()))??;
            }
            for ((_, client), converged) in self.clients.iter().zip(&mut converged) {
                if converged.is_none() && shown.is_right(expected, client.page().updates()) {
                    *converged = Some(start.elapsed());
                }
            }
            if start.elapsed() > within {
                break;
            }
            sleep(CHECK_INTERVAL).await;
        }
        self.print(&converged);
        // A page that was right may have changed meanwhile, so all pages are compared again.
        let wrong = self
            .clients
            .iter()
            .enumerate()
            .find_map(|(number, (kind, client))| {
                let page = client.page();
                let expected = shown.of(expected, page.updates());
                let difference = difference(page.updates(), &expected)?;
                let cursor = page.cursor().map(ToString::to_string);
                let cursor = cursor.unwrap_or_else(|| "no cursor".to_owned());
                Some(format!(
                    "client {number} ({kind}, at {cursor}): {difference}"
                ))
            });
        match wrong {
            None => Ok(()),
            Some(wrong) => {
                let behind = converged
                    .iter()
                    .filter(|converged| converged.is_none())
                    .count();
                let (all, seconds) = (converged.len(), within.as_secs());
                Err(Error::Violated(format!(
                    "{behind} of {all} clients did not converge within {seconds} s; the first wrong one is {wrong}"
                )))
            }
        }
    }

    fn print(&self, converged: &[Option<Duration>]) {
        let mut table = Table::new([
            "clients",
            "count",
            "converged",
            "streams opened",
            "reloads",
            "median s",
            "last s",
        ]);
        for kind in [
            ClientKind::Sse,
            ClientKind::Auto,
            ClientKind::Poll,
            ClientKind::WebSocket,
        ] {
            let selected: Vec<_> = self
                .clients
                .iter()
                .zip(converged)
                .filter(|((of, _), _)| *of == kind)
                .collect();
            if selected.is_empty() {
                continue;
            }
            let times: Vec<_> = selected
                .iter()
                .filter_map(|(_, converged)| Some((**converged)?.as_secs_f64()))
                .collect();
            let counts = selected
                .iter()
                .map(|((_, client), _)| client.page().counts());
            let (streams, resets) = counts.fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
            table.row([
                kind.to_string(),
                selected.len().to_string(),
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

/// Returns the first difference between two pages.
pub fn difference(page: &PageUpdates, expected: &PageUpdates) -> Option<String> {
    let missing = expected
        .iter()
        .find_map(|(id, (rev, card))| match page.get(id) {
            None => Some(format!("update {id} is missing (revision {rev})")),
            Some((other, _)) if other != rev => Some(format!(
                "update {id} is shown at revision {other} in place of {rev}"
            )),
            Some((_, other)) if other != card => Some(format!(
                "update {id} at revision {rev} is shown as {} in place of {}",
                quote(other),
                quote(card)
            )),
            Some(_) => None,
        });
    missing.or_else(|| {
        let (id, (rev, _)) = page.iter().find(|(id, _)| !expected.contains_key(id))?;
        Some(format!(
            "update {id} is shown (revision {rev}), but does not exist"
        ))
    })
}

fn quote(card: &Arc<str>) -> String {
    let short: String = card.chars().take(QUOTE_LENGTH).collect();
    format!("{short:?}")
}

impl fmt::Display for ClientKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sse => "SSE only",
            Self::Auto => "SSE or polling",
            Self::Poll => "polling",
            Self::WebSocket => "WebSocket",
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::{Rev, UpdateId};

    use super::*;

    fn page(cards: &[(i64, Rev, &str)]) -> PageUpdates {
        cards
            .iter()
            .map(|(id, rev, card)| (UpdateId(*id), (*rev, (*card).into())))
            .collect()
    }

    #[test]
    fn first_difference_between_pages_is_described() {
        let expected = page(&[(1, 4, "a"), (2, 5, "b")]);
        assert_eq!(difference(&expected, &expected), None);
        for (wrong, message) in [
            (page(&[(2, 5, "b")]), "update 1 is missing (revision 4)"),
            (
                page(&[(1, 3, "a"), (2, 5, "b")]),
                "update 1 is shown at revision 3 in place of 4",
            ),
            (
                page(&[(1, 4, "a"), (2, 5, "c")]),
                "update 2 at revision 5 is shown as \"c\" in place of \"b\"",
            ),
            (
                page(&[(1, 4, "a"), (2, 5, "b"), (3, 6, "c")]),
                "update 3 is shown (revision 6), but does not exist",
            ),
        ] {
            assert_eq!(difference(&wrong, &expected).as_deref(), Some(message));
        }
    }
}
