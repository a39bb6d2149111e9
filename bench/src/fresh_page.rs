//! A page that is rendered for each request, the parts of that time, and the same page once it is
//! finished.

use std::time::Instant;

use serde_json::Value;

use crate::harness::{
    Better, Connection, Context, Result, Ringside, Table, get_request, heading, median, note,
    quantile, record,
};

/// How many updates the page shows.
const UPDATES: usize = 200;
/// How many times it is rendered.
const RENDERS: usize = 300;
/// Logs the parts of the time, as JSON.
const LOG: [(&str, &str); 2] = [
    ("RINGSIDE_LOG", "warn,app=debug,server::page_cache=debug"),
    ("RINGSIDE_LOG_FORMAT", "json"),
];
/// The page's three URLs, each rendered separately.
const PATHS: [&str; 3] = [
    "/entries/final",
    "/entries/final?order=oldest",
    "/entries/final?order=latest",
];
/// The header that browsers send.
const BROTLI: &str = "accept-encoding: br\r\n";

/// Measures the time to render the page, and its parts.
pub async fn run() -> Result<()> {
    heading("The entry page, rendered for each request");
    let ringside = Ringside::start(&LOG)?;
    ringside.entry("final").await?;
    let mut author = ringside.author("ann").await?;
    for _ in 0..UPDATES {
        author.post("final").await?;
    }
    note(format!(
        "{UPDATES} updates, one of them edited before each of {RENDERS} requests; brotli; one request at a time."
    ));

    let mut connection = Connection::open(ringside.address)
        .await
        .context("connecting")?;
    let request = get_request(PATHS[0], BROTLI);
    let (mut fresh, mut finished) = (Vec::new(), Vec::new());
    for n in 0..RENDERS {
        let id = i64::try_from(n % UPDATES + 1).unwrap_or(1);
        author.edit(id, UPDATES + n + 1).await?;
        for times in [&mut fresh, &mut finished] {
            let start = Instant::now();
            connection
                .request_and_discard(&request)
                .await
                .context("requesting the page")?;
            times.push(milliseconds(start));
        }
    }
    let log = ringside.log()?;

    let mut rates = Vec::new();
    for n in 0..RENDERS / PATHS.len() {
        author.edit(1, UPDATES + RENDERS + n + 1).await?;
        rates.push(render_concurrently(&ringside).await?);
    }

    record("page rendered afresh", "ms", Better::Lower, &fresh)?;
    let (page, cached) = (median(&fresh), median(&finished));
    let mut table = Table::new(["what", "median ms", "p90 ms", "ratio"]);
    let row = |what: &str, times: &[f64], beside: f64| {
        let ratio = median(times) / beside;
        [
            what.to_owned(),
            format!("{:.2}", median(times)),
            format!("{:.2}", quantile(times, 0.9)),
            format!("{ratio:.2}"),
        ]
    };
    table.row(row("rendered for each request", &fresh, cached));
    table.row(row("the same, finished", &finished, cached));
    table.print();
    note(format!(
        "{:.0} pages a second, three rendered at the same time.",
        median(&rates)
    ));

    let spent = |name: &str| median_in(&log, name);
    let (database, cards) = (spent("database_ms"), spent("cards_ms"));
    let (rendering, compression) = (spent("render_ms"), spent("compression_ms"));
    let mut table = Table::new(["where the time goes", "median ms", "part"]);
    let mut part = |what: &str, time: f64| {
        table.row([
            what.to_owned(),
            format!("{time:.2}"),
            format!("{:.0} %", 100.0 * time / page),
        ]);
    };
    part("reading the database", database);
    part("assembling the cards", cards);
    part(
        "rendering the rest of the page",
        rendering - database - cards,
    );
    part("compressing", compression);
    part(
        "the rest: HTTP and the connection",
        page - rendering - compression,
    );
    table.print();
    Ok(())
}

/// Renders the page under all its URLs at the same time. Returns the pages per second.
async fn render_concurrently(ringside: &Ringside) -> Result<f64> {
    let start = Instant::now();
    let [first, second, third] = PATHS.map(|address| ringside.get(address, BROTLI));
    tokio::try_join!(first, second, third)?;
    Ok(3e3 / milliseconds(start))
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Returns the median of the field called `name` in a log of JSON objects.
fn median_in(log: &str, name: &str) -> f64 {
    let times: Vec<_> = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|line| line.get("fields")?.get(name)?.as_f64())
        .collect();
    median(&times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_from_the_log() {
        let log = "{\"fields\":{\"a_ms\":1.0}}\n{\"fields\":{\"b_ms\":7.0}}\n{\"fields\":{\"a_ms\":3.0}}\nno JSON";
        assert_eq!(median_in(log, "a_ms").to_string(), "2");
        assert!(median_in(log, "c_ms").is_nan());
    }
}
