//! Ten thousand streams of one entry, or of one room, compared with the minimum: one `write` for
//! each.

mod baseline;
mod publishers;

use std::time::{Duration, Instant};

use baseline::Baseline;
use publishers::{Published, Publisher, RingsidePublisher};
use tokio::time::{sleep, sleep_until};

use crate::harness::{
    Better, Error, Result, StreamClients, Table, heading, median, note, quantile, ratios, record,
};

/// How many clients have a stream open.
const CLIENTS: u32 = 10_000;
/// How many of them don't read, in the rounds that measure this.
const STALLED: u32 = CLIENTS / 100;
/// The length of a post or a message, in bytes.
const LENGTH: usize = 300;
/// How many rounds each is measured.
const ROUNDS: usize = 3;
/// How long to wait for late deliveries after the last post.
const GRACE: Duration = Duration::from_secs(3);
/// How long clients that don't read may stay connected: twice the server's limit.
const DISCONNECT_TIMEOUT: Duration = Duration::from_mins(1);

/// How much is published in a round.
#[derive(Clone, Copy, Debug)]
struct Schedule {
    what: Published,
    count: u32,
    interval: Duration,
}

const POSTS: Schedule = Schedule {
    what: Published::Posts,
    count: 100,
    interval: Duration::from_millis(200),
};
const MESSAGES: Schedule = Schedule {
    what: Published::Messages,
    count: 200,
    interval: Duration::from_millis(50),
};

/// Measures the cost and the latency of the delivery of a post, also while some clients don't read.
pub async fn run_posts() -> Result<()> {
    heading("Ten thousand streams, compared with a bare write to each");
    POSTS.describe();
    let mut baseline = Vec::new();
    let mut ringside = Vec::new();
    let mut stalled = Vec::new();
    for _ in 0..ROUNDS {
        baseline.push(POSTS.measure_baseline().await?);
        ringside.push(POSTS.measure_ringside(0).await?);
        stalled.push(POSTS.measure_ringside(STALLED).await?);
    }
    print(&[
        ("bare write", &baseline),
        ("Ringside", &ringside),
        ("Ringside, 1 % don't read", &stalled),
    ]);
    record_figures("10,000 streams", "a post", &ringside, &baseline)?;
    let (with, without) = (Figures::median(&stalled), Figures::median(&ringside));
    note(format!(
        "While 1 % don't read, the others' p99 is {:.2} times what it is without them.",
        with.p99 / without.p99
    ));
    note(measure_disconnect().await?);
    Ok(())
}

/// Measures the cost and the latency of the delivery of a message in a room.
pub async fn run_rooms() -> Result<()> {
    heading("Ten thousand readers of a room, compared with a bare write to each");
    MESSAGES.describe();
    let mut baseline = Vec::new();
    let mut ringside = Vec::new();
    for _ in 0..ROUNDS {
        baseline.push(MESSAGES.measure_baseline().await?);
        ringside.push(MESSAGES.measure_ringside(0).await?);
    }
    print(&[("bare write", &baseline), ("Ringside", &ringside)]);
    record_figures("room of 10,000", "a message", &ringside, &baseline)
}

/// Prints the medians of all rounds, and their ratios to those of the first.
fn print(rows: &[(&str, &[Figures])]) {
    let mut table = Table::new([
        "what",
        "CPU",
        "ratio",
        "p50",
        "p99",
        "last, p50",
        "last, p99",
        "ratio",
        "KiB/client",
    ]);
    let reference = rows.first().map(|(_, rounds)| Figures::median(rounds));
    for (what, rounds) in rows {
        let Figures {
            cpu,
            p50,
            p99,
            last_p50,
            last_p99,
            memory,
        } = Figures::median(rounds);
        let ratio = |figure: f64, of: fn(&Figures) -> f64| {
            let ratio = figure / reference.as_ref().map_or(f64::NAN, of);
            format!("{ratio:.2}")
        };
        table.row([
            (*what).to_owned(),
            format!("{cpu:.1}"),
            ratio(cpu, |reference| reference.cpu),
            format!("{p50:.0}"),
            format!("{p99:.0}"),
            format!("{last_p50:.0}"),
            format!("{last_p99:.0}"),
            ratio(last_p99, |reference| reference.last_p99),
            format!("{memory:.1}"),
        ]);
    }
    table.print();
}

/// Records the figures of `rounds`, compared with the baseline's.
fn record_figures(name: &str, what: &str, rounds: &[Figures], baseline: &[Figures]) -> Result<()> {
    let of = |rounds: &[Figures], figure: fn(&Figures) -> f64| -> Vec<f64> {
        rounds.iter().map(figure).collect()
    };
    let last = format!("{name}: until the last reader has {what}, 99 of 100");
    for (name, figure) in [
        (
            format!("{name}: processor time a delivery"),
            (|round| round.cpu) as fn(&Figures) -> f64,
        ),
        (last, |round| round.last_p99),
    ] {
        record(
            &name,
            "of a bare write's",
            Better::Lower,
            &ratios(&of(rounds, figure), &of(baseline, figure)),
        )?;
    }
    record(
        &format!("{name}: memory a reader"),
        "KiB",
        Better::Lower,
        &of(rounds, |round| round.memory),
    )
}

/// The results of one round in which every delivery was made.
#[derive(Clone, Copy, Debug)]
struct Figures {
    /// Processor time for a delivery, in microseconds.
    cpu: f64,
    /// In milliseconds.
    p50: f64,
    p99: f64,
    /// Until the last client had a post, in milliseconds.
    last_p50: f64,
    last_p99: f64,
    /// User memory for each client, in KiB.
    memory: f64,
}

impl Figures {
    fn median(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(&rounds.iter().map(figure).collect::<Vec<_>>());
        Self {
            cpu: of(|round| round.cpu),
            p50: of(|round| round.p50),
            p99: of(|round| round.p99),
            last_p50: of(|round| round.last_p50),
            last_p99: of(|round| round.last_p99),
            memory: of(|round| round.memory),
        }
    }
}

impl Schedule {
    fn describe(self) {
        note(format!(
            "{CLIENTS} streams, {} {} of {LENGTH} bytes, one every {} ms; {ROUNDS} rounds, medians. \
             Latencies count from the scheduled time of each, in milliseconds; processor time is in microseconds for each delivery.",
            self.count,
            match self.what {
                Published::Posts => "posts",
                Published::Messages => "messages",
            },
            self.interval.as_millis(),
        ));
    }

    async fn measure_baseline(self) -> Result<Figures> {
        let baseline = Baseline::start().await?;
        let before = baseline.process().user_memory();
        let clients = StreamClients::open(baseline.address(), "/stream", CLIENTS, 0).await?;
        self.measure(baseline, before, &clients).await
    }

    async fn measure_ringside(self, stalled: u32) -> Result<Figures> {
        let publisher = RingsidePublisher::start(self.what).await?;
        let before = publisher.process().user_memory();
        let (address, path) = (publisher.ringside.address, &publisher.path);
        let clients = StreamClients::open(address, path, CLIENTS, stalled).await?;
        self.measure(publisher, before, &clients).await
    }

    async fn measure(
        self,
        mut publisher: impl Publisher,
        memory_before: u64,
        clients: &StreamClients,
    ) -> Result<Figures> {
        let cpu = publisher.process().cpu();
        let start = Instant::now() + self.interval;
        clients.start_clock(start, self.interval);
        for n in 0..self.count {
            sleep_until((start + self.interval * n).into()).await;
            publisher.publish(post(n)).await?;
        }
        let end = Instant::now() + GRACE;
        while clients.deliveries() < clients.count() * self.count as usize && Instant::now() < end {
            sleep(Duration::from_millis(10)).await;
        }
        let cpu = publisher.process().cpu().saturating_sub(cpu);
        let memory = publisher
            .process()
            .user_memory()
            .saturating_sub(memory_before);

        let latencies = clients.latencies(self.count)?;
        let all: Vec<_> = latencies.concat();
        let last: Vec<_> = latencies.iter().map(|post| quantile(post, 1.0)).collect();
        #[expect(
            clippy::cast_precision_loss,
            reason = "no run has 2^52 deliveries, nor bytes"
        )]
        let (deliveries, memory) = (all.len() as f64, memory as f64);
        Ok(Figures {
            cpu: cpu.as_secs_f64() * 1e6 / deliveries,
            p50: median(&all),
            p99: quantile(&all, 0.99),
            last_p50: median(&last),
            last_p99: quantile(&last, 0.99),
            memory: memory / 1024.0 / f64::from(CLIENTS),
        })
    }
}

/// Measures when the server disconnects clients that don't read, and their memory until then.
async fn measure_disconnect() -> Result<String> {
    let mut publisher = RingsidePublisher::start(Published::Posts).await?;
    let others = publisher.process().open_sockets()?;
    let clients = StreamClients::open(
        publisher.ringside.address,
        &publisher.path,
        STALLED,
        STALLED,
    )
    .await?;
    let before = publisher.process().user_memory();
    let mut most = before;
    let start = Instant::now();
    let mut n = 0;
    while publisher.process().open_sockets()? > others {
        if start.elapsed() > DISCONNECT_TIMEOUT {
            let sentence = format!(
                "{STALLED} clients that don't read still have a stream after {DISCONNECT_TIMEOUT:?}"
            );
            return Err(Error::Unexpected(sentence));
        }
        publisher.publish(post(n)).await?;
        n += 1;
        most = most.max(publisher.process().user_memory());
        sleep(POSTS.interval).await;
    }
    drop(clients);
    Ok(format!(
        "{STALLED} clients that read nothing were disconnected after {:.0} s and {n} posts; the server's memory had grown by {} KiB.",
        start.elapsed().as_secs_f64(),
        (most - before) / 1024,
    ))
}

/// Returns the `n`th post: its number, which clients look for, and words.
fn post(n: u32) -> String {
    let mut text = format!("seq={n}; ");
    while text.len() < LENGTH {
        text.push_str("word ");
    }
    text.truncate(LENGTH);
    text
}
