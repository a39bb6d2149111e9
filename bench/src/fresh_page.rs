//! A page that is rendered afresh each time, and where the time goes; beside it, the same page once
//! it is finished.

use std::time::Instant;

use serde_json::Value;

use crate::harness::{
    Better, Connection, Result, Ringside, Table, While, get, heading, median, note, quantile,
    record,
};

/// How many updates the page shows.
const UPDATES: usize = 200;
/// How often it is rendered.
const RENDERS: usize = 300;
/// The log is to say where the time goes, for programs.
const LOG: [(&str, &str); 2] = [
    ("RINGSIDE_LOG", "warn,app=debug,server::page_cache=debug"),
    ("RINGSIDE_LOG_FORMAT", "json"),
];
/// The page's three addresses: each is rendered by itself.
const ADDRESSES: [&str; 3] = [
    "/entries/final",
    "/entries/final?order=oldest",
    "/entries/final?order=latest",
];
/// As browsers ask for it.
const BROTLI: &str = "accept-encoding: br\r\n";

/// Prints what it takes, and of what that is made.
pub async fn run() -> Result<()> {
    heading("The entry page rendered afresh each time");
    let ringside = Ringside::start(&LOG)?;
    ringside.entry("final").await?;
    let mut author = ringside.author("ann").await?;
    for _ in 0..UPDATES {
        author.post("final").await?;
    }
    note(format!(
        "{UPDATES} updates, one of them edited before each of {RENDERS} requests; brotli; one request at a time."
    ));

    let mut reader = Connection::open(ringside.address)
        .await
        .while_doing("connecting")?;
    let request = get(ADDRESSES[0], BROTLI);
    let (mut fresh, mut finished) = (Vec::new(), Vec::new());
    for n in 0..RENDERS {
        let id = i64::try_from(n % UPDATES + 1).unwrap_or(1);
        author.edit(id, UPDATES + n + 1).await?;
        for times in [&mut fresh, &mut finished] {
            let start = Instant::now();
            reader
                .ask_and_forget(&request)
                .await
                .while_doing("asking for the page")?;
            times.push(milliseconds(start));
        }
    }
    let log = ringside.log()?;

    let mut rates = Vec::new();
    for n in 0..RENDERS / ADDRESSES.len() {
        author.edit(1, UPDATES + RENDERS + n + 1).await?;
        rates.push(render_at_once(&ringside).await?);
    }

    record("page rendered afresh", "ms", Better::Lower, &fresh)?;
    let (page, cached) = (median(&fresh), median(&finished));
    let mut table = Table::new(["what", "median ms", "nine in ten", "ratio"]);
    let row = |what: &str, times: &[f64], beside: f64| {
        let ratio = median(times) / beside;
        [
            what.to_owned(),
            format!("{:.2}", median(times)),
            format!("{:.2}", quantile(times, 0.9)),
            format!("{ratio:.2}"),
        ]
    };
    table.row(row("rendered afresh", &fresh, cached));
    table.row(row("the same, finished", &finished, cached));
    table.print();
    note(format!(
        "{:.0} pages a second, three rendered at once.",
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
    part("putting the cards together", cards);
    part(
        "rendering what is around them",
        rendering - database - cards,
    );
    part("compressing", compression);
    part(
        "the rest: HTTP, and the way there",
        page - rendering - compression,
    );
    table.print();
    Ok(())
}

/// Renders the page under all its addresses at once: pages a second.
async fn render_at_once(ringside: &Ringside) -> Result<f64> {
    let start = Instant::now();
    let [first, second, third] = ADDRESSES.map(|address| ringside.ask(address, BROTLI));
    tokio::try_join!(first, second, third)?;
    Ok(3e3 / milliseconds(start))
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// The median of the field called `name`, in the log's lines, which are JSON objects.
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
