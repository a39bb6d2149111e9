//! Ten thousand streams of one entry, compared with the minimum: one `write` for each.

mod baseline;

use std::time::{Duration, Instant};

use baseline::Baseline;
use tokio::time::{sleep, sleep_until};

use crate::harness::{
    Author, Better, Error, Process, Result, Ringside, StreamClients, Table, heading, median, note,
    quantile, ratios, record,
};

/// How many clients have a stream open.
const CLIENTS: u32 = 10_000;
/// How many of them don't read, in the rounds that measure this.
const STALLED: u32 = CLIENTS / 100;
/// How many posts there are, how often, and of how many bytes.
const POSTS: u32 = 100;
const POST_INTERVAL: Duration = Duration::from_millis(200);
const POST_LENGTH: usize = 300;
/// How many rounds each is measured.
const ROUNDS: usize = 3;
/// How long to wait for late deliveries after the last post.
const GRACE: Duration = Duration::from_secs(3);
/// How long clients that don't read may stay connected: twice the server's limit.
const DISCONNECT_TIMEOUT: Duration = Duration::from_mins(1);

/// Measures the cost and the latency of a delivery.
pub async fn run() -> Result<()> {
    heading("Ten thousand streams, compared with a bare write to each");
    note(format!(
        "{CLIENTS} streams, {POSTS} posts of {POST_LENGTH} bytes, one every {} ms; {ROUNDS} rounds, medians. \
         Latencies count from the scheduled time of a post, in milliseconds; processor time is in microseconds for each delivery.",
        POST_INTERVAL.as_millis(),
    ));
    let mut baseline = Vec::new();
    let mut ringside = Vec::new();
    let mut stalled = Vec::new();
    for _ in 0..ROUNDS {
        baseline.push(measure_baseline().await?);
        ringside.push(measure_ringside(0).await?);
        stalled.push(measure_ringside(STALLED).await?);
    }
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
    let reference = Figures::median(&baseline);
    for (what, rounds) in [
        ("bare write", &baseline),
        ("Ringside", &ringside),
        ("Ringside, 1 % don't read", &stalled),
    ] {
        let Figures {
            cpu,
            p50,
            p99,
            last_p50,
            last_p99,
            memory,
        } = Figures::median(rounds);
        table.row([
            what.to_owned(),
            format!("{cpu:.1}"),
            format!("{:.2}", cpu / reference.cpu),
            format!("{p50:.0}"),
            format!("{p99:.0}"),
            format!("{last_p50:.0}"),
            format!("{last_p99:.0}"),
            format!("{:.2}", last_p99 / reference.last_p99),
            format!("{memory:.1}"),
        ]);
    }
    table.print();
    let of = |rounds: &[Figures], figure: fn(&Figures) -> f64| -> Vec<f64> {
        rounds.iter().map(figure).collect()
    };
    for (name, figure) in [
        (
            "10,000 streams: processor time a delivery",
            (|round| round.cpu) as fn(&Figures) -> f64,
        ),
        (
            "10,000 streams: until the last reader has a post, 99 of 100",
            |round| round.last_p99,
        ),
    ] {
        record(
            name,
            "of a bare write's",
            Better::Lower,
            &ratios(&of(&ringside, figure), &of(&baseline, figure)),
        )?;
    }
    record(
        "10,000 streams: memory a reader",
        "KiB",
        Better::Lower,
        &of(&ringside, |round| round.memory),
    )?;
    let (with, without) = (Figures::median(&stalled), Figures::median(&ringside));
    note(format!(
        "While 1 % don't read, the others' p99 is {:.2} times what it is without them.",
        with.p99 / without.p99
    ));
    note(measure_disconnect().await?);
    Ok(())
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

/// A server with streams, and a way to publish on them.
trait Publisher {
    fn process(&self) -> &Process;
    async fn publish(&mut self, text: String) -> Result<()>;
}

impl Publisher for Baseline {
    fn process(&self) -> &Process {
        Self::process(self)
    }

    async fn publish(&mut self, text: String) -> Result<()> {
        Self::publish(self, &text).await
    }
}

/// A server, and an author who posts to its entry.
struct RingsidePublisher {
    ringside: Ringside,
    author: Author,
}

impl RingsidePublisher {
    async fn start() -> Result<(Self, String)> {
        let ringside = Ringside::start(&[])?;
        let entry = ringside.entry("final").await?;
        let author = ringside.author("ann").await?;
        Ok((Self { ringside, author }, format!("/feed/{entry}/stream")))
    }
}

impl Publisher for RingsidePublisher {
    fn process(&self) -> &Process {
        self.ringside.process()
    }

    async fn publish(&mut self, text: String) -> Result<()> {
        self.author.post_text("final", &text).await
    }
}

async fn measure_baseline() -> Result<Figures> {
    let baseline = Baseline::start().await?;
    let before = baseline.process().user_memory();
    let clients = StreamClients::open(baseline.address(), "/stream", CLIENTS, 0).await?;
    measure(baseline, before, &clients).await
}

async fn measure_ringside(stalled: u32) -> Result<Figures> {
    let (publisher, path) = RingsidePublisher::start().await?;
    let before = publisher.process().user_memory();
    let clients = StreamClients::open(publisher.ringside.address, &path, CLIENTS, stalled).await?;
    measure(publisher, before, &clients).await
}

async fn measure(
    mut publisher: impl Publisher,
    memory_before: u64,
    clients: &StreamClients,
) -> Result<Figures> {
    let cpu = publisher.process().cpu();
    let start = Instant::now() + POST_INTERVAL;
    clients.start_clock(start, POST_INTERVAL);
    for n in 0..POSTS {
        sleep_until((start + POST_INTERVAL * n).into()).await;
        publisher.publish(post(n)).await?;
    }
    let end = Instant::now() + GRACE;
    while clients.deliveries() < clients.count() * POSTS as usize && Instant::now() < end {
        sleep(Duration::from_millis(10)).await;
    }
    let cpu = publisher.process().cpu().saturating_sub(cpu);
    let memory = publisher
        .process()
        .user_memory()
        .saturating_sub(memory_before);

    let latencies = clients.latencies(POSTS)?;
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

/// Measures when the server disconnects clients that don't read, and their memory until then.
async fn measure_disconnect() -> Result<String> {
    let (mut publisher, path) = RingsidePublisher::start().await?;
    let others = publisher.process().open_sockets()?;
    let clients = StreamClients::open(publisher.ringside.address, &path, STALLED, STALLED).await?;
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
        sleep(POST_INTERVAL).await;
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
    while text.len() < POST_LENGTH {
        text.push_str("word ");
    }
    text.truncate(POST_LENGTH);
    text
}
